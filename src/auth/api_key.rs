//! API keys of the application's own programs: without expiry, revocable at
//! once.

use std::sync::{Arc, PoisonError, RwLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::{Identity, identity::Credential};
use crate::db::{ApiKey, KeyHash};
use parlor_domain::{InvalidId, Timestamp, UserId};

/// What a key begins with, so that it is told from a token, and is found by
/// those who look for secrets in the wrong places.
const PREFIX: &str = "prl_";

/// What the id of a key's user begins with.
const USER_PREFIX: &str = "service:";

/// The end of the year 9999: a key has no other.
const NEVER: Timestamp = Timestamp(253_402_300_799_000);

/// The keys that are valid, by the hash of each. A key is as long as a hash
/// and random, so a plain hash is as good as a slow one.
#[derive(Clone, Default)]
pub struct ApiKeys(Arc<RwLock<FxHashMap<KeyHash, Identity>>>);

/// Makes a key; only its hash is stored.
pub fn new_key() -> (String, KeyHash) {
    let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
    let hash = hash(&key);
    (key, hash)
}

/// The user that a key of this name stands for.
pub fn service_user(name: &str) -> Result<UserId, InvalidId> {
    UserId::parse(&format!("{USER_PREFIX}{name}"))
}

/// Whether an id is kept for the user of a key, made already or not.
pub(super) fn is_service_user(user: &UserId) -> bool {
    user.as_str().starts_with(USER_PREFIX)
}

fn hash(key: &str) -> KeyHash {
    Sha256::digest(key.as_bytes()).into()
}

impl ApiKeys {
    pub fn new(keys: Vec<ApiKey>) -> Self {
        let all = Self::default();
        keys.iter().filter(|key| key.revoked_at.is_none()).for_each(|key| all.add(key));
        all
    }

    pub fn is_key(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    pub fn add(&self, key: &ApiKey) {
        let roles: Vec<Arc<str>> = key.roles.split_whitespace().map(Arc::from).collect();
        let identity = Identity::new(key.user.clone(), roles, NEVER, Credential::Key(key.hash));
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key.hash, identity);
    }

    pub fn remove(&self, hash: &KeyHash) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }

    /// Another node has made or revoked keys. Gives the users whose keys are no longer
    /// valid.
    pub fn replace(&self, keys: &[ApiKey]) -> Vec<UserId> {
        let valid: Vec<&ApiKey> = keys.iter().filter(|key| key.revoked_at.is_none()).collect();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_valid = |hash: &KeyHash| valid.iter().any(|key| key.hash == *hash);
        let gone = known.extract_if(|hash, _| !is_valid(hash));
        let gone = gone.map(|(_, identity)| identity.user.id).collect();
        drop(known);
        valid.into_iter().for_each(|key| self.add(key));
        gone
    }

    /// Forgets all keys that stand for a user.
    pub(super) fn remove_of(&self, user: &UserId) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, identity| identity.user.id != *user);
    }

    pub(super) fn is_valid(&self, hash: &KeyHash) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(hash)
    }

    pub(super) fn find(&self, key: &str) -> Option<Identity> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&hash(key)).cloned()
    }
}
