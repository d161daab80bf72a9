//! JSON Web Tokens (RFC 7519) that services know us by.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::Serialize;

/// Why a file is no key; the message is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    #[error("it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)")]
    Pem,
    #[error("its key is none of P-256: {0}")]
    Ec(String),
    #[error("its private_key is none of RSA: {0}")]
    Rsa(String),
    #[error("it is no service account of Google: {0}")]
    Account(String),
}

const RANDOM: &str = "the system has random bytes";

/// A key that signs with ES256.
pub(crate) struct EcKey(EcdsaKeyPair);

impl EcKey {
    pub fn from_der(pkcs8: &[u8]) -> Result<Self, BadKey> {
        let form = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(form, pkcs8, &SystemRandom::new());
        pair.map(Self).map_err(|error| BadKey::Ec(error.to_string()))
    }

    pub fn from_pem(pem: &[u8]) -> Result<Self, BadKey> {
        Self::from_der(der(pem)?.secret_pkcs8_der())
    }

    /// A new one, as PKCS#8.
    pub fn generate() -> Vec<u8> {
        let form = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(form, &SystemRandom::new());
        made.expect(RANDOM).as_ref().to_vec()
    }

    /// The uncompressed point.
    pub fn public(&self) -> &[u8] {
        ring::signature::KeyPair::public_key(&self.0).as_ref()
    }

    pub fn token(&self, kid: Option<&str>, claims: &impl Serialize) -> String {
        signed("ES256", kid, claims, |message| {
            let signature = self.0.sign(&SystemRandom::new(), message.as_bytes());
            signature.expect(RANDOM).as_ref().to_vec()
        })
    }
}

/// A key that signs with RS256.
pub(crate) struct RsaKey(RsaKeyPair);

impl RsaKey {
    pub fn from_pem(pem: &[u8]) -> Result<Self, BadKey> {
        let pair = RsaKeyPair::from_pkcs8(der(pem)?.secret_pkcs8_der());
        pair.map(Self).map_err(|error| BadKey::Rsa(error.to_string()))
    }

    pub fn token(&self, kid: Option<&str>, claims: &impl Serialize) -> String {
        signed("RS256", kid, claims, |message| {
            let mut signature = vec![0; self.0.public().modulus_len()];
            let random = SystemRandom::new();
            let done = self.0.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature);
            done.expect("a signature is as long as its key");
            signature
        })
    }
}

fn der(pem: &[u8]) -> Result<PrivatePkcs8KeyDer<'static>, BadKey> {
    PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| BadKey::Pem)
}

fn signed(
    alg: &str,
    kid: Option<&str>,
    claims: &impl Serialize,
    sign: impl FnOnce(&str) -> Vec<u8>,
) -> String {
    #[derive(Serialize)]
    struct Header<'a> {
        typ: &'a str,
        alg: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'a str>,
    }
    let message = [encoded(&Header { typ: "JWT", alg, kid }), encoded(claims)].join(".");
    let signature = URL_SAFE_NO_PAD.encode(sign(&message));
    format!("{message}.{signature}")
}

fn encoded(part: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).expect("texts and numbers are JSON"))
}

#[cfg(test)]
pub(crate) mod tests {
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
        VerificationAlgorithm,
    };
    use serde_json::{Value, json};

    use super::*;

    pub const EC_PEM: &[u8] = include_bytes!("../../../tests/it/support/keys/ec.pem");
    pub const RSA_PEM: &[u8] = include_bytes!("../../../tests/it/support/keys/rsa.pem");

    /// The claims of a token, if this key has signed it; its header has the rest.
    pub fn opened(token: &str, form: &'static dyn VerificationAlgorithm, key: &[u8]) -> [Value; 2] {
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        let key = UnparsedPublicKey::new(form, key);
        key.verify(message.as_bytes(), &signature).expect("it is signed with the key");
        let (header, claims) = message.split_once('.').expect("three parts");
        [header, claims].map(|part| {
            let part = URL_SAFE_NO_PAD.decode(part).expect("base64");
            serde_json::from_slice(&part).expect("JSON")
        })
    }

    #[test]
    fn tokens_are_signed_with_their_keys() {
        let ec = EcKey::from_pem(EC_PEM).expect("a key");
        let token = ec.token(Some("ec-1"), &json!({"iss": "x"}));
        let [header, claims] = opened(&token, &ECDSA_P256_SHA256_FIXED, ec.public());
        assert_eq!(header, json!({"typ": "JWT", "alg": "ES256", "kid": "ec-1"}));
        assert_eq!(claims, json!({"iss": "x"}));
        let rsa = RsaKey::from_pem(RSA_PEM).expect("a key");
        let token = rsa.token(None, &json!({"iss": "y"}));
        let public = rsa.0.public().as_ref();
        let [header, claims] = opened(&token, &RSA_PKCS1_2048_8192_SHA256, public);
        assert_eq!(header, json!({"typ": "JWT", "alg": "RS256"}));
        assert_eq!(claims, json!({"iss": "y"}));
    }

    #[test]
    fn what_is_made_can_be_read() {
        let made = EcKey::generate();
        let public = EcKey::from_der(&made).expect("a key").public().to_vec();
        assert_eq!(public.len(), 65);
        assert_ne!(EcKey::from_der(&EcKey::generate()).expect("a key").public(), public);
    }

    /// As Apple gives them: with the curve named once more inside (RFC 5915 section 3).
    #[test]
    fn a_key_of_apple_can_be_read() {
        let apple = b"-----BEGIN PRIVATE KEY-----\n\
            MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHkwdwIBAQQge5VR38PZU3hdf1u4\n\
            u07pV0wvouuA9k54FLpM9ejTFo6gCgYIKoZIzj0DAQehRANCAAQGCZ6aZgXVfJWF\n\
            6JQSGBn+sDr9aFfhtsjNMvRdzZ37XLmTL8pFzufLgyos4I6XsaVvxGlHF9+Jm/MT\n\
            XOzUBV4W\n\
            -----END PRIVATE KEY-----\n";
        let ours = EcKey::from_pem(EC_PEM).expect("a key");
        assert_eq!(EcKey::from_pem(apple).expect("a key").public(), ours.public());
    }

    #[test]
    fn what_is_no_key_is_told_from_another_kind_of_key() {
        assert_eq!(EcKey::from_pem(b"hello").err(), Some(BadKey::Pem));
        assert!(matches!(EcKey::from_pem(RSA_PEM).err(), Some(BadKey::Ec(_))));
        assert!(matches!(RsaKey::from_pem(EC_PEM).err(), Some(BadKey::Rsa(_))));
        assert!(matches!(EcKey::from_der(&[1, 2, 3]).err(), Some(BadKey::Ec(_))));
    }
}
