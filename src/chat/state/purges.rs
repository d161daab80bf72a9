//! Rooms whose invisible rows are still to be deleted.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use parlor_domain::RoomKey;

/// Each once, in the order in which they came. There may be as many as rooms
/// have ended at once, so nothing here costs by their number.
#[derive(Debug, Default)]
pub struct Purges {
    /// The first one is under way.
    waiting: VecDeque<RoomKey>,
    known: FxHashSet<RoomKey>,
}

impl Purges {
    /// Says whether it is the only one, whose turn it is.
    pub fn push(&mut self, room: RoomKey) -> bool {
        if self.known.insert(room) {
            self.waiting.push_back(room);
            return self.waiting.len() == 1;
        }
        false
    }

    /// The room whose turn it is.
    pub fn first(&self) -> Option<RoomKey> {
        self.waiting.front().copied()
    }

    /// Nothing of the first one is left.
    pub fn done(&mut self) {
        if let Some(room) = self.waiting.pop_front() {
            self.known.remove(&room);
        }
    }
}

impl FromIterator<RoomKey> for Purges {
    fn from_iter<T: IntoIterator<Item = RoomKey>>(rooms: T) -> Self {
        let mut purges = Self::default();
        for room in rooms {
            purges.push(room);
        }
        purges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_has_one_turn_in_the_order_in_which_they_came() {
        let mut purges: Purges = [RoomKey(7), RoomKey(3)].into_iter().collect();
        assert!(!purges.push(RoomKey(7)) && !purges.push(RoomKey(5)), "7 is under way");
        for room in [7, 3, 5] {
            assert_eq!(purges.first(), Some(RoomKey(room)));
            purges.done();
        }
        assert_eq!(purges.first(), None);
        assert!(purges.push(RoomKey(7)), "it has rows again");
    }
}
