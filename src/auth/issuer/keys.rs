//! The public keys of an issuer, as PEM or as a JWKS document.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    jwk::{Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use pkcs1::{RsaPublicKey, der::Decode};
use serde::Deserialize;

use crate::limits::RSA_BITS_MIN;

/// The algorithms that are accepted; `none` and those with a shared secret
/// are not among them (RFC 8725 section 3.1).
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// A public key, and the one algorithm it is good for.
pub struct Key {
    id: Option<String>,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

impl Key {
    /// One whose id the token names; without one any key of the algorithm.
    pub fn fits(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        let same = id.is_none_or(|id| self.id.as_deref().is_none_or(|own| own == id));
        same && self.algorithm == algorithm
    }
}

pub fn read_keys(text: &[u8]) -> Option<Vec<Key>> {
    jwks(text).or_else(|| pems(text))
}

/// A set of keys, each of which is read for itself: one of a kind that is not
/// known must not take the others with it (RFC 7517 section 5).
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

pub fn jwks(text: &[u8]) -> Option<Vec<Key>> {
    let set: KeySet = serde_json::from_slice(text).ok()?;
    let read = |key| from_jwk(&serde_json::from_value(key).ok()?);
    let keys: Vec<Key> = set.keys.into_iter().filter_map(read).collect();
    (!keys.is_empty()).then_some(keys)
}

/// Whether a key may check signatures (RFC 7517 sections 4.2 and 4.3).
fn is_for_signatures(jwk: &Jwk) -> bool {
    let used = jwk.common.public_key_use.as_ref();
    let may = jwk.common.key_operations.as_ref();
    used.is_none_or(|used| *used == PublicKeyUse::Signature)
        && may.is_none_or(|may| may.contains(&KeyOperations::Verify))
}

/// A key that is good for one of our algorithms; others are left out.
fn from_jwk(jwk: &Jwk) -> Option<Key> {
    if !is_for_signatures(jwk) {
        return None;
    }
    let key = DecodingKey::from_jwk(jwk).ok()?;
    let said = match jwk.common.key_algorithm {
        None => None,
        Some(KeyAlgorithm::RS256) => Some(Algorithm::RS256),
        Some(KeyAlgorithm::ES256) => Some(Algorithm::ES256),
        Some(KeyAlgorithm::EdDSA) => Some(Algorithm::EdDSA),
        Some(_) => return None,
    };
    let of_family = ALGORITHMS.into_iter().find(|one| one.family() == key.family())?;
    let algorithm = said.unwrap_or(of_family);
    let id = jwk.common.key_id.clone();
    (algorithm == of_family).then(|| Key { id, algorithm, key }).filter(is_long_enough)
}

/// A short key of RSA is left out, and the log says so: whoever can compute
/// its private half makes tokens.
fn is_long_enough(key: &Key) -> bool {
    let bits = if key.algorithm == Algorithm::RS256 { rsa_bits(&key.key) } else { None };
    let is_short = key.algorithm == Algorithm::RS256 && bits.is_none_or(|bits| bits < RSA_BITS_MIN);
    if is_short {
        log::warn!(
            "a key of the issuer is not used: RSA needs {RSA_BITS_MIN} bits, and {} has {}",
            key.id.as_deref().unwrap_or("one without a name"),
            bits.unwrap_or_default()
        );
    }
    !is_short
}

/// The length of an RSA key's modulus.
fn rsa_bits(key: &DecodingKey) -> Option<usize> {
    let bits = |modulus: &[u8]| {
        let first = modulus.iter().position(|byte| *byte != 0)?;
        Some((modulus.len() - first) * 8 - modulus[first].leading_zeros() as usize)
    };
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => bits(n),
        DecodingKeyKind::SecretOrDer(der) => {
            bits(RsaPublicKey::from_der(der).ok()?.modulus.as_bytes())
        }
    }
}

/// Each block of a PEM file is one key.
fn pems(text: &[u8]) -> Option<Vec<Key>> {
    const END: &str = "-----END PUBLIC KEY-----";
    let text = std::str::from_utf8(text).ok()?;
    let blocks = text.split_inclusive(END).filter(|block| block.contains(END));
    let keys: Option<Vec<Key>> = blocks.map(|block| from_pem(block.trim().as_bytes())).collect();
    let keys: Vec<Key> = keys?.into_iter().filter(is_long_enough).collect();
    (!keys.is_empty()).then_some(keys)
}

fn from_pem(pem: &[u8]) -> Option<Key> {
    let tries = [
        (Algorithm::RS256, DecodingKey::from_rsa_pem(pem)),
        (Algorithm::ES256, DecodingKey::from_ec_pem(pem)),
        (Algorithm::EdDSA, DecodingKey::from_ed_pem(pem)),
    ];
    let found = tries.into_iter().find_map(|(algorithm, key)| Some((algorithm, key.ok()?)));
    found.map(|(algorithm, key)| Key { id: None, algorithm, key })
}
