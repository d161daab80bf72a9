//! When users do not want to be told anything on their devices.

use super::Timestamp;

const MINUTES_OF_DAY: i64 = 24 * 60;
const MINUTE_MS: i64 = 60_000;

/// A minute of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// Reads `22:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let two_digits = |text: &str| match text.as_bytes() {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
                Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
            }
            _ => None,
        };
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
        (hour < 24 && minute < 60).then_some(Self(hour * 60 + minute))
    }

    /// Takes over what was checked before it was stored.
    pub fn from_stored(minutes: i64) -> Self {
        Self(minutes.rem_euclid(MINUTES_OF_DAY))
    }

    /// Minutes since the day began.
    pub fn minutes(self) -> i64 {
        self.0
    }

    pub fn to_text(self) -> String {
        format!("{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A time of each day, which may begin on the day before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietTime {
    pub from: TimeOfDay,
    pub until: TimeOfDay,
    /// How far the user's clock is ahead of UTC.
    pub utc_offset_minutes: i64,
}

impl QuietTime {
    /// When it is over; `None` where it is not quiet at a time.
    pub fn over_at(self, now: Timestamp) -> Option<Timestamp> {
        let Self { from: TimeOfDay(from), until: TimeOfDay(until), utc_offset_minutes } = self;
        let local = now.0.div_euclid(MINUTE_MS) + utc_offset_minutes;
        let minute = local.rem_euclid(MINUTES_OF_DAY);
        let is_quiet = match from < until {
            true => (from..until).contains(&minute),
            false => minute >= from || minute < until,
        };
        let end = local + (until - minute).rem_euclid(MINUTES_OF_DAY);
        is_quiet.then_some(Timestamp((end - utc_offset_minutes) * MINUTE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("a time")
    }

    #[test]
    fn a_time_of_the_day_has_hours_and_minutes() {
        for text in ["00:00", "07:05", "22:30", "23:59"] {
            assert_eq!(TimeOfDay::parse(text).map(TimeOfDay::to_text).as_deref(), Some(text));
        }
        for bad in ["", "7:05", "24:00", "07:60", "07:5", "0705", "-1:00", "07:05:00", "٠٧:٠٥"]
        {
            assert_eq!(TimeOfDay::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn quiet_is_until_the_end_by_the_users_own_clock() {
        let quiet = |from, until, utc_offset_minutes| {
            let time = |text| TimeOfDay::parse(text).expect("a time");
            QuietTime { from: time(from), until: time(until), utc_offset_minutes }
        };
        let over = |quiet: QuietTime, text| quiet.over_at(at(text)).map(Timestamp::to_rfc3339);
        let night = quiet("22:00", "07:00", 60);
        let morning = Some("2026-11-21T06:00:00.000Z".to_owned());
        assert_eq!(over(night, "2026-11-20T20:59:59.999Z"), None);
        assert_eq!(over(night, "2026-11-20T21:00:00Z"), morning);
        assert_eq!(over(night, "2026-11-20T23:30:00Z"), morning, "midnight is no end");
        assert_eq!(over(night, "2026-11-21T05:59:59.999Z"), morning);
        assert_eq!(over(night, "2026-11-21T06:00:00Z"), None);
        let noon = quiet("12:00", "13:30", -330);
        assert_eq!(over(noon, "2026-11-20T17:29:00Z"), None);
        let end = Some("2026-11-20T19:00:00.000Z".to_owned());
        assert_eq!(over(noon, "2026-11-20T17:30:00Z"), end);
        assert_eq!(over(noon, "2026-11-20T19:00:00Z"), None);
    }
}
