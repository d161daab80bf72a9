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
    /// Since when the application has the user deactivated.
    pub deactivated_at: Option<Timestamp>,
    /// The login whose tokens are good whenever they were issued.
    pub keeps: Option<SignIn>,
}

impl Default for Bar {
    fn default() -> Self {
        Self {
            tokens_after: Timestamp(0),
            banned: false,
            banned_until: None,
            reason: "".into(),
            deactivated_at: None,
            keeps: None,
        }
    }
}

impl Bar {
    /// Whether the user may not come at all now.
    pub fn keeps_out(&self, now: Timestamp) -> bool {
        self.deactivated_at.is_some() || self.bans(now)
    }

    /// Whether that is because somebody has banned them.
    pub fn bans(&self, now: Timestamp) -> bool {
        self.banned && self.banned_until.is_none_or(|until| now < until)
    }
}
