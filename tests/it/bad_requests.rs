//! A table of REST requests that are refused, each with its status and code.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Outcome, RawSocket, Server, User};

/// Method, path below `/api/v1`, body, status, code, field.
type Case = (Method, String, Option<Value>, u16, &'static str, Option<&'static str>);

fn post(path: &str, body: Value, status: u16, code: &'static str, field: &'static str) -> Case {
    let field = Some(field).filter(|field| !field.is_empty());
    (Method::POST, path.to_owned(), Some(body), status, code, field)
}

fn put(path: &str, body: Value, status: u16, code: &'static str, field: &'static str) -> Case {
    let (_, path, body, status, code, field) = post(path, body, status, code, field);
    (Method::PUT, path, body, status, code, field)
}

fn get(path: &str, status: u16, code: &'static str, field: &'static str) -> Case {
    let field = Some(field).filter(|field| !field.is_empty());
    (Method::GET, path.to_owned(), None, status, code, field)
}

fn delete(path: &str, status: u16, code: &'static str) -> Case {
    (Method::DELETE, path.to_owned(), None, status, code, None)
}

const BAD: &str = "invalid_message";

fn accounts() -> Vec<Case> {
    let register = |body, field| post("/auth/register", body, 400, BAD, field);
    vec![
        register(json!({}), "user_id"),
        register(json!({"user_id": "eve"}), "password"),
        register(json!({"user_id": 7, "password": "long enough"}), "user_id"),
        register(json!({"user_id": "", "password": "long enough"}), "user_id"),
        register(json!({"user_id": "e v e", "password": "long enough"}), "user_id"),
        register(json!({"user_id": "x".repeat(65), "password": "long enough"}), "user_id"),
        register(json!({"user_id": "eve", "password": "short"}), "password"),
        register(json!({"user_id": "eve", "password": "x".repeat(257)}), "password"),
        register(json!({"user_id": "eve", "password": 12_345_678}), "password"),
        register(json!({"user_id": "eve", "password": "long enough", "name": 7}), "name"),
        register(
            json!({"user_id": "eve", "password": "long enough", "name": "x".repeat(101)}),
            "name",
        ),
        post("/auth/login", json!({"user_id": "eve"}), 400, BAD, "password"),
        post(
            "/auth/login",
            json!({"user_id": "eve", "password": "long enough"}),
            401,
            "unauthorized",
            "",
        ),
        post("/auth/refresh", json!({}), 400, BAD, "refresh_token"),
        post("/auth/refresh", json!({"refresh_token": "rubbish"}), 401, "unauthorized", ""),
        post("/auth/logout", json!({}), 400, BAD, "refresh_token"),
        post("/auth/password", json!({}), 400, BAD, "old_password"),
    ]
}

fn rooms() -> Vec<Case> {
    let room = |body, field| post("/rooms", body, 400, BAD, field);
    vec![
        room(json!({"room_id": "a b"}), "room_id"),
        room(json!({"room_id": ""}), "room_id"),
        room(json!({"room_id": ".."}), "room_id"),
        room(json!({"room_id": 7}), "room_id"),
        room(json!({"room_id": "x".repeat(65)}), "room_id"),
        room(json!({"kind": "secret"}), "kind"),
        room(json!({"kind": 7}), "kind"),
        room(json!({"title": 7}), "title"),
        room(json!({"title": "x".repeat(201)}), "title"),
        post("/rooms", json!({"room_id": "den"}), 409, "conflict", ""),
        get("/rooms/nowhere", 404, "not_found", ""),
        get("/rooms/bens", 404, "not_found", ""),
        delete("/rooms/nowhere", 404, "not_found"),
        delete("/rooms/bens", 404, "not_found"),
        delete("/rooms/lobby", 403, "forbidden"),
        delete("/rooms/lobby/messages", 403, "forbidden"),
        get("/rooms/bens/members", 404, "not_found", ""),
        get("/rooms/den/members?limit=0", 400, BAD, "limit"),
        get("/rooms/den/members?limit=x", 400, BAD, "limit"),
        put("/rooms/den/members/stranger", json!({}), 404, "not_found", ""),
        put("/rooms/bens/members/alice", json!({}), 404, "not_found", ""),
        put("/rooms/lobby/members/ben", json!({}), 403, "forbidden", ""),
        delete("/rooms/lobby/members/ben", 403, "forbidden"),
        delete("/rooms/den/members/ben", 404, "not_found"),
    ]
}

fn messages() -> Vec<Case> {
    let path = "/rooms/den/messages";
    let page = |query: &str, field| get(&format!("{path}?{query}"), 400, BAD, field);
    vec![
        post(path, json!({}), 400, BAD, "content"),
        post(path, json!({"content": ""}), 400, BAD, "content"),
        post(path, json!({"content": 7}), 400, BAD, "content"),
        post(path, json!({"content": "x".repeat(16_385)}), 413, "too_large", "content"),
        post(path, json!({"content": "hi", "client_id": ""}), 400, BAD, "client_id"),
        post(path, json!({"content": "hi", "client_id": "x".repeat(65)}), 400, BAD, "client_id"),
        post("/rooms/nowhere/messages", json!({"content": "hi"}), 404, "not_found", ""),
        post("/rooms/bens/messages", json!({"content": "hi"}), 404, "not_found", ""),
        post("/rooms/lobby/messages", json!({"content": "hi"}), 403, "forbidden", ""),
        page("limit=0", "limit"),
        page("limit=201", "limit"),
        page("limit=many", "limit"),
        page("before=-1", "before"),
        page("before=x", "before"),
        page("after=1.5", "after"),
        page("around=x", "around"),
        page("before=5&after=1", "before"),
        get("/rooms/lobby/messages", 403, "forbidden", ""),
        get("/rooms/bens/messages/count", 404, "not_found", ""),
        get("/messages/1", 404, "not_found", ""),
    ]
}

fn marks() -> Vec<Case> {
    let mark = |body, field| put("/rooms/den/read", body, 400, BAD, field);
    vec![
        mark(json!({}), "seq"),
        mark(json!({"seq": -1}), "seq"),
        mark(json!({"seq": "1"}), "seq"),
        mark(json!({"message_id": 7}), "message_id"),
        mark(json!({"message_id": "rubbish"}), "message_id"),
        mark(json!({"all": 1}), "all"),
        mark(json!({"all": true, "seq": 1}), "seq"),
        put("/rooms/den/read", json!({"message_id": "1"}), 404, "not_found", ""),
        put("/rooms/bens/read", json!({"all": true}), 404, "not_found", ""),
        get("/rooms/bens/read", 404, "not_found", ""),
        get("/rooms/lobby/receipts", 403, "forbidden", ""),
    ]
}

fn paths() -> Vec<Case> {
    vec![
        get("/nonsense", 404, "not_found", ""),
        get("/", 404, "not_found", ""),
        get("/rooms/den/nonsense", 404, "not_found", ""),
        delete("/rooms", 405, "method_not_allowed"),
        delete("/me", 405, "method_not_allowed"),
        get("/auth/login", 405, "method_not_allowed", ""),
        get("/read-all", 405, "method_not_allowed", ""),
        put("/rooms/den/messages", json!({}), 405, "method_not_allowed", ""),
    ]
}

async fn start() -> (Server, User) {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("den", "private").await;
    ben.create_room("bens", "private").await;
    ben.create_room("lobby", "public").await;
    (server, alice)
}

#[tokio::test]
async fn bad_requests_are_refused_by_status_code_and_field() {
    let (_server, alice) = start().await;
    let tables = [accounts(), rooms(), messages(), marks(), paths()];
    let cases: Vec<Case> = tables.into_iter().flatten().collect();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (method, path, body, status, code, field) in cases {
        let what = format!("{method} {path} {}", body.clone().unwrap_or_default());
        let request = alice.request(method, &path);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let outcome = User::outcome(request).await;
        let error = &outcome.json()["error"];
        let told = (outcome.status, error["code"].as_str(), error["field"].as_str());
        if told != (status, Some(code), field) {
            let what: String = what.chars().take(120).collect();
            wrong.push(format!("{what}: {told:?} instead of {:?}", (status, code, field)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    alice.say("den", "it serves on").await;
}

#[tokio::test]
async fn nothing_is_open_without_a_token_but_what_must_be() {
    let (server, _) = start().await;
    let nobody = server.nobody();
    for (method, path) in [
        (Method::GET, "/me"),
        (Method::GET, "/rooms"),
        (Method::POST, "/rooms"),
        (Method::GET, "/rooms/lobby"),
        (Method::DELETE, "/rooms/lobby"),
        (Method::GET, "/rooms/lobby/members"),
        (Method::PUT, "/rooms/lobby/members/alice"),
        (Method::DELETE, "/rooms/lobby/members/ben"),
        (Method::GET, "/rooms/lobby/messages"),
        (Method::POST, "/rooms/lobby/messages"),
        (Method::GET, "/rooms/lobby/messages/count"),
        (Method::DELETE, "/rooms/lobby/messages"),
        (Method::GET, "/messages/1"),
        (Method::GET, "/rooms/lobby/read"),
        (Method::PUT, "/rooms/lobby/read"),
        (Method::GET, "/rooms/lobby/receipts"),
        (Method::POST, "/read-all"),
        (Method::GET, "/unread"),
    ] {
        let outcome = User::outcome(nobody.request(method, path).json(&json!({}))).await;
        outcome.refused(401, "unauthorized");
    }
}

/// A body that is sent as it is.
async fn raw(user: &User, body: impl Into<reqwest::Body>, content_type: Option<&str>) -> Outcome {
    let mut request = user.request(Method::POST, "/rooms").body(body);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    User::outcome(request).await
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_in_the_one_form() {
    let (_server, alice) = start().await;
    let json = Some("application/json");
    // An empty one says nothing, which is allowed here.
    for body in ["{", "rubbish", "[]", "7", "null", "{\"kind\":\"public\"", "{\"kind\":}"] {
        raw(&alice, body, json).await.refused(400, "invalid_message");
    }
    raw(&alice, b"{\"title\":\"\xff\"}".to_vec(), json).await.refused(400, "invalid_message");
    let huge = format!("{{\"title\":\"{}\"}}", "x".repeat(1 << 20));
    raw(&alice, huge, json).await.refused(413, "too_large");
    alice.create_room("fine", "private").await;
}

#[tokio::test]
async fn paths_outside_of_the_api_are_refused_in_the_one_form() {
    let (_server, alice) = start().await;
    for (method, path, status, code) in [
        (Method::GET, "/nonsense", 404, "not_found"),
        (Method::GET, "/api", 404, "not_found"),
        (Method::GET, "/api/v2/rooms", 404, "not_found"),
        (Method::GET, "/../Cargo.toml", 404, "not_found"),
        (Method::GET, "/%2e%2e/Cargo.toml", 404, "not_found"),
        (Method::POST, "/health/live", 405, "method_not_allowed"),
    ] {
        User::outcome(alice.plain(method, path)).await.refused(status, code);
    }
}

#[tokio::test]
async fn an_id_in_a_path_that_is_none_is_refused() {
    let (_server, alice) = start().await;
    for path in ["/rooms/a%20b", "/rooms/r%C3%A4ume", "/messages/rubbish"] {
        let outcome = alice.get(path).await;
        let code = if outcome.status == 400 { "invalid_message" } else { "not_found" };
        outcome.refused(if code == "not_found" { 404 } else { 400 }, code);
    }
}

#[tokio::test]
async fn a_long_path_makes_no_long_line_of_the_log() {
    let server = Server::start().await;
    let path = "a".repeat(20_000);
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for headers in ["", upgrade] {
        let request = format!("GET /{path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        let head = RawSocket::http(server.address(), &request).await;
        assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    }
    let log = server.stderr();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("/aaa")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines.iter().all(|line| line.len() < 1_000), "{lines:?}");
}
