//! Firebase Cloud Messaging, HTTP v1
//! (<https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>).

mod message;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::message::message;
use super::{Answer, BadKey, Meaning, Request, Sent, jwt::RsaKey, kept::Kept};
use parlor_domain::{
    PushNote, Timestamp,
    limits::{FCM_ASSERTION_TTL, FCM_TOKEN_MARGIN},
};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// A service account of a Firebase project, by the file that Google gives.
pub struct ServiceAccount {
    project: String,
    email: String,
    key: RsaKey,
    key_id: String,
    token_url: String,
}

impl ServiceAccount {
    /// # Errors
    /// If the file is none of a service account.
    pub fn read(file: &[u8]) -> Result<Self, BadKey> {
        #[derive(Deserialize)]
        struct File {
            project_id: String,
            client_email: String,
            private_key: String,
            private_key_id: String,
            token_uri: String,
        }
        let file: File = serde_json::from_slice(file).map_err(|error| {
            // Without the text: there is a key in it.
            let what = if error.is_data() { "a field is missing" } else { "it is no JSON" };
            BadKey::Account(format!("{what} (line {})", error.line()))
        })?;
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if file.project_id.is_empty() || !file.project_id.bytes().all(is_id) {
            return Err(BadKey::Account("its project_id is none".to_owned()));
        }
        if !file.token_uri.starts_with("https://") && !file.token_uri.starts_with("http://") {
            return Err(BadKey::Account("its token_uri is no URL".to_owned()));
        }
        Ok(Self {
            project: file.project_id,
            email: file.client_email,
            key: RsaKey::from_pem(file.private_key.as_bytes())?,
            key_id: file.private_key_id,
            token_url: file.token_uri,
        })
    }

    /// Whose application it is.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// What asks for an access token (RFC 7523 section 2.1).
    pub fn token_request(&self, at: Timestamp) -> Request {
        #[derive(Serialize)]
        struct Claims<'a> {
            iss: &'a str,
            scope: &'a str,
            aud: &'a str,
            iat: i64,
            exp: i64,
        }
        let claims = Claims {
            iss: &self.email,
            scope: SCOPE,
            aud: &self.token_url,
            iat: at.0 / 1000,
            exp: at.later(FCM_ASSERTION_TTL).0 / 1000,
        };
        let assertion = self.key.token(Some(&self.key_id), &claims);
        // Base64url and dots need no escapes.
        let body = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        );
        let form = "application/x-www-form-urlencoded".to_owned();
        let headers = vec![("content-type", form)];
        Request { url: self.token_url.clone(), headers, body: body.into_bytes() }
    }

    /// What tells an installation of a note. `url` has no `/` at its end.
    pub fn request(
        &self,
        url: &str,
        device: &str,
        note: &PushNote,
        token: &AccessToken,
        at: Timestamp,
    ) -> Request {
        Request {
            url: format!("{url}/v1/projects/{}/messages:send", self.project),
            headers: vec![
                ("authorization", format!("Bearer {}", token.text.value)),
                ("content-type", "application/json".to_owned()),
            ],
            body: message(device, note, at),
        }
    }
}

/// What FCM takes for proof of who we are.
#[derive(Clone)]
pub struct AccessToken {
    text: Kept<Arc<str>>,
    used: Duration,
}

impl AccessToken {
    /// Reads the answer to a [`ServiceAccount::token_request`] (RFC 6749 section 5).
    ///
    /// # Errors
    /// Why there is no token.
    pub fn read(answer: &Answer) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            expires_in: u64,
        }
        if !answer.is_success() {
            let said: Value = serde_json::from_slice(answer.body).unwrap_or_default();
            let code = word(&said["error"]);
            return Err(format!("Google gave no access token: {} {code}", answer.status));
        }
        let granted: Granted = serde_json::from_slice(answer.body)
            .map_err(|_| "Google gave an access token that cannot be read".to_owned())?;
        // It becomes a header.
        if !granted.access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("Google gave an access token that is none".to_owned());
        }
        let lifetime = Duration::from_secs(granted.expires_in);
        let used = lifetime.saturating_sub(FCM_TOKEN_MARGIN).max(lifetime / 2);
        Ok(Self { text: Kept::new(granted.access_token.into(), answer.at), used })
    }

    /// Whether it is to be shown at this time, or another one got first.
    pub fn counts(&self, at: Timestamp) -> bool {
        self.text.is_younger(self.used, at)
    }

    pub fn is(&self, other: &Self) -> bool {
        self.text.value == other.text.value
    }
}

/// What FCM says (<https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode>).
pub fn read(answer: &Answer) -> Meaning {
    if answer.is_success() {
        return Meaning::Sent(Sent::Done);
    }
    let said: Value = serde_json::from_slice(answer.body).unwrap_or_default();
    let failure = &said["error"];
    let details = || failure["details"].as_array().into_iter().flatten();
    let code = details().find_map(|detail| detail["errorCode"].as_str());
    let code = code.map_or_else(|| word(&failure["status"]), |code| word(&code.into()));
    let error = format!("FCM answered {} {code}", answer.status);
    Meaning::Sent(match (answer.status, code.as_str()) {
        (_, "UNREGISTERED") => Sent::Gone,
        (400, "INVALID_ARGUMENT") if is_about_the_token(failure) => Sent::Gone,
        (401, code) if code != "THIRD_PARTY_AUTH_ERROR" => return Meaning::StaleToken { error },
        (429, _) => answer.again_slower(error),
        (500.., _) => answer.again(error),
        (403, "SENDER_ID_MISMATCH") => Sent::Refused {
            error: format!(
                "{error}: the device belongs to another project than PARLOR_FCM_KEY_FILE"
            ),
        },
        _ => Sent::Refused { error },
    })
}

/// `INVALID_ARGUMENT` is said of everything; here, that the token is none.
fn is_about_the_token(failure: &Value) -> bool {
    let details = failure["details"].as_array().into_iter().flatten();
    let fields =
        details.flat_map(|detail| detail["fieldViolations"].as_array().into_iter().flatten());
    let names_it = fields.into_iter().any(|one| one["field"] == "message.token");
    let message = failure["message"].as_str().unwrap_or_default();
    names_it || message.contains("not a valid FCM registration token")
}

/// A code as it may be in the log.
fn word(code: &Value) -> String {
    let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    code.as_str().unwrap_or_default().chars().filter(is_part).take(64).collect()
}

#[cfg(test)]
mod tests;
