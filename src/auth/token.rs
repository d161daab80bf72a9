//! JSON Web Tokens (RFC 7519), signed with HMAC-SHA256.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, errors::ErrorKind,
};
use serde::{Deserialize, Deserializer, Serialize};

use super::Secret;
use crate::{
    domain::{RoomId, Timestamp, UserId},
    limits::{ID_BYTES, NAME_CHARS, TOKEN_BYTES},
};

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub user: UserId,
    /// `None`: the name that is known stays.
    pub name: Option<Arc<str>>,
    pub roles: Vec<Arc<str>>,
    /// Names a part of the application whose events the user hears.
    pub role_context: Option<Arc<str>>,
    /// The token's own name (`jti`), by which it can be revoked.
    pub id: Option<Arc<str>>,
    pub issued_at: Option<Timestamp>,
    /// Until when it is good, with the leeway that its issuer has.
    pub expires_at: Timestamp,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("it was good once")]
    Expired,
    #[error("it was never good")]
    Bad,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Wire {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role_context_id: Option<String>,
    #[serde(deserialize_with = "seconds")]
    exp: i64,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "seconds_or_none"
    )]
    iat: Option<i64>,
    /// Makes two tokens of one second differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
}

/// Signs and checks tokens with the server's secret.
#[derive(Clone)]
pub struct TokenKeys {
    sign: EncodingKey,
    check: DecodingKey,
    rules: Arc<Validation>,
}

impl TokenKeys {
    pub fn new(secret: &Secret) -> Self {
        // The algorithm is ours to choose, never the token's (RFC 8725
        // section 3.1); `exp` is required, and means what it says.
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        rules.validate_nbf = true;
        rules.validate_aud = false;
        Self {
            sign: EncodingKey::from_secret(secret.as_bytes()),
            check: DecodingKey::from_secret(secret.as_bytes()),
            rules: Arc::new(rules),
        }
    }

    /// Makes a token. Fails only if the clock is outside of all reason.
    pub fn issue(
        &self,
        user: &UserId,
        name: Option<&str>,
        roles: &[Arc<str>],
        role_context: Option<&str>,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<String, TokenError> {
        let now = now.0 / 1000;
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / 2);
        let wire = Wire {
            sub: user.as_str().to_owned(),
            name: name.map(str::to_owned),
            roles: roles.iter().map(|role| role.to_string()).collect(),
            role_context_id: role_context.map(str::to_owned),
            exp: now.saturating_add(lifetime),
            iat: Some(now),
            jti: Some(format!("{:016x}", rand::random::<u64>())),
        };
        encode(&Header::new(Algorithm::HS256), &wire, &self.sign).map_err(|_| TokenError::Bad)
    }

    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES {
            return Err(TokenError::Bad);
        }
        let wire = decode::<Wire>(token, &self.check, &self.rules)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Bad,
            })?
            .claims;
        Claims::try_from(wire)
    }
}

/// A time of a token may have a fraction (RFC 7519 section 2, NumericDate).
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    // What is out of all range is the first or the last second there is.
    f64::deserialize(deserializer).map(|seconds| seconds.floor() as i64)
}

fn seconds_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let seconds: Option<f64> = Option::deserialize(deserializer)?;
    Ok(seconds.map(|seconds| seconds.floor() as i64))
}

impl TryFrom<Wire> for Claims {
    type Error = TokenError;

    fn try_from(wire: Wire) -> Result<Self, TokenError> {
        let Wire { sub, name, roles, role_context_id, exp, iat, jti } = wire;
        let name = name.filter(|name| !name.is_empty());
        if name.as_deref().is_some_and(|name| !is_display_name(name)) {
            return Err(TokenError::Bad);
        }
        // It has the form of an id.
        let role_context = role_context_id.map(|context| RoomId::parse(&context)).transpose();
        let role_context = role_context.map_err(|_| TokenError::Bad)?;
        if jti.as_ref().is_some_and(|id| id.len() > ID_BYTES) {
            return Err(TokenError::Bad);
        }
        let millis = |seconds: i64| Timestamp(seconds.saturating_mul(1000));
        Ok(Self {
            user: UserId::parse(&sub).map_err(|_| TokenError::Bad)?,
            name: name.map(Arc::from),
            roles: roles.into_iter().map(Arc::from).collect(),
            role_context: role_context.map(|context| context.as_str().into()),
            id: jti.map(Arc::from),
            issued_at: iat.map(millis),
            expires_at: millis(exp),
        })
    }
}

/// Whether a text can be a display name: short, and without what would break
/// a line where it is shown.
pub fn is_display_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= NAME_CHARS && !name.chars().any(char::is_control)
}

/// The token of an `Authorization` header (RFC 6750 section 2.1).
pub fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn keys(secret: &str) -> TokenKeys {
        TokenKeys::new(&Secret::new(secret).expect("long enough"))
    }

    fn now() -> Timestamp {
        crate::clock::now()
    }

    fn ann() -> UserId {
        UserId::from_stored("ann")
    }

    #[test]
    fn a_token_says_what_was_put_in() {
        let keys = keys(&"s".repeat(32));
        let roles = [Arc::from("admin")];
        let token = keys.issue(&ann(), Some("Ann"), &roles, None, HOUR, now()).expect("signed");
        let claims = keys.verify(&token).expect("good");
        assert_eq!(claims.user, ann());
        assert_eq!(claims.name.as_deref(), Some("Ann"));
        assert_eq!(claims.roles, roles);
    }

    #[test]
    fn expired_foreign_and_broken_tokens_are_told_apart() {
        let ours = keys(&"s".repeat(32));
        let old = Timestamp(now().0 - 7_200_000);
        let expired = ours.issue(&ann(), None, &[], None, HOUR, old).expect("signed");
        assert_eq!(ours.verify(&expired), Err(TokenError::Expired));
        let foreign =
            keys(&"x".repeat(32)).issue(&ann(), None, &[], None, HOUR, now()).expect("signed");
        assert_eq!(ours.verify(&foreign), Err(TokenError::Bad));
        assert_eq!(ours.verify("x.y.z"), Err(TokenError::Bad));
        assert_eq!(ours.verify(&"x".repeat(TOKEN_BYTES + 1)), Err(TokenError::Bad));
    }

    #[test]
    fn a_name_that_nobody_could_be_shown_is_refused() {
        let ours = keys(&"s".repeat(32));
        for (name, known) in [("", Ok(None)), ("Ä n", Ok(Some("Ä n"))), ("a\nb", Err(()))] {
            let token = ours.issue(&ann(), Some(name), &[], None, HOUR, now()).expect("signed");
            let claims = ours.verify(&token).map_err(drop);
            assert_eq!(
                claims.as_ref().map(|claims| claims.name.as_deref()),
                known.as_ref().copied()
            );
        }
        let long = "x".repeat(NAME_CHARS + 1);
        let token = ours.issue(&ann(), Some(&long), &[], None, HOUR, now()).expect("signed");
        assert_eq!(ours.verify(&token), Err(TokenError::Bad));
    }

    #[test]
    fn times_may_have_fractions_and_a_token_that_begins_later_is_not_good_yet() {
        let ours = keys(&"s".repeat(32));
        let checked = |times: serde_json::Value| {
            let mut claims = serde_json::json!({"sub": "ann", "exp": 9_999_999_999_i64});
            for (name, value) in times.as_object().expect("an object") {
                claims[name] = value.clone();
            }
            let token = encode(&Header::new(Algorithm::HS256), &claims, &ours.sign);
            ours.verify(&token.expect("signed"))
        };
        let good = checked(serde_json::json!({"exp": 9_999_999_999.5, "iat": 1_700_000_000.75}));
        let good = good.expect("good");
        assert_eq!(good.issued_at, Some(Timestamp(1_700_000_000_000)));
        assert_eq!(good.expires_at, Timestamp(9_999_999_999_000));
        let later = now().0 / 1000 + 600;
        assert_eq!(checked(serde_json::json!({"nbf": later})), Err(TokenError::Bad));
        assert!(checked(serde_json::json!({"nbf": 1, "iat": null})).is_ok());
    }

    #[test]
    fn a_token_without_signature_or_expiry_is_refused() {
        let ours = keys(&"s".repeat(32));
        // {"alg":"none"} . {"sub":"ann","exp":9999999999} .
        let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJleHAiOjk5OTk5OTk5OTl9.";
        assert_eq!(ours.verify(none), Err(TokenError::Bad));
        #[derive(Serialize)]
        struct NoExpiry {
            sub: &'static str,
        }
        let token = encode(&Header::new(Algorithm::HS256), &NoExpiry { sub: "ann" }, &ours.sign);
        assert_eq!(ours.verify(&token.expect("signed")), Err(TokenError::Bad));
    }
}
