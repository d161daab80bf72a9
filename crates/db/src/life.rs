//! Which life of the database this is, and how it is noticed that another
//! one has to begin.
//!
//! A database cannot know by itself that it is a copy of what it was. So
//! something outside of it bears witness: on SQLite a mark beside the file
//! (`sqlite/mark`), on PostgreSQL what the server knows of itself
//! (`open/postgres/life`). What does not fit makes a new life: every timeline goes
//! on from numbers that nobody has seen, under another epoch.

use parlor_domain::{
    Life, RoomKey, Seq, Timestamp,
    limits::{LIFE_GAP, POSITIONS_PER_MS},
};

/// A timeline and a position in it.
pub(crate) type Place = (RoomKey, Seq);

/// What the database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub life: Life,
    /// By what it was known when it was last made sure that it goes on where
    /// it was; `None` if that was never done.
    pub witness: Option<String>,
}

/// A life that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub life: Life,
    /// How many timelines go on from its beginning.
    pub timelines: usize,
}

impl Begun {
    /// Said once, because the operator should know what clients will do.
    pub fn log(&self, why: &str) {
        log::warn!(
            "{why}: earlier positions are void, clients will reload {} rooms and inboxes when they \
             come back",
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
