//! One question to an auth service, in either form.

use base64::{Engine, engine::general_purpose::STANDARD};
use form_urlencoded::byte_serialize;
use reqwest::{
    Client, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde_json::{Map, Value};

use crate::{auth::BadToken, outbound};
use parlor_domain::limits::AUTH_ANSWER_BYTES;

/// How the service is asked.
#[derive(Clone, Debug)]
pub enum Form {
    /// `GET` with the token in `Authorization`; the answer is the claims.
    Bearer,
    /// OAuth 2.0 Token Introspection (RFC 7662).
    Introspection {
        client: Option<ClientCredentials>,
        /// The `iss` that is required; `None`: any.
        issuer: Option<String>,
        /// The `aud` that is required; `None`: any.
        audience: Option<String>,
    },
}

impl Form {
    /// Whether a token is from whom and for whom it must be (RFC 7662 section 4).
    pub(super) fn check_whose(&self, said: &Map<String, Value>) -> Result<(), BadToken> {
        let Self::Introspection { issuer, audience, .. } = self else { return Ok(()) };
        let is = |value: Option<&Value>, text: &str| value.and_then(Value::as_str) == Some(text);
        if issuer.as_deref().is_some_and(|issuer| !is(said.get("iss"), issuer)) {
            return Err(BadToken::Issuer);
        }
        let is_for = |audience: &str| match said.get("aud") {
            Some(Value::Array(all)) => all.iter().any(|one| is(Some(one), audience)),
            one => is(one, audience),
        };
        match audience {
            Some(audience) if !is_for(audience) => Err(BadToken::Audience),
            _ => Ok(()),
        }
    }
}

/// Whom an introspection endpoint answers: the header with their id and secret,
/// which is shown nowhere.
#[derive(Clone, Debug)]
pub struct ClientCredentials(HeaderValue);

impl ClientCredentials {
    /// As RFC 6749 section 2.3.1 has it.
    pub fn new(id: &str, secret: &str) -> Self {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
        let mut header = HeaderValue::try_from(format!("Basic {pair}")).expect("base64 is ASCII");
        header.set_sensitive(true);
        Self(header)
    }
}

/// An address that can be asked. What is in it besides would be sent to others, or
/// in the place of the token.
pub fn service_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "it must be an http or https URL")?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err("it must be an http or https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must have no user and no password");
    }
    Ok(url)
}

/// Whose a token is as the service has it; `None` if it is nobody's. The error is
/// why that is not known, without anything of the token.
pub(super) async fn ask(
    client: &Client,
    url: &Url,
    form: &Form,
    token: &str,
) -> Result<Option<Map<String, Value>>, String> {
    let request = match form {
        Form::Bearer => client.get(url.clone()).bearer_auth(token),
        Form::Introspection { client: credentials, .. } => {
            let request = client.post(url.clone());
            let request = match credentials {
                Some(ClientCredentials(header)) => request.header(AUTHORIZATION, header.clone()),
                None => request,
            };
            let body: String = byte_serialize(token.as_bytes()).collect();
            request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(format!("token={body}&token_type_hint=access_token"))
        }
    };
    let response = request.header(ACCEPT, "application/json").send().await;
    let response = response.map_err(outbound::cause)?;
    match (response.status().as_u16(), form) {
        (200, _) => {}
        // To an introspection these are about who asks.
        (401 | 403 | 404, Form::Bearer) => return Ok(None),
        _ => return Err(format!("it answered {}", response.status())),
    }
    let body = outbound::body(response, AUTH_ANSWER_BYTES).await?;
    let Ok(Value::Object(said)) = serde_json::from_slice(&body) else {
        return Err("its answer is no JSON object".to_owned());
    };
    match (form, said.get("active")) {
        (Form::Bearer, _) | (_, Some(Value::Bool(true))) => Ok(Some(said)),
        (_, Some(Value::Bool(false))) => Ok(None),
        _ => Err("its answer does not say whether the token is active".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_http_url_without_credentials() {
        assert!(service_url("http://127.0.0.1:9000/me?full=1").is_ok());
        for bad in ["", "app.example.org", "ftp://a", "https://", "https://ann@a", "http://:x@a"] {
            assert!(service_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_are_encoded_and_shown_nowhere() {
        let credentials = ClientCredentials::new("chat:1", "a b");
        // chat%3A1:a+b
        assert_eq!(credentials.0, "Basic Y2hhdCUzQTE6YSti");
        assert!(!format!("{credentials:?}").contains("Y2hhd"));
    }
}
