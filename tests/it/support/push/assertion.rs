//! Tokens by which a provider is known, read as a service reads them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde_json::Value;

/// The private halves of the keys that the stand-ins know.
pub const EC_PEM: &str = include_str!("../keys/ec.pem");
pub(super) const RSA_PEM: &str = include_str!("../keys/rsa.pem");

/// The header and the claims of a token, if it was signed with the key of the tests.
pub(super) fn opened(token: &str, alg: &str) -> Option<(Value, Value)> {
    // Behind what X.509 says of a key (RFC 5280 section 4.1).
    let (form, pem, before): (&dyn VerificationAlgorithm, _, _) = match alg {
        "ES256" => (&ECDSA_P256_SHA256_FIXED, include_str!("../keys/ec.pub.pem"), 26),
        _ => (&RSA_PKCS1_2048_8192_SHA256, include_str!("../keys/rsa.pub.pem"), 24),
    };
    let (message, signature) = token.rsplit_once('.')?;
    let key = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).expect("a key");
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(form, &key[before..]).verify(message.as_bytes(), &signature).ok()?;
    let (header, claims) = message.split_once('.')?;
    let part = |text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    let (header, claims): (Value, Value) = (part(header)?, part(claims)?);
    (header["alg"] == alg).then_some((header, claims))
}

pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("before the end of time")
}
