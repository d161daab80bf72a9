//! Throttles log lines that would be written again and again: at most one per
//! minute each, with the number of occurrences.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use parlor_domain::limits::{LOG_THROTTLE, LOG_THROTTLE_TEXTS};

/// One kind of log line.
pub struct LogThrottle(Mutex<State>);

#[derive(Default)]
struct State {
    written: Option<Instant>,
    times: u64,
}

impl State {
    const NEW: Self = Self { written: None, times: 0 };

    fn again_at(&mut self, now: Instant) -> Option<u64> {
        self.times += 1;
        if !self.is_due(now) {
            return None;
        }
        self.written = Some(now);
        Some(std::mem::take(&mut self.times))
    }

    fn is_due(&self, now: Instant) -> bool {
        self.written.is_none_or(|at| now.saturating_duration_since(at) >= LOG_THROTTLE)
    }
}

impl LogThrottle {
    #[expect(clippy::new_without_default, reason = "it is made for statics")]
    pub const fn new() -> Self {
        Self(Mutex::new(State::NEW))
    }

    /// Counts an occurrence. Returns the number since the last line if it is
    /// time for another one.
    pub fn again(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).again_at(Instant::now())
    }
}

/// Log lines that differ by a text, such as the error of a database: each text
/// is a kind of its own, whatever numbers there are in it.
pub struct LogThrottleByText(Mutex<Texts>);

struct Texts {
    known: Vec<(String, State)>,
    /// All that are not told apart.
    others: State,
}

impl LogThrottleByText {
    #[expect(clippy::new_without_default, reason = "it is made for statics")]
    pub const fn new() -> Self {
        Self(Mutex::new(Texts { known: Vec::new(), others: State::NEW }))
    }

    /// The same for one of the texts.
    pub fn again(&self, text: &str) -> Option<Times> {
        self.again_at(text, Instant::now())
    }

    fn again_at(&self, text: &str, now: Instant) -> Option<Times> {
        let kind: String = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Texts { known, others } = &mut *texts;
        let at = known.iter().position(|(other, _)| *other == kind);
        let at = at.or_else(|| {
            if known.len() == LOG_THROTTLE_TEXTS {
                // One that would be written at once makes room.
                let rested = known.iter().position(|(_, state)| state.is_due(now))?;
                known.remove(rested);
            }
            known.push((kind, State::NEW));
            Some(known.len() - 1)
        });
        at.map_or(others, |at| &mut known[at].1).again_at(now).map(Times)
    }
}

/// How often, as the end of a log line; once is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times(u64);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => Ok(()),
            times => write!(f, " ({times} times)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_is_written_at_once_and_the_others_together() {
        let (mut line, now) = (State::NEW, Instant::now());
        assert_eq!(line.again_at(now), Some(1));
        for second in 1..60 {
            assert_eq!(line.again_at(now + Duration::from_secs(second)), None);
        }
        assert_eq!(line.again_at(now + LOG_THROTTLE), Some(60));
        assert_eq!(line.again_at(now + LOG_THROTTLE), None);
    }

    #[test]
    fn the_same_text_with_other_numbers_is_the_same_and_another_one_is_not() {
        let (lines, now) = (LogThrottleByText::new(), Instant::now());
        let statement = |number: u64| format!("prepared statement \"s{number}\" does not exist");
        assert_eq!(lines.again_at(&statement(1), now), Some(Times(1)));
        for number in 2..1_000 {
            assert_eq!(lines.again_at(&statement(number), now), None);
        }
        let full = lines.again_at("the disk is full", now).expect("another one");
        assert_eq!(full.to_string(), "");
        let thousand = lines.again_at(&statement(1_000), now + LOG_THROTTLE).expect("time for one");
        assert_eq!(thousand.to_string(), " (999 times)");
    }

    #[test]
    fn of_more_texts_than_are_told_apart_one_is_written_for_the_others() {
        let (lines, now) = (LogThrottleByText::new(), Instant::now());
        let say_all = |now| {
            let texts = (0..10 * LOG_THROTTLE_TEXTS).map(|length| "x".repeat(length));
            texts.filter_map(|text| lines.again_at(&text, now)).collect::<Vec<_>>()
        };
        let written = say_all(now);
        assert_eq!(written, vec![Times(1); LOG_THROTTLE_TEXTS + 1]);
        assert_eq!(say_all(now + LOG_THROTTLE / 2), []);
        let written = say_all(now + LOG_THROTTLE);
        assert_eq!(written.len(), LOG_THROTTLE_TEXTS + 1, "and as often again");
        // What has not been seen for so long makes room.
        assert_eq!(lines.again_at("another", now + 3 * LOG_THROTTLE), Some(Times(1)));
        assert_eq!(lines.again_at("another", now + 3 * LOG_THROTTLE), None);
    }
}
