//! What users have of their rooms for themselves, which is being read to be told.

use parlor_domain::{MessageId, RoomKey, UserKey};
use rustc_hash::FxHashMap;

/// What of it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Own {
    /// How much is unread.
    Unread,
    /// How the user wants to have the room.
    Preferences,
}

/// What of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Room(Own),
    Thread(MessageId),
}

type What = (UserKey, RoomKey, Part);

/// The newest of the readings that are under way, of each; so there are no more than
/// requests that are being answered.
#[derive(Debug, Default)]
pub struct OwnReadings {
    newest: FxHashMap<What, u64>,
    last: u64,
}

impl OwnReadings {
    /// One begins. Gives its number.
    pub fn begin(&mut self, what: What) -> u64 {
        self.last += 1;
        self.newest.insert(what, self.last);
        self.last
    }

    /// One has ended. Whether none has begun since.
    pub fn is_newest(&mut self, what: What, turn: u64) -> bool {
        let is_newest = self.newest.get(&what) == Some(&turn);
        if is_newest {
            self.newest.remove(&what);
        }
        is_newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_began_last_is_told_whichever_ends_first() {
        let mut own = OwnReadings::default();
        let what = (UserKey(1), RoomKey(2), Part::Room(Own::Unread));
        let other = (UserKey(1), RoomKey(2), Part::Room(Own::Preferences));
        let (first, second, beside) = (own.begin(what), own.begin(what), own.begin(other));
        assert!(own.is_newest(what, second));
        assert!(!own.is_newest(what, first));
        assert!(own.is_newest(other, beside));
        let third = own.begin(what);
        assert!(own.is_newest(what, third));
        assert!(own.newest.is_empty());
    }
}
