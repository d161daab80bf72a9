//! Marks and what is unread.

use super::*;

#[actix_web::test]
async fn one_who_has_left_keeps_no_mark() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.say(&room, &ann, 1);
    let write = Write::Read { room: room.key, user: ben.key, target: ReadTarget::All, at: AT };
    assert!(matches!(bench.one(write), Ok(Written::Read { moved: false, .. })));
    let receipts = bench.database.reader.receipts(room.key, None, 10).await.expect("read");
    assert!(receipts.0.is_empty());
}

#[actix_web::test]
async fn a_read_mark_rises_never_falls_and_stops_at_the_head() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    bench.say(&room, &ann, 5);
    let mark = |target| {
        let write = Write::Read { room: room.key, user: ben.key, target, at: AT };
        match bench.one(write) {
            Ok(Written::Read { read_seq, moved }) => (read_seq.0, moved),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(mark(ReadTarget::Seq(Seq(3))), (3, true));
    assert_eq!(mark(ReadTarget::Seq(Seq(2))), (3, false));
    let unread = bench.database.reader.room_state(room.key, ben.key).await.expect("read");
    assert_eq!(unread.expect("a member").0.unread, 2);
    assert_eq!(mark(ReadTarget::Seq(Seq(99))), (5, true));
    assert_eq!(mark(ReadTarget::All), (5, false));
    let elsewhere = ReadTarget::Message(MessageId(12_345));
    let write = Write::Read { room: room.key, user: ben.key, target: elsewhere, at: AT };
    assert_eq!(bench.one(write).err(), Some(WriteError::NoSuchMessage));
}

#[actix_web::test]
async fn what_was_said_before_one_joined_is_not_unread_nor_ones_own() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.say(&room, &ann, 3);
    bench.add(&room, &ben).expect("added");
    bench.say(&room, &ann, 2);
    bench.say(&room, &ben, 4);
    let of = |user: UserKey| bench.database.reader.memberships(user);
    let unread = |rooms: Vec<crate::domain::RoomOverview>| rooms[0].state.expect("a member").unread;
    assert_eq!(unread(of(ben.key).await.expect("read")), 2);
    assert_eq!(unread(of(ann.key).await.expect("read")), 4);
    let Ok(Written::ReadAll(moved)) = bench.one(Write::ReadAll { user: ben.key, at: AT }) else {
        panic!("not marked");
    };
    assert_eq!(moved, [(room.key, room.id.clone(), Seq(9))]);
    assert_eq!(unread(of(ben.key).await.expect("read")), 0);
}
