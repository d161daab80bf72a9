//! From a token to a user.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::{AuthError, Claims, TokenKeys};
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
    pub is_admin: bool,
    pub expires_at: Timestamp,
}

/// Checks tokens and finds their users.
#[derive(Clone)]
pub struct Authenticator {
    keys: TokenKeys,
    reader: Reader,
    writer: actix::Addr<Writer>,
    /// Users seen lately: a key never changes, and a changed name shows in
    /// the token. Only ever held for a look-up.
    known: Arc<Mutex<FxHashMap<UserId, User>>>,
}

impl Authenticator {
    pub fn new(keys: TokenKeys, reader: Reader, writer: actix::Addr<Writer>) -> Self {
        Self { keys, reader, writer, known: Arc::default() }
    }

    /// A user from elsewhere is recorded on first sight.
    pub async fn authenticate(&self, token: &str) -> Result<Identity, AuthError> {
        let Claims { user, name, roles, expires_at } = self.keys.verify(token)?;
        let user = self.find(user, name).await?;
        let is_admin = roles.iter().any(|role| **role == *ADMIN);
        Ok(Identity { user, roles, is_admin, expires_at })
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
