//! The log of why tokens were refused: for the operator, and never with the
//! token itself.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::AuthError;
use parlor_domain::limits::REFUSALS_LOGGED;

/// Where a token was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Rest,
    Upgrade,
    /// An `auth` frame of a connection; its request is the upgrade.
    Socket,
}

impl Door {
    fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Upgrade => "upgrade",
            Self::Socket => "socket",
        }
    }
}

/// Logs why tokens are refused: a line each, and at most [`REFUSALS_LOGGED`] per
/// second, so that bad tokens cannot fill the disk.
#[derive(Clone, Default)]
pub(super) struct RefusalLog(Arc<Mutex<Second>>);

impl RefusalLog {
    pub fn log(&self, request_id: &str, door: Door, error: &AuthError) {
        // A missing token is not worth a line, and an unreachable service is
        // logged elsewhere.
        if *error == AuthError::Missing || error.is_unavailable() {
            return;
        }
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(omitted) = second.admit(Instant::now()) else { return };
        drop(second);
        log::info!(
            request_id = request_id,
            door = door.as_str(),
            omitted = omitted;
            "a token was refused: {}", error.cause()
        );
    }
}

/// Counts the lines of a second. Pure: the time is handed in.
#[derive(Debug, Default)]
struct Second {
    began: Option<Instant>,
    logged: u32,
    omitted: u64,
}

impl Second {
    /// Whether one more line may be written, and how many before it were not.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        let is_over =
            self.began.is_none_or(|began| now.duration_since(began) >= Duration::from_secs(1));
        if is_over {
            (self.began, self.logged) = (Some(now), 0);
        }
        if self.logged >= REFUSALS_LOGGED {
            self.omitted += 1;
            return None;
        }
        self.logged += 1;
        Some(std::mem::take(&mut self.omitted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_second_are_limited_and_the_rest_is_counted() {
        let mut second = Second::default();
        let began = Instant::now();
        let logged = (0..REFUSALS_LOGGED + 50).filter_map(|_| second.admit(began)).count();
        assert_eq!(u32::try_from(logged), Ok(REFUSALS_LOGGED));
        let later = began + Duration::from_secs(1);
        assert_eq!(second.admit(later), Some(50));
        assert_eq!(second.admit(later), Some(0));
    }
}
