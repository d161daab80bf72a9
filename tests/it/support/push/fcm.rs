//! A stand-in for Firebase Cloud Messaging and for Google's access tokens
//! (<https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>).

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use super::assertion::{RSA_PEM, now, opened};
use crate::support::{Received, Receiver, Reply};

const PROJECT: &str = "chat-1234";

const EMAIL: &str = "push@chat-1234.iam.gserviceaccount.com";

/// Runs until it is dropped.
pub struct Fcm {
    pub url: String,
    /// The file of the service account that it knows.
    pub key_file: String,
    receiver: Receiver,
    /// Access tokens that it has given.
    granted: Arc<AtomicUsize>,
    /// Of these, those that it does not take any more.
    revoked: Arc<AtomicUsize>,
}

impl Fcm {
    /// Takes everything that Google would take, until it is told otherwise. The file of the
    /// service account is put into `home`.
    pub async fn start(home: &Path) -> Self {
        let receiver = Receiver::start().await;
        let account = json!({
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "f00d",
            "private_key": RSA_PEM,
            "client_email": EMAIL,
            "token_uri": format!("{}/token", receiver.url),
        });
        let file = home.join("firebase.json");
        std::fs::write(&file, account.to_string()).expect("it can be written");
        let (url, key_file) = (receiver.url.clone(), file.display().to_string());
        let fcm =
            Self { url, key_file, receiver, granted: Arc::default(), revoked: Arc::default() };
        fcm.answer_with(|_| None);
        fcm
    }

    /// What it answers to a message that it would take.
    pub fn answer_with(&self, behaviour: impl Fn(&Value) -> Option<Reply> + Send + 'static) {
        let (granted, revoked) = (self.granted.clone(), self.revoked.clone());
        let url = self.url.clone();
        self.receiver.answer_with(move |asked| match asked.line.as_str() {
            "POST /token" => token(asked, &url, &granted),
            line if line == format!("POST /v1/projects/{PROJECT}/messages:send") => {
                let counts = |number: usize| {
                    number > revoked.load(Ordering::Relaxed)
                        && number <= granted.load(Ordering::Relaxed)
                };
                let shown = asked.header("authorization").strip_prefix("Bearer ya29.");
                if !shown.and_then(|number| number.parse().ok()).is_some_and(counts) {
                    return failure(401, "UNAUTHENTICATED", "");
                }
                let message = &asked.json()["message"];
                refusal(message).or_else(|| behaviour(message)).unwrap_or_else(|| {
                    let name = format!("projects/{PROJECT}/messages/0:1");
                    Reply::Body(200, json!({ "name": name }).to_string())
                })
            }
            _ => failure(404, "NOT_FOUND", ""),
        });
    }

    /// It takes none of the tokens any more that it has given.
    pub fn revoke(&self) {
        self.revoked.store(self.granted(), Ordering::Relaxed);
    }

    /// How many tokens it has given.
    pub fn granted(&self) -> usize {
        self.granted.load(Ordering::Relaxed)
    }

    /// The messages that it was asked to send.
    pub fn messages(&self) -> Vec<Value> {
        messages(&self.receiver.received())
    }

    /// Waits until these are enough; gives all of them.
    pub async fn wait_until(&self, what: &str, is_enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let received = self.receiver.wait_until(what, |all| is_enough(&messages(all)));
        messages(&received.await)
    }
}

fn messages(received: &[Received]) -> Vec<Value> {
    let sent = received.iter().filter(|asked| asked.line.ends_with("/messages:send"));
    sent.map(|asked| asked.json()["message"].clone()).collect()
}

fn failure(status: u16, code: &str, message: &str) -> Reply {
    let error = json!({"error": {
        "code": status, "message": message, "status": code,
        "details": [{
            "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code,
        }],
    }});
    Reply::Body(status, error.to_string())
}

impl Fcm {
    /// An error as FCM says it
    /// (<https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode>).
    pub fn failure(status: u16, code: &str, message: &str) -> Reply {
        failure(status, code, message)
    }
}

fn token(asked: &Received, url: &str, granted: &AtomicUsize) -> Reply {
    let refused = || Reply::Body(400, json!({"error": "invalid_grant"}).to_string());
    let form: std::collections::HashMap<String, String> =
        form_urlencoded::parse(&asked.bytes).into_owned().collect();
    let grant = form.get("grant_type").map(String::as_str);
    if grant != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return refused();
    }
    let assertion = form.get("assertion").and_then(|token| opened(token, "RS256"));
    let Some((_, claims)) = assertion else { return refused() };
    let time = |name: &str| claims[name].as_i64().unwrap_or_default();
    let is_good = claims["iss"] == EMAIL
        && claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
        && claims["aud"] == format!("{url}/token")
        && (now() - time("iat")).abs() < 300
        && (1..=3_600).contains(&(time("exp") - time("iat")));
    if !is_good {
        return refused();
    }
    let number = granted.fetch_add(1, Ordering::Relaxed) + 1;
    let token = format!("ya29.{number}");
    let body = json!({"access_token": token, "expires_in": 3_599, "token_type": "Bearer"});
    Reply::Body(200, body.to_string())
}

/// What FCM refuses by itself.
fn refusal(message: &Value) -> Option<Reply> {
    let refused = |why| Some(failure(400, "INVALID_ARGUMENT", why));
    if !message["token"].as_str().is_some_and(|token| token.contains(':')) {
        return refused("The registration token is not a valid FCM registration token");
    }
    let are_texts = |value: &Value| {
        value.as_object().is_some_and(|fields| fields.values().all(Value::is_string))
    };
    if message.get("data").is_some_and(|data| !are_texts(data)) {
        return refused("Invalid value at 'message.data'");
    }
    let known = ["token", "notification", "data", "android", "apns"];
    let fields = message.as_object().into_iter().flatten();
    if fields.into_iter().any(|(name, _)| !known.contains(&name.as_str())) {
        return refused("Invalid JSON payload received");
    }
    let bytes = |name: &str| message.get(name).map_or(0, |value| value.to_string().len());
    if bytes("notification") + bytes("data") > 4_096 {
        return refused("Message is too big");
    }
    let priority = message["android"]["priority"].as_str();
    if !matches!(priority, None | Some("HIGH" | "NORMAL")) {
        return refused("Invalid value at 'message.android.priority'");
    }
    None
}
