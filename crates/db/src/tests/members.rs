//! Who is in a room, as what, and who is kept out.

use super::*;
use crate::OpenDirect;
use parlor_domain::{Denied, MemberChange, limits::BLOCKS_PER_USER};

fn standing_of(bench: &Bench, room: &Room, user: &User) -> Option<parlor_domain::Standing> {
    on_a_thread(|| {
        // A pool belongs to the runtime on which it made its connections.
        let reader = bench.database.fresh_reader(&bench.url);
        actix::System::new().block_on(reader.standing(room.key, user.key)).expect("read")
    })
}

#[test]
fn a_moderator_manages_those_below_and_roles_are_for_owners() {
    let bench = Bench::new();
    let (ann, ben, cleo) = (bench.user("ann"), bench.user("ben"), bench.user("cleo"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    bench.add(&room, &cleo).expect("added");
    let update = |user: &User, by, role, muted_until| {
        let change = MemberChange { role, muted_until };
        bench.one(UpdateMember { room: room.key, user: user.key, by, change }).err()
    };
    let moderator = Some(Role::Moderator);
    assert_eq!(update(&ben, Some(Role::Owner), moderator, None), None);
    let denied = |denied| Some(WriteError::Denied(denied));
    assert_eq!(update(&cleo, moderator, None, Some(Some(AT))), None);
    assert_eq!(update(&cleo, moderator, moderator, None), denied(Denied::NotOwner));
    assert_eq!(update(&ben, moderator, None, Some(None)), denied(Denied::Outranked));
    assert_eq!(update(&ann, moderator, None, Some(None)), denied(Denied::Outranked));
    assert_eq!(update(&ann, None, moderator, None), Some(WriteError::OwnerOfOthers));
}

#[test]
fn one_who_comes_back_is_muted_still_and_a_reader_still() {
    let bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    let (key, user) = (room.key, ben.key);
    let until = Timestamp(AT.0 + 10);
    let change = MemberChange { role: Some(Role::ReadOnly), muted_until: Some(Some(until)) };
    bench.one(UpdateMember { room: key, user, by: None, change }).expect("changed");
    for _ in 0..2 {
        bench.one(RemoveMember { room: key, user, by: None, is_self: true }).expect("gone");
        assert_eq!(bench.count("former_members"), 1);
        bench.add(&room, &ben).expect("back");
        let standing = standing_of(&bench, &room, &ben).expect("a member");
        assert_eq!((standing.role, standing.muted_until), (Role::ReadOnly, Some(until)));
        assert_eq!(bench.count("former_members"), 0);
    }
    let change = MemberChange { role: Some(Role::Member), muted_until: Some(None) };
    bench.one(UpdateMember { room: key, user, by: None, change }).expect("changed");
    bench.one(RemoveMember { room: key, user, by: None, is_self: true }).expect("gone");
    assert_eq!(bench.count("former_members"), 0, "nothing to remember");
}

#[test]
fn a_block_holds_in_the_room_of_two_made_before_or_after() {
    let bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let open = |users: [&User; 2], id: &str| {
        let (id, users) = (RoomId::from_stored(id), users.map(|user| user.key));
        let (by_backend, bounds) = (false, BOUNDS);
        bench.one(OpenDirect { id, users, by_backend, made_by: None, created_at: AT, bounds })
    };
    let block = |blocks| {
        let (user, other) = (ann.key, ben.key);
        bench.one(Block { user, other, blocks, at: AT }).expect("set");
    };
    block(true);
    let refused = open([&ben, &ann], "d").err();
    assert_eq!(refused, Some(WriteError::Denied(Denied::Blocked)));
    let Ok(Direct { room, blocks: true, is_new: true, .. }) = open([&ann, &ben], "d") else {
        panic!("not opened");
    };
    let is_blocked = |user| standing_of(&bench, &room, user).expect("a member").blocked;
    assert!(is_blocked(&ben) && is_blocked(&ann), "both are silent");
    let back = |blocks| Block { user: ben.key, other: ann.key, blocks, at: AT };
    bench.one(back(true)).expect("set");
    block(false);
    assert!(is_blocked(&ben) && is_blocked(&ann), "the other one has blocked, too");
    bench.one(back(false)).expect("set");
    assert!(!is_blocked(&ben) && !is_blocked(&ann));
    let again = open([&ben, &ann], "e");
    assert!(matches!(again, Ok(Direct { is_new: false, .. })), "{again:?}");
}

fn put(
    bench: &Bench,
    room: RoomKey,
    user: &User,
    adder: Adder,
    bounds: RoomBounds,
) -> Result<Added, WriteError> {
    let (user, role, at, mark_read) = (user.key, Role::Member, AT, false);
    bench.one(AddMember { room, user, role, at, adder, bounds, mark_read })
}

#[test]
fn what_others_do_takes_no_place_of_ones_own_and_nobody_takes_all_of_the_others() {
    let bench = Bench::new();
    let (ann, ben, mal) = (bench.user("ann"), bench.user("ben"), bench.user("mal"));
    let bounds = RoomBounds { own: 2, placed: 3, placed_by_one: 2, ..BOUNDS };
    let rooms: Vec<Room> = (0..8).map(|i| bench.room(&format!("r{i}"), &mal)).collect();
    let add = |at: usize, adder| put(&bench, rooms[at].key, &ann, adder, bounds);
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
    let first = put(&bench, room.key, &ben, by_ann, shared);
    assert_eq!(first.err(), refused(Denied::SharesNoRoom));
    put(&bench, bench.room("hall", &ben).key, &ann, Adder::Oneself, shared).expect("joined");
    put(&bench, room.key, &ben, by_ann, shared).expect("they share the hall");
    let by_user = put(&bench, room.key, &cy, by_ann, backend);
    assert_eq!(by_user.err(), refused(Denied::NotBackend));
    put(&bench, room.key, &cy, Adder::Backend, backend).expect("the application may");
    // Who is blocked adds nobody, whatever the rule.
    bench
        .one(RemoveMember { room: room.key, user: ben.key, by: None, is_self: true })
        .expect("gone");
    let (user, other) = (ben.key, ann.key);
    bench.one(Block { user, other, blocks: true, at: AT }).expect("blocked");
    let blocked = put(&bench, room.key, &ben, by_ann, BOUNDS);
    assert_eq!(blocked.err(), refused(Denied::Blocked));
    put(&bench, room.key, &ben, Adder::Oneself, BOUNDS).expect("they may come themselves");
}

#[test]
fn who_was_put_into_a_room_and_made_its_owner_can_leave_it() {
    let bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    put(&bench, room.key, &ben, Adder::Other(ann.key), BOUNDS).expect("added");
    let (from, to) = (Some(ann.key), ben.key);
    bench.one(TransferRoom { room: room.key, from, to }).expect("handed over");
    let leave = |user: &User, is_self| {
        let (room, user) = (room.key, user.key);
        bench.one(RemoveMember { room, user, by: None, is_self })
    };
    assert_eq!(leave(&ben, false).err(), Some(WriteError::OwnerOfOthers), "only of one's own will");
    let Ok(Some(Removed { heir: Some(heir), .. })) = leave(&ben, true) else {
        panic!("nobody owns it");
    };
    assert_eq!((heir.user.key, heir.role), (ann.key, Role::Owner));
}

#[test]
fn the_number_of_blocked_users_is_bounded() {
    let bench = Bench::new();
    let ann = bench.user("ann");
    let block = |other: UserKey, blocks| Block { user: ann.key, other, blocks, at: AT };
    let others = (0..BLOCKS_PER_USER).map(|i| bench.user(&format!("u{i}")).key);
    let writes: Vec<Block> = others.map(|other| block(other, true)).collect();
    let all: Vec<Queued> = writes.iter().map(|block| block.queued()).collect();
    assert!(bench.execute(&all).iter().all(Result::is_ok));
    let one_more = bench.user("more").key;
    assert_eq!(bench.one(block(one_more, true)).err(), Some(WriteError::TooManyBlocks));
    bench.one(writes[0]).expect("who is blocked already may be blocked again");
    bench.one(block(one_more, false)).expect("lifting is always possible");
}
