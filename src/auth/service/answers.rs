//! What an auth service said of a token.

use crate::auth::{AuthError, Claims};
use parlor_domain::Timestamp;

/// SHA-256 of a token; the token itself is not kept.
pub type TokenHash = [u8; 32];

/// What the service said of a token, or why nothing is known of it.
pub type Said = Result<Answer, AuthError>;

/// What the service said of a token.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whose it is, or why it is nobody's.
    pub said: Result<Claims, AuthError>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The service said when the token was issued, so to ask again would not make
    /// it newer.
    pub is_dated: bool,
}

impl Answer {
    /// Whether it was asked no earlier.
    pub fn is_since(&self, since: Option<Timestamp>) -> bool {
        since.is_none_or(|since| self.asked_at >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::BadToken;

    #[test]
    fn an_answer_is_for_those_who_need_no_newer_one() {
        let (said, asked_at) = (Err(BadToken::Unknown.into()), Timestamp(5));
        let answer = Answer { said, asked_at, is_dated: false };
        assert!(answer.is_since(None) && answer.is_since(Some(Timestamp(5))));
        assert!(!answer.is_since(Some(Timestamp(6))), "asked before");
    }
}
