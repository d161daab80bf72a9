//! A user who is deleted.

use super::*;
use crate::{NewUpload, OpenDirect};
use parlor_domain::{AttachmentId, FileQuota, limits::ERASE_MESSAGES};

fn erase(bench: &Bench, user: &User) -> Result<Erased, WriteError> {
    bench.one(EraseUser { user: user.key, at: AT })
}

#[test]
fn the_reactions_of_an_erased_user_are_taken_back_in_steps() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    let react = |emoji: &str| Change::React { emoji: emoji.into() };
    let shared = bench.plain(&room, &ann);
    bench.changed(shared, &ben, react("a"));
    bench.changed(shared, &ann, react("a"));
    for _ in 0..ERASE_MESSAGES {
        let id = bench.plain(&room, &ann);
        bench.changed(id, &ben, react("a"));
    }
    bench.one(EraseUser { user: ben.key, at: AT }).expect("erased");
    let step = || {
        let write = EraseMessages { user: ben.key, messages: vec![], last: true, at: AT };
        match bench.one(write) {
            Ok(ErasedMessages { changed, more }) => (changed.len(), more),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(step(), (ERASE_MESSAGES, true));
    assert_eq!(bench.count("users WHERE erase_pending"), 1);
    assert_eq!(step(), (1, false));
    assert_eq!(bench.count("users WHERE erase_pending"), 0);
    assert_eq!(bench.count("messages WHERE reactions LIKE '%ben%'"), 0);
    assert_eq!(bench.count(r#"messages WHERE reactions LIKE '%"count":1,"users":["ann"]%'"#), 1);
    assert_eq!(bench.count("reactions"), 1);
}

#[test]
fn nobody_can_be_in_the_way_of_an_erasure() {
    let bench = Bench::new();
    let ann = bench.user("ann");
    // Whatever a user may be called, no erased one is called so.
    bench.user(&format!("deleted:{}", ann.key.0));
    assert!(matches!(bench.one(EraseUser { user: ann.key, at: AT }), Ok(Erased { .. })));
    let row = |id: &str| bench.count(&format!("users WHERE key = {} AND id = '{id}'", ann.key.0));
    let id = format!("deleted#{}", ann.key.0);
    assert_eq!(row(&id), 1);
    assert!(UserId::parse(&id).is_err(), "nobody can ask for {id:?}");
}

/// Whoever looked a user up may be overtaken by the deletion.
#[test]
fn what_is_left_of_who_was_deleted_is_nobody_to_act_on() {
    let bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    erase(&bench, &ben).expect("erased");
    let refused = Some(WriteError::NoSuchUser);
    // A second time it would be forgotten which id it was.
    assert_eq!(erase(&bench, &ben).err(), refused);
    assert_eq!(bench.add(&room, &ben).err(), refused);
    assert_eq!(bench.create("of ben", &ben, 100).err(), refused);
    for users in [[&ann, &ben], [&ben, &ann]] {
        assert_eq!(bench.direct("d", users).err(), refused);
    }
    let quota = FileQuota { stored: None, daily: None };
    let (id, uploader) = (AttachmentId(1), ben.key);
    let upload = NewUpload { id, uploader, bytes: 1, quota, unsent_max: 50, at: AT };
    assert_eq!(bench.one(upload).err(), refused);
    assert_eq!(bench.count("members"), 1, "ann in her room");
    assert_eq!(bench.count("file_usage"), 0);
    let old = bench.seen("ben", UserOrigin::Application, Some(AT), Adopted::default());
    assert_eq!(old.err(), Some(WriteError::TokenTooOld), "of who had the id");
}

#[test]
fn the_rooms_of_an_erased_owner_go_to_the_highest_who_came_first() {
    let bench = Bench::new();
    let ann = bench.user("ann");
    let others: Vec<User> = ["ben", "cy", "dan"].map(|id| bench.user(id)).into();
    let (ranked, plain, own) =
        (bench.room("a", &ann), bench.room("b", &ann), bench.room("c", &ann));
    for (user, role) in others.iter().zip([Role::Member, Role::Moderator, Role::Moderator]) {
        bench.add(&plain, user).expect("added");
        let (room, user, at, adder) = (ranked.key, user.key, AT, Adder::Backend);
        let (bounds, mark_read) = (BOUNDS, false);
        bench.one(AddMember { room, user, role, at, adder, bounds, mark_read }).expect("added");
    }
    let Ok(Erased { rooms, owners, .. }) = erase(&bench, &ann) else {
        panic!("not erased");
    };
    let heirs: Vec<_> = owners.iter().map(|(room, owner)| (*room, owner.user.key)).collect();
    assert_eq!(heirs, [(ranked.key, others[1].key), (plain.key, others[0].key)]);
    assert!(owners.iter().all(|(_, owner)| owner.role == Role::Owner));
    let left: Vec<_> = rooms.iter().map(|(room, _, members)| (*room, *members)).collect();
    assert_eq!(left, [(ranked.key, 3), (plain.key, 3), (own.key, 0)]);
}

#[test]
fn a_room_of_two_ends_with_both_also_one_of_the_application() {
    let bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let (id, users) = (RoomId::from_stored("d"), [ann.key, ben.key]);
    let (by_backend, made_by, created_at, bounds) = (true, None, AT, BOUNDS);
    let open = OpenDirect { id, users, by_backend, made_by, created_at, bounds };
    let Direct { room, .. } = bench.one(open).expect("opened");
    let end = || bench.one(EndRoom { room: room.key, open_since: AT });
    let Ok(Erased { alone, .. }) = erase(&bench, &ann) else { panic!("not erased") };
    assert_eq!(alone, [(room.key, ben.key)]);
    assert!(matches!(end(), Ok(None)), "ben can still read it");
    erase(&bench, &ben).expect("erased");
    assert!(matches!(end(), Ok(Some(_))));
}
