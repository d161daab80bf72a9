//! What a write decides about.

use std::hash::{Hash, Hasher};

use parlor_domain::{MessageId, RoomKey, UserKey};
use rustc_hash::FxHasher;

/// SHA-256 of a refresh token; the token itself is never stored.
pub type RefreshHash = [u8; 32];

/// One thing that a write decides about. On PostgreSQL it is locked before
/// anything is read; and what is decided in one room is in one transaction at a
/// time, so that it is committed and told in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    Room(RoomKey),
    User(UserKey),
    /// What has no key yet, by [`Concern::name`].
    Name(i64),
    /// The room of a message, which is looked up first. A message never goes
    /// to another one.
    RoomOf(MessageId),
    /// The user of a refresh token, the same.
    UserOf(RefreshHash),
    /// Rooms that are found only on the way: rare, and short.
    Everything,
}

impl Concern {
    /// What is known by a text only. Two with the same hash wait for each
    /// other, and that is all.
    pub fn name(kind: &str, text: impl Hash) -> Self {
        let mut hasher = FxHasher::default();
        (kind, text).hash(&mut hasher);
        // Negative: never a room's or a user's (`write/postgres/locks`).
        Self::Name((hasher.finish() as i64) | i64::MIN)
    }
}

/// What a write waits for: two with the same one are committed and told in the
/// order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// It waits for nothing.
    Free,
    Room(RoomKey),
    User(UserKey),
    /// The room of a message is not known yet: the numbers give the order of its
    /// changes.
    Message(MessageId),
    /// It waits for all, and all for it.
    Alone,
}

impl Order {
    /// That of a room, or of a user where there is no room.
    pub fn of(concerns: &[Concern]) -> Self {
        let ranked = concerns.iter().map(|concern| match *concern {
            Concern::Everything => (0, Self::Alone),
            Concern::Room(room) => (1, Self::Room(room)),
            Concern::User(user) => (2, Self::User(user)),
            Concern::RoomOf(message) => (3, Self::Message(message)),
            Concern::UserOf(_) | Concern::Name(_) => (4, Self::Free),
        });
        ranked.min_by_key(|(rank, _)| *rank).map_or(Self::Free, |(_, order)| order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided_in_a_room_has_its_order() {
        let (room, user) = (Concern::Room(RoomKey(5)), Concern::User(UserKey(3)));
        for concerns in [&[room][..], &[room, user], &[user, room]] {
            assert_eq!(Order::of(concerns), Order::Room(RoomKey(5)));
        }
        assert_eq!(Order::of(&[Concern::name("user", "ann"), user]), Order::User(UserKey(3)));
        assert_eq!(Order::of(&[user, Concern::Everything, room]), Order::Alone);
        assert_eq!(Order::of(&[Concern::name("user", "ann")]), Order::Free);
        assert_eq!(Order::of(&[]), Order::Free);
    }
}
