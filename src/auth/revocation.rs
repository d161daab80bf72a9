//! Tokens and users that are good no more, in memory: every check looks here,
//! and none reads the database for it.

use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::AuthError;
use crate::{
    db::{Bar, Bars},
    domain::{Timestamp, UserId},
};

/// What was revoked. Loaded at the start; a change is stored first.
///
/// Bounded: a revoked token is forgotten when it would have expired anyway,
/// and there is at most one bar for each user.
#[derive(Clone, Default)]
pub struct Revocations {
    revoked: Arc<RwLock<Revoked>>,
    /// Held from before a change is stored until it counts here.
    changing: Arc<tokio::sync::Mutex<()>>,
}

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
        Self { revoked: Arc::new(RwLock::new(revoked)), changing: Arc::default() }
    }

    /// The turn to change something: what is stored last counts here at last.
    pub async fn turn(&self) -> impl Drop + use<> {
        self.changing.clone().lock_owned().await
    }

    /// Whether a token whose signature is good is still good itself.
    pub(super) fn check(
        &self,
        user: &UserId,
        id: Option<&Arc<str>>,
        issued_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        if id.is_some_and(|id| revoked.tokens.contains_key(id)) {
            return Err(AuthError::Revoked);
        }
        let Some(bar) = revoked.users.get(user) else { return Ok(()) };
        if bar.bans(now) {
            return Err(AuthError::Banned);
        }
        // A token that does not say when it was made may be an old one.
        if issued_at.is_none_or(|at| at <= bar.tokens_after) {
            return Err(AuthError::Revoked);
        }
        Ok(())
    }

    /// Whether a user may come at all.
    pub(super) fn check_ban(&self, user: &UserId, now: Timestamp) -> Result<(), AuthError> {
        let is_banned = self.bar_of(user).is_some_and(|bar| bar.bans(now));
        if is_banned { Err(AuthError::Banned) } else { Ok(()) }
    }

    /// The id is nobody's any more: whoever has it next is not banned. Tokens
    /// that were void stay so.
    pub(super) fn unban(&self, user: &UserId) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = revoked.users.get_mut(user) {
            bar.banned = false;
        }
    }

    pub fn revoke(&self, token: Arc<str>, expires_at: Timestamp, now: Timestamp) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.tokens.retain(|_, expires_at| *expires_at > now);
        revoked.tokens.insert(token, expires_at);
    }

    /// What bars a user, if anything does.
    pub fn bar_of(&self, user: &UserId) -> Option<Bar> {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.users.get(user).cloned()
    }

    pub fn bar(&self, user: UserId, bar: Bar) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.users.insert(user, bar);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        revocations: &Revocations,
        id: &str,
        issued_at: Option<i64>,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let ann = UserId::from_stored("ann");
        revocations.check(&ann, Some(&id.into()), issued_at.map(Timestamp), now)
    }

    const NOW: Timestamp = Timestamp(5_000);

    #[test]
    fn a_token_is_revoked_by_its_id() {
        let revocations = Revocations::default();
        revocations.revoke("one".into(), Timestamp(9_000), NOW);
        assert_eq!(check(&revocations, "one", Some(1), NOW), Err(AuthError::Revoked));
        assert_eq!(check(&revocations, "two", Some(1), NOW), Ok(()));
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
            assert_eq!(check(&revocations, "x", issued_at, NOW), checked, "{issued_at:?}");
        }
    }

    #[test]
    fn a_ban_ends_by_itself_and_what_has_expired_is_forgotten() {
        let revocations = Revocations::default();
        let bar = Bar { banned: true, banned_until: Some(Timestamp(6_000)), ..Bar::default() };
        revocations.bar(UserId::from_stored("ann"), bar);
        assert_eq!(check(&revocations, "x", Some(1), NOW), Err(AuthError::Banned));
        assert_eq!(check(&revocations, "x", Some(1), Timestamp(6_000)), Ok(()));
        revocations.revoke("old".into(), Timestamp(1), NOW);
        revocations.revoke("new".into(), Timestamp(9_000), NOW);
        assert_eq!(revocations.revoked.read().expect("unpoisoned").tokens.len(), 1);
    }
}
