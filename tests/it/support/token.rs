//! Tokens as an application's own backend would make them.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
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
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        encode(&Header::new(self.algorithm), &self.claims, &key).expect("claims can be signed")
    }
}

/// A good token of a user.
pub fn sign(user: &str) -> String {
    Token::of(user).text()
}
