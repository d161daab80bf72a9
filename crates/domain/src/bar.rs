//! What keeps a user out who has a good token.

use std::sync::Arc;

use super::{SignIn, Timestamp};

/// What makes a user's good tokens bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Tokens issued up to then are void.
    pub tokens_after: Timestamp,
    pub banned: bool,
    /// `None`: for good.
    pub banned_until: Option<Timestamp>,
    pub reason: Arc<str>,
    /// The login whose tokens are good whenever they were issued.
    pub keeps: Option<SignIn>,
}

impl Default for Bar {
    fn default() -> Self {
        let tokens_after = Timestamp(0);
        Self { tokens_after, banned: false, banned_until: None, reason: "".into(), keeps: None }
    }
}

impl Bar {
    /// Whether the user may not come at all now.
    pub fn bans(&self, now: Timestamp) -> bool {
        self.banned && self.banned_until.is_none_or(|until| now < until)
    }
}
