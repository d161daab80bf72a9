//! Tokens of an external issuer, verified with its public keys from a file or a
//! JWKS URL (RFC 7517).

mod keys;

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{Algorithm, Header, Validation, decode};
use serde_json::{Map, Value};
use tokio::{sync::Mutex, time::Instant};

use self::keys::{ALGORITHMS, Key, jwks, read_keys};
use super::{
    AuthError, BadToken, ClaimNames, Claims,
    claims::{Signed, SignedBy},
    crypto,
    token::refusal,
};
use crate::outbound;
use parlor_domain::limits::{JWKS_AGE, JWKS_BYTES, JWKS_RETRY, JWKS_TIMEOUT};

/// Where an issuer's keys come from, and what its tokens must contain.
#[derive(Clone, Debug)]
pub struct IssuerConfig {
    pub keys: KeySource,
    /// The `iss` that is required; `None`: any.
    pub issuer: Option<String>,
    /// The `aud` that is required; `None`: any.
    pub audience: Option<String>,
    /// What its claims are called.
    pub claims: Arc<ClaimNames>,
    /// How far the issuer's clock may be off.
    pub leeway: Duration,
}

#[derive(Clone, Debug)]
pub enum KeySource {
    /// PEM public keys, or a JWKS document.
    File(PathBuf),
    /// Where the issuer publishes its JWKS document.
    Url(String),
}

/// The keys that were read last.
#[derive(Clone, Default)]
struct Known {
    keys: Arc<Vec<Key>>,
    /// When they were read; `None`: never.
    read_at: Option<Instant>,
    /// When the last try ended.
    tried_at: Option<Instant>,
}

impl Known {
    fn is_old(&self) -> bool {
        self.read_at.is_none_or(|at| at.elapsed() >= JWKS_AGE)
    }

    fn may_ask(&self) -> bool {
        self.tried_at.is_none_or(|at| at.elapsed() >= JWKS_RETRY)
    }

    fn has(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.fits(id, algorithm))
    }
}

/// Checks the tokens of an outside issuer.
#[derive(Clone)]
pub struct Issuer {
    config: Arc<IssuerConfig>,
    client: Option<reqwest::Client>,
    /// Only ever held for a look.
    known: Arc<RwLock<Known>>,
    /// Held while keys are fetched, so that many who wait for them ask once.
    fetching: Arc<Mutex<()>>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Reads a key file at once; an address is asked when the first token
    /// comes, so that an issuer which is down does not keep the server down.
    pub fn new(config: IssuerConfig) -> Result<Self, String> {
        crypto::install();
        let mut known = Known::default();
        let mut client = None;
        match &config.keys {
            KeySource::File(path) => {
                let text = std::fs::read(path)
                    .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                let keys = read_keys(&text)
                    .ok_or_else(|| format!("{} contains no usable public key", path.display()))?;
                known.keys = Arc::new(keys);
            }
            KeySource::Url(_) => client = Some(outbound::client(JWKS_TIMEOUT)),
        }
        let known = Arc::new(RwLock::new(known));
        Ok(Self { config: Arc::new(config), client, known, fetching: Arc::default() })
    }

    /// Checks a token that has this header.
    pub(super) async fn verify(&self, token: &str, header: &Header) -> Result<Claims, AuthError> {
        if !ALGORITHMS.contains(&header.alg) {
            return Err(BadToken::Algorithm.into());
        }
        let id = header.kid.as_deref();
        let keys = self.keys(id, header.alg).await?;
        let mut error = AuthError::Bad(BadToken::UnknownKey);
        for key in keys.iter().filter(|key| key.fits(id, header.alg)) {
            match decode::<Map<String, Value>>(token, &key.key, &self.rules(key.algorithm)) {
                Ok(data) => {
                    let (by, claims) = (SignedBy::Issuer, data.claims);
                    let signed = Signed { by, claims, or_until: None };
                    let mut claims = Claims::read(signed, &self.config.claims)?;
                    claims.expires_at = claims.expires_at.later(self.config.leeway);
                    return Ok(claims);
                }
                // Another key may be the one it was signed with.
                Err(refused) => match refusal(refused) {
                    AuthError::Bad(BadToken::Signature) => error = BadToken::Signature.into(),
                    refused => return Err(refused),
                },
            }
        }
        Err(error)
    }

    fn rules(&self, algorithm: Algorithm) -> Validation {
        let IssuerConfig { issuer, audience, leeway, .. } = &*self.config;
        let mut rules = Validation::new(algorithm);
        rules.leeway = leeway.as_secs();
        rules.validate_nbf = true;
        let mut required = vec!["exp"];
        match audience {
            Some(audience) => {
                rules.set_audience(&[audience]);
                required.push("aud");
            }
            None => rules.validate_aud = false,
        }
        if let Some(issuer) = issuer {
            rules.set_issuer(&[issuer]);
            required.push("iss");
        }
        rules.set_required_spec_claims(&required);
        rules
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys that are known, after a look for new ones if none of them can
    /// check the token. Who can be checked never waits for the issuer.
    async fn keys(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<Vec<Key>>, AuthError> {
        let known = self.known();
        if self.client.is_none() {
            return Ok(known.keys);
        }
        let fits = known.has(id, algorithm);
        if known.is_old() || !fits {
            self.begin_fetch();
        }
        if fits {
            return Ok(known.keys);
        }
        // Until the one that is under way has ended.
        drop(self.fetching.lock().await);
        let known = self.known();
        if known.read_at.is_none() { Err(AuthError::Unavailable) } else { Ok(known.keys) }
    }

    /// Fetches the keys, unless that is under way or was tried a moment ago.
    fn begin_fetch(&self) {
        let Ok(turn) = self.fetching.clone().try_lock_owned() else { return };
        if !self.known().may_ask() {
            return;
        }
        let issuer = self.clone();
        // A task of its own: it goes on when the one who asked has hung up.
        tokio::spawn(async move {
            issuer.fetch_keys().await;
            drop(turn);
        });
    }

    async fn fetch_keys(&self) {
        let (Some(client), KeySource::Url(url)) = (&self.client, &self.config.keys) else { return };
        let fetched = fetch(client, url).await;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.tried_at = Some(Instant::now());
        match fetched {
            Ok(keys) => {
                known.keys = Arc::new(keys);
                known.read_at = Some(Instant::now());
            }
            // The ones that are known stay valid.
            Err(error) => log::warn!("the issuer's keys could not be fetched: {error}"),
        }
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Vec<Key>, String> {
    let response = client.get(url).send().await.map_err(outbound::cause)?;
    if !response.status().is_success() {
        return Err(format!("it answered {}", response.status()));
    }
    let body = outbound::body(response, JWKS_BYTES).await?;
    jwks(&body).ok_or_else(|| "not a JWKS document with a signature key".to_owned())
}
