//! Who is told of what they have not read.

use super::*;
use crate::said::SaidIn;

const NOW: Timestamp = Timestamp(1_795_000_000_000);
const ALL: MessageId = MessageId(i64::MAX);

/// A room of three with what its first member says.
fn room_of_three(bench: &mut Bench) -> (Room, [User; 3]) {
    let users = ["ann", "ben", "cleo"].map(|id| bench.user(id));
    let room = bench.room("r", &users[0]);
    bench.add(&room, &users[1]).expect("added");
    bench.add(&room, &users[2]).expect("added");
    (room, users)
}

async fn said(bench: &Bench, after: i64) -> Vec<SaidIn> {
    let reader = &bench.database.reader;
    reader.said_between(MessageId(after), ALL, 100).await.expect("read").0
}

/// Notes who has not read what was said after a message; gives who that is.
async fn note(bench: &Bench, after: i64) -> Vec<UserKey> {
    let mut waiting = Vec::new();
    for said in said(bench, after).await {
        let found = bench.database.reader.have_not_read(said, NOW, UserKey(0), 100).await;
        let users = found.expect("read").0;
        waiting.extend(users.into_iter().map(|user| (user, said.room, said.first)));
    }
    let users = waiting.iter().map(|(user, ..)| *user).collect();
    bench.one(NoteUnread { waiting, looked: None }).expect("noted");
    users
}

/// Tells a user, if there is anything; `again`: also who was told before.
async fn tell(bench: &Bench, user: &User, at: Timestamp, again: bool) -> bool {
    let has_waited =
        bench.database.reader.has_waited(user.key, (MessageId(0), ALL), NOW).await.expect("read");
    let mut tell = TellUnread {
        unread: vec![],
        idle: vec![],
        at,
        again_before: Timestamp(if again { i64::MAX } else { 0 }),
    };
    if has_waited { &mut tell.unread } else { &mut tell.idle }.push(user.key);
    !bench.one(tell).expect("told").is_empty()
}

fn read(bench: &Bench, room: &Room, user: &User, seq: i64) {
    let key = (room.key.0, user.key.0);
    bench.run(&format!(
        "UPDATE members SET unread_after = {seq} WHERE room_key = {} AND user_key = {}",
        key.0, key.1
    ));
}

#[actix::test]
async fn a_look_ends_where_there_is_no_more_and_leaves_out_what_does_not_count() {
    let mut bench = Bench::new();
    let (room, [ann, ..]) = room_of_three(&mut bench);
    let first = bench.plain(&room, &ann);
    bench.say(&room, &ann, 2);
    let gone = bench.plain(&room, &ann);
    bench.change(gone, &ann, Change::Delete).expect("deleted");
    let reader = &bench.database.reader;
    let (found, upto) = reader.said_between(first, MessageId(gone.0 + 5), 100).await.expect("read");
    assert_eq!((found.len(), found[0].first, found[0].last), (1, Seq(2), Seq(3)));
    assert_eq!(upto, MessageId(gone.0 + 4), "up to the end, whatever is there");
    let (found, upto) = reader.said_between(MessageId(0), ALL, 2).await.expect("read");
    assert_eq!(
        (found[0].last, upto),
        (Seq(2), MessageId(first.0 + 1)),
        "a full page goes on behind it"
    );
}

#[actix::test]
async fn who_has_not_read_waits_once_and_is_told_of_all_that_was_said_until_then() {
    let mut bench = Bench::new();
    let (room, [ann, ben, cleo]) = room_of_three(&mut bench);
    bench.say(&room, &ann, 2);
    read(&bench, &room, &cleo, 2);
    assert_eq!(note(&bench, 0).await, [ben.key], "neither who wrote it nor who has read it");
    assert_eq!(note(&bench, 0).await, [], "who waits already");
    bench.say(&room, &ann, 1);
    assert!(tell(&bench, &ben, NOW, false).await);
    assert_eq!(bench.count("unread_waiting"), 0);
    // What came before the letter is in it, though it is looked at later.
    assert_eq!(note(&bench, 2).await, [cleo.key]);
    // The writer is behind, too, where somebody answers.
    bench.say(&room, &ben, 1);
    assert_eq!(note(&bench, 3).await, [ann.key]);
}

#[actix::test]
async fn who_was_told_lately_goes_on_waiting() {
    let mut bench = Bench::new();
    let (room, [ann, ben, _]) = room_of_three(&mut bench);
    bench.say(&room, &ann, 1);
    note(&bench, 0).await;
    // So long ago that later messages are not in it.
    assert!(tell(&bench, &ben, AT, false).await);
    bench.say(&room, &ann, 1);
    assert!(note(&bench, 1).await.contains(&ben.key));
    assert!(!tell(&bench, &ben, AT, false).await);
    let reader = bench.database.reader.clone();
    let waiting = async |again_before| {
        let found = reader.wait_to_be_told(again_before, UserKey(0), 10).await.expect("read");
        found.contains(&ben.key)
    };
    assert!(!waiting(Timestamp(AT.0 - 1)).await);
    assert!(waiting(AT).await);
    assert!(tell(&bench, &ben, AT, true).await);
    assert!(!waiting(AT).await);
}

#[actix::test]
async fn what_was_read_muted_or_taken_back_meanwhile_is_not_told() {
    let mut bench = Bench::new();
    let (room, [ann, ben, _]) = room_of_three(&mut bench);
    let first = bench.plain(&room, &ann);
    let waits_for = async |bench: &Bench, prepare: &str, expected: bool| {
        bench.run("DELETE FROM unread_waiting");
        let waiting = vec![(ben.key, room.key, Seq(1))];
        bench.one(NoteUnread { waiting, looked: None }).expect("noted");
        bench.run(prepare);
        let found = bench
            .database
            .reader
            .has_waited(ben.key, (MessageId(0), ALL), NOW)
            .await
            .expect("read");
        assert_eq!(found, expected, "{prepare}");
    };
    let set = |what: &str| format!("UPDATE members SET {what} WHERE user_key = {}", ben.key.0);
    waits_for(&bench, &set("rank = 1"), true).await;
    waits_for(&bench, &set("notifications = 'nothing'"), false).await;
    waits_for(&bench, &set("notifications_until = 1"), true).await;
    waits_for(&bench, &set("notifications = 'mentions', notifications_until = NULL"), false).await;
    waits_for(&bench, &set("notifications = NULL, unread_after = 1"), false).await;
    // One's own, and what is silent, does not count; a mention does where only those are wanted.
    bench.say(&room, &ben, 1);
    waits_for(&bench, &set("rank = 2"), false).await;
    let mentioned = Mentioned::find("@ben");
    bench.rich(&room, &ann, NewExtras { mentioned, ..NewExtras::default() });
    waits_for(&bench, &set("notifications = 'mentions'"), true).await;
    waits_for(&bench, &set("unread_after = 0, notifications = NULL"), true).await;
    bench.run("UPDATE rooms SET floor_seq = 99");
    waits_for(&bench, &set("rank = 3"), false).await;
    bench.run("UPDATE rooms SET floor_seq = 0");
    bench.change(first, &ann, Change::Delete).expect("deleted");
    bench.run("UPDATE messages SET silent = TRUE WHERE seq = 3");
    waits_for(&bench, &set("rank = 4"), false).await;
}

#[actix::test]
async fn only_what_was_said_between_the_last_letter_and_now_is_told() {
    let mut bench = Bench::new();
    let (room, [ann, ben, _]) = room_of_three(&mut bench);
    let one = bench.plain(&room, &ann);
    let mentioned = Mentioned::find("@ben");
    let two = bench.rich(&room, &ann, NewExtras { mentioned, ..NewExtras::default() });
    let three = bench.plain(&room, &ann);
    let waiting = vec![(ben.key, room.key, Seq(1))];
    bench.one(NoteUnread { waiting, looked: None }).expect("noted");
    let reader = bench.database.reader.clone();
    let has = async |after: MessageId, before: MessageId| {
        reader.has_waited(ben.key, (after, before), NOW).await.expect("read")
    };
    assert!(has(MessageId(0), two).await && has(two, ALL).await);
    assert!(!has(MessageId(0), one).await && !has(three, ALL).await);
    // A mention that is too young, or was told, is none.
    bench.run("UPDATE members SET notifications = 'mentions'");
    assert!(!has(MessageId(0), two).await && has(MessageId(0), three).await);
    let upto = |id: MessageId| {
        format!(
            "INSERT INTO unread_told (user_key, upto, told_at) VALUES ({}, {}, 0)",
            ben.key.0, id.0
        )
    };
    bench.run(&upto(two));
    assert!(!has(MessageId(0), ALL).await);
    bench.run("DELETE FROM unread_waiting");
    assert!(!note(&bench, 0).await.contains(&ben.key), "the mention was told");
    bench.run("UPDATE members SET notifications = NULL");
    assert!(note(&bench, 0).await.contains(&ben.key), "the last was not");
}

#[actix::test]
async fn how_far_it_was_looked_only_rises() {
    let bench = Bench::new();
    let looked = async || bench.database.reader.unread_looked().await.expect("read");
    assert_eq!(looked().await, None);
    for (to, expected) in [(5, 5), (9, 9), (7, 9)] {
        let looked_to = Some(MessageId(to));
        bench.one(NoteUnread { waiting: vec![], looked: looked_to }).expect("noted");
        assert_eq!(looked().await, Some(MessageId(expected)));
    }
}
