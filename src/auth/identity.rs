//! From a token to a user.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustc_hash::FxHashMap;

use super::{ApiKeys, AuthError, Claims, Issuer, Revocations, TokenError, TokenKeys};
use crate::{
    db::{KeyHash, Reader, Write, Writer, Written},
    domain::{Timestamp, User, UserId},
    limits::KNOWN_USERS,
};

/// The role that may do what any room's owner may.
pub const ADMIN: &str = "admin";

/// The role of the application's own backend: may publish events.
pub const SERVICE: &str = "service";

/// Who asks, as a good token says.
#[derive(Clone, Debug)]
pub struct Identity {
    pub user: User,
    pub roles: Vec<Arc<str>>,
    /// May do what any room's owner may, over REST.
    pub is_admin: bool,
    /// Speaks for the application.
    pub is_service: bool,
    /// Names a part of the application whose events the user hears.
    pub role_context: Option<Arc<str>>,
    /// The token's `jti`.
    pub token_id: Option<Arc<str>>,
    pub expires_at: Timestamp,
    credential: Credential,
}

/// What somebody was let in with, as far as it may end before its time.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    Token {
        issued_at: Option<Timestamp>,
    },
    /// The hash of a service's key.
    Key(KeyHash),
}

impl Identity {
    pub(super) fn new(
        user: User,
        roles: Vec<Arc<str>>,
        expires_at: Timestamp,
        credential: Credential,
    ) -> Self {
        let has = |wanted: &str| roles.iter().any(|role| **role == *wanted);
        let is_admin = has(ADMIN);
        let is_service = is_admin || has(SERVICE);
        let (role_context, token_id) = (None, None);
        Self { user, roles, is_admin, is_service, role_context, token_id, expires_at, credential }
    }
}

/// Checks tokens and finds their users.
#[derive(Clone)]
pub struct Authenticator {
    keys: TokenKeys,
    /// Whose tokens are good, too.
    issuer: Option<Issuer>,
    pub revocations: Revocations,
    pub api_keys: ApiKeys,
    reader: Reader,
    writer: actix::Addr<Writer>,
    /// Users seen lately: a key never changes, and a changed name shows in
    /// the token. Only ever held for a look-up.
    known: Arc<Mutex<FxHashMap<UserId, User>>>,
    /// Counts who was forgotten, so that what was read before is not
    /// remembered after.
    forgotten: Arc<AtomicU64>,
}

impl Authenticator {
    pub fn new(
        keys: TokenKeys,
        issuer: Option<Issuer>,
        (revocations, api_keys): (Revocations, ApiKeys),
        reader: Reader,
        writer: actix::Addr<Writer>,
    ) -> Self {
        let (known, forgotten) = (Arc::default(), Arc::default());
        Self { keys, issuer, revocations, api_keys, reader, writer, known, forgotten }
    }

    /// Whom a token or a service's key stands for. A user from elsewhere is
    /// recorded on first sight.
    pub async fn authenticate(&self, token: &str) -> Result<Identity, AuthError> {
        if ApiKeys::is_key(token) {
            let identity = self.api_keys.find(token).ok_or(AuthError::Bad)?;
            self.check(&identity)?;
            return Ok(identity);
        }
        let claims = self.verify(token).await?;
        let Claims { user, name, roles, role_context, id, issued_at, expires_at } = claims;
        self.revocations.check(&user, id.as_ref(), issued_at, super::accounts::now())?;
        let user = self.find(user, name).await?;
        let credential = Credential::Token { issued_at };
        let identity = Identity::new(user, roles, expires_at, credential);
        Ok(Identity { role_context, token_id: id, ..identity })
    }

    /// Whether what somebody was let in with is still good.
    pub fn check(&self, identity: &Identity) -> Result<(), AuthError> {
        let now = super::accounts::now();
        let (user, id) = (&identity.user.id, identity.token_id.as_ref());
        match &identity.credential {
            Credential::Token { issued_at } => self.revocations.check(user, id, *issued_at, now),
            Credential::Key(hash) if self.api_keys.is_good(hash) => {
                self.revocations.check_ban(user, now)
            }
            Credential::Key(_) => Err(AuthError::Revoked),
        }
    }

    /// The longest time after its `exp` that a token is still good.
    pub fn leeway(&self) -> Duration {
        self.issuer.as_ref().map_or(Duration::ZERO, Issuer::leeway)
    }

    /// Our own tokens first: which key a token is checked with is never for
    /// the token to say.
    async fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        match (self.keys.verify(token), &self.issuer) {
            (Err(TokenError::Bad), Some(issuer)) => issuer.verify(token).await,
            (checked, _) => Ok(checked?),
        }
    }

    /// The user is not the one any more that is known by this id.
    pub fn forget(&self, id: &UserId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::Relaxed);
        known.remove(id);
    }

    /// The user is deleted: with them go their keys, and what barred them.
    pub fn erased(&self, id: &UserId) {
        self.forget(id);
        self.api_keys.remove_of(id);
        self.revocations.unban(id);
    }

    async fn find(&self, id: UserId, name: Option<Arc<str>>) -> Result<User, AuthError> {
        let is_current = |user: &User| name.as_ref().is_none_or(|name| *name == user.name);
        if let Some(user) = self.recall(&id).filter(is_current) {
            return Ok(user);
        }
        let forgotten = self.forgotten.load(Ordering::Relaxed);
        let stored = self.reader.user(&id).await.map_err(|_| AuthError::Unavailable)?;
        let user = match stored.filter(is_current) {
            Some(user) => user,
            None => self.ensure(id, name).await?,
        };
        self.remember(&user, forgotten);
        Ok(user)
    }

    async fn ensure(&self, id: UserId, name: Option<Arc<str>>) -> Result<User, AuthError> {
        let write = Write::UserEnsure { id, name, at: super::accounts::now() };
        match super::write::write(&self.writer, write).await {
            Ok(Written::User(user)) => Ok(user),
            _ => Err(AuthError::Unavailable),
        }
    }

    fn recall(&self, id: &UserId) -> Option<User> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn remember(&self, user: &User, forgotten: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::Relaxed) != forgotten {
            return;
        }
        // Starting over costs each user one read, and needs no book-keeping.
        if known.len() >= KNOWN_USERS {
            known.clear();
        }
        known.insert(user.id.clone(), user.clone());
    }
}
