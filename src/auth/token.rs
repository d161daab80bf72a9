//! JSON Web Tokens (RFC 7519) signed by this server or by the application:
//! HMAC-SHA256 with the shared secret.

use std::{borrow::Cow, sync::Arc, time::Duration};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    errors::{Error, ErrorKind},
};
use serde_json::{Map, Value, json};

use super::{
    AuthError, BadToken, ClaimNames, Claims, Secret,
    claims::{Signed, SignedBy},
    crypto,
};
use parlor_domain::{SignIn, Timestamp, User, UserId, limits::TOKEN_BYTES};

/// A token could not be made: the clock is outside of all reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct NotSigned;

/// What the tokens of accounts are signed with: a key of their own, made from
/// the secret. So no token of the application is ever taken for an account's,
/// nor the other way round, whatever they say.
fn account_key(secret: &Secret) -> Vec<u8> {
    secret.key_for("parlor: tokens of accounts")
}

/// Signs and checks tokens with the server's secret.
#[derive(Clone)]
pub struct TokenKeys {
    sign: EncodingKey,
    sign_accounts: EncodingKey,
    /// With the present secret first.
    checks: Arc<[(SignedBy, DecodingKey)]>,
    rules: Arc<Validation>,
    leeway: Duration,
    /// What the application calls its claims.
    names: Arc<ClaimNames>,
}

impl TokenKeys {
    /// What was signed with `previous` is still valid: while the secret is
    /// being changed. `leeway` is how far the application's clock may be off.
    pub fn new(
        secret: &Secret,
        previous: Option<&Secret>,
        leeway: Duration,
        names: Arc<ClaimNames>,
    ) -> Self {
        crypto::install();
        // The algorithm is ours to choose, never the token's (RFC 8725
        // section 3.1); `exp` is required.
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = leeway.as_secs();
        rules.validate_nbf = true;
        rules.validate_aud = false;
        let checks = [Some(secret), previous].into_iter().flatten().flat_map(|secret| {
            [
                (SignedBy::Application, DecodingKey::from_secret(secret.as_bytes())),
                (SignedBy::Accounts, DecodingKey::from_secret(&account_key(secret))),
            ]
        });
        Self {
            sign: EncodingKey::from_secret(secret.as_bytes()),
            sign_accounts: EncodingKey::from_secret(&account_key(secret)),
            checks: checks.collect(),
            rules: Arc::new(rules),
            leeway,
            names,
        }
    }

    /// Makes a token as the application makes them.
    pub fn issue(
        &self,
        user: &UserId,
        name: Option<&str>,
        roles: &[Arc<str>],
        role_context: Option<&str>,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<String, NotSigned> {
        let (names, mut claims) = (&self.names, own_claims(lifetime, now));
        claims[names.user.first()] = json!(user.as_str());
        if let Some(name) = name {
            claims[names.name.first()] = json!(name);
        }
        if !roles.is_empty() {
            claims[names.roles.first()] = json!(roles);
        }
        if let Some(context) = role_context {
            claims[names.role_context.first()] = json!(context);
        }
        encode(&Header::new(Algorithm::HS256), &claims, &self.sign).map_err(|_| NotSigned)
    }

    /// Makes a token of an account.
    pub(super) fn issue_to_account(
        &self,
        user: &User,
        sign_in: SignIn,
        lifetime: Duration,
        at: Timestamp,
    ) -> Result<String, NotSigned> {
        let mut claims = own_claims(lifetime, at);
        claims["sub"] = json!(user.id.as_str());
        claims["name"] = json!(user.name);
        claims["sid"] = json!(sign_in.to_text());
        encode(&Header::new(Algorithm::HS256), &claims, &self.sign_accounts).map_err(|_| NotSigned)
    }

    pub(super) fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let mut fitting = self.checks.iter().map(|(by, key)| {
            let decoded = decode::<Map<String, Value>>(token, key, &self.rules);
            (*by, decoded.map_err(refusal))
        });
        // Only the one who signed it has a say.
        let signed = |(_, checked): &(_, Result<_, AuthError>)| {
            !matches!(checked, Err(AuthError::Bad(BadToken::Signature)))
        };
        let (by, decoded) = fitting.find(signed).ok_or(BadToken::Signature)?;
        let signed = Signed { by, claims: decoded?.claims, or_until: None };
        let mut claims = Claims::read(signed, &self.names)?;
        claims.expires_at = claims.expires_at.later(self.leeway);
        Ok(claims)
    }
}

/// Times with milliseconds, so that what is revoked and what is issued within
/// the same second are told apart.
fn own_claims(lifetime: Duration, at: Timestamp) -> Value {
    let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / 2);
    json!({
        "exp": (at.0 / 1000).saturating_add(lifetime),
        "iat": at.0 as f64 / 1000.0,
        // Makes two tokens of one moment differ.
        "jti": format!("{:016x}", rand::random::<u64>()),
    })
}

/// The header of a token that can be checked at all.
pub(super) fn checked_header(token: &str) -> Result<Header, BadToken> {
    if token.len() > TOKEN_BYTES {
        return Err(BadToken::TooLong);
    }
    let header = decode_header(token).map_err(|_| BadToken::Malformed)?;
    // We understand no extension, and must not ignore one that its maker calls
    // critical (RFC 7515 section 4.1.11).
    if header.crit.is_some() { Err(BadToken::Critical) } else { Ok(header) }
}

/// Why the library refused a token.
pub(super) fn refusal(error: Error) -> AuthError {
    let claim = |name: &str| {
        let known = ["exp", "nbf", "sub", "iss", "aud"].into_iter().find(|known| *known == name);
        Cow::Borrowed(known.unwrap_or("claim"))
    };
    let bad = match error.kind() {
        ErrorKind::ExpiredSignature => return AuthError::Expired,
        ErrorKind::ImmatureSignature => BadToken::Early,
        ErrorKind::InvalidSignature => BadToken::Signature,
        ErrorKind::InvalidIssuer => BadToken::Issuer,
        ErrorKind::InvalidAudience => BadToken::Audience,
        ErrorKind::InvalidAlgorithm => BadToken::Algorithm,
        ErrorKind::MissingRequiredClaim(name) => BadToken::Missing(claim(name)),
        ErrorKind::InvalidClaimFormat(name) => BadToken::Claim(claim(name)),
        _ => BadToken::Malformed,
    };
    bad.into()
}

/// The token of an `Authorization` header (RFC 6750 section 2.1).
pub fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::claim_names::STANDARD;
    use parlor_domain::{UserKey, UserOrigin};

    const HOUR: Duration = Duration::from_secs(3600);
    const LEEWAY: Duration = Duration::from_secs(30);

    fn secret(text: &str) -> Secret {
        Secret::new(&text.repeat(32)).expect("long enough")
    }

    fn keys_with(text: &str, previous: Option<&str>) -> TokenKeys {
        let (secret, previous) = (secret(text), previous.map(secret));
        TokenKeys::new(&secret, previous.as_ref(), LEEWAY, Arc::new(STANDARD.clone()))
    }

    fn keys(text: &str) -> TokenKeys {
        keys_with(text, None)
    }

    fn now() -> Timestamp {
        crate::clock::now()
    }

    fn ann() -> UserId {
        UserId::from_stored("ann")
    }

    fn bad(bad: BadToken) -> Result<Claims, AuthError> {
        Err(AuthError::Bad(bad))
    }

    #[test]
    fn a_token_says_what_was_put_in() {
        let keys = keys("s");
        let (roles, at) = ([Arc::from("admin")], now());
        let token = keys.issue(&ann(), Some("Ann"), &roles, Some("b:1"), HOUR, at).expect("signed");
        let claims = keys.verify(&token).expect("good");
        assert_eq!(claims.user, ann());
        assert_eq!(claims.name.as_deref(), Some("Ann"));
        assert_eq!(claims.roles, roles);
        assert_eq!(claims.role_context.as_deref(), Some("b:1"));
        assert_eq!(claims.issued_at, Some(at), "to the millisecond");
        assert_eq!((claims.origin, claims.sign_in), (UserOrigin::Application, None));
    }

    #[test]
    fn a_token_of_an_account_is_the_accounts_alone() {
        let keys = keys("s");
        let user = User { key: UserKey(1), id: ann(), name: "Ann".into(), avatar: None };
        let token = keys.issue_to_account(&user, SignIn(-7), HOUR, now()).expect("signed");
        let claims = keys.verify(&token).expect("good");
        assert_eq!((claims.origin, claims.sign_in), (UserOrigin::Account, Some(SignIn(-7))));
        // The application cannot say so by mistake.
        let claims: Value = jsonwebtoken::dangerous::insecure_decode(&token).expect("read").claims;
        let forged = encode(&Header::new(Algorithm::HS256), &claims, &keys.sign).expect("signed");
        assert_eq!(keys.verify(&forged).expect("good").origin, UserOrigin::Application);
    }

    #[test]
    fn expired_foreign_and_broken_tokens_are_told_apart() {
        let ours = keys("s");
        let old = Timestamp(now().0 - 7_200_000);
        let expired = ours.issue(&ann(), None, &[], None, HOUR, old).expect("signed");
        assert_eq!(ours.verify(&expired), Err(AuthError::Expired));
        let foreign = keys("x").issue(&ann(), None, &[], None, HOUR, now()).expect("signed");
        assert_eq!(ours.verify(&foreign), bad(BadToken::Signature));
        assert_eq!(ours.verify("x.y.z"), bad(BadToken::Malformed));
        assert_eq!(checked_header(&"x".repeat(TOKEN_BYTES + 1)), Err(BadToken::TooLong));
    }

    #[test]
    fn the_secret_before_is_good_for_checking_only() {
        let before = keys("a");
        let both = keys_with("b", Some("a"));
        let old = before.issue(&ann(), None, &[], None, HOUR, now()).expect("signed");
        let new = both.issue(&ann(), None, &[], None, HOUR, now()).expect("signed");
        assert!(both.verify(&old).is_ok() && both.verify(&new).is_ok());
        assert_eq!(before.verify(&new), bad(BadToken::Signature));
        assert_eq!(keys("b").verify(&old), bad(BadToken::Signature));
    }

    #[test]
    fn times_are_taken_with_some_leeway() {
        let ours = keys("s");
        let checked = |times: Value| {
            let mut claims = json!({"sub": "ann", "exp": now().0 / 1000 + 600});
            for (name, value) in times.as_object().expect("an object") {
                claims[name] = value.clone();
            }
            let token = encode(&Header::new(Algorithm::HS256), &claims, &ours.sign);
            ours.verify(&token.expect("signed"))
        };
        let seconds = now().0 / 1000;
        assert_eq!(checked(json!({"nbf": seconds + 600})), bad(BadToken::Early));
        assert!(checked(json!({"nbf": seconds + 10})).is_ok());
        assert!(checked(json!({"nbf": 1, "iat": null})).is_ok());
        assert_eq!(checked(json!({"exp": seconds - 60})), Err(AuthError::Expired));
        let late = checked(json!({"exp": seconds - 10})).expect("good");
        assert_eq!(late.expires_at, Timestamp((seconds - 10) * 1000).later(LEEWAY));
    }

    #[test]
    fn a_token_without_signature_or_expiry_is_refused() {
        let ours = keys("s");
        // {"alg":"none"} . {"sub":"ann","exp":9999999999} .
        let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJleHAiOjk5OTk5OTk5OTl9.";
        assert_eq!(ours.verify(none), bad(BadToken::Malformed));
        let no_expiry = json!({"sub": "ann"});
        let token = encode(&Header::new(Algorithm::HS256), &no_expiry, &ours.sign);
        assert_eq!(ours.verify(&token.expect("signed")), bad(BadToken::Missing("exp".into())));
    }

    #[test]
    fn what_is_called_critical_is_not_ignored() {
        let ours = keys("s");
        let mut header = Header::new(Algorithm::HS256);
        assert!(checked_header(&encode(&header, &json!({}), &ours.sign).expect("signed")).is_ok());
        header.crit = Some(vec!["b64".to_owned()]);
        let token = encode(&header, &json!({}), &ours.sign).expect("signed");
        assert_eq!(checked_header(&token), Err(BadToken::Critical));
    }
}
