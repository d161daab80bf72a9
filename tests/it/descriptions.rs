//! The descriptions for programs are true, and so are the examples for people.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{FrameSchemas, Outcome, Server, Token, User};

#[test]
fn the_examples_of_the_protocol_page_are_as_described() {
    let page = include_str!("../../docs/PROTOCOL.md");
    let schemas = FrameSchemas::get();
    let mut checked = 0;
    for block in page.split("```json\n").skip(1) {
        let block = block.split("```").next().expect("an end");
        let frame: Value = serde_json::from_str(block).unwrap_or_else(|_| panic!("JSON: {block}"));
        let Some(kind) = frame["type"].as_str() else { continue };
        // A webhook and the body of a REST call are no frames.
        let is_frame = frame.get("id").is_some() || frame.get("timestamp").is_some();
        let is_webhook = frame["data"].get("message").is_some();
        match schemas.is_command(kind) {
            true => schemas.check_command(&frame),
            false if is_frame && !is_webhook => schemas.check_event(&frame),
            false => continue,
        }
        checked += 1;
    }
    assert!(checked >= 5, "{checked}");
}

#[tokio::test]
async fn the_server_describes_its_interfaces_and_shows_them() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let openapi = nobody.get("/openapi.json").await.expect(200);
    assert_eq!(openapi["openapi"], "3.1.0");
    assert!(openapi["paths"]["/api/v1/rooms/{room}/messages"]["post"].is_object());
    let asyncapi = nobody.get("/asyncapi.json").await.expect(200);
    assert_eq!(asyncapi["asyncapi"], "3.0.0");
    let page = User::outcome(nobody.plain(reqwest::Method::GET, "/api.html")).await;
    assert_eq!(page.status, 200);
    for file in ["viewer/api.css", "viewer/api.js"] {
        // Relative: it may be below a path.
        assert!(page.body.contains(&format!("\"{file}\"")), "{file} is named");
        let file = nobody.plain(reqwest::Method::GET, &format!("/{file}"));
        let file = User::outcome(file).await;
        assert_eq!(file.status, 200);
    }
    assert!(!page.body.contains("://"), "nothing from elsewhere");
}

/// A call, as the description has it.
struct Call {
    method: Method,
    path: String,
    described: Value,
}

async fn calls(user: &User) -> (Vec<Call>, Value) {
    let document = user.get("/openapi.json").await.expect(200);
    let of_path = |(path, item): (&String, &Value)| {
        let path = path.strip_prefix("/api/v1").expect("it is below /api/v1").to_owned();
        let call = move |(method, described): (&String, &Value)| {
            let method = method.to_uppercase().parse().expect("a method");
            Call { method, path: path.clone(), described: described.clone() }
        };
        item.as_object().expect("calls").iter().map(call).collect::<Vec<_>>()
    };
    let paths = document["paths"].as_object().expect("paths");
    (paths.iter().flat_map(of_path).collect(), document)
}

impl Call {
    /// Asks, with these parts of the path.
    async fn ask(&self, user: &User, parts: &[(&str, &str)]) -> Outcome {
        let fill = |path: String, (name, value): &(&str, &str)| path.replace(name, value);
        let mut path = parts.iter().fold(self.path.clone(), fill);
        for parameter in self.described["parameters"].as_array().expect("a list") {
            if parameter["in"] == "query" && parameter["required"] == true {
                path += &format!("?{}=hi", parameter["name"].as_str().expect("a name"));
            }
        }
        User::outcome(user.request(self.method.clone(), &path)).await
    }

    /// What the description says of such an answer.
    fn response(&self, outcome: &Outcome) -> &Value {
        let response = &self.described["responses"][outcome.status.to_string()];
        assert!(response.is_object(), "{} {}: {outcome:?}", self.method, self.path);
        response
    }
}

#[tokio::test]
async fn a_token_is_needed_where_the_description_says_so() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let parts = ["{room}", "{user}", "{message}", "{id}", "{emoji}", "{context}"];
    let (calls, _) = calls(&nobody).await;
    assert!(calls.len() > 80, "{}", calls.len());
    for call in calls {
        let outcome = call.ask(&nobody, &parts.map(|part| (part, "1"))).await;
        let is_public = call.described["security"] == json!([]);
        assert_eq!(outcome.status != 401, is_public, "{} {}: {outcome:?}", call.method, call.path);
        call.response(&outcome);
    }
}

#[tokio::test]
async fn what_is_read_is_as_described() {
    let server = Server::start().await;
    let root = Token::of("root").claim("roles", json!(["admin", "service"]));
    let (root, ann) = (server.user_with("root", root).await, server.user("ann").await);
    root.room_with("den", &[&ann]).await;
    let file = root.request(Method::POST, "/attachments?name=a.txt").body("a text");
    let file = User::outcome(file).await.expect(201)["attachment_id"].clone();
    let said = json!({"content": "hi @ann", "attachments": [file], "metadata": {"a": 1}});
    let said = root.post("/rooms/den/messages", said).await.expect(201)["message_id"].clone();
    let reply = json!({"content": "re", "thread_id": said, "reply_to": said});
    ann.post("/rooms/den/messages", reply).await.expect(201);
    let (file, message) = (file.as_str().expect("an id"), said.as_str().expect("an id"));
    ann.react(message, "👍").await.expect(200);
    root.pin(message).await.expect(200);
    root.post("/api-keys", json!({"name": "backend"})).await.expect(201);
    for path in ["/rooms/den/events", "/users/root/events"] {
        root.post(path, json!({"type": "task.created", "data": {"n": 1}})).await.expect(201);
    }
    let _socket = root.connect().await;
    let parts = [("{room}", "den"), ("{user}", "root"), ("{message}", message), ("{id}", file)];
    let (mut granted, mut wrong) = (0, Vec::new());
    let (calls, document) = calls(&root).await;
    for call in calls.iter().filter(|call| call.method == Method::GET) {
        let outcome = call.ask(&root, &parts).await;
        let mut schema = call.response(&outcome)["content"]["application/json"]["schema"].clone();
        granted += usize::from(outcome.status == 200);
        if !schema.is_object() {
            continue;
        }
        schema["components"] = document["components"].clone();
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&schema).expect("a good schema");
        let answer = outcome.json();
        let errors = validator.iter_errors(&answer).map(|error| error.to_string());
        wrong.extend(errors.map(|error| format!("{}: {error}", call.path)).collect::<Vec<_>>());
    }
    assert!(granted > 35, "{granted}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
