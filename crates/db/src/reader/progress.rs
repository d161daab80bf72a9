//! How far a replica is behind, from what is known of its primary.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use parlor_domain::limits::REPLICA_SAMPLES;

/// A place in the write-ahead log, in bytes, and when all that was committed
/// lay before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub at: Instant,
    pub wal: i64,
}

/// Where the primary was is noted from time to time; what the replica has of
/// it says of when its state is. So it is not behind while nothing is written,
/// unlike the time of the last transaction, which only grows then.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Where the primary was, that the replica is not known to have.
    ahead: VecDeque<Mark>,
    seen: Option<Mark>,
}

impl Progress {
    /// The primary is as far as this.
    pub fn committed(&mut self, mark: Mark) {
        // One that is so far behind is measured less finely.
        if self.ahead.len() < REPLICA_SAMPLES {
            self.ahead.push_back(mark);
        }
    }

    /// The replica is as far as this.
    pub fn replayed(&mut self, wal: i64) {
        while self.ahead.front().is_some_and(|mark| mark.wal <= wal) {
            self.seen = self.ahead.pop_front();
        }
    }

    /// The newest state of the primary that the replica has, as far as is
    /// known.
    pub fn seen(&self) -> Option<Mark> {
        self.seen
    }

    /// How far behind it is; unknown while it has had none of what was noted.
    pub fn lag(&self, now: Instant) -> Option<Duration> {
        self.seen.map(|mark| now.saturating_duration_since(mark.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn one_that_has_everything_is_not_behind_whether_or_not_something_is_written() {
        let (mut progress, start) = (Progress::default(), Instant::now());
        assert_eq!(progress.lag(start), None, "nothing is known yet");
        for n in 0..100 {
            let (at, wal) = (start + n * SECOND, if n < 50 { i64::from(n) } else { 50 });
            progress.committed(Mark { at, wal });
            progress.replayed(wal);
            assert_eq!(progress.lag(at), Some(Duration::ZERO));
        }
        assert!(progress.ahead.is_empty());
    }

    #[test]
    fn one_that_follows_at_a_distance_is_as_far_behind_as_that() {
        let (mut progress, start) = (Progress::default(), Instant::now());
        for n in 0..100 {
            let at = start + n * SECOND;
            progress.committed(Mark { at, wal: 10 * i64::from(n) });
            progress.replayed(10 * (i64::from(n) - 7) + 5);
            let lag = (n >= 7).then(|| 7 * SECOND);
            assert_eq!(progress.lag(at), lag, "after {n} s");
        }
    }

    #[test]
    fn one_that_stands_still_falls_behind_and_catches_up() {
        let (mut progress, start) = (Progress::default(), Instant::now());
        progress.committed(Mark { at: start, wal: 5 });
        progress.replayed(5);
        let hour = 3_600;
        for n in 1..=hour {
            progress.committed(Mark { at: start + n * SECOND, wal: 5 + i64::from(n) });
            progress.replayed(5);
        }
        assert_eq!(progress.lag(start + hour * SECOND), Some(hour * SECOND));
        assert!(progress.ahead.len() <= REPLICA_SAMPLES);
        let now = start + (hour + 1) * SECOND;
        progress.replayed(10_000);
        progress.committed(Mark { at: now, wal: 10_000 });
        progress.replayed(10_000);
        assert_eq!(progress.lag(now), Some(Duration::ZERO));
    }

    #[test]
    fn what_the_primary_has_written_meanwhile_is_not_seen() {
        let (mut progress, start) = (Progress::default(), Instant::now());
        progress.committed(Mark { at: start, wal: 5 });
        progress.committed(Mark { at: start + SECOND, wal: 6 });
        progress.replayed(5);
        assert_eq!(progress.seen(), Some(Mark { at: start, wal: 5 }));
    }
}
