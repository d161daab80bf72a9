//! What is asked of a push service, and what came of it.

use std::time::Duration;

use chrono::DateTime;

use parlor_domain::{
    Timestamp,
    limits::{PUSH_RETRY_AFTER, PUSH_RETRY_AFTER_MAX},
};

/// A POST to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// What was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<&'a str>,
    pub body: &'a [u8],
    /// When it came.
    pub at: Timestamp,
}

/// What came of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Done,
    /// The service does not know the device any more: it is dropped.
    Gone,
    /// Later, at the earliest after so long, and why. `None`: as the sender likes.
    Again {
        after: Option<Duration>,
        error: String,
    },
    /// Never: the service does not take this from us. Why, for the log, without a token or
    /// anything of the note.
    Refused {
        error: String,
    },
}

impl Sent {
    /// Something on the way failed, which says nothing of the device.
    pub fn failed(error: impl Into<String>) -> Self {
        Self::Again { after: None, error: error.into() }
    }
}

/// What an answer says: of the note, or of the token that came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    Sent(Sent),
    /// The service does not take the token that we have shown: with a new one it may.
    StaleToken {
        error: String,
    },
}

impl Answer<'_> {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Later: after as long as it says, or as the sender likes.
    pub(crate) fn again(&self, error: String) -> Sent {
        Sent::Again { after: self.wait(), error }
    }

    /// Later, because it was asked too often.
    pub(crate) fn again_slower(&self, error: String) -> Sent {
        Sent::Again { after: Some(self.wait().unwrap_or(PUSH_RETRY_AFTER)), error }
    }

    /// What `Retry-After` says (RFC 9110 section 10.2.3): seconds, or a date; within bounds.
    fn wait(&self) -> Option<Duration> {
        let text = self.retry_after?.trim();
        let wait = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let date = DateTime::parse_from_rfc2822(text).ok()?;
                let ms = date.timestamp_millis().saturating_sub(self.at.0);
                Duration::from_millis(u64::try_from(ms).unwrap_or(0))
            }
        };
        Some(wait.min(PUSH_RETRY_AFTER_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_is_read_in_both_forms_and_bounded() {
        // Wed, 21 Oct 2015 07:28:00 GMT
        let at = Timestamp(1_445_412_480_000);
        let wait = |text| Answer { status: 503, retry_after: Some(text), body: &[], at }.wait();
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("99999999999"), Some(PUSH_RETRY_AFTER_MAX));
        assert_eq!(wait("Fri, 31 Dec 2100 23:59:59 GMT"), Some(PUSH_RETRY_AFTER_MAX));
        for nothing in ["", "soon", "-1", "1.5"] {
            assert_eq!(wait(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn who_is_asked_too_often_is_left_alone_for_a_while() {
        let answer = Answer { status: 429, retry_after: None, body: &[], at: Timestamp(0) };
        let again = |after| Sent::Again { after, error: "why".to_owned() };
        assert_eq!(answer.again("why".to_owned()), again(None));
        assert_eq!(answer.again_slower("why".to_owned()), again(Some(PUSH_RETRY_AFTER)));
        let told = Answer { retry_after: Some("7"), ..answer };
        assert_eq!(told.again_slower("why".to_owned()), again(Some(Duration::from_secs(7))));
    }
}
