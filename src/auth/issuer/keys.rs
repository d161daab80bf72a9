//! The public keys of an issuer, from PEM or a JWKS document.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    jwk::{Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde::Deserialize;
use spki::{
    ObjectIdentifier, SubjectPublicKeyInfoRef,
    der::{Decode, Reader, SliceReader, asn1::UintRef},
};

use parlor_domain::limits::RSA_BITS_MIN;

/// The algorithms that are accepted; `none` and those with a shared secret
/// are not among them (RFC 8725 section 3.1).
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// A public key, and the one algorithm it is used with.
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

/// A key for one of our algorithms; `None` for others.
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
            "ignoring a key of the issuer: RSA keys need at least {RSA_BITS_MIN} bits, and {} has \
             {}",
            key.id.as_deref().unwrap_or("one without a kid"),
            bits.unwrap_or_default()
        );
    }
    !is_short
}

/// The length of an RSA key's modulus.
fn rsa_bits(key: &DecodingKey) -> Option<usize> {
    let DecodingKeyKind::RsaModulusExponent { n, .. } = key.kind() else { return None };
    let first = n.iter().position(|byte| *byte != 0)?;
    Some((n.len() - first) * 8 - n[first].leading_zeros() as usize)
}

/// Each public key of a PEM file.
fn pems(text: &[u8]) -> Option<Vec<Key>> {
    let keys = SubjectPublicKeyInfoDer::pem_slice_iter(text).map(|key| from_der(&key.ok()?));
    let keys: Option<Vec<Key>> = keys.collect();
    let keys: Vec<Key> = keys?.into_iter().filter(is_long_enough).collect();
    (!keys.is_empty()).then_some(keys)
}

/// A key as X.509 has it (RFC 5280 section 4.1.2.7), in the forms that its
/// algorithm has there (RFC 3279, 5480 and 8410).
fn from_der(der: &[u8]) -> Option<Key> {
    const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
    let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
    let (kind, bytes) = (info.algorithm.oid, info.subject_public_key.as_bytes()?);
    let (algorithm, key) = match (kind, bytes) {
        (RSA, _) => (Algorithm::RS256, from_pkcs1(bytes)?),
        // A point of P-256, which is not compressed.
        (EC, [4, point @ ..]) if point.len() == 64 => {
            (Algorithm::ES256, DecodingKey::from_ec_der(bytes))
        }
        (ED25519, _) => (Algorithm::EdDSA, DecodingKey::from_ed_der(bytes)),
        _ => return None,
    };
    Some(Key { id: None, algorithm, key })
}

/// A key of RSA (RFC 8017 appendix A.1.1).
fn from_pkcs1(der: &[u8]) -> Option<DecodingKey> {
    let numbers = SliceReader::new(der).and_then(|mut reader| {
        reader.sequence(|numbers| Ok((UintRef::decode(numbers)?, UintRef::decode(numbers)?)))
    });
    let (n, e) = numbers.ok()?;
    Some(DecodingKey::from_rsa_raw_components(n.as_bytes(), e.as_bytes()))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::crypto::verify;
    use ring::{
        rand::SystemRandom,
        signature::{
            ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
            RsaKeyPair,
        },
    };
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::crypto;

    /// A file of the integration tests.
    macro_rules! file {
        ($name:literal) => {
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/keys/", $name))
        };
    }

    /// What the private half of a key makes of `message`.
    fn signature(algorithm: Algorithm, message: &[u8]) -> String {
        let random = SystemRandom::new();
        let der = |pem: &str| PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).expect("a key");
        let made = match algorithm {
            Algorithm::RS256 => {
                let key = RsaKeyPair::from_pkcs8(der(file!("rsa.pem")).secret_pkcs8_der());
                let mut made = vec![0; 256];
                let signed =
                    key.expect("a key").sign(&RSA_PKCS1_SHA256, &random, message, &mut made);
                signed.map(|()| made)
            }
            Algorithm::ES256 => {
                let (form, der) = (&ECDSA_P256_SHA256_FIXED_SIGNING, der(file!("ec.pem")));
                let key = EcdsaKeyPair::from_pkcs8(form, der.secret_pkcs8_der(), &random);
                key.expect("a key").sign(&random, message).map(|made| made.as_ref().to_vec())
            }
            _ => {
                let der = der(file!("ed.pem"));
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
                Ok(key.expect("a key").sign(message).as_ref().to_vec())
            }
        };
        URL_SAFE_NO_PAD.encode(made.expect("signed"))
    }

    fn jwk(text: &str) -> Value {
        serde_json::from_str(text).expect("a key")
    }

    #[test]
    fn keys_of_both_forms_check_what_was_signed_with_them_alone() {
        crypto::install();
        let pems =
            concat!(file!("rsa.pub.pem"), "text\n", file!("ec.pub.pem"), file!("ed.pub.pem"));
        let mut rsa = jwk(file!("rsa.jwk.json"));
        // Some issuers write the modulus with a zero before it.
        let n = URL_SAFE_NO_PAD.decode(rsa["n"].as_str().expect("a number")).expect("base64");
        rsa["n"] = json!(URL_SAFE_NO_PAD.encode([&[0], n.as_slice()].concat()));
        let keys = [rsa, jwk(file!("ec.jwk.json")), jwk(file!("ed.jwk.json"))];
        for text in [pems.to_owned(), json!({"keys": keys}).to_string()] {
            let keys = read_keys(text.as_bytes()).expect("keys");
            assert_eq!(keys.iter().map(|key| key.algorithm).collect::<Vec<_>>(), ALGORITHMS);
            for Key { algorithm, key, .. } in &keys {
                let made = signature(*algorithm, b"message");
                let checked = |message: &[u8]| verify(&made, message, key, *algorithm);
                assert_eq!(checked(b"message"), Ok(true), "{algorithm:?}");
                assert_eq!(checked(b"massage"), Ok(false), "{algorithm:?}");
                assert_eq!(verify("", b"message", key, *algorithm), Ok(false), "{algorithm:?}");
            }
        }
    }

    #[test]
    fn a_file_without_a_key_that_may_be_used_is_none() {
        let short = file!("rsa1024.pub.pem");
        let private = file!("ec.pem");
        let broken = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----\n";
        // Of P-384.
        let other = "-----BEGIN PUBLIC KEY-----\n\
                     MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEnualYa5PfrePZYT65sEqaoN5Vb0f2wFK\n\
                     QNz72eIFKe7lfiHkR+rDryH4yqSwrDMS8rDG8fdvzeE83Z6vvaBAXPQXvRZK0col\n\
                     NQQoQk8+EtMnJIVhjYHM1q0kDFoNypMl\n\
                     -----END PUBLIC KEY-----\n";
        for text in [short, private, broken, other, "", "{}", r#"{"keys": []}"#] {
            assert!(read_keys(text.as_bytes()).is_none(), "{text}");
        }
        let with_short = [short, file!("ec.pub.pem")].concat();
        assert_eq!(read_keys(with_short.as_bytes()).map(|keys| keys.len()), Some(1));
    }
}
