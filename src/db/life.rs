//! Which life of the database this is, and how it is noticed that another
//! one has to begin.
//!
//! A database cannot know by itself that it is a copy of what it was. So
//! something outside of it bears witness: on SQLite a mark beside the file
//! (`sqlite/mark`), on PostgreSQL what the server knows of itself
//! (`postgres/life`). What does not fit makes a new life: every timeline goes
//! on from numbers that nobody has seen, under another epoch.

use super::{Write, WriteResult, Written, feed};
use parlor_domain::{
    Life, RoomKey, Seq, Timestamp,
    limits::{LIFE_GAP, POSITIONS_PER_MS},
};

/// What the database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub life: Life,
    /// By what it was known when it was last made sure that it goes on where
    /// it was; `None` if that was never done.
    pub witness: Option<String>,
}

/// A life that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub life: Life,
    /// How many timelines go on from its beginning.
    pub timelines: usize,
}

impl Begun {
    /// Said once, because the operator should know what clients will do.
    pub fn log(&self, why: &str) {
        log::warn!(
            "{why}: positions of before are void, clients load {} rooms and inboxes anew when \
             they come back",
            self.timelines
        );
    }
}

/// The witness of a database that is to begin a new life at the next start.
pub(super) const RENEWED: &str = "renewed";

/// Why it begins one then, for the log.
pub(super) const NEW_EPOCH: &str = "a new epoch was asked for (`parlor new-epoch`)";

/// Where the timelines of a new life begin, if `there` is the highest
/// position there is: above all that any client may have seen.
///
/// Not only above what there is, because what was lost is not known, nor
/// from where an earlier new life went on that was lost, too. So the numbers
/// follow the clock, faster than any room gives them; where the clock is
/// wrong, they are a gap above at least.
pub(super) fn first_seq_of(there: i64, now: Timestamp) -> i64 {
    now.0.saturating_mul(POSITIONS_PER_MS).max(there.saturating_add(LIFE_GAP))
}

/// A timeline and a position in it.
pub(super) type Place = (RoomKey, Seq);

/// The last position that a batch gave, if it gave any: a database that has
/// it has all that was committed before.
pub(super) fn newest_place(writes: &[Write], results: &[WriteResult]) -> Option<Place> {
    let mut newest = None;
    for (write, result) in writes.iter().zip(results).rev() {
        let Ok(written) = result else { continue };
        match written {
            // Where they begin is told, too.
            Written::Room { room, last_seq }
            | Written::Direct { room, last_seq, is_new: true, .. } => {
                newest = Some((room.key, *last_seq));
            }
            written => feed::of_timeline(write, written, &mut |timeline, seq| {
                newest = Some((timeline, seq));
            }),
        }
        if newest.is_some() {
            break;
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{StoredMessage, WriteError};
    use parlor_domain::{MessageId, ReadTarget, UserKey};

    #[test]
    fn a_new_life_begins_above_all_that_was_ever_told() {
        let november = Timestamp(1_795_000_000_000);
        let first = first_seq_of(1_042, november);
        assert!(first > 1_042 + LIFE_GAP);
        // The same backup again, a second later: 64,000 were told meanwhile.
        assert!(first_seq_of(1_042, Timestamp(november.0 + 1_000)) >= first + 64_000);
        // A clock that has lost its time.
        assert_eq!(first_seq_of(first, Timestamp(0)), first + LIFE_GAP);
        // JavaScript's numbers are whole up to 2^53.
        let in_1000_years = Timestamp(november.0 + 1_000 * 365 * 86_400_000);
        assert!(first_seq_of(first, in_1000_years) < 1 << 53);
    }

    #[test]
    fn the_newest_place_is_the_last_that_was_given() {
        let clear = |room| Write::RoomClear { room: RoomKey(room) };
        let cleared = |seq| Ok(Written::RoomCleared { seq: Seq(seq), upto: Seq(seq) });
        let (user, target, at) = (UserKey(1), ReadTarget::All, Timestamp(0));
        let read = Write::Read { room: RoomKey(9), user, target, at };
        let marked = Ok(Written::Read { read_seq: Seq(9), moved: None });
        let writes = [clear(1), clear(2), read, clear(3)];
        let results = [cleared(5), cleared(7), marked, Err(WriteError::NoSuchRoom)];
        assert_eq!(newest_place(&writes, &results), Some((RoomKey(2), Seq(7))));
        assert_eq!(newest_place(&writes[2..], &results[2..]), None, "marks are no positions");
        let stored = StoredMessage {
            id: MessageId(1),
            seq: Seq(4),
            created_at: Timestamp(0),
            duplicate: true,
        };
        assert_eq!(newest_place(&[clear(1)], &[Ok(Written::Message(stored))]), None);
    }
}
