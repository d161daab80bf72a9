//! What a batch locks before it begins.

use std::collections::BTreeSet;

use crate::write::Concern;

/// The lock on everything: shared by every batch, and held alone by those
/// few that touch what cannot be known before.
/// In the texts of statements, also of the function that stores messages, it is
/// written as 0.
pub(crate) const WHOLE: i64 = 0;

/// Keys of advisory locks, in the order in which they are taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Locks {
    /// Nobody else may write meanwhile.
    pub whole: bool,
    pub keys: Vec<i64>,
}

impl Locks {
    /// What is looked up first is among them already, by its key.
    pub fn of(concerns: &[Concern]) -> Self {
        let keys: BTreeSet<i64> = concerns.iter().filter_map(key).collect();
        Self { whole: concerns.contains(&Concern::Everything), keys: keys.into_iter().collect() }
    }
}

/// Rooms, users and names have ranges of their own, so that none is another's.
fn key(concern: &Concern) -> Option<i64> {
    match concern {
        Concern::Room(room) => Some(room.0 * 2 + 1),
        Concern::User(user) => Some(user.0 * 2 + 2),
        Concern::Name(name) => Some(*name),
        Concern::RoomOf(_) | Concern::UserOf(_) | Concern::Everything => None,
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::{RoomKey, UserKey};

    use super::*;

    #[test]
    fn a_batch_locks_its_rooms_and_users_once_and_in_one_order() {
        let (room, user) = (|key| Concern::Room(RoomKey(key)), Concern::User(UserKey(7)));
        let one = Locks::of(&[room(2), user, room(1), user]);
        assert_eq!(one, Locks::of(&[user, room(1), room(2), room(1)]));
        assert!(one.keys.is_sorted() && one.keys.len() == 3 && !one.whole);
        assert!(Locks::of(&[room(2), Concern::Everything]).whole);
    }

    #[test]
    fn rooms_users_and_names_are_never_mistaken() {
        let rooms = [1, 2].map(|key| Concern::Room(RoomKey(key)));
        let users = [1, 2].map(|key| Concern::User(UserKey(key)));
        let names = ["room", "user"].map(|kind| Concern::name(kind, "1"));
        let keys = Locks::of(&[rooms, users, names].concat()).keys;
        assert_eq!(keys.len(), 6);
        assert!(!keys.contains(&WHOLE));
        assert_eq!(WHOLE, 0);
    }
}
