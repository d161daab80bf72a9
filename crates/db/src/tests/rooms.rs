//! Rooms and members.

use super::*;

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
