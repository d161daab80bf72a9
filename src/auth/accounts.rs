//! The built-in accounts: register, log in, refresh, log out.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{Identity, Passwords, Revocations, TokenKeys, api_key::is_service_user};
use crate::{
    clock::now,
    db::{
        Barred, ChangePassword, EndSignIn, FoundUser, NewRefreshToken, Reader, RefreshHash,
        RegisterUser, RotateRefresh, Rotated, SignedIn, StartSignIn, Write, WriteError, Writer,
        submit,
    },
};
use parlor_domain::{DeviceId, SignIn, Timestamp, User, UserId};

/// Why an account cannot be used. The text is shown to users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("this user id is already taken")]
    Taken,
    #[error("the user id or the password is wrong")]
    Wrong,
    #[error("the old password is wrong")]
    WrongOld,
    #[error("this user has no password on this server")]
    NoPassword,
    #[error("the refresh token is not valid: log in again")]
    RefreshRefused,
    /// It was used before: its sign-in has ended.
    #[error("the refresh token is not valid: log in again")]
    RefreshReused(SignIn),
    #[error("the server cannot take this now; try again")]
    Unavailable,
    #[error("something went wrong on our side")]
    Internal,
}

/// The result of a login.
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
    pub revocations: Revocations,
    pub passwords: Passwords,
    pub access_ttl: Duration,
    pub refresh_ttl: Duration,
    /// How long after its expiry an access token is still accepted.
    pub leeway: Duration,
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
        // Checked first, so that a taken id costs no hash.
        if self.reader.is_taken(&id).await.map_err(|_| AccountError::Unavailable)? {
            return Err(AccountError::Taken);
        }
        let hashed = self.passwords.hash(password).await;
        let password_hash = hashed.map_err(|_| AccountError::Unavailable)?;
        let hash: Arc<str> = password_hash.as_str().into();
        let write = RegisterUser { id, name, password_hash, at: now() };
        match self.write(write).await {
            Ok(FoundUser { user, bar, .. }) => {
                if let Some(bar) = bar {
                    self.revocations.bar(user.id.clone(), bar);
                }
                self.begin(user, hash).await
            }
            Err(error) => Err(refusal(error)),
        }
    }

    pub async fn log_in(&self, id: &UserId, password: String) -> Result<Tokens, AccountError> {
        let stored = self.reader.credentials(id).await.map_err(|_| AccountError::Unavailable)?;
        let (user, hash) = stored.map_or((None, None), |(user, hash)| (Some(user), hash));
        let fits = self.passwords.check(password, hash.clone()).await;
        match (fits.map_err(|_| AccountError::Unavailable)?, user, hash) {
            (true, Some(user), Some(hash)) => self.begin(user, hash.into()).await,
            _ => Err(AccountError::Wrong),
        }
    }

    pub async fn refresh(&self, refresh: &str) -> Result<Tokens, AccountError> {
        let (next, token) = self.new_refresh();
        let (hash, at, until) = (hash(refresh), now(), self.access_until());
        match self.write(RotateRefresh { hash, next: token, at, until }).await {
            Ok(Rotated::GoesOn { user, signed_in }) => self.tokens(user, next, signed_in),
            Ok(Rotated::Ended(sign_in)) => Err(AccountError::RefreshReused(sign_in)),
            Err(error) => Err(refusal(error)),
        }
    }

    /// Ends the sign-in of a refresh token, if it is known, and tells its devices nothing
    /// more, nor the one that is named. Anybody may call this, as often as they like, so
    /// only a sign-in that exists and is active costs a write.
    pub async fn log_out(
        &self,
        refresh: &str,
        device: Option<DeviceId>,
    ) -> Result<Option<SignIn>, AccountError> {
        let (hash, at, until) = (hash(refresh), now(), self.access_until());
        let known = self.reader.sign_in_of(&hash).await.map_err(|_| AccountError::Unavailable)?;
        match known {
            None => return Ok(None),
            Some((sign_in, true)) => return Ok(Some(sign_in)),
            Some((_, false)) => {}
        }
        self.write(EndSignIn { hash, device, at, until }).await.map_err(refusal)
    }

    /// Gives an account another password, and ends its other sign-ins: those
    /// whose tokens were issued up to the time that is given.
    pub async fn change_password(
        &self,
        who: &Identity,
        old: String,
        new: String,
    ) -> Result<Timestamp, AccountError> {
        let keeps = who.sign_in.ok_or(AccountError::NoPassword)?;
        let user = who.user.key;
        let stored = self.reader.credentials(&who.user.id).await;
        let stored = stored.map_err(|_| AccountError::Unavailable)?;
        let was = stored.filter(|(stored, _)| stored.key == user).and_then(|(_, hash)| hash);
        let fits = self.passwords.check(old, was.clone()).await;
        let Some(was) = was.filter(|_| fits == Ok(true)) else {
            return Err(fits.map_or(AccountError::Unavailable, |_| AccountError::WrongOld));
        };
        let hashed = self.passwords.hash(new).await.map_err(|_| AccountError::Unavailable)?;
        let (was, password_hash) = (was.into(), hashed.into());
        let at = now();
        let _turn = self.revocations.turn().await;
        match self.write(ChangePassword { user, was, password_hash, keeps, at }).await {
            Ok(Barred { user, bar }) => {
                let upto = bar.tokens_after;
                self.revocations.bar(user.id, bar);
                Ok(upto)
            }
            Err(WriteError::PasswordChanged) => Err(AccountError::WrongOld),
            Err(error) => Err(refusal(error)),
        }
    }

    /// When an access token issued now expires, including the leeway.
    pub fn access_until(&self) -> Timestamp {
        now().later(self.access_ttl).later(self.leeway)
    }

    async fn begin(&self, user: User, password_hash: Arc<str>) -> Result<Tokens, AccountError> {
        let (refresh, token) = self.new_refresh();
        let write = StartSignIn { user: user.key, password_hash, token };
        match self.write(write).await {
            Ok(signed_in) => self.tokens(user, refresh, signed_in),
            Err(WriteError::PasswordChanged) => Err(AccountError::Wrong),
            Err(error) => Err(refusal(error)),
        }
    }

    fn tokens(
        &self,
        user: User,
        refresh: String,
        SignedIn { sign_in, at }: SignedIn,
    ) -> Result<Tokens, AccountError> {
        let access = self.keys.issue_to_account(&user, sign_in, self.access_ttl, at);
        let access = access.map_err(|_| AccountError::Internal)?;
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

    async fn write<W: Write>(&self, write: W) -> Result<W::Outcome, WriteError> {
        submit(&self.writer, write).await
    }
}

fn refusal(error: WriteError) -> AccountError {
    match error {
        WriteError::IdTaken => AccountError::Taken,
        WriteError::RefreshRefused => AccountError::RefreshRefused,
        WriteError::Overloaded | WriteError::Database => AccountError::Unavailable,
        _ => AccountError::Internal,
    }
}

fn hash(token: &str) -> RefreshHash {
    Sha256::digest(token.as_bytes()).into()
}
