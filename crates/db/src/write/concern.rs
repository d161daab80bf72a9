//! What a write decides about.

use std::hash::{Hash, Hasher};

use parlor_domain::{MessageId, RoomKey, UserKey};
use rustc_hash::FxHasher;

/// SHA-256 of a refresh token; the token itself is never stored.
pub type RefreshHash = [u8; 32];

/// One thing that a write decides about. On PostgreSQL it is locked before
/// anything is read; and what is decided in one room goes through one lane, so
/// that it is committed and told in one order.
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

/// Which way a write goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    One(usize),
    /// It concerns rooms of several lanes.
    All,
}

impl Lane {
    /// A room's lane, or a user's where there is no room. The room of a message
    /// is not known yet: the numbers give the order of its changes.
    pub fn of(concerns: &[Concern], lanes: usize) -> Self {
        let lane = |key: i64| usize::try_from(key.unsigned_abs()).unwrap_or(0) % lanes;
        let ranked = concerns.iter().map(|concern| match concern {
            Concern::Everything => (0, 0),
            Concern::Room(room) => (1, lane(room.0)),
            Concern::User(user) => (2, lane(user.0)),
            Concern::RoomOf(message) => (3, lane(message.0)),
            Concern::UserOf(_) | Concern::Name(_) => (4, 0),
        });
        match ranked.min_by_key(|(rank, _)| *rank) {
            Some((0, _)) if lanes > 1 => Self::All,
            Some((_, lane)) => Self::One(lane),
            None => Self::One(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided_in_a_room_goes_through_one_lane() {
        for key in 0..40 {
            let (room, user) = (Concern::Room(RoomKey(key)), Concern::User(UserKey(3)));
            let expected = Lane::One(usize::try_from(key).expect("small") % 4);
            for concerns in [&[room][..], &[room, user], &[user, room]] {
                assert_eq!(Lane::of(concerns, 4), expected);
            }
        }
        assert_eq!(Lane::of(&[Concern::User(UserKey(6))], 4), Lane::One(2));
        assert_eq!(Lane::of(&[Concern::Everything], 4), Lane::All);
        assert_eq!(Lane::of(&[Concern::Everything], 1), Lane::One(0), "there is only one");
        assert_eq!(Lane::of(&[], 4), Lane::One(0));
    }
}
