//! Tokens and users that are good no more, in memory: every check looks here,
//! and none reads the database for it.

use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::{AuthError, Claims};
use crate::{
    db::{Bar, Bars},
    domain::{Timestamp, UserId},
};

/// What was revoked. Loaded at the start; a change is stored first.
///
/// Bounded: a revoked token is forgotten when it would have expired anyway,
/// and there is at most one bar for each user.
#[derive(Clone, Default)]
pub struct Revocations(Arc<RwLock<Revoked>>);

#[derive(Default)]
struct Revoked {
    tokens: FxHashMap<Arc<str>, Timestamp>,
    users: FxHashMap<UserId, Bar>,
}

impl Revocations {
    pub fn new(bars: Bars) -> Self {
        let Bars { tokens, users } = bars;
        let revoked =
            Revoked { tokens: tokens.into_iter().collect(), users: users.into_iter().collect() };
        Self(Arc::new(RwLock::new(revoked)))
    }

    /// Whether a token whose signature is good is still good itself.
    pub(super) fn check(&self, claims: &Claims, now: Timestamp) -> Result<(), AuthError> {
        let revoked = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if claims.id.as_ref().is_some_and(|id| revoked.tokens.contains_key(id)) {
            return Err(AuthError::Revoked);
        }
        let Some(bar) = revoked.users.get(&claims.user) else { return Ok(()) };
        if bar.bans(now) {
            return Err(AuthError::Banned);
        }
        // A token that does not say when it was made may be an old one.
        if claims.issued_at.is_none_or(|at| at <= bar.tokens_after) {
            return Err(AuthError::Revoked);
        }
        Ok(())
    }

    pub fn revoke(&self, token: Arc<str>, expires_at: Timestamp, now: Timestamp) {
        let mut revoked = self.0.write().unwrap_or_else(PoisonError::into_inner);
        revoked.tokens.retain(|_, expires_at| *expires_at > now);
        revoked.tokens.insert(token, expires_at);
    }

    /// What bars a user, if anything does.
    pub fn bar_of(&self, user: &UserId) -> Option<Bar> {
        let revoked = self.0.read().unwrap_or_else(PoisonError::into_inner);
        revoked.users.get(user).cloned()
    }

    pub fn bar(&self, user: UserId, bar: Bar) {
        let mut revoked = self.0.write().unwrap_or_else(PoisonError::into_inner);
        revoked.users.insert(user, bar);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(id: &str, issued_at: Option<i64>) -> Claims {
        Claims {
            user: UserId::from_stored("ann"),
            name: None,
            roles: Vec::new(),
            role_context: None,
            id: Some(id.into()),
            issued_at: issued_at.map(Timestamp),
            expires_at: Timestamp(9_000),
        }
    }

    const NOW: Timestamp = Timestamp(5_000);

    #[test]
    fn a_token_is_revoked_by_its_id() {
        let revocations = Revocations::default();
        revocations.revoke("one".into(), Timestamp(9_000), NOW);
        assert_eq!(revocations.check(&claims("one", Some(1)), NOW), Err(AuthError::Revoked));
        assert_eq!(revocations.check(&claims("two", Some(1)), NOW), Ok(()));
    }

    #[test]
    fn what_was_issued_before_is_void_and_what_comes_after_is_good() {
        let revocations = Revocations::default();
        let bar = Bar { tokens_after: Timestamp(4_000), ..Bar::default() };
        revocations.bar(UserId::from_stored("ann"), bar);
        for (issued_at, checked) in [
            (Some(3_000), Err(AuthError::Revoked)),
            (Some(4_000), Err(AuthError::Revoked)),
            (None, Err(AuthError::Revoked)),
            (Some(4_001), Ok(())),
        ] {
            assert_eq!(revocations.check(&claims("x", issued_at), NOW), checked, "{issued_at:?}");
        }
    }

    #[test]
    fn a_ban_ends_by_itself_and_what_has_expired_is_forgotten() {
        let revocations = Revocations::default();
        let bar = Bar { banned: true, banned_until: Some(Timestamp(6_000)), ..Bar::default() };
        revocations.bar(UserId::from_stored("ann"), bar);
        assert_eq!(revocations.check(&claims("x", Some(1)), NOW), Err(AuthError::Banned));
        assert_eq!(revocations.check(&claims("x", Some(1)), Timestamp(6_000)), Ok(()));
        revocations.revoke("old".into(), Timestamp(1), NOW);
        revocations.revoke("new".into(), Timestamp(9_000), NOW);
        assert_eq!(revocations.0.read().expect("unpoisoned").tokens.len(), 1);
    }
}
