//! How long to wait before something that failed is tried again.

use std::time::Duration;

use parlor_domain::limits::{BACKOFF, BACKOFF_MAX};

/// Twice as long each time, up to a bound, and up to a quarter more by chance
/// (0 to 1), so that what failed together does not come back together.
pub fn delay(attempts: i64, chance: f64) -> Duration {
    let doubled = u32::try_from(attempts.clamp(0, 20)).unwrap_or(20);
    let delay = BACKOFF.saturating_mul(1 << doubled).min(BACKOFF_MAX);
    delay.mul_f64(1.0 + 0.25 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_its_bound() {
        assert_eq!(delay(0, 0.0), BACKOFF);
        assert_eq!(delay(3, 0.0), BACKOFF * 8);
        assert_eq!(delay(3, 1.0), BACKOFF * 10);
        assert_eq!(delay(1_000, 0.0), BACKOFF_MAX);
    }
}
