//! Rooms and members.

use super::*;
use crate::OpenDirect;

#[actix::test]
async fn a_cleared_room_keeps_its_numbers_and_is_purged_in_steps() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let many = usize::try_from(PURGE_ROWS).expect("small") + 10;
    bench.say(&room, &ann, many);
    let clear = ClearRoom { room: room.key, upto: None };
    let Cleared { seq, .. } = bench.one(clear).expect("cleared");
    assert_eq!(seq.0, PURGE_ROWS + 11);
    let reader = bench.database.reader.clone();
    assert!(bench.seqs(&room).await.is_empty(), "hidden at once");
    assert_eq!(reader.message_count(room.key).await, Ok(0));
    assert_eq!(reader.unfinished_purges().await, Ok(vec![room.key]));
    let purge = || bench.one(Purge { room: room.key }).expect("purged");
    assert!(purge());
    assert!(!purge());
    assert_eq!(reader.unfinished_purges().await, Ok(vec![]));
    bench.say(&room, &ann, 1);
    assert_eq!(bench.seqs(&room).await, [seq.0 + 1]);
}

#[actix::test]
async fn a_deleted_room_is_gone_and_its_id_is_free() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.say(&room, &ann, 3);
    assert_eq!(bench.create("r", &ben, 100).err(), Some(WriteError::IdTaken));
    bench.one(DeleteRoom { room: room.key }).expect("deleted");
    let late = bench.message(room.key, &ann, None);
    assert_eq!(bench.one(late).err(), Some(WriteError::NoSuchRoom));
    assert_eq!(bench.add(&room, &ben).err(), Some(WriteError::NoSuchRoom));
    bench.one(Purge { room: room.key }).expect("purged");
    let again = bench.room("r", &ben);
    assert_ne!(again.key, room.key, "a key is never used again");
    assert!(bench.seqs(&again).await.is_empty());
}

#[test]
fn members_are_bounded_and_an_owner_leaves_nobody_behind() {
    let bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    assert_eq!(bench.create("s", &ann, 1).err(), Some(WriteError::TooManyRooms));
    bench.add(&room, &ben).expect("added");
    let leave = |user: &User| {
        bench.one(RemoveMember { room: room.key, user: user.key, by: None, is_self: true })
    };
    assert_eq!(leave(&ann).err(), Some(WriteError::OwnerOfOthers));
    assert!(matches!(leave(&ben), Ok(Some(_))));
    assert!(matches!(leave(&ben), Ok(None)));
    assert!(leave(&ann).is_ok());
}

#[test]
fn what_others_do_takes_no_place_of_ones_own_and_nobody_takes_all_of_the_others() {
    let bench = Bench::new();
    let (ann, ben, mal) = (bench.user("ann"), bench.user("ben"), bench.user("mal"));
    let bounds = RoomBounds { own: 2, placed: 3, placed_by_one: 2, ..BOUNDS };
    let rooms: Vec<Room> = (0..8).map(|i| bench.room(&format!("r{i}"), &mal)).collect();
    let add = |at: usize, adder| bench.put(rooms[at].key, &ann, adder, bounds);
    let by = |user: &User| Adder::Other(user.key);
    add(0, by(&mal)).expect("added");
    add(1, by(&mal)).expect("added");
    assert_eq!(add(2, by(&mal)).err(), Some(WriteError::TooManyPlacedRooms), "it was two");
    add(2, by(&ben)).expect("added");
    assert_eq!(add(3, by(&ben)).err(), Some(WriteError::TooManyPlacedRooms), "three of all");
    // Her own are untouched by that, and so are the application's.
    add(3, Adder::Oneself).expect("joined");
    add(4, Adder::Backend).expect("added");
    // A room that she joins becomes hers, and its place is free again.
    add(0, Adder::Oneself).expect("she is there");
    add(5, by(&mal)).expect("added");
    assert_eq!(add(6, Adder::Oneself).err(), Some(WriteError::TooManyRooms), "two of her own");
    // One that is beyond her own stays a room that she was put into.
    add(1, Adder::Oneself).expect("she is there");
    let placed = format!("members WHERE user_key = {} AND placed_by > 0", ann.key.0);
    assert_eq!(bench.count(&placed), 3);
    let (id, users) = (RoomId::from_stored("d"), [ben.key, ann.key]);
    let new = OpenDirect { id, users, by_backend: false, made_by: None, created_at: AT, bounds };
    let refused = bench.one(new).err();
    assert_eq!(refused, Some(WriteError::TooManyPlacedRooms));
    assert_eq!(bench.count("rooms WHERE pair IS NOT NULL"), 0, "nothing is left behind");
}

#[test]
fn the_rule_of_contact_is_decided_in_the_transaction() {
    let bench = Bench::new();
    let (ann, ben, cy) = (bench.user("ann"), bench.user("ben"), bench.user("cy"));
    let room = bench.room("r", &ann);
    let shared = RoomBounds { contact: Contact::Shared, ..BOUNDS };
    let backend = RoomBounds { contact: Contact::Backend, ..BOUNDS };
    let by_ann = Adder::Other(ann.key);
    let refused = |denied| Some(WriteError::Denied(denied));
    let first = bench.put(room.key, &ben, by_ann, shared);
    assert_eq!(first.err(), refused(Denied::SharesNoRoom));
    bench.put(bench.room("hall", &ben).key, &ann, Adder::Oneself, shared).expect("joined");
    bench.put(room.key, &ben, by_ann, shared).expect("they share the hall");
    let by_user = bench.put(room.key, &cy, by_ann, backend);
    assert_eq!(by_user.err(), refused(Denied::NotBackend));
    bench.put(room.key, &cy, Adder::Backend, backend).expect("the application may");
}
