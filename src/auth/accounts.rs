//! The accounts that are built in: register, log in, refresh, log out.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{Passwords, TokenKeys, api_key::is_service_user};
use crate::{
    db::{NewRefreshToken, Reader, RefreshHash, Write, WriteError, WriteResult, Writer, Written},
    domain::{Timestamp, User, UserId},
};

/// Why an account cannot be used. Its text is for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("this user id is taken")]
    Taken,
    #[error("the user id or the password is wrong")]
    Wrong,
    #[error("the refresh token is not good: log in again")]
    RefreshRefused,
    #[error("the server cannot take this now; try again")]
    Unavailable,
    #[error("something went wrong on our side")]
    Internal,
}

/// What a login gives.
#[derive(Debug)]
pub struct Tokens {
    pub user: User,
    pub access: String,
    pub access_ttl: Duration,
    pub refresh: String,
}

/// Accounts with a password, and the tokens they give.
#[derive(Clone)]
pub struct Accounts {
    pub keys: TokenKeys,
    pub reader: Reader,
    pub writer: actix::Addr<Writer>,
    pub passwords: Passwords,
    pub access_ttl: Duration,
    pub refresh_ttl: Duration,
}

impl Accounts {
    pub async fn register(
        &self,
        id: UserId,
        name: Arc<str>,
        password: String,
    ) -> Result<Tokens, AccountError> {
        // One who registered it first would be the service's user.
        if is_service_user(&id) {
            return Err(AccountError::Taken);
        }
        // Asked first, so that a taken id costs no hash.
        if self.reader.user(&id).await.map_err(|_| AccountError::Unavailable)?.is_some() {
            return Err(AccountError::Taken);
        }
        let hashed = self.passwords.hash(password).await;
        let password_hash = hashed.map_err(|_| AccountError::Unavailable)?;
        let write = Write::UserRegister { id, name, password_hash, at: now() };
        match self.write(write).await {
            Ok(Written::User(user)) => self.begin(user).await,
            other => Err(refusal(other)),
        }
    }

    pub async fn log_in(&self, id: &UserId, password: String) -> Result<Tokens, AccountError> {
        let stored = self.reader.credentials(id).await.map_err(|_| AccountError::Unavailable)?;
        let (user, hash) = stored.map_or((None, None), |(user, hash)| (Some(user), hash));
        let fits = self.passwords.check(password, hash).await;
        match (fits.map_err(|_| AccountError::Unavailable)?, user) {
            (true, Some(user)) => self.begin(user).await,
            _ => Err(AccountError::Wrong),
        }
    }

    pub async fn refresh(&self, refresh: &str) -> Result<Tokens, AccountError> {
        let (next, token) = self.new_refresh();
        let write = Write::RefreshRotate { hash: hash(refresh), next: token, at: now() };
        match self.write(write).await {
            Ok(Written::RefreshRotated(user)) => self.tokens(user, next),
            other => Err(refusal(other)),
        }
    }

    pub async fn log_out(&self, refresh: &str) -> Result<(), AccountError> {
        match self.write(Write::RefreshRevoke { hash: hash(refresh), at: now() }).await {
            Ok(Written::RefreshRevoked) => Ok(()),
            other => Err(refusal(other)),
        }
    }

    async fn begin(&self, user: User) -> Result<Tokens, AccountError> {
        let (refresh, token) = self.new_refresh();
        match self.write(Write::RefreshStart { user: user.key, token }).await {
            Ok(Written::RefreshStarted) => self.tokens(user, refresh),
            other => Err(refusal(other)),
        }
    }

    fn tokens(&self, user: User, refresh: String) -> Result<Tokens, AccountError> {
        let access = self
            .keys
            .issue(&user.id, Some(&user.name), &[], None, self.access_ttl, now())
            .map_err(|_| AccountError::Internal)?;
        Ok(Tokens { user, access, access_ttl: self.access_ttl, refresh })
    }

    fn new_refresh(&self) -> (String, NewRefreshToken) {
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let created_at = now();
        let ttl = i64::try_from(self.refresh_ttl.as_millis()).unwrap_or(i64::MAX);
        let expires_at = Timestamp(created_at.0.saturating_add(ttl));
        let stored = NewRefreshToken { hash: hash(&token), expires_at, created_at };
        (token, stored)
    }

    async fn write(&self, write: Write) -> WriteResult {
        super::write::write(&self.writer, write).await
    }
}

fn refusal(result: WriteResult) -> AccountError {
    match result {
        Err(WriteError::IdTaken) => AccountError::Taken,
        Err(WriteError::RefreshRefused) => AccountError::RefreshRefused,
        Err(WriteError::Overloaded | WriteError::Database) => AccountError::Unavailable,
        _ => AccountError::Internal,
    }
}

fn hash(token: &str) -> RefreshHash {
    Sha256::digest(token.as_bytes()).into()
}

pub(super) fn now() -> Timestamp {
    crate::clock::now()
}
