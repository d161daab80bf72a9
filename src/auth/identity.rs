//! Who somebody is, and what they were let in with.

use std::{net::IpAddr, sync::Arc};

use crate::db::KeyHash;
use parlor_domain::{ADMIN, SERVICE, Scope, Scopes, SignIn, Timestamp, User};

/// The authenticated user, and what the token allows.
#[derive(Clone, Debug)]
pub struct Identity {
    pub user: User,
    pub roles: Vec<Arc<str>>,
    /// May do what any room's owner may, over REST.
    pub is_admin: bool,
    /// Speaks for the application.
    pub is_service: bool,
    /// What it may do like an administrator.
    pub scopes: Scopes,
    /// Names a part of the application whose events the user hears.
    pub role_context: Option<Arc<str>>,
    /// The token's `jti`.
    pub token_id: Option<Arc<str>>,
    /// The login that the token came of, if it is an account's.
    pub sign_in: Option<SignIn>,
    pub expires_at: Timestamp,
    /// What is read with it, where it has rights that others have not.
    pub reading: Option<Arc<Reading>>,
    pub(super) credential: Credential,
}

/// What a request reads, as it is written down.
#[derive(Debug)]
pub struct Reading {
    pub action: Arc<str>,
    pub path: Arc<str>,
    pub address: Option<IpAddr>,
    /// Why, as who reads says.
    pub reason: Option<Arc<str>>,
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
        let scopes = roles.iter().filter_map(|role| Scope::of_role(role)).collect();
        let (role_context, token_id, sign_in) = (None, None, None);
        Self {
            user,
            roles,
            is_admin,
            is_service,
            scopes,
            role_context,
            token_id,
            sign_in,
            expires_at,
            reading: None,
            credential,
        }
    }

    /// Whether it is a program of the application's, which the limits of users do not
    /// concern.
    pub fn is_backend(&self) -> bool {
        self.is_service || !self.scopes.is_empty()
    }

    /// Whether it may do what one of these scopes is for.
    pub fn may(&self, scopes: &[Scope]) -> bool {
        self.is_admin || self.scopes.has_any(scopes)
    }

    /// Whether it may read in every room.
    pub fn reads_all(&self) -> bool {
        self.may(&[Scope::Rooms, Scope::Messages, Scope::Moderation])
    }

    /// When the token was issued, if it says so. A key is of no time: it ends
    /// with nothing but itself.
    pub fn issued_at(&self) -> Option<Timestamp> {
        match self.credential {
            Credential::Token { issued_at } => issued_at,
            Credential::Key(_) => Some(Timestamp(i64::MAX)),
        }
    }

    /// By which a session's login is ended.
    pub fn sign_in_id(&self) -> Option<Arc<str>> {
        self.sign_in.map(SignIn::revocation_id)
    }
}
