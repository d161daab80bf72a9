//! Points in time. The clock is read at the edges and passed in.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

/// Milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads RFC 3339, with any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        Some(Self(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis()))
    }

    /// So much later; the end of time at most.
    pub fn later(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    pub fn earlier(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// RFC 3339 in UTC with milliseconds, e.g. `2026-11-20T21:00:00.123Z`.
    pub fn to_rfc3339(self) -> String {
        DateTime::from_timestamp_millis(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_with_milliseconds_in_utc() {
        let time = Timestamp(1_795_208_400_123);
        assert_eq!(time.to_rfc3339(), "2026-11-20T21:00:00.123Z");
        assert_eq!(Timestamp::parse_rfc3339("2026-11-20T22:00:00.123+01:00"), Some(time));
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }
}
