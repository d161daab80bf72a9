//! When an application that does not answer is left alone.

use std::time::Instant;

use parlor_domain::limits::{CALLBACK_FAILURES, CALLBACK_PAUSE};

/// A circuit breaker. Closed, everything is asked. After [`CALLBACK_FAILURES`] in a
/// row it opens: nothing is asked for [`CALLBACK_PAUSE`]. Then it is half open: one
/// question is let through, the others still are not; its answer closes the
/// breaker, its failure, or its loss, is followed by the next pause.
#[derive(Debug)]
pub(super) enum Breaker {
    Closed { failures: u32 },
    Open { until: Instant },
}

/// A question that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Usual,
    /// By which it is found out whether the application answers again.
    Probe,
}

/// What somebody who watches should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    Closed,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether nothing is asked at the moment.
    pub fn is_open(&self, now: Instant) -> bool {
        matches!(self, Self::Open { until } if now < *until)
    }

    /// Lets a question through, or not.
    pub fn enter(&mut self, now: Instant) -> Option<Pass> {
        match self {
            Self::Closed { .. } => Some(Pass::Usual),
            Self::Open { until } if now < *until => None,
            Self::Open { until } => {
                *until = now + CALLBACK_PAUSE;
                Some(Pass::Probe)
            }
        }
    }

    /// What came of one that was let through. One from before it opened says
    /// nothing of the time after.
    pub fn ended(&mut self, pass: Pass, is_answered: bool, now: Instant) -> Option<Change> {
        match (&mut *self, pass, is_answered) {
            (Self::Closed { failures }, _, true) => {
                *failures = 0;
                None
            }
            (Self::Closed { failures }, _, false) => {
                *failures += 1;
                (*failures >= CALLBACK_FAILURES).then(|| self.open(now))
            }
            (Self::Open { .. }, Pass::Usual, _) => None,
            (Self::Open { .. }, Pass::Probe, true) => {
                *self = Self::default();
                Some(Change::Closed)
            }
            (Self::Open { .. }, Pass::Probe, false) => {
                self.open(now);
                None
            }
        }
    }

    fn open(&mut self, now: Instant) -> Change {
        *self = Self::Open { until: now + CALLBACK_PAUSE };
        Change::Opened
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fail(breaker: &mut Breaker, times: u32, now: Instant) -> Vec<Change> {
        (0..times).filter_map(|_| breaker.ended(Pass::Usual, false, now)).collect()
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..3 {
            assert_eq!(fail(&mut breaker, CALLBACK_FAILURES - 1, now), []);
            assert_eq!(breaker.ended(Pass::Usual, true, now), None);
        }
        assert_eq!(breaker.enter(now), Some(Pass::Usual));
        assert_eq!(fail(&mut breaker, CALLBACK_FAILURES, now), [Change::Opened], "told once");
        assert!(breaker.is_open(now));
        assert_eq!(breaker.enter(now), None);
    }

    #[test]
    fn one_question_after_the_pause_decides() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        fail(&mut breaker, CALLBACK_FAILURES, now);
        let then = now + CALLBACK_PAUSE;
        assert_eq!(breaker.enter(then - Duration::from_millis(1)), None);
        assert!(!breaker.is_open(then), "one may try");
        assert_eq!((breaker.enter(then), breaker.enter(then)), (Some(Pass::Probe), None));
        assert_eq!(breaker.ended(Pass::Usual, true, then), None, "it was asked before");
        assert!(breaker.is_open(then));
        let failed = then + Duration::from_secs(1);
        assert_eq!(breaker.ended(Pass::Probe, false, failed), None, "it was open already");
        assert_eq!(breaker.enter(failed + CALLBACK_PAUSE), Some(Pass::Probe));
        assert_eq!(breaker.ended(Pass::Probe, true, failed), Some(Change::Closed));
        assert_eq!(breaker.enter(failed), Some(Pass::Usual));
        assert_eq!(fail(&mut breaker, CALLBACK_FAILURES - 1, now), [], "it counts from 0 again");
    }

    #[test]
    fn a_question_that_is_lost_is_followed_by_another() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        fail(&mut breaker, CALLBACK_FAILURES, now);
        for pause in 1..4 {
            assert_eq!(breaker.enter(now + pause * CALLBACK_PAUSE), Some(Pass::Probe));
        }
    }
}
