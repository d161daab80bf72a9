//! Tokens as an application's backend signs them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::json;

use crate::Result;

/// How long the bench's tokens are good, in seconds.
const TTL: u64 = 24 * 60 * 60;

/// A JWT (HS256) of `user`'s.
pub fn sign(secret: &str, user: &str) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = json!({ "sub": user, "iat": now, "exp": now + TTL });
    let part = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "HS256" })), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(secret, &text));
    Ok(format!("{text}.{signature}"))
}

pub fn hmac_sha256(secret: &str, text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text.as_bytes())
}
