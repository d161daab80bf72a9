//! How much is left to index, where that takes long: an index that is made anew, or a
//! database that was written to while nobody indexed.

use std::time::{Duration, Instant};

use diesel::QueryResult;
use parlor_domain::limits::SEARCH_TOLD;

/// One catching up with what is there.
pub(super) struct Progress {
    begun: Instant,
    told: Instant,
}

impl Progress {
    pub fn begins(now: Instant) -> Self {
        Self { begun: now, told: now }
    }

    /// There is more. `left` is how many changes of rooms are, asked for only to be told.
    pub fn goes_on(
        &mut self,
        now: Instant,
        left: impl FnOnce() -> QueryResult<i64>,
    ) -> QueryResult<()> {
        if now.saturating_duration_since(self.told) >= SEARCH_TOLD {
            self.told = now;
            let left = left()?;
            log::info!("the search index is catching up: {left} changes of rooms are left");
        }
        Ok(())
    }

    /// Nothing is left; gives how long it took, if anything was told of it.
    pub fn ended(self, now: Instant) -> Option<Duration> {
        let took = now.saturating_duration_since(self.begun);
        let was_told = self.told != self.begun;
        if was_told {
            log::info!("the search index is complete after {} s", took.as_secs());
        }
        was_told.then_some(took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_told_now_and_then() {
        let begun = Instant::now();
        let mut progress = Progress::begins(begun);
        let mut asked = 0;
        for tenth in 0..=20 {
            let left = || {
                asked += 1;
                Ok(1)
            };
            progress.goes_on(begun + SEARCH_TOLD * tenth / 10, left).expect("read");
        }
        assert_eq!(asked, 2);
        assert_eq!(progress.ended(begun + SEARCH_TOLD * 2), Some(SEARCH_TOLD * 2));
        assert_eq!(Progress::begins(begun).ended(begun + SEARCH_TOLD / 2), None);
    }
}
