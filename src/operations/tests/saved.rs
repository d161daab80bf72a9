//! Saved messages, and what users are reminded of.

use parlor_db::{
    DeleteRoom, EraseUser, Remind, Reminded, RemoveMember,
    samples::{AT, Bench},
};
use parlor_domain::{Change, MessageId, Room, Saved, Timestamp, User, limits::SAVED_PER_USER};

use crate::{
    db::WriteError,
    operations::saved::{Saving, Unsaving},
};

const SOON: Timestamp = Timestamp(AT.0 + 1_000);

fn save(
    bench: &Bench,
    user: &User,
    message: MessageId,
    remind_at: Option<Timestamp>,
) -> Result<Saved, WriteError> {
    let note = Some("later".into());
    bench.one(Saving { user: user.key, message, note, remind_at, at: AT })
}

fn remind(bench: &Bench, user: &User, message: MessageId, at: Timestamp) -> Reminded {
    bench.one(Remind { user: user.key, message, at, keep: 10 }).expect("looked")
}

fn leave(bench: &Bench, room: &Room, user: &User) {
    let out = RemoveMember { room: room.key, user: user.key, by: None, is_self: true };
    bench.one(out).expect("gone");
}

fn two_in_a_room(bench: &Bench) -> (Room, User, User) {
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    (room, ann, ben)
}

#[test]
fn each_change_is_later_than_all_before_and_the_place_in_the_list_stays() {
    let mut bench = Bench::new();
    let (room, ann, ben) = two_in_a_room(&bench);
    let (one, two) = (bench.plain(&room, &ann), bench.plain(&room, &ann));
    let first = save(&bench, &ben, one, None).expect("saved");
    let second = save(&bench, &ben, two, None).expect("saved");
    let again = save(&bench, &ben, one, Some(SOON)).expect("saved");
    assert_eq!((again.saved_at, again.remind_at), (first.saved_at, Some(SOON)));
    assert!(first.updated_at < second.updated_at && second.updated_at < again.updated_at);
    let unsave = |message| bench.one(Unsaving { user: ben.key, message, at: AT });
    let gone = unsave(one).expect("done").expect("it was saved");
    assert!(gone.saved_at.is_none() && gone.updated_at > again.updated_at);
    assert_eq!(unsave(one), Ok(None));
    assert!(save(&bench, &ben, one, None).expect("saved").updated_at > gone.updated_at);
    // Nobody saves what is not there, was deleted, or is not theirs to read.
    bench.changed(two, &ann, Change::Delete);
    assert_eq!(save(&bench, &ben, two, None).err(), Some(WriteError::NoSuchMessage));
    assert_eq!(save(&bench, &ben, MessageId(9), None).err(), Some(WriteError::NoSuchMessage));
    let stranger = bench.user("cy");
    assert_eq!(save(&bench, &stranger, one, None).err(), Some(WriteError::NoSuchMessage));
}

#[actix::test]
async fn a_user_is_reminded_once_and_when_it_is_time() {
    let mut bench = Bench::new();
    let (room, ann, ben) = two_in_a_room(&bench);
    let message = bench.plain(&room, &ann);
    save(&bench, &ben, message, Some(SOON)).expect("saved");
    let due = async |bench: &Bench, now| {
        bench.database.reader.due_reminders(now, 10).await.expect("read")
    };
    assert_eq!(due(&bench, Timestamp(SOON.0 - 1)).await, []);
    assert_eq!(due(&bench, SOON).await, [(ben.key, message)]);
    let early = remind(&bench, &ben, message, Timestamp(SOON.0 - 1));
    assert!(matches!(early, Reminded::NotDue));
    let Reminded::Told { event, .. } = remind(&bench, &ben, message, SOON) else {
        panic!("it is time");
    };
    assert!(event.event.data.contains(r#""note":"later""#), "{event:?}");
    assert!(matches!(remind(&bench, &ben, message, SOON), Reminded::NotDue));
    assert_eq!((due(&bench, SOON).await, bench.count("inbox")), (vec![], 1));
    let saved = bench.database.reader.saved_of(ben.key, message).await.expect("read");
    assert_eq!(saved.expect("it stays").reminded_at, Some(SOON));
    // Another time is another reminder.
    save(&bench, &ben, message, Some(SOON)).expect("saved");
    assert_eq!(due(&bench, SOON).await, [(ben.key, message)]);
}

#[test]
fn nobody_is_reminded_of_what_is_gone_or_not_theirs_any_more() {
    let mut bench = Bench::new();
    let (room, ann, ben) = two_in_a_room(&bench);
    let (deleted, left) = (bench.plain(&room, &ann), bench.plain(&room, &ann));
    for message in [deleted, left] {
        save(&bench, &ben, message, Some(SOON)).expect("saved");
    }
    bench.changed(deleted, &ann, Change::Delete);
    let told = remind(&bench, &ben, deleted, SOON);
    assert!(matches!(&told, Reminded::TakenAway(gone) if gone.saved_at.is_none()), "{told:?}");
    leave(&bench, &room, &ben);
    assert!(matches!(remind(&bench, &ben, left, SOON), Reminded::TakenAway(_)));
    assert_eq!((bench.count("saved WHERE message_id > 0"), bench.count("inbox")), (0, 0));
    save(&bench, &ann, left, Some(SOON)).expect("saved");
    bench.one(DeleteRoom { room: room.key }).expect("deleted");
    assert!(matches!(remind(&bench, &ann, left, SOON), Reminded::Forgotten));
}

#[test]
fn what_cannot_be_read_any_more_gives_its_place_to_what_can() {
    let mut bench = Bench::new();
    let (room, ann, ben) = two_in_a_room(&bench);
    let lost = bench.room("lost", &ann);
    bench.add(&lost, &ben).expect("added");
    let elsewhere = bench.plain(&lost, &ann);
    save(&bench, &ben, elsewhere, None).expect("saved");
    for _ in 1..SAVED_PER_USER {
        let message = bench.plain(&room, &ann);
        save(&bench, &ben, message, None).expect("saved");
    }
    let (more, even_more) = (bench.plain(&room, &ann), bench.plain(&room, &ann));
    assert_eq!(save(&bench, &ben, more, None).err(), Some(WriteError::TooManySaved));
    save(&bench, &ben, elsewhere, Some(SOON)).expect("it has its place");
    leave(&bench, &lost, &ben);
    save(&bench, &ben, more, None).expect("saved");
    assert_eq!(save(&bench, &ben, even_more, None).err(), Some(WriteError::TooManySaved));
    assert_eq!(bench.count("saved"), SAVED_PER_USER);
    // All of it goes with the room, and with the user.
    save(&bench, &ann, more, None).expect("saved");
    bench.one(EraseUser { user: ben.key, at: AT }).expect("erased");
    assert_eq!(bench.count("saved"), 1);
    bench.one(DeleteRoom { room: room.key }).expect("deleted");
    bench.purge_all(&room);
    assert_eq!(bench.count("saved"), 0);
}
