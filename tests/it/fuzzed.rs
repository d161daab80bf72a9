//! Schemathesis asks everything that the description of the REST interface
//! lets it think of, and holds the answers against it.
//!
//! It needs what `scripts/test` installs. The seed is always the same, and told;
//! `PARLOR_TEST_SEED` sets another one. How far a run comes is a matter of time,
//! so what it finds becomes a test of its own.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Server, Token, User, id_of, python};

/// What an answer must be. Not whether all that fits the description is
/// granted: it cannot say everything (who may do what, what is there).
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance,\
                      negative_data_rejection,missing_required_header,unsupported_method,\
                      allow_header_conformance,ignored_auth";
/// What takes away the things that the other calls are about.
const ENDINGS: [&str; 7] = [
    "deleteRoom",
    "clearRoom",
    "deleteMessage",
    "deleteAttachment",
    "deleteUser",
    "transferRoom",
    "removeMember",
];
/// Settings of every run: a body that is too large is refused before it is read,
/// so that it violates the description in other ways, too, goes unsaid.
const SETTINGS: &str = r#"
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, "5xx"]
"#;
/// Seconds of one run, and how much longer it may take.
const BUDGET: u64 = 25;
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs it; `known` is where the settings say what is there, so that it is not
/// thought of.
async fn holds(server: &Server, who: &User, known: &str) {
    let home = TempDir::new().expect("a directory");
    let settings = format!("{SETTINGS}{known}");
    std::fs::write(home.path().join("schemathesis.toml"), settings).expect("written");
    let seed = std::env::var("PARLOR_TEST_SEED").unwrap_or_else(|_| "20261121".to_owned());
    let mut command = python("schemathesis");
    command.current_dir(home.path()).arg("run");
    command.arg(server.address().http("/api/v1/openapi.json"));
    command.args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"]);
    // One worker: with more, what is asked depends on which is faster.
    command.args(["--seed", &seed, "--max-examples", "12", "--workers", "1"]);
    command.args(["--max-time", &BUDGET.to_string(), "--request-timeout", "10"]);
    command.args(["--no-color", "--generation-database", "none"]);
    command.args(["--suppress-health-check", "all", "--warnings", "off"]);
    command.args(["--continue-on-failure"]);
    if let Some(token) = &who.token {
        command.arg("--header").arg(format!("Authorization: Bearer {token}"));
    }
    if !known.is_empty() {
        command.args(ENDINGS.iter().flat_map(|name| ["--exclude-operation-id", name]));
    }
    let ran = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ran.expect("it keeps its time").expect("schemathesis is there");
    let told = String::from_utf8_lossy(&output.stdout);
    println!("seed {seed}, user {:?}\n{told}", who.id);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "seed {seed}, user {:?}\n{errors}", who.id);
    server.nobody().get("/openapi.json").await.expect(200);
}

/// Its log says what is wrong, not what was asked.
async fn server() -> Server {
    Server::builder().set("RUST_LOG", "warn").start().await
}

async fn administrator(server: &Server) -> User {
    let token = Token::of("root").claim("roles", json!(["admin", "service"]));
    server.user_with("root", token).await
}

#[tokio::test]
#[ignore = "needs Schemathesis: run scripts/test"]
async fn what_nobody_in_particular_asks_is_answered_as_described() {
    let server = server().await;
    holds(&server, &server.nobody(), "").await;
}

#[tokio::test]
#[ignore = "needs Schemathesis: run scripts/test"]
async fn what_a_user_and_an_administrator_ask_of_anything_is_answered_as_described() {
    let server = server().await;
    holds(&server, &server.user("ann").await, "").await;
    holds(&server, &administrator(&server).await, "").await;
}

#[tokio::test]
#[ignore = "needs Schemathesis: run scripts/test"]
async fn what_is_asked_of_things_that_are_there_is_answered_as_described() {
    let server = server().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let file = ann.request(reqwest::Method::POST, "/attachments?name=a.txt").body("a text");
    let file: Value = User::outcome(file).await.expect(201);
    let file = file["attachment_id"].as_str().expect("an id");
    let sent = ann.post("/rooms/den/messages", json!({"content": "hi", "attachments": [file]}));
    let message = id_of(&sent.await.expect(201));
    ben.post("/rooms/den/messages", json!({"content": "re", "thread_id": message}))
        .await
        .expect(201);
    let known = format!(
        r#"
[parameters]
"path.room" = "den"
"path.user" = "ben"
"path.id" = "{message}"
"query.sender" = "ann"
"query.room_id" = "den"

[[operations]]
include-path-regex = "/attachments/"
parameters = {{ "path.id" = "{file}" }}
"#
    );
    holds(&server, &ann, &known).await;
    holds(&server, &administrator(&server).await, &known).await;
}
