//! What devices are told of what their users have not read.

use super::*;
use parlor_domain::limits::PUSH_NOTES_PER_DEVICE;

const NOW: Timestamp = Timestamp(1_795_000_000_000);
const LATER: Timestamp = Timestamp(1_795_000_060_000);

fn register(bench: &Bench, user: &User, device: &str) {
    let key = user.key.0;
    bench.run(&format!(
        "INSERT INTO devices (user_key, id, service, lane, address, registered_at) \
         VALUES ({key}, '{device}', 'fcm', 'fcm', '{key}:{device}', 1)"
    ));
}

/// Ann speaks in a room, and ben has devices.
fn room_of_two(bench: &mut Bench, devices: &[&str]) -> (Room, User, User) {
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    devices.iter().for_each(|device| register(bench, &ben, device));
    (room, ann, ben)
}

/// Notes who has not read what was said after a message.
async fn note(bench: &Bench, after: i64) -> Vec<UserKey> {
    let reader = &bench.database.reader;
    let said = reader.said_between(MessageId(after), MessageId(i64::MAX), 1_000).await;
    let mut all = Vec::new();
    for said in said.expect("read").0 {
        let users = reader.are_away(said, NOW, UserKey(0), 100).await.expect("read").0;
        all.extend(users.clone());
        let behind = Some((said, users));
        bench.one(NotePush { behind, looked: None, at: NOW }).expect("noted");
    }
    all
}

async fn due(bench: &Bench, at: Timestamp) -> Vec<DuePush> {
    bench.database.reader.due_pushes(vec![], vec![], at, 1_000).await.expect("read")
}

fn settle(bench: &Bench, due: &DuePush, result: PushResult) {
    let (place, known) = (due.place.clone(), due.last);
    bench.one(SettlePush { place, known, result }).expect("settled");
}

fn shown(seq: i64, message: MessageId) -> PushResult {
    PushResult::Shown { seq: Seq(seq), message, badge: 1, at: NOW }
}

fn read(bench: &Bench, room: &Room, user: &User, seq: i64) {
    bench.run(&format!(
        "UPDATE members SET unread_after = {seq} WHERE room_key = {} AND user_key = {}",
        room.key.0, user.key.0
    ));
}

#[actix::test]
async fn a_note_waits_once_and_what_a_device_shows_it_is_not_told_again() {
    let mut bench = Bench::new();
    let (room, ann, ben) = room_of_two(&mut bench, &["phone", "tablet"]);
    let first = bench.plain(&room, &ann);
    assert_eq!(note(&bench, 0).await, [ben.key]);
    let all = due(&bench, NOW).await;
    assert_eq!(all.len(), 2, "one for each device");
    assert_eq!((all[0].first, all[0].last, all[0].shown), (Seq(1), Seq(1), None));
    // Another message comes while the first one is being told.
    bench.plain(&room, &ann);
    note(&bench, first.0).await;
    settle(&bench, &all[0], shown(1, first));
    settle(&bench, &all[1], PushResult::Nothing);
    let all = due(&bench, NOW).await;
    let of = |due: &DuePush| (due.first, due.last, due.shown);
    assert_eq!(of(&all[0]), (Seq(2), Seq(2), Some(Seq(1))));
    assert_eq!(of(&all[1]), (Seq(2), Seq(2), None));
    for one in &all {
        settle(&bench, one, shown(2, first));
    }
    // The look is made again after a crash.
    note(&bench, 0).await;
    assert!(due(&bench, NOW).await.is_empty());
    read(&bench, &room, &ben, 2);
    assert!(note(&bench, 0).await.is_empty(), "it was read");
}

#[actix::test]
async fn what_was_read_is_taken_away_once_from_each_device() {
    let mut bench = Bench::new();
    let (room, ann, ben) = room_of_two(&mut bench, &["phone", "tablet"]);
    let message = bench.plain(&room, &ann);
    note(&bench, 0).await;
    for one in due(&bench, NOW).await {
        settle(&bench, &one, shown(1, message));
    }
    let reader = bench.database.reader.clone();
    let look = async |before: i64, limit: i64| {
        let found = reader.shown_by_devices(None, Timestamp(before), limit).await;
        let (read, forgotten, next) = found.expect("read");
        (read.len(), forgotten.len(), next)
    };
    assert_eq!(look(0, 10).await, (0, 0, None));
    read(&bench, &room, &ben, 1);
    let (one, _, next) = look(0, 1).await;
    let next = next.expect("there may be more");
    let (more, _, end) =
        reader.shown_by_devices(Some(&next), Timestamp(0), 10).await.expect("read");
    assert_eq!((one, more.len(), end), (1, 1, None));
    assert_eq!(look(NOW.0 + 1, 10).await, (0, 2, None), "nobody has come for so long");
    let (read, ..) = reader.shown_by_devices(None, Timestamp(0), 10).await.expect("read");
    bench.one(NoteRead { read, forgotten: vec![], at: NOW }).expect("noted");
    let all = due(&bench, NOW).await;
    assert!(all.len() == 2 && all.iter().all(|due| due.is_over), "{all:?}");
    for one in &all {
        settle(&bench, one, PushResult::TakenAway { badge: 0, at: NOW });
    }
    assert_eq!((bench.count("push_notes"), look(0, 10).await), (0, (0, 0, None)));
    assert_eq!(bench.count("devices WHERE badge = 0"), 2);
}

#[actix::test]
async fn a_device_that_fails_is_left_alone_and_one_that_is_gone_goes_with_its_notes() {
    let mut bench = Bench::new();
    let (room, ann, ben) = room_of_two(&mut bench, &["phone"]);
    let other = bench.room("other", &ann);
    bench.add(&other, &ben).expect("added");
    bench.plain(&room, &ann);
    bench.plain(&other, &ann);
    note(&bench, 0).await;
    let all = due(&bench, NOW).await;
    settle(&bench, &all[0], PushResult::Again { at: LATER });
    assert!(due(&bench, NOW).await.is_empty(), "nor the other room");
    // A newer message does not bring it forward.
    bench.plain(&room, &ann);
    note(&bench, 0).await;
    assert!(due(&bench, NOW).await.is_empty());
    let all = due(&bench, LATER).await;
    assert_eq!(all.iter().map(|due| due.attempts).collect::<Vec<_>>(), [1, 0]);
    let gone = |address: &str| PushResult::Gone { address: address.to_owned() };
    settle(&bench, &all[0], gone("where it was before"));
    assert_eq!(bench.count("devices"), 1, "it has another address by now");
    let address = all[0].address.as_ref().expect("an address");
    settle(&bench, &all[0], gone(address.as_str()));
    assert_eq!((bench.count("devices"), bench.count("push_notes")), (0, 0));
}

#[actix::test]
async fn a_device_has_so_many_notes_and_what_it_has_shown_for_longest_goes_first() {
    let mut bench = Bench::new();
    let (room, ann, ben) = room_of_two(&mut bench, &["phone"]);
    let first = bench.plain(&room, &ann);
    note(&bench, 0).await;
    let all = due(&bench, NOW).await;
    settle(&bench, &all[0], shown(1, first));
    for n in 0..PUSH_NOTES_PER_DEVICE {
        let own = 2 * PUSH_NOTES_PER_DEVICE;
        let room = bench.create(&format!("r{n}"), &ann, own).expect("a room").room;
        let bounds = RoomBounds { own, ..BOUNDS };
        bench.put(room.key, &ben, Adder::Oneself, bounds).expect("added");
        bench.plain(&room, &ann);
    }
    note(&bench, first.0).await;
    assert_eq!(bench.count("push_notes"), PUSH_NOTES_PER_DEVICE);
    assert_eq!(bench.count("push_notes WHERE shown_seq IS NOT NULL"), 0);
}

#[actix::test]
async fn the_first_key_is_kept() {
    let bench = Bench::new();
    let keep = |key: &[u8]| bench.one(KeepPushKey { key: key.to_vec() }).expect("kept");
    assert_eq!((keep(&[1]), keep(&[2])), (vec![1], vec![1]));
    assert_eq!(bench.database.reader.push_key().await.expect("read"), Some(vec![1]));
    // Which is beside how far messages were looked through.
    let reader = &bench.database.reader;
    assert_eq!(reader.push_looked().await.expect("read"), None);
    let looked = Some(MessageId(7));
    bench.one(NotePush { behind: None, looked, at: NOW }).expect("noted");
    assert_eq!(reader.push_looked().await.expect("read"), looked);
    assert_eq!(reader.push_key().await.expect("read"), Some(vec![1]));
}
