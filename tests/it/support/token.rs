//! Tokens as an application's own backend would make them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header};
use num_bigint::BigUint;
use ring::{
    digest, hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};

/// What a test wants in a token; the rest is as for any good one.
pub struct Token {
    claims: Value,
    algorithm: Algorithm,
    secret: String,
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the end of time")
}

/// A time with milliseconds, as tokens may say it: seconds since 1970.
pub fn moment() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    (since.as_secs_f64() * 1000.0).round() / 1000.0
}

impl Token {
    pub fn of(user: &str) -> Self {
        let claims = json!({"sub": user, "iat": moment(), "exp": now() + 3600});
        Self { claims, algorithm: Algorithm::HS256, secret: super::server::SECRET.to_owned() }
    }

    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().expect("claims are an object").remove(name);
        self
    }

    /// Seconds from now until it expires; negative for one that has.
    pub fn expires_in(self, seconds: i64) -> Self {
        self.claim("exp", now() + seconds)
    }

    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    pub fn signed_with(mut self, secret: &str) -> Self {
        self.secret = secret.to_owned();
        self
    }

    pub fn text(&self) -> String {
        encode(&Header::new(self.algorithm), &self.claims, &Key::Secret(&self.secret))
    }
}

/// A good token of a user.
pub fn sign(user: &str) -> String {
    Token::of(user).text()
}

/// What a token is signed with.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    Secret(&'a str),
    /// A private key as PEM (PKCS #8).
    Private(&'a str),
    /// A private JWK of RSA; too short for `ring`.
    Short(&'a str),
}

/// A token that is signed as its header says, whoever would take it.
pub fn encode(header: &Header, claims: &Value, key: &Key<'_>) -> String {
    let header_json = serde_json::to_vec(header).expect("a header is JSON");
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let text = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header_json));
    let signature = key.sign(header.alg, text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Whether a token of HS256 was signed with this secret.
pub fn is_signed_with(token: &str, secret: &str) -> bool {
    let Some((text, signature)) = token.rsplit_once('.') else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = URL_SAFE_NO_PAD.decode(signature);
    signature.is_ok_and(|signature| hmac::verify(&key, text.as_bytes(), &signature).is_ok())
}

impl Key<'_> {
    fn sign(self, algorithm: Algorithm, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let der = |pem: &str| PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).expect("a key");
        let with_secret = |hash, secret: &str| {
            hmac::sign(&hmac::Key::new(hash, secret.as_bytes()), text).as_ref().to_vec()
        };
        let with_rsa = |hash: &'static dyn RsaEncoding, pem| {
            let key = RsaKeyPair::from_pkcs8(der(pem).secret_pkcs8_der()).expect("a key");
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(hash, &random, text, &mut signature).expect("signed");
            signature
        };
        match (self, algorithm) {
            (Key::Secret(secret), Algorithm::HS256) => with_secret(hmac::HMAC_SHA256, secret),
            (Key::Secret(secret), Algorithm::HS512) => with_secret(hmac::HMAC_SHA512, secret),
            (Key::Private(pem), Algorithm::RS256) => with_rsa(&RSA_PKCS1_SHA256, pem),
            (Key::Private(pem), Algorithm::RS512) => with_rsa(&RSA_PKCS1_SHA512, pem),
            (Key::Private(pem), Algorithm::ES256) => {
                let (form, der) = (&ECDSA_P256_SHA256_FIXED_SIGNING, der(pem));
                let key = EcdsaKeyPair::from_pkcs8(form, der.secret_pkcs8_der(), &random);
                key.expect("a key").sign(&random, text).expect("signed").as_ref().to_vec()
            }
            (Key::Private(pem), Algorithm::EdDSA) => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der(pem).secret_pkcs8_der());
                key.expect("a key").sign(text).as_ref().to_vec()
            }
            (Key::Short(jwk), Algorithm::RS256) => sign_by_hand(jwk, text),
            (_, algorithm) => panic!("no test signs so: {algorithm:?}"),
        }
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.1).
fn sign_by_hand(jwk: &str, text: &[u8]) -> Vec<u8> {
    /// What stands before a hash of SHA-256 (section 9.2, note 1).
    const SHA256: &[u8] = &[
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let jwk: Value = serde_json::from_str(jwk).expect("a JWK");
    let number = |name: &str| {
        let text = jwk[name].as_str().expect("a number");
        URL_SAFE_NO_PAD.decode(text).expect("base64")
    };
    let (n, d) = (number("n"), number("d"));
    let hash = [SHA256, digest::digest(&digest::SHA256, text).as_ref()].concat();
    let filling = vec![0xff; n.len() - hash.len() - 3];
    let padded = [&[0, 1], filling.as_slice(), &[0], hash.as_slice()].concat();
    let [padded, n_number, d] = [&padded, &n, &d].map(|bytes| BigUint::from_bytes_be(bytes));
    let signature = padded.modpow(&d, &n_number).to_bytes_be();
    [vec![0; n.len() - signature.len()], signature].concat()
}
