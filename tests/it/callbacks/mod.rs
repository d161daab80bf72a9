//! The application is asked over HTTP, by a server that does not trust it to answer.

mod access;
mod before_send;
mod commands;
mod crash;
mod failing;
mod sharing;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{Received, Receiver, Reply, Server, Token, User, free_port};

const SECRET: &str = "a secret for questions of 24 bytes";

/// A server that asks `receiver` before a message is stored, and for its commands.
/// Its time limits are longer than a busy machine holds up an answer.
async fn start(receiver: &Receiver, settings: &[(&str, &str)]) -> Server {
    start_at(&receiver.url, settings).await
}

async fn start_at(url: &str, settings: &[(&str, &str)]) -> Server {
    let mut builder = Server::builder()
        .set("PARLOR_CALLBACK_SECRET", SECRET)
        .set("PARLOR_BEFORE_SEND_URL", format!("{url}/before-send"))
        .set("PARLOR_BEFORE_SEND_TIMEOUT", "10s")
        .set("PARLOR_COMMAND_URL", format!("{url}/command"))
        .set("PARLOR_COMMAND_TIMEOUT", "10s");
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    builder.start().await
}

/// A URL at which nobody answers.
async fn nowhere() -> String {
    format!("http://127.0.0.1:{}", free_port().await)
}

fn says(answer: Value) -> Reply {
    Reply::Body(200, answer.to_string())
}

fn accepts() -> Reply {
    says(json!({"action": "accept"}))
}

/// A reply that waits for a gate to be opened.
fn gated(reply: Reply) -> (watch::Sender<bool>, Reply) {
    let (gate, opening) = watch::channel(false);
    (gate, Reply::Behind(opening, Box::new(reply)))
}

/// Answers by what a message says: `bad…` is refused, `rude` rewritten.
fn moderates(asked: &Received) -> Reply {
    let data = &asked.json()["data"];
    match data["content"].as_str().expect("a content") {
        bad if bad.starts_with("bad") => {
            says(json!({"action": "refuse", "reason": " no\u{202e} links\u{7}, please "}))
        }
        "rude" => says(
            json!({"action": "rewrite", "content": "r*** @ben", "metadata": {"flagged": true}}),
        ),
        _ => accepts(),
    }
}

/// The contents that were asked about, in the order of asking.
fn asked(received: &[Received]) -> Vec<String> {
    let content = |one: &Received| one.json()["data"]["content"].as_str().map(str::to_owned);
    received.iter().filter_map(content).collect()
}

fn contents(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().expect("a content")).collect()
}

/// Checks a signature as a receiver would, with nothing of ours.
fn verify(received: &Received) {
    let (id, at) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, format!("{id}.{at}.{}", received.body).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(signature));
    assert_eq!(received.header("webhook-signature"), expected);
}

async fn service(server: &Server) -> User {
    server.user_with("backend", Token::of("backend").claim("roles", json!(["service"]))).await
}
