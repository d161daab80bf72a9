//! What administrators and programs read by their rights is written down.

use serde_json::{Value, json};

use crate::support::{Server, Token, User};

async fn with_roles(server: &Server, id: &str, roles: Value) -> User {
    server.user_with(id, Token::of(id).claim("roles", roles)).await
}

/// Who has read what, the first of it first.
async fn read(root: &User) -> Vec<(String, String, String)> {
    let log = root.get("/audit?limit=100").await.expect(200);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let entries = log["entries"].as_array().expect("a list").iter().rev();
    let entries =
        entries.map(|one| (text(&one["actor"]), text(&one["action"]), text(&one["target"])));
    entries.filter(|(_, action, _)| action.starts_with("GET ")).collect()
}

#[tokio::test]
async fn what_is_read_by_right_is_written_down_once_an_hour() {
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let root = with_roles(&server, "root", json!(["admin"])).await;
    let app = with_roles(&server, "app", json!(["scope:moderation"])).await;
    ann.room_with("den", &[&ben]).await;
    let said = ann.say_id("den", "between us").await;
    let other = ann.say_id("den", "also").await;
    ann.history("den", "").await;
    assert_eq!(read(&root).await, []);
    for _ in 0..2 {
        root.get("/rooms/den/messages?limit=1&reason=a%20complaint").await.expect(200);
        app.get("/rooms/den/messages").await.expect(200);
        root.get(&format!("/messages/{said}")).await.expect(200);
        root.get(&format!("/messages/{other}")).await.expect(200);
        app.get("/reports").await.expect(200);
        root.get("/users/ann/export").await.expect(200);
        root.get("/stats").await.expect(200);
    }
    let entry = |actor: &str, action: &str, target: &str| {
        (actor.to_owned(), format!("GET /api/v1{action}"), format!("/api/v1{target}"))
    };
    let messages = "/rooms/{room}/messages";
    let expected = [
        entry("root", messages, "/rooms/den/messages"),
        entry("app", messages, "/rooms/den/messages"),
        entry("root", "/messages/{message}", &format!("/messages/{said}")),
        entry("app", "/reports", "/reports"),
        ("root".to_owned(), "GET /api/v1/users/{user}/export".to_owned(), "ann".to_owned()),
        ("root".to_owned(), "GET /api/v1/users/{user}/export".to_owned(), "ann".to_owned()),
    ];
    assert_eq!(read(&root).await, expected);
    let log = root.get("/audit?limit=100").await.expect(200).to_string();
    assert!(log.contains(r#""reason":"a complaint""#), "{log}");
    assert!(!log.contains("between us"), "{log}");
    // Who is refused has read nothing, and who is a member reads as one.
    ben.get("/users/ann/export").await.refused(403, "forbidden");
    app.get("/users/ann/export").await.refused(403, "forbidden");
    assert!(root.join("den").await.status < 300);
    root.get("/rooms/den/pins").await.expect(200);
    assert_eq!(read(&root).await, expected);
    server.kill9().await;
    server.start_again().await;
    assert_eq!(read(&root).await, expected, "it was there before the answer");
}
