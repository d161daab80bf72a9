use std::time::Duration;

use super::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// How many bytes of files one user may store; `None`: without a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileQuota {
    /// At a time. What is deleted makes room.
    pub stored: Option<i64>,
    /// Within a day: so many at once, and as many come back over a day. What
    /// is deleted does not count less, so that nobody wears a disk out.
    pub daily: Option<i64>,
}

/// What a user has stored, and uploaded lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileUsage {
    pub stored: i64,
    /// Uploaded bytes that have not come back yet, as of `recent_at`.
    pub recent: i64,
    pub recent_at: Timestamp,
}

/// Why a file does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaReached {
    /// It does when something is deleted.
    Stored { most: i64 },
    /// It does after this time.
    Daily { retry_after: Duration },
}

impl FileQuota {
    /// The level of the last day once `bytes` more were uploaded.
    ///
    /// # Errors
    /// If they are too many; nothing counts then.
    pub fn take(&self, used: FileUsage, bytes: i64, now: Timestamp) -> Result<i64, QuotaReached> {
        if let Some(most) = self.stored
            && used.stored.saturating_add(bytes) > most
        {
            return Err(QuotaReached::Stored { most });
        }
        let Some(daily) = self.daily else { return Ok(0) };
        let level = used.level(daily, now).saturating_add(bytes);
        if level > daily {
            let wait = share_of(level - daily, DAY_MS, daily.max(1)).max(1);
            let retry_after = Duration::from_millis(u64::try_from(wait).unwrap_or(u64::MAX));
            return Err(QuotaReached::Daily { retry_after });
        }
        Ok(level)
    }
}

impl FileUsage {
    /// Of who has uploaded nothing.
    pub const NONE: Self = Self { stored: 0, recent: 0, recent_at: Timestamp(0) };

    /// A clock that was set back gives nothing back, and takes nothing.
    fn level(&self, daily: i64, now: Timestamp) -> i64 {
        let passed = now.0.saturating_sub(self.recent_at.0).clamp(0, DAY_MS);
        self.recent.saturating_sub(share_of(passed, daily, DAY_MS)).max(0)
    }
}

/// `part * whole / of`, where the product may be more than 64 bits hold.
fn share_of(part: i64, whole: i64, of: i64) -> i64 {
    let share = i128::from(part) * i128::from(whole) / i128::from(of);
    i64::try_from(share).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: FileQuota = FileQuota { stored: Some(1_000), daily: Some(240) };
    const HOUR: i64 = 3_600_000;

    #[test]
    fn what_is_stored_has_a_bound_and_what_is_uploaded_comes_back_over_a_day() {
        let used = FileUsage { stored: 900, recent: 0, recent_at: Timestamp(0) };
        assert_eq!(QUOTA.take(used, 100, Timestamp(0)), Ok(100));
        let full = QUOTA.take(used, 101, Timestamp(0));
        assert_eq!(full, Err(QuotaReached::Stored { most: 1_000 }));
        let used = FileUsage { stored: 0, recent: 240, recent_at: Timestamp(0) };
        let wait = Duration::from_secs(3_600);
        let refused = QUOTA.take(used, 10, Timestamp(0));
        assert_eq!(refused, Err(QuotaReached::Daily { retry_after: wait }));
        assert_eq!(QUOTA.take(used, 10, Timestamp(HOUR)), Ok(240));
        assert_eq!(QUOTA.take(used, 240, Timestamp(24 * HOUR)), Ok(240));
    }

    #[test]
    fn a_clock_that_was_wrong_neither_gives_nor_takes_and_no_bound_is_none() {
        let ahead = FileUsage { stored: 0, recent: 240, recent_at: Timestamp(1_000 * 24 * HOUR) };
        assert!(QUOTA.take(ahead, 1, Timestamp(HOUR)).is_err());
        assert_eq!(FileQuota::default().take(ahead, i64::MAX, Timestamp(0)), Ok(0));
    }
}
