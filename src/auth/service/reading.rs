//! What an answer of an auth service says.

use serde_json::{Map, Value};

use super::{Answer, AuthServiceConfig, Form};
use crate::auth::{
    AuthError, BadToken, Claims,
    claims::{Signed, SignedBy, time},
};
use parlor_domain::Timestamp;

/// What the answer to a question says; `None` is a refusal.
pub(super) fn read(
    config: &AuthServiceConfig,
    said: Option<Map<String, Value>>,
    asked_at: Timestamp,
) -> Answer {
    let is_dated = said.as_ref().is_some_and(|said| said.get("iat").is_some_and(Value::is_number));
    let said = said.ok_or(AuthError::Bad(BadToken::Unknown));
    Answer { said: said.and_then(|said| claims(config, said, asked_at)), asked_at, is_dated }
}

fn claims(
    config: &AuthServiceConfig,
    said: Map<String, Value>,
    asked_at: Timestamp,
) -> Result<Claims, AuthError> {
    config.form.check_whose(&said)?;
    if time(&said, "nbf")?.is_some_and(|begins| begins > asked_at.later(config.leeway)) {
        return Err(BadToken::Early.into());
    }
    // Who says who its users are is the application, however it does; what has a
    // standard form may be anybody's, as tokens of an issuer are.
    let by = match config.form {
        Form::Bearer => SignedBy::Application,
        Form::Introspection { .. } => SignedBy::Issuer,
    };
    let until = asked_at.later(config.session);
    let signed = Signed { by, claims: said, or_until: Some(until) };
    let mut claims = Claims::read(signed, &config.claims)?;
    claims.expires_at = claims.expires_at.later(config.leeway);
    if claims.expires_at <= asked_at {
        return Err(AuthError::Expired);
    }
    // A revocation ends what was said before it.
    claims.issued_at.get_or_insert(asked_at);
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use serde_json::json;

    use super::*;
    use crate::auth::{claim_names::STANDARD, service::service_url};
    use parlor_domain::UserOrigin;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn config(form: Form) -> AuthServiceConfig {
        AuthServiceConfig {
            url: service_url("https://app.example.org/me").expect("a URL"),
            form,
            timeout: Duration::from_secs(2),
            cache: Duration::from_secs(30),
            session: Duration::from_secs(3_600),
            claims: Arc::new(STANDARD.clone()),
            leeway: Duration::from_secs(30),
        }
    }

    fn answer(form: Form, said: Value) -> Answer {
        let Value::Object(said) = said else { panic!("an object") };
        read(&config(form), Some(said), NOW)
    }

    #[test]
    fn an_answer_without_times_is_of_the_time_it_was_asked_for_and_has_an_end() {
        let Answer { said, is_dated, .. } = answer(Form::Bearer, json!({"sub": "ann"}));
        let claims = said.expect("good");
        assert_eq!((claims.issued_at, is_dated), (Some(NOW), false));
        assert_eq!(claims.expires_at, NOW.later(Duration::from_secs(3_630)));
        assert_eq!(claims.origin, UserOrigin::Application);
        let times = json!({"sub": "ann", "iat": 1_799_999_000, "exp": 1_800_000_100});
        let Answer { said, is_dated, .. } = answer(Form::Bearer, times);
        let claims = said.expect("good");
        assert_eq!((claims.issued_at, is_dated), (Some(Timestamp(1_799_999_000_000)), true));
        assert_eq!(claims.expires_at, Timestamp(1_800_000_130_000));
    }

    #[test]
    fn an_answer_that_is_not_valid_now_or_names_nobody_is_a_refusal() {
        for (said, error) in [
            (json!({"sub": "ann", "exp": 1_799_999_970}), AuthError::Expired),
            (json!({"sub": "ann", "nbf": 1_800_000_031}), BadToken::Early.into()),
            (json!({"user": "ann"}), BadToken::Missing("sub".into()).into()),
            (json!({"sub": ["ann"]}), BadToken::claim("sub").into()),
            (json!({"sub": "ann", "exp": "tomorrow"}), BadToken::claim("exp").into()),
        ] {
            assert_eq!(answer(Form::Bearer, said.clone()).said, Err(error), "{said}");
        }
        let refused = read(&config(Form::Bearer), None, NOW);
        assert_eq!(refused.said, Err(BadToken::Unknown.into()));
    }

    #[test]
    fn an_introspected_token_is_its_issuers_and_for_whom_it_must_be() {
        let form = |issuer: Option<&str>, audience: Option<&str>| Form::Introspection {
            client: None,
            issuer: issuer.map(str::to_owned),
            audience: audience.map(str::to_owned),
        };
        let said = json!({"sub": "ann", "iss": "https://id.example", "aud": ["chat", "other"]});
        let claims = answer(form(None, None), said.clone()).said.expect("good");
        assert_eq!(claims.origin, UserOrigin::Issuer("https://id.example".into()));
        assert!(answer(form(Some("https://id.example"), Some("chat")), said.clone()).said.is_ok());
        for (form, bad) in [
            (form(Some("https://other.example"), None), BadToken::Issuer),
            (form(None, Some("mail")), BadToken::Audience),
        ] {
            assert_eq!(answer(form, said.clone()).said, Err(bad.into()));
        }
        let none = answer(form(None, Some("chat")), json!({"sub": "ann"}));
        assert_eq!(none.said, Err(BadToken::Audience.into()));
    }
}
