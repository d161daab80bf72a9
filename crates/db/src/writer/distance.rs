//! How far away the database is, by how long its transactions take.

use std::time::Duration;

use parlor_domain::limits::{LANE_LATE, LANE_WAIT};

/// A transaction that is late because the processors are busy is not far away:
/// another beside it would make all of them later, so the quickest one of late
/// tells.
#[derive(Debug, Default)]
pub(super) struct Distance {
    quickest: Option<Duration>,
}

/// What the quickest one is taken to be longer by with each that follows, as a part
/// of it: it doubles in some 180.
const FORGETS: u32 = 256;

impl Distance {
    /// A transaction ended.
    pub fn note(&mut self, took: Duration) {
        let quickest = self.quickest.map_or(took, |before| took.min(before + before / FORGETS));
        self.quickest = Some(quickest);
    }

    /// How long to wait for one that runs, before another begins beside it for
    /// a few writes.
    pub fn wait(&self) -> Duration {
        match self.quickest {
            Some(quickest) if quickest >= LANE_WAIT => LANE_WAIT,
            _ => LANE_LATE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_as_far_away_as_its_quickest_transaction_of_late() {
        let mut distance = Distance::default();
        assert_eq!(distance.wait(), LANE_LATE, "nothing is known");
        distance.note(LANE_WAIT);
        assert_eq!(distance.wait(), LANE_WAIT);
        distance.note(LANE_WAIT / 2);
        let busy = (0..300).take_while(|_| {
            distance.note(LANE_LATE * 10);
            distance.wait() == LANE_LATE
        });
        assert!((100..250).contains(&busy.count()), "it is believed for some time");
        distance.note(LANE_WAIT / 2);
        assert_eq!(distance.wait(), LANE_LATE);
    }
}
