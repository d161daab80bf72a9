//! What was made once and is used for a while.

use std::time::Duration;

use parlor_domain::{Timestamp, limits::PUSH_CLOCK_BACK};

#[derive(Clone)]
pub(crate) struct Kept<T> {
    pub value: T,
    made: Timestamp,
}

impl<T> Kept<T> {
    pub fn new(value: T, made: Timestamp) -> Self {
        Self { value, made }
    }

    /// Whether it is younger than so much. One that is from a time to come is not, for the
    /// clock was set back; a little of that is those who ask at once and have looked at the
    /// clock one after the other.
    pub fn is_younger(&self, than: Duration, at: Timestamp) -> bool {
        self.made <= at.later(PUSH_CLOCK_BACK) && at < self.made.later(than)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_has_an_age_also_where_the_clock_is_set_back() {
        let kept = Kept::new((), Timestamp(1_000_000_000));
        let minute = Duration::from_secs(60);
        let is_younger = |at| kept.is_younger(minute, Timestamp(at));
        assert!(is_younger(1_000_000_000) && is_younger(1_000_059_999));
        assert!(!is_younger(1_000_060_000));
        assert!(is_younger(999_999_999), "they ask at once");
        assert!(!is_younger(999_000_000));
    }
}
