//! Throttles log lines that anybody on the network can cause: at most one per
//! minute each, with the number of occurrences.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use parlor_domain::limits::SELDOM;

/// One kind of log line.
pub struct Seldom(Mutex<State>);

struct State {
    written: Option<Instant>,
    times: u64,
}

impl Seldom {
    #[expect(clippy::new_without_default, reason = "it is made for statics")]
    pub const fn new() -> Self {
        Self(Mutex::new(State { written: None, times: 0 }))
    }

    /// Counts an occurrence. Returns the number since the last line if it is
    /// time for another one.
    pub fn again(&self) -> Option<u64> {
        self.again_at(Instant::now())
    }

    fn again_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.times += 1;
        if state.written.is_some_and(|at| now.saturating_duration_since(at) < SELDOM) {
            return None;
        }
        state.written = Some(now);
        Some(std::mem::take(&mut state.times))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_is_written_at_once_and_the_others_together() {
        let (line, now) = (Seldom::new(), Instant::now());
        assert_eq!(line.again_at(now), Some(1));
        for second in 1..60 {
            assert_eq!(line.again_at(now + Duration::from_secs(second)), None);
        }
        assert_eq!(line.again_at(now + SELDOM), Some(60));
        assert_eq!(line.again_at(now + SELDOM), None);
    }
}
