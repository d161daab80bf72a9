//! Revoked tokens and users, in memory: every check looks here, and none reads
//! the database.

use std::{
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use rustc_hash::FxHashMap;

use super::AuthError;
use crate::db::Bars;
use parlor_domain::{Bar, SignIn, Timestamp, UserId, limits::KNOWN_USERS};

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
    /// Ids of tokens, and of sign-ins.
    tokens: FxHashMap<Arc<str>, Timestamp>,
    users: FxHashMap<UserId, Bar>,
    /// The latest time that a token said which was ahead of our clock: what is
    /// revoked until then may be of before.
    ahead: FxHashMap<UserId, Timestamp>,
    /// The same of those that were refused since a user was revoked: at most
    /// one for each bar.
    refused: FxHashMap<UserId, Timestamp>,
}

/// The claims of a correctly signed token that a revocation can refer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proof<'a> {
    pub user: &'a UserId,
    pub id: Option<&'a Arc<str>>,
    pub sign_in: Option<SignIn>,
    pub issued_at: Option<Timestamp>,
}

enum Verdict {
    Valid,
    Refused(AuthError),
    /// The clock of who made it is ahead of ours.
    ValidAndAhead(Timestamp),
    /// So is this one's, and it may be older than what was revoked just now.
    RefusedAhead(Timestamp),
}

impl Revoked {
    fn judge(&self, proof: Proof<'_>, now: Timestamp, leeway: Duration) -> Verdict {
        let Proof { user, id, sign_in, issued_at } = proof;
        let is_revoked = |id: &str| self.tokens.contains_key(id);
        if id.is_some_and(|id| is_revoked(id))
            || sign_in.is_some_and(|sign_in| is_revoked(&sign_in.revocation_id()))
        {
            return Verdict::Refused(AuthError::Revoked);
        }
        let ahead = issued_at.filter(|at| *at > now && sign_in.is_none());
        let valid = || ahead.map_or(Verdict::Valid, Verdict::ValidAndAhead);
        let Some(bar) = self.users.get(user) else { return valid() };
        if let Err(error) = is_let_in(bar, now) {
            return Verdict::Refused(error);
        }
        let is_kept = sign_in.is_some() && sign_in == bar.keeps;
        if is_kept || bar.tokens_after == Timestamp(0) {
            return valid();
        }
        let refused = self.refused.get(user).copied().unwrap_or(bar.tokens_after);
        // A token that does not say when it was made may be an old one.
        if issued_at.is_none_or(|at| at <= bar.tokens_after.max(refused)) {
            return Verdict::Refused(AuthError::Revoked);
        }
        match ahead {
            Some(at) if now < bar.tokens_after.later(leeway) => Verdict::RefusedAhead(at),
            _ => valid(),
        }
    }

    fn bar(&mut self, user: UserId, mut bar: Bar) {
        let before = self.users.get(&user).map_or(Timestamp(0), |bar| bar.tokens_after);
        let ahead = if bar.tokens_after > before { self.ahead.remove(&user) } else { None };
        bar.tokens_after = bar.tokens_after.max(before).max(ahead.unwrap_or(before));
        self.users.insert(user, bar);
    }
}

/// Whether somebody may come, whatever their token is.
fn is_let_in(bar: &Bar, now: Timestamp) -> Result<(), AuthError> {
    match bar.deactivated_at {
        Some(_) => Err(AuthError::Deactivated),
        None if bar.bans(now) => Err(AuthError::Banned),
        None => Ok(()),
    }
}

impl Revocations {
    pub fn new(bars: Bars) -> Self {
        let Bars { tokens, users } = bars;
        let (tokens, users) = (tokens.into_iter().collect(), users.into_iter().collect());
        let revoked = Revoked { tokens, users, ..Revoked::default() };
        Self { revoked: Arc::new(RwLock::new(revoked)), changing: Arc::default() }
    }

    /// The turn to change something: what is stored last counts here at last.
    pub async fn turn(&self) -> impl Drop + use<> {
        self.changing.clone().lock_owned().await
    }

    fn read(&self) -> RwLockReadGuard<'_, Revoked> {
        self.revoked.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Revoked> {
        self.revoked.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a correctly signed token is still valid. `leeway` is how far the
    /// clock of its issuer may be ahead of ours.
    pub(super) fn check(
        &self,
        proof: Proof<'_>,
        now: Timestamp,
        leeway: Duration,
    ) -> Result<(), AuthError> {
        let verdict = self.read().judge(proof, now, leeway);
        match verdict {
            Verdict::Valid => Ok(()),
            Verdict::Refused(error) => Err(error),
            Verdict::ValidAndAhead(at) => {
                let mut revoked = self.write();
                if revoked.ahead.len() >= KNOWN_USERS {
                    revoked.ahead.retain(|_, at| *at > now);
                }
                if revoked.ahead.len() < KNOWN_USERS {
                    let known = revoked.ahead.entry(proof.user.clone()).or_insert(at);
                    *known = at.max(*known);
                }
                Ok(())
            }
            Verdict::RefusedAhead(at) => {
                // Or it would be valid as soon as its time has come.
                let mut revoked = self.write();
                let known = revoked.refused.entry(proof.user.clone()).or_insert(at);
                *known = at.max(*known);
                Err(AuthError::Revoked)
            }
        }
    }

    /// Up to when tokens are void that are revoked now: also those that came
    /// here and say that they were made a little later than now.
    pub fn until(&self, user: &UserId, now: Timestamp) -> Timestamp {
        self.read().ahead.get(user).map_or(now, |ahead| now.max(*ahead))
    }

    /// Whether a user may come at all.
    pub(super) fn check_ban(&self, user: &UserId, now: Timestamp) -> Result<(), AuthError> {
        self.read().users.get(user).map_or(Ok(()), |bar| is_let_in(bar, now))
    }

    /// The id is free again. Whoever takes it next is not banned, and no
    /// earlier token is valid, even before its new user is known.
    pub(super) fn forget(&self, user: &UserId) {
        let mut revoked = self.write();
        if let Some(bar) = revoked.users.get_mut(user) {
            *bar = Bar { tokens_after: bar.tokens_after, ..Bar::default() };
        }
        revoked.ahead.remove(user);
        revoked.refused.remove(user);
    }

    /// Ends a token by its id, or a sign-in by
    /// [`revocation_id`](SignIn::revocation_id).
    pub fn revoke(&self, token: Arc<str>, expires_at: Timestamp, now: Timestamp) {
        let mut revoked = self.write();
        revoked.tokens.retain(|_, expires_at| *expires_at > now);
        revoked.tokens.insert(token, expires_at);
    }

    /// What bars a user, if anything does.
    pub fn bar_of(&self, user: &UserId) -> Option<Bar> {
        self.read().users.get(user).cloned()
    }

    pub fn bar(&self, user: UserId, bar: Bar) {
        self.write().bar(user, bar);
    }

    /// What was read of a user who comes here first: another node may have made them
    /// just now, over an id that somebody else had, and it is still to be heard. What is
    /// known counts, unless this revokes more.
    pub(super) fn learn(&self, user: &UserId, bar: Bar) {
        let mut revoked = self.write();
        if revoked.users.get(user).is_none_or(|known| known.tokens_after < bar.tokens_after) {
            revoked.bar(user.clone(), bar);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEEWAY: Duration = Duration::from_secs(1);

    fn ann() -> UserId {
        UserId::from_stored("ann")
    }

    fn check(
        revocations: &Revocations,
        id: &str,
        issued_at: Option<i64>,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let (user, id, issued_at) = (ann(), id.into(), issued_at.map(Timestamp));
        let proof = Proof { user: &user, id: Some(&id), sign_in: None, issued_at };
        revocations.check(proof, now, LEEWAY)
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
    fn who_has_the_id_of_one_who_was_deleted_is_not_banned_and_has_no_token_of_before() {
        let revocations = Revocations::default();
        let bar = Bar { tokens_after: Timestamp(4_000), banned: true, ..Bar::default() };
        revocations.bar(ann(), bar);
        revocations.forget(&ann());
        assert_eq!(check(&revocations, "old", Some(4_000), NOW), Err(AuthError::Revoked));
        assert_eq!(check(&revocations, "new", Some(4_001), NOW), Ok(()));
    }

    #[test]
    fn what_is_learnt_of_a_user_revokes_and_takes_nothing_back() {
        let (revocations, ann) = (Revocations::default(), ann());
        let bar =
            |after: i64, banned| Bar { tokens_after: Timestamp(after), banned, ..Bar::default() };
        revocations.learn(&ann, bar(3_000, false));
        assert_eq!(check(&revocations, "old", Some(3_000), NOW), Err(AuthError::Revoked));
        revocations.bar(ann.clone(), bar(3_000, true));
        revocations.learn(&ann, bar(3_000, false));
        assert_eq!(check(&revocations, "new", Some(4_500), NOW), Err(AuthError::Banned));
        revocations.forget(&ann);
        revocations.learn(&ann, bar(4_000, false));
        assert_eq!(check(&revocations, "old", Some(4_000), NOW), Err(AuthError::Revoked));
        assert_eq!(check(&revocations, "new", Some(4_500), NOW), Ok(()));
    }

    #[test]
    fn what_was_issued_before_is_void_and_what_comes_after_is_good() {
        let revocations = Revocations::default();
        let bar = Bar { tokens_after: Timestamp(4_000), ..Bar::default() };
        revocations.bar(ann(), bar);
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
    fn a_sign_in_ends_with_its_tokens_or_stays_alone() {
        let revocations = Revocations::default();
        let checked = |sign_in: i64| {
            let (user, issued_at) = (ann(), Some(Timestamp(3_000)));
            let sign_in = Some(SignIn(sign_in));
            revocations.check(Proof { user: &user, id: None, sign_in, issued_at }, NOW, LEEWAY)
        };
        revocations.revoke(SignIn(1).revocation_id(), Timestamp(9_000), NOW);
        assert_eq!((checked(1), checked(2)), (Err(AuthError::Revoked), Ok(())));
        let tokens_after = Timestamp(4_000);
        revocations.bar(ann(), Bar { tokens_after, keeps: Some(SignIn(2)), ..Bar::default() });
        assert_eq!((checked(2), checked(3)), (Ok(()), Err(AuthError::Revoked)));
    }

    #[test]
    fn a_token_whose_maker_is_ahead_does_not_outlive_what_was_revoked() {
        let at = |ms: i64| Timestamp(NOW.0 + ms);
        let revoke = |revocations: &Revocations| {
            let tokens_after = revocations.until(&ann(), NOW);
            revocations.bar(ann(), Bar { tokens_after, ..Bar::default() });
        };
        // One that was here before, and comes back when its time has come.
        let revocations = Revocations::default();
        assert_eq!(check(&revocations, "x", Some(NOW.0 + 900), NOW), Ok(()));
        revoke(&revocations);
        assert_eq!(check(&revocations, "x", Some(NOW.0 + 900), at(950)), Err(AuthError::Revoked));
        assert_eq!(check(&revocations, "y", Some(NOW.0 + 901), at(950)), Ok(()));
        // The same where another node has heard of it before.
        let revocations = Revocations::default();
        assert_eq!(check(&revocations, "x", Some(NOW.0 + 900), NOW), Ok(()));
        revocations.bar(ann(), Bar { tokens_after: NOW, ..Bar::default() });
        assert_eq!(check(&revocations, "x", Some(NOW.0 + 900), at(950)), Err(AuthError::Revoked));
        // One that was not, and comes before its time and after it.
        let revocations = Revocations::default();
        revoke(&revocations);
        for ms in [100, 950] {
            let checked = check(&revocations, "x", Some(NOW.0 + 900), at(ms));
            assert_eq!(checked, Err(AuthError::Revoked), "{ms}");
        }
        // A maker who is always ahead is kept out for the leeway, and no longer.
        for ms in (150..=950).step_by(100) {
            let checked = check(&revocations, "y", Some(NOW.0 + ms + 900), at(ms));
            assert_eq!(checked, Err(AuthError::Revoked), "{ms}");
        }
        assert_eq!(check(&revocations, "y", Some(NOW.0 + 1_900), at(1_000)), Ok(()));
    }

    #[test]
    fn who_is_deactivated_may_not_come_and_may_again() {
        let revocations = Revocations::default();
        let deactivated_at = Some(Timestamp(4_000));
        revocations.bar(ann(), Bar { deactivated_at, banned: true, ..Bar::default() });
        assert_eq!(check(&revocations, "x", Some(4_500), NOW), Err(AuthError::Deactivated));
        revocations.bar(ann(), Bar { banned: true, ..Bar::default() });
        assert_eq!(check(&revocations, "x", Some(4_500), NOW), Err(AuthError::Banned));
        revocations.bar(ann(), Bar::default());
        assert_eq!(check(&revocations, "x", Some(3_000), NOW), Ok(()), "the token is not void");
    }

    #[test]
    fn a_ban_alone_voids_no_token() {
        let revocations = Revocations::default();
        revocations.bar(ann(), Bar::default());
        assert_eq!(check(&revocations, "x", None, NOW), Ok(()));
    }

    #[test]
    fn a_ban_ends_by_itself_and_what_has_expired_is_forgotten() {
        let revocations = Revocations::default();
        let bar = Bar { banned: true, banned_until: Some(Timestamp(6_000)), ..Bar::default() };
        revocations.bar(ann(), bar);
        assert_eq!(check(&revocations, "x", Some(1), NOW), Err(AuthError::Banned));
        assert_eq!(check(&revocations, "x", Some(1), Timestamp(6_000)), Ok(()));
        revocations.revoke("old".into(), Timestamp(1), NOW);
        revocations.revoke("new".into(), Timestamp(9_000), NOW);
        assert_eq!(revocations.revoked.read().expect("unpoisoned").tokens.len(), 1);
    }
}
