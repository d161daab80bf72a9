//! The claims of a token (RFC 7519 section 4), and whether they are plausible.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    AuthError, BadToken,
    claim_names::{ClaimNames, Names, STANDARD},
};
use parlor_domain::{
    InvalidId, RoomId, SignIn, Timestamp, UserId, UserOrigin, display_name,
    limits::{ID_BYTES, ISSUER_BYTES, NAME_CHARS, TOKEN_AGE_MAX},
};

/// What a valid token says.
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
    /// The login it came of, if it is an account's.
    pub sign_in: Option<SignIn>,
    /// Who answers for it.
    pub origin: UserOrigin,
    pub issued_at: Option<Timestamp>,
    /// When it expires, including the leeway.
    pub expires_at: Timestamp,
}

/// Whose key the signature fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignedBy {
    Accounts,
    Application,
    Issuer,
}

/// The claims of a token whose signature and times are valid.
pub(super) struct Signed {
    pub by: SignedBy,
    pub claims: Map<String, Value>,
    /// When it expires if it does not say so; `None`: it must.
    pub or_until: Option<Timestamp>,
}

impl Claims {
    /// What the claims of these names say.
    pub(super) fn read(signed: Signed, names: &ClaimNames) -> Result<Self, AuthError> {
        let Signed { by, claims, or_until } = signed;
        let names: &ClaimNames = if by == SignedBy::Accounts { &STANDARD } else { names };
        let user = id(&names.user, &claims, UserId::parse)?;
        let user = user.ok_or_else(|| names.user.missing())?;
        if user.is_reserved() {
            return Err(AuthError::ReservedId);
        }
        // It has the form of an id.
        let role_context = id(&names.role_context, &claims, RoomId::parse)?;
        let token_id = text(&claims, "jti")?;
        if token_id.is_some_and(|id| id.len() > ID_BYTES) {
            return Err(BadToken::Id.into());
        }
        let (origin, sign_in) = match by {
            SignedBy::Application => (UserOrigin::Application, None),
            SignedBy::Issuer => (issuer(text(&claims, "iss")?)?, None),
            SignedBy::Accounts => {
                let sign_in = text(&claims, "sid")?.and_then(SignIn::parse);
                (UserOrigin::Account, Some(sign_in.ok_or(BadToken::Missing("sid".into()))?))
            }
        };
        let name = names.name.text(&claims)?;
        Ok(Self {
            user,
            name: name.and_then(|(_, name)| display_name(&name, NAME_CHARS)).map(Arc::from),
            roles: names.roles.list(&claims)?,
            role_context: role_context.map(|context| context.as_str().into()),
            id: token_id.map(Arc::from),
            sign_in,
            origin,
            issued_at: time(&claims, "iat")?,
            expires_at: time(&claims, "exp")?
                .or(or_until)
                .ok_or(BadToken::Missing("exp".into()))?,
        })
    }

    /// Refuses what can not have been issued yet, and what is so old that
    /// nobody remembers any more what was ended since (see
    /// [`TOKEN_AGE_MAX`]); ends what lives longer.
    pub(super) fn check_age(&mut self, now: Timestamp, leeway: Duration) -> Result<(), BadToken> {
        match self.issued_at {
            Some(at) if at > now.later(leeway) => Err(BadToken::IssuedAhead),
            Some(at) if at.later(TOKEN_AGE_MAX) <= now => Err(BadToken::TooOld),
            Some(at) => {
                self.expires_at = self.expires_at.min(at.later(TOKEN_AGE_MAX));
                Ok(())
            }
            None if self.expires_at > now.later(TOKEN_AGE_MAX) => Err(BadToken::TooLasting),
            None => Ok(()),
        }
    }
}

fn issuer(iss: Option<&str>) -> Result<UserOrigin, BadToken> {
    let iss = iss.unwrap_or_default();
    if iss.len() > ISSUER_BYTES {
        return Err(BadToken::LongIssuer);
    }
    Ok(UserOrigin::Issuer(iss.into()))
}

/// An id by one of its names.
fn id<T>(
    names: &Names,
    claims: &Map<String, Value>,
    parse: impl Fn(&str) -> Result<T, InvalidId>,
) -> Result<Option<T>, BadToken> {
    let Some((name, text)) = names.text(claims)? else { return Ok(None) };
    parse(&text).map(Some).map_err(|why| BadToken::NoId(name.to_owned().into(), why))
}

fn text<'a>(
    claims: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, BadToken> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(BadToken::claim(name)),
    }
}

/// A time of a token is in seconds and may have a fraction (RFC 7519 section
/// 2, NumericDate). What is out of all range is the first or the last there is.
pub(super) fn time(
    claims: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Timestamp>, BadToken> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().ok_or_else(|| BadToken::claim(name))?;
            Ok(Some(Timestamp((seconds * 1000.0).round() as i64)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const LEEWAY: Duration = Duration::from_secs(30);

    fn read(by: SignedBy, claims: Value) -> Result<Claims, AuthError> {
        let Value::Object(mut all) = claims else { panic!("an object") };
        all.entry("sub").or_insert(json!("ann"));
        all.entry("exp").or_insert(json!(1_800_000_600));
        Claims::read(Signed { by, claims: all, or_until: None }, &STANDARD)
    }

    fn application(claims: Value) -> Result<Claims, AuthError> {
        read(SignedBy::Application, claims)
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (claims, bad) in [
            (json!({"sub": null}), BadToken::Missing("sub".into())),
            (json!({"sub": 7.5}), BadToken::claim("sub")),
            (json!({"sub": "o'brien"}), BadToken::NoId("sub".into(), InvalidId::Character)),
            (json!({"roles": [7]}), BadToken::claim("roles")),
            (json!({"iat": "now"}), BadToken::claim("iat")),
            (json!({"jti": "x".repeat(ID_BYTES + 1)}), BadToken::Id),
            (json!({"name": ["Ann"]}), BadToken::claim("name")),
        ] {
            assert_eq!(application(claims.clone()), Err(bad.into()), "{claims}");
        }
        assert_eq!(application(json!({"sub": "Room"})), Err(AuthError::ReservedId));
        let long = json!({"iss": "x".repeat(ISSUER_BYTES + 1)});
        assert_eq!(read(SignedBy::Issuer, long), Err(BadToken::LongIssuer.into()));
        assert_eq!(
            read(SignedBy::Accounts, json!({})),
            Err(BadToken::Missing("sid".into()).into())
        );
    }

    #[test]
    fn claims_have_the_names_that_are_set_but_for_those_of_accounts() {
        let names = |text: &str| Names::parse(&[text.to_owned()]).expect("a name");
        let own = ClaimNames {
            user: names("user_id"),
            name: names("profile.username"),
            roles: names("scope"),
            role_context: names("roleContextId"),
        };
        let claims = json!({
            "sub": "eve", "name": "Eve", "roles": ["admin"], "role_context_id": "x",
            "user_id": 42, "profile": {"username": "Ann"}, "scope": "chat service",
            "roleContextId": "board:1", "exp": 1_800_000_600, "sid": "00000000000000ff",
        });
        let read = |by| {
            let claims = claims.as_object().expect("an object").clone();
            let signed = Signed { by, claims, or_until: None };
            let claims = Claims::read(signed, &own).expect("good");
            let Claims { user, name, roles, role_context, .. } = claims;
            format!("{user} {name:?} {roles:?} {role_context:?}")
        };
        let mapped = r#"42 Some("Ann") ["chat", "service"] Some("board:1")"#;
        assert_eq!(read(SignedBy::Application), mapped);
        assert_eq!(read(SignedBy::Issuer), mapped);
        assert_eq!(read(SignedBy::Accounts), r#"eve Some("Eve") ["admin"] Some("x")"#);
        let (by, claims) = (SignedBy::Application, Map::new());
        let nobody = Signed { by, claims, or_until: None };
        assert_eq!(
            Claims::read(nobody, &own),
            Err(BadToken::Missing("user_id".into()).into()),
            "its own name is named"
        );
    }

    #[test]
    fn a_name_is_cleaned_and_cut_and_never_keeps_anybody_out() {
        let long = "x".repeat(NAME_CHARS + 1);
        for (name, known) in [
            (json!(""), None),
            (json!(null), None),
            (json!("\u{200b}"), None),
            (json!("Ä n"), Some("Ä n")),
            (json!("a\nb\u{202e}"), Some("ab")),
            (json!(long), Some(&long[1..])),
        ] {
            let claims = application(json!({"name": name})).expect("good");
            assert_eq!(claims.name.as_deref(), known, "{name}");
        }
    }

    #[test]
    fn who_signed_it_answers_for_it() {
        let origin = |by, claims| read(by, claims).expect("good").origin;
        let iss = json!({"iss": "https://id.example", "sid": "00000000000000ff"});
        assert_eq!(origin(SignedBy::Application, iss.clone()), UserOrigin::Application);
        assert_eq!(
            origin(SignedBy::Issuer, iss.clone()),
            UserOrigin::Issuer("https://id.example".into())
        );
        assert_eq!(origin(SignedBy::Issuer, json!({})), UserOrigin::Issuer("".into()));
        let account = read(SignedBy::Accounts, iss).expect("good");
        assert_eq!((account.origin, account.sign_in), (UserOrigin::Account, Some(SignIn(255))));
    }

    #[test]
    fn times_may_have_fractions() {
        let claims = application(json!({"exp": 1_900_000_000.5, "iat": 1_700_000_000.123}));
        let claims = claims.expect("good");
        assert_eq!(claims.issued_at, Some(Timestamp(1_700_000_000_123)));
        assert_eq!(claims.expires_at, Timestamp(1_900_000_000_500));
    }

    #[test]
    fn a_token_is_neither_of_the_future_nor_of_times_that_nobody_remembers() {
        let seconds = |by: i64| NOW.0 / 1000 + by;
        let most = i64::try_from(TOKEN_AGE_MAX.as_secs()).expect("small");
        let checked = |claims| application(claims).expect("good").check_age(NOW, LEEWAY);
        for (iat, result) in [
            (30, Ok(())),
            (31, Err(BadToken::IssuedAhead)),
            (1 - most, Ok(())),
            (-most, Err(BadToken::TooOld)),
        ] {
            assert_eq!(checked(json!({"iat": seconds(iat)})), result, "{iat}");
        }
        assert_eq!(checked(json!({"exp": seconds(most)})), Ok(()));
        assert_eq!(checked(json!({"exp": seconds(most + 1)})), Err(BadToken::TooLasting));
        let mut lasting = application(json!({"iat": seconds(0), "exp": seconds(2 * most)}));
        let lasting = lasting.as_mut().expect("good");
        assert_eq!(lasting.check_age(NOW, LEEWAY), Ok(()));
        assert_eq!(lasting.expires_at, NOW.later(TOKEN_AGE_MAX));
    }
}
