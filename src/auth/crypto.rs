//! The cryptography of JSON Web Tokens, with `ring`, which TLS uses too.
//! Supports only what this server signs and verifies.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{Error, Signer, Verifier},
};
use ring::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
        UnparsedPublicKey,
    },
};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // For making JWKs: this server only reads them.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| unsupported(),
        rsa_pub_components_from_public_key: |_| unsupported(),
        ec_pub_components_from_private_key: |_, _| unsupported(),
        ed_pub_components_from_private_key: |_, _| unsupported(),
        compute_digest: |_, _| unsupported(),
    },
};

/// Whoever holds keys has called this: without it, using them panics.
pub(super) fn install() {
    // Fails only if it was installed before, which does as well.
    let _ = RING.install_default();
}

fn unsupported<T>() -> Result<T> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.as_bytes()))),
        _ => unsupported(),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    if algorithm.family() != key.family() {
        return unsupported();
    }
    match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?))),
        Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => {
            Ok(Box::new(PublicKey { algorithm: *algorithm, key: key.clone() }))
        }
        _ => unsupported(),
    }
}

struct Hs256(hmac::Key);

impl Hs256 {
    fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        hmac::verify(&self.0, message, signature).map_err(Error::from_source)
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

struct PublicKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for PublicKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let checked = match (self.algorithm, self.key.kind()) {
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let key = RsaPublicKeyComponents { n: number(n), e: number(e) };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
            _ => return Err(Error::new()),
        };
        checked.map_err(Error::from_source)
    }
}

impl JwtVerifier for PublicKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// Without the zeros that some issuers write before a number, and `ring`
/// refuses.
fn number(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Header, Validation, crypto, decode, encode, jwk::Jwk};
    use serde_json::{Value, json};

    use super::*;

    const ALL: [Algorithm; 12] = [
        Algorithm::HS256,
        Algorithm::HS384,
        Algorithm::HS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::EdDSA,
    ];

    #[test]
    fn what_is_not_used_is_an_error_and_no_panic() {
        install();
        let (message, bytes) = (b"message".as_slice(), [7; 65].as_slice());
        for algorithm in ALL {
            let (sign, check) = match algorithm.family() {
                AlgorithmFamily::Hmac => {
                    (EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes))
                }
                AlgorithmFamily::Rsa => {
                    (EncodingKey::from_rsa_der(bytes), DecodingKey::from_rsa_der(bytes))
                }
                AlgorithmFamily::Ec => {
                    (EncodingKey::from_ec_der(bytes), DecodingKey::from_ec_der(bytes))
                }
                AlgorithmFamily::Ed => {
                    (EncodingKey::from_ed_der(bytes), DecodingKey::from_ed_der(bytes))
                }
            };
            let signed = crypto::sign(message, &sign, algorithm);
            assert_eq!(signed.is_ok(), algorithm == Algorithm::HS256, "{algorithm:?}");
            let checked = crypto::verify("AAAA", message, &check, algorithm);
            assert!(!checked.is_ok_and(|is_valid| is_valid), "{algorithm:?}");
            // A key of another family.
            let other = match algorithm.family() {
                AlgorithmFamily::Hmac => DecodingKey::from_ed_der(bytes),
                _ => DecodingKey::from_secret(bytes),
            };
            assert!(crypto::verify("AAAA", message, &other, algorithm).is_err(), "{algorithm:?}");
            if algorithm.family() != AlgorithmFamily::Hmac {
                assert!(Jwk::from_encoding_key(&sign, algorithm).is_err(), "{algorithm:?}");
            }
        }
        let secret = EncodingKey::from_secret(b"secret");
        let token = encode(&Header::new(Algorithm::HS256), &json!({"exp": i64::MAX}), &secret);
        let rules = Validation::new(Algorithm::HS256);
        let key = DecodingKey::from_secret(b"secret");
        assert!(decode::<Value>(token.expect("signed"), &key, &rules).is_ok());
    }

    #[test]
    fn a_number_may_begin_with_zeros() {
        assert_eq!(number(&[0, 0, 1, 0]), [1, 0]);
        assert!(number(&[0, 0]).is_empty() && number(&[]).is_empty());
    }
}
