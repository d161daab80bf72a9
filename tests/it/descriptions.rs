//! The descriptions for programs are true, and so are the examples for people.

use serde_json::Value;

use crate::support::{FrameSchemas, Server, Token, User};

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

/// The numbers are collected in one place and described in another.
#[tokio::test]
async fn the_numbers_are_as_described() {
    let server = Server::start().await;
    let admin = Token::of("root").claim("roles", serde_json::json!(["admin"]));
    let admin = server.user_with("root", admin).await;
    let document = admin.get("/openapi.json").await.expect(200);
    let mut schema = document["components"]["schemas"]["Stats"].clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).expect("a good schema");
    let stats = admin.get("/stats").await.expect(200);
    let wrong: Vec<String> = validator.iter_errors(&stats).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
