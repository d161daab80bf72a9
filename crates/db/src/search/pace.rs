//! How long the indexers rest between two rounds.

use std::time::Duration;

use parlor_domain::limits::{SEARCH_IDLE, SEARCH_LAG, SEARCH_REST, SEARCH_REST_MAX};

/// The index may lag while much is said, so that messages have the cores: a round
/// is followed by a rest that is several times as long. What has waited for
/// [`SEARCH_LAG`] is indexed without rest.
pub(super) fn rest(took: Duration, behind: Duration) -> Duration {
    if behind >= SEARCH_LAG {
        return Duration::ZERO;
    }
    (took * SEARCH_REST).clamp(SEARCH_IDLE, SEARCH_REST_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_indexer_rests_most_of_the_time_until_it_is_too_far_behind() {
        let busy = Duration::from_millis(100);
        assert_eq!(rest(Duration::ZERO, Duration::ZERO), SEARCH_IDLE);
        assert_eq!(rest(busy, Duration::from_secs(1)), busy * SEARCH_REST);
        assert_eq!(rest(Duration::from_secs(60), Duration::ZERO), SEARCH_REST_MAX);
        assert_eq!(rest(busy, SEARCH_LAG), Duration::ZERO);
    }
}
