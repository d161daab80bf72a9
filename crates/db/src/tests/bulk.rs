//! Many members at once are held to what one is held to.

use parlor_domain::{Adder, Contact, Denied, Role, Room, RoomBounds, User};

use crate::{
    ChangeMembers, ChangedMembers, WantedMember, WriteError,
    samples::{AT, BOUNDS, Bench},
};

fn add(
    bench: &Bench,
    room: &Room,
    users: &[&User],
    adder: Adder,
    bounds: RoomBounds,
) -> ChangedMembers {
    let wanted = users.iter().map(|user| WantedMember { user: user.key, role: None }).collect();
    let (room, at, gone) = (room.key, AT, Vec::new());
    let change = ChangeMembers { room, adder, at, bounds, wanted, gone, exactly: false };
    bench.one(change).expect("changed")
}

/// Only the owner is left.
fn empty(bench: &Bench, room: &Room) {
    let key = room.key.0;
    bench.run(&format!("DELETE FROM members WHERE room_key = {key} AND role <> 'owner'"));
    bench.run(&format!("UPDATE rooms SET member_count = 1 WHERE key = {key}"));
}

#[test]
fn who_may_not_come_alone_may_not_come_among_many() {
    let bench = Bench::new();
    let [ann, ben, cleo, dan, eve, fay] =
        ["ann", "ben", "cleo", "dan", "eve", "fay"].map(|id| bench.user(id));
    let (one, many) = (bench.room("one", &ann), bench.room("many", &ann));
    let (two, shared) = (bench.room("two", &eve), bench.room("shared", &ann));
    bench.run(&format!(
        "INSERT INTO blocks (user_key, blocked_key, created_at) VALUES ({}, {}, 0)",
        ben.key.0, ann.key.0
    ));
    for room in [&one, &many] {
        bench.run(&format!(
            "INSERT INTO bans (room_key, user_key, reason, created_at) VALUES ({}, {}, '', 0)",
            room.key.0, cleo.key.0
        ));
    }
    // Dan was put into a room by ann, and by the application; eve into one by dan.
    bench.put(two.key, &dan, Adder::Other(ann.key), BOUNDS).expect("added");
    bench.put(shared.key, &dan, Adder::Backend, BOUNDS).expect("added");
    bench.put(shared.key, &eve, Adder::Other(dan.key), BOUNDS).expect("added");
    let users = [&ben, &cleo, &dan, &eve, &fay];
    let narrow = RoomBounds { own: 1, placed: 1, placed_by_one: 1, ..BOUNDS };
    for adder in [Adder::Other(ann.key), Adder::Backend] {
        for contact in [Contact::Anyone, Contact::Shared, Contact::Backend] {
            for bounds in [BOUNDS, narrow].map(|bounds| RoomBounds { contact, ..bounds }) {
                let alone = users.map(|user| bench.put(one.key, user, adder, bounds).err());
                empty(&bench, &one);
                let refused = add(&bench, &many, &users, adder, bounds).refused;
                empty(&bench, &many);
                let why = |user: &User| {
                    let of_user = refused.iter().find(|refused| refused.user == user.key);
                    of_user.map(|refused| refused.why.clone())
                };
                assert_eq!(users.map(why), alone, "{adder:?} {bounds:?}");
            }
        }
    }
}

#[test]
fn the_number_of_members_is_that_of_the_rows_and_marks_go_with_them() {
    let bench = Bench::new();
    let [ann, ben, cleo] = ["ann", "ben", "cleo"].map(|id| bench.user(id));
    let room = bench.room("r", &ann);
    assert_eq!(add(&bench, &room, &[&ann, &ben, &cleo], Adder::Backend, BOUNDS).member_count, 3);
    bench.run(&format!(
        "INSERT INTO receipts (room_key, user_key, read_seq, read_at, delivered_seq) \
         VALUES ({}, {}, 1, 1, 1)",
        room.key.0, ben.key.0
    ));
    let wanted = vec![WantedMember { user: cleo.key, role: Some(Role::Owner) }];
    let (key, at, adder, bounds, gone) = (room.key, AT, Adder::Backend, BOUNDS, Vec::new());
    let change = ChangeMembers { room: key, adder, at, bounds, wanted, gone, exactly: true };
    let changed = bench.one(change).expect("changed");
    assert_eq!((changed.member_count, changed.removed.len(), changed.updated.len()), (1, 2, 1));
    assert_eq!(bench.count("members"), 1);
    assert_eq!(bench.count("rooms WHERE member_count = 1"), 1);
    assert_eq!(bench.count("receipts"), 0);
}

#[test]
fn more_than_can_be_removed_at_once_are_not_removed() {
    let bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    bench.run(&format!("UPDATE rooms SET member_count = 2001 WHERE key = {}", room.key.0));
    let (key, at, adder, bounds) = (room.key, AT, Adder::Backend, BOUNDS);
    let (wanted, gone) = (Vec::new(), Vec::new());
    let change = ChangeMembers { room: key, adder, at, bounds, wanted, gone, exactly: true };
    assert_eq!(bench.one(change).err(), Some(WriteError::TooManyToRemove));
}

/// Others may have been before them.
#[test]
fn what_somebody_may_is_what_they_are_when_it_is_done() {
    let bench = Bench::new();
    let [ann, ben, cleo] = ["ann", "ben", "cleo"].map(|id| bench.user(id));
    let room = bench.room("r", &ann);
    bench.put(room.key, &ben, Adder::Oneself, BOUNDS).expect("joined");
    let (adder, gone) = (Adder::Other(ben.key), vec![ann.key]);
    let wanted = vec![WantedMember { user: cleo.key, role: None }];
    let (room, at, bounds, exactly) = (room.key, AT, BOUNDS, false);
    let change = ChangeMembers { room, adder, at, bounds, wanted, gone, exactly };
    let is = |role: &str| {
        bench.run(&format!("UPDATE members SET role = '{role}' WHERE user_key = {}", ben.key.0));
        bench.one(change.clone()).map(|changed| (changed.added.len(), changed.refused.len()))
    };
    assert_eq!(is("member"), Err(Denied::NotModerator.into()));
    assert_eq!(is("moderator"), Ok((1, 1)), "an owner is not theirs to remove");
    bench.run(&format!("DELETE FROM members WHERE user_key = {}", ben.key.0));
    assert_eq!(bench.one(change).err(), Some(Denied::NotModerator.into()));
}
