//! From a token to a user.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::{ApiKeys, AuthError, Claims, Issuer, Revocations, TokenError, TokenKeys};
use crate::{
    db::{Reader, Write, Writer, Written},
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
}

impl Identity {
    pub fn new(user: User, roles: Vec<Arc<str>>, expires_at: Timestamp) -> Self {
        let has = |wanted: &str| roles.iter().any(|role| **role == *wanted);
        let is_admin = has(ADMIN);
        let is_service = is_admin || has(SERVICE);
        let (role_context, token_id) = (None, None);
        Self { user, roles, is_admin, is_service, role_context, token_id, expires_at }
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
}

impl Authenticator {
    pub fn new(
        keys: TokenKeys,
        issuer: Option<Issuer>,
        (revocations, api_keys): (Revocations, ApiKeys),
        reader: Reader,
        writer: actix::Addr<Writer>,
    ) -> Self {
        Self { keys, issuer, revocations, api_keys, reader, writer, known: Arc::default() }
    }

    /// Whom a token or a service's key stands for. A user from elsewhere is
    /// recorded on first sight.
    pub async fn authenticate(&self, token: &str) -> Result<Identity, AuthError> {
        if ApiKeys::is_key(token) {
            return self.api_keys.find(token).ok_or(AuthError::Bad);
        }
        let claims = self.verify(token).await?;
        self.revocations.check(&claims, super::accounts::now())?;
        let Claims { user, name, roles, role_context, id, issued_at: _, expires_at } = claims;
        let user = self.find(user, name).await?;
        let identity = Identity::new(user, roles, expires_at);
        Ok(Identity { role_context, token_id: id, ..identity })
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
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    async fn find(&self, id: UserId, name: Option<Arc<str>>) -> Result<User, AuthError> {
        let is_current = |user: &User| name.as_ref().is_none_or(|name| *name == user.name);
        if let Some(user) = self.recall(&id).filter(is_current) {
            return Ok(user);
        }
        let stored = self.reader.user(&id).await.map_err(|_| AuthError::Unavailable)?;
        let user = match stored.filter(is_current) {
            Some(user) => user,
            None => self.ensure(id, name).await?,
        };
        self.remember(&user);
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

    fn remember(&self, user: &User) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Starting over costs each user one read, and needs no book-keeping.
        if known.len() >= KNOWN_USERS {
            known.clear();
        }
        known.insert(user.id.clone(), user.clone());
    }
}
