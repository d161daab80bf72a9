//! Authentication: from a token to a user.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::Algorithm;
use rustc_hash::FxHashMap;

use super::{
    ApiKeys, AuthError, AuthService, BadToken, Claims, Door, Identity, Issuer, Revocations,
    TokenKeys, identity::Credential, refusal::RefusalLog, revocation::Proof, token::checked_header,
};
use crate::{
    clock,
    db::{FoundUser, KnownUser, Reader, SeenUser, WriteError, Writer, submit},
};
use parlor_domain::{
    Adopted, Timestamp, User, UserId, UserKey, UserOrigin, is_newer_name, limits::KNOWN_USERS,
};

/// Whose tokens are valid here.
#[derive(Clone)]
pub struct Credentials {
    pub keys: TokenKeys,
    /// Whose tokens are valid, too.
    pub issuer: Option<Issuer>,
    /// Who is asked about tokens that nobody here can check.
    pub service: Option<AuthService>,
    /// Whether people can have accounts here.
    pub accounts: bool,
    /// Whose users may become the application's or the issuer's.
    pub adopted: Adopted,
    /// How far the clocks of those who make tokens may be off.
    pub leeway: Duration,
}

/// Checks tokens and finds their users.
#[derive(Clone)]
pub struct Authenticator {
    credentials: Credentials,
    pub revocations: Revocations,
    pub api_keys: ApiKeys,
    refusals: RefusalLog,
    reader: Reader,
    writer: actix::Addr<Writer>,
    /// Users seen lately: a key never changes, and a changed name shows in
    /// the token. Only ever held for a look-up.
    known: Arc<Mutex<FxHashMap<UserId, Known>>>,
    renamed: Renamed,
    /// Counts who was forgotten, so that what was read before is not
    /// remembered after.
    forgotten: Arc<AtomicU64>,
}

/// Hears of each user whose token says that they are called otherwise than before.
pub type Renamed = Arc<dyn Fn(UserKey) + Send + Sync>;

/// A user, and whose credentials open their account.
#[derive(Clone)]
struct Known {
    user: User,
    origin: UserOrigin,
    /// Besides those of the token.
    roles: Vec<Arc<str>>,
    /// When the application has last said what they are called.
    named_at: Option<Timestamp>,
}

impl Known {
    fn of(stored: KnownUser) -> Option<Self> {
        let KnownUser { user, origin, roles, named_at, bar: _ } = stored;
        Some(Self { user, origin: origin?, roles, named_at })
    }
}

impl Authenticator {
    pub fn new(
        credentials: Credentials,
        (revocations, api_keys): (Revocations, ApiKeys),
        reader: Reader,
        writer: actix::Addr<Writer>,
        renamed: Renamed,
    ) -> Self {
        Self {
            credentials,
            revocations,
            api_keys,
            refusals: RefusalLog::default(),
            reader,
            writer,
            known: Arc::default(),
            renamed,
            forgotten: Arc::default(),
        }
    }

    /// Whom a token or a service's key stands for, brought with a request of
    /// this name from this address. A user from elsewhere is recorded on first
    /// sight. Why one is refused is in the log.
    pub async fn authenticate(
        &self,
        token: &str,
        request_id: &str,
        door: Door,
        from: IpAddr,
    ) -> Result<Identity, AuthError> {
        let checked = self.identify(token, from).await;
        checked.inspect_err(|error| self.refusals.log(request_id, door, error))
    }

    async fn identify(&self, token: &str, from: IpAddr) -> Result<Identity, AuthError> {
        if ApiKeys::is_key(token) {
            let identity = self.api_keys.find(token).ok_or(BadToken::Key)?;
            self.check(&identity)?;
            return Ok(identity);
        }
        match (self.verify(token).await, &self.credentials.service) {
            (Err(AuthError::Bad(bad)), Some(service)) if bad.is_foreign() => {
                // Boxed, or every connection had room for it while it signs in.
                Box::pin(self.ask(service, token, from)).await
            }
            (verified, _) => self.admit(verified?).await,
        }
    }

    /// What the service said before a revocation, or before its user was deleted,
    /// says nothing of after it: then it is asked again.
    async fn ask(
        &self,
        service: &AuthService,
        token: &str,
        from: IpAddr,
    ) -> Result<Identity, AuthError> {
        let now = clock::now();
        let answer = service.ask(token, from, None).await?;
        let is_old = !answer.is_since(Some(now)) && !answer.is_dated;
        match self.admit(answer.said?).await {
            Err(AuthError::Revoked) if is_old => {
                self.admit(service.ask(token, from, Some(now)).await?.said?).await
            }
            admitted => admitted,
        }
    }

    async fn admit(&self, mut claims: Claims) -> Result<Identity, AuthError> {
        let now = clock::now();
        claims.check_age(now, self.credentials.leeway)?;
        self.check_claims(&claims, now)?;
        let Known { user, roles: kept, .. } = self.find(&claims).await?;
        // What made the user new may have made their old tokens void.
        self.check_claims(&claims, now)?;
        let Claims { mut roles, role_context, id, sign_in, issued_at, expires_at, .. } = claims;
        roles.extend(kept.into_iter().filter(|role| !roles.contains(role)).collect::<Vec<_>>());
        let identity = Identity::new(user, roles, expires_at, Credential::Token { issued_at });
        Ok(Identity { role_context, token_id: id, sign_in, ..identity })
    }

    fn check_claims(&self, claims: &Claims, now: Timestamp) -> Result<(), AuthError> {
        let Claims { user, id, sign_in, issued_at, .. } = claims;
        let (sign_in, issued_at) = (*sign_in, *issued_at);
        let proof = Proof { user, id: id.as_ref(), sign_in, issued_at };
        self.revocations.check(proof, now, self.credentials.leeway)
    }

    /// Whether what somebody was let in with is still valid.
    pub fn check(&self, identity: &Identity) -> Result<(), AuthError> {
        let now = clock::now();
        let Identity { user, token_id, sign_in, credential, .. } = identity;
        match credential {
            Credential::Token { issued_at } => {
                let (id, sign_in, issued_at) = (token_id.as_ref(), *sign_in, *issued_at);
                let proof = Proof { user: &user.id, id, sign_in, issued_at };
                self.revocations.check(proof, now, self.credentials.leeway)
            }
            Credential::Key(hash) if self.api_keys.is_valid(hash) => {
                self.revocations.check_ban(&user.id, now)
            }
            Credential::Key(_) => Err(AuthError::Revoked),
        }
    }

    /// The longest time after its `exp` that a token is still valid.
    pub fn leeway(&self) -> Duration {
        self.credentials.leeway
    }

    /// Which keys a token is checked with is never for the token to say: what
    /// is signed with the secret has the algorithm of no issuer's key.
    async fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let Credentials { keys, issuer, accounts, .. } = &self.credentials;
        let header = checked_header(token)?;
        let claims = match (header.alg, issuer) {
            (Algorithm::HS256, _) => keys.verify(token)?,
            (_, Some(issuer)) => issuer.verify(token, &header).await?,
            (_, None) => return Err(BadToken::Algorithm.into()),
        };
        match claims.origin {
            UserOrigin::Account if !accounts => Err(BadToken::NoAccounts.into()),
            _ => Ok(claims),
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
        self.revocations.forget(id);
    }

    /// The user of a token, if it is for who signed it to say.
    async fn find(&self, claims: &Claims) -> Result<Known, AuthError> {
        let Claims { user: id, name, origin, issued_at, .. } = claims;
        // What an account is called is not for its token to say.
        let name = name.clone().filter(|_| *origin != UserOrigin::Account);
        let is_current = |known: &Known| {
            let is_called_so = |name: &Arc<str>| {
                *name == known.user.name || !is_newer_name(known.named_at, *issued_at)
            };
            known.origin == *origin && name.as_ref().is_none_or(is_called_so)
        };
        if let Some(known) = self.recall(id).filter(is_current) {
            return Ok(known);
        }
        let forgotten = self.forgotten.load(Ordering::Relaxed);
        let stored = self.reader.known_user(id).await.map_err(|_| AuthError::Unavailable)?;
        if let Some(bar) = stored.as_ref().and_then(|stored| stored.bar.clone()) {
            self.revocations.learn(id, bar);
        }
        let known = stored.and_then(Known::of).filter(is_current);
        let known = match known {
            Some(known) => known,
            None => {
                let (id, origin, issued_at) = (id.clone(), origin.clone(), *issued_at);
                let at = clock::now();
                self.ensure(SeenUser {
                    id,
                    name,
                    origin,
                    issued_at,
                    at,
                    adopted: self.credentials.adopted.clone(),
                })
                .await?
            }
        };
        self.remember(&known, forgotten);
        Ok(known)
    }

    async fn ensure(&self, seen: SeenUser) -> Result<Known, AuthError> {
        let origin = seen.origin.clone();
        match submit(&self.writer, seen).await {
            Ok(FoundUser { user, bar, adopted: _, renamed, roles, named_at }) => {
                if let Some(bar) = bar {
                    self.revocations.learn(&user.id, bar);
                }
                if renamed {
                    (self.renamed)(user.key);
                }
                Ok(Known { user, origin, roles, named_at })
            }
            Err(WriteError::OtherOrigin) => Err(AuthError::OtherOrigin),
            Err(WriteError::TokenTooOld) => Err(AuthError::Revoked),
            _ => Err(AuthError::Unavailable),
        }
    }

    fn recall(&self, id: &UserId) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn remember(&self, one: &Known, forgotten: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::Relaxed) != forgotten {
            return;
        }
        // Starting over costs each user one read, and needs no book-keeping.
        if known.len() >= KNOWN_USERS {
            known.clear();
        }
        known.insert(one.user.id.clone(), one.clone());
    }
}
