//! Members who may do less than before.

use rustc_hash::FxHashMap;

use parlor_domain::{RoomKey, UserKey};

/// Says whether what was read of somebody's rights may be true no more:
/// removed, muted or blocked while it was read.
///
/// Only what concerns the same member counts: one who comes and goes in a
/// loop must not have the rights of all others read again and again. Bounded
/// by what happens between two calls of [`forget`](Self::forget).
#[derive(Default)]
pub struct Restrictions {
    count: u64,
    members: FxHashMap<(UserKey, RoomKey), u64>,
    rooms: FxHashMap<RoomKey, u64>,
    /// What was before is not known one by one any more.
    forgotten: u64,
    /// The count at the last call of `forget`.
    swept: u64,
}

impl Restrictions {
    /// A moment, to ask later what came after it.
    pub fn now(&self) -> u64 {
        self.count
    }

    pub fn restrict(&mut self, user: UserKey, room: RoomKey) {
        self.count += 1;
        self.members.insert((user, room), self.count);
    }

    /// A room is gone for everyone, or has other rules.
    pub fn restrict_all(&mut self, room: RoomKey) {
        self.count += 1;
        self.rooms.insert(room, self.count);
    }

    /// Whether a member may do less since then.
    pub fn overtook(&self, then: u64, user: UserKey, room: RoomKey) -> bool {
        let at = self.members.get(&(user, room));
        at.is_some_and(|at| *at > then) || self.overtook_all(then, room)
    }

    /// Whether all may do less in a room since then.
    pub fn overtook_all(&self, then: u64, room: RoomKey) -> bool {
        then < self.forgotten || self.rooms.get(&room).is_some_and(|at| *at > then)
    }

    /// Lets go of what was known at the last call, which has to be longer ago
    /// than any read takes.
    pub fn forget(&mut self) {
        let Self { count, members, rooms, forgotten, swept } = self;
        members.retain(|_, at| *at > *swept);
        rooms.retain(|_, at| *at > *swept);
        if members.capacity() > 4 * members.len() + 64 {
            members.shrink_to_fit();
        }
        (*forgotten, *swept) = (*swept, *count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_member_or_room_is_overtaken() {
        let (mut known, ann, ben) = (Restrictions::default(), UserKey(1), UserKey(2));
        let (den, lobby) = (RoomKey(1), RoomKey(2));
        let then = known.now();
        known.restrict(ann, den);
        assert!(known.overtook(then, ann, den));
        assert!(!known.overtook(known.now(), ann, den));
        assert!(!known.overtook(then, ann, lobby) && !known.overtook(then, ben, den));
        known.restrict_all(lobby);
        assert!(known.overtook(then, ben, lobby));
    }

    #[test]
    fn what_is_forgotten_counts_for_those_who_asked_before() {
        let (mut known, ann, den) = (Restrictions::default(), UserKey(1), RoomKey(1));
        let then = known.now();
        known.restrict(ann, den);
        known.forget();
        let later = known.now();
        assert!(known.overtook(then, ann, den), "still known");
        known.forget();
        assert!(known.members.is_empty());
        assert!(known.overtook(then, ann, den), "nobody knows");
        assert!(!known.overtook(later, ann, den));
    }
}
