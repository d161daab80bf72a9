//! Tokens and users that are good no more.

use serde_json::json;

use crate::support::{Opening, Server, Socket, Token, User};

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

/// A token that was made some seconds ago.
fn older(user: &str, id: &str) -> String {
    Token::of(user).claim("jti", id).claim("iat", 1_700_000_000).text()
}

async fn connect(server: &Server, token: &str) -> Socket {
    Socket::ready(server.address(), Opening::default().bearer(token)).await
}

async fn status(server: &Server, token: &str) -> u16 {
    User::new(server.address().clone(), "x", Some(token.to_owned())).get("/me").await.status
}

#[tokio::test]
async fn a_revoked_token_ends_its_connections_at_once_and_stays_bad_after_a_restart() {
    let mut server = Server::start().await;
    let admin = admin(&server).await;
    let (bad, good) = (older("ann", "bad"), older("ann", "good"));
    let (mut one, mut two) = (connect(&server, &bad).await, connect(&server, &good).await);
    admin.post("/tokens/revoke", json!({"token_id": "bad"})).await.expect(204);
    assert_eq!(one.close_code().await, Some(4501));
    assert_eq!((status(&server, &bad).await, status(&server, &good).await), (401, 200));
    two.ask("presence.set", json!({"status": "online"})).await;
    server.kill9().await;
    server.start_again().await;
    assert_eq!((status(&server, &bad).await, status(&server, &good).await), (401, 200));
}

#[tokio::test]
async fn the_token_that_a_connection_was_renewed_with_is_the_one_that_counts() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    let mut socket = connect(&server, &older("ann", "first")).await;
    socket.ask("auth", json!({"token": older("ann", "second")})).await;
    admin.post("/tokens/revoke", json!({"token_id": "first"})).await.expect(204);
    socket.ask("presence.set", json!({"status": "online"})).await;
    admin.post("/tokens/revoke", json!({"token_id": "second"})).await.expect(204);
    assert_eq!(socket.close_code().await, Some(4501));
}

#[tokio::test]
async fn all_tokens_of_a_user_end_together_and_new_ones_are_good() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    let nobody = server.nobody();
    let tokens = nobody.register("ann", "correct horse").await.expect(201);
    let old = older("ann", "x");
    let mut socket = connect(&server, &old).await;
    admin.post("/users/ann/revoke", json!({})).await.expect(204);
    assert_eq!(socket.close_code().await, Some(4501));
    assert_eq!(status(&server, &old).await, 401);
    nobody.refresh(&tokens["refresh_token"]).await.refused(401, "unauthorized");
    let later = Token::of("ann").claim("iat", 4_000_000_000_i64).text();
    assert_eq!(status(&server, &later).await, 200);
    admin.post("/users/nobody/revoke", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_banned_user_is_out_until_the_ban_ends() {
    let mut server = Server::start().await;
    let admin = admin(&server).await;
    let ann = server.user("ann").await;
    let mut socket = ann.connect().await;
    let until = "2999-01-01T00:00:00.000Z";
    let ban = json!({"until": until, "reason": "spam"});
    admin.put("/users/ann/ban", ban).await.expect(204);
    assert_eq!(socket.close_code().await, Some(4503));
    ann.get("/me").await.refused(403, "forbidden");
    let refused = Socket::open(server.address(), Opening::default().bearer(ann.token())).await;
    assert_eq!(refused.err(), Some(403));
    let shown = admin.get("/users/ann/ban").await.expect(200);
    assert_eq!(shown, json!({"banned": true, "until": until, "reason": "spam"}));
    server.restart().await;
    ann.get("/me").await.refused(403, "forbidden");
    admin.delete("/users/ann/ban").await.expect(204);
    ann.get("/me").await.expect(200);
    assert_eq!(admin.get("/users/ann/ban").await.expect(200), json!({"banned": false}));
}

#[tokio::test]
async fn only_administrators_revoke_and_ban() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    server.user("ben").await;
    ann.post("/tokens/revoke", json!({"token_id": "x"})).await.refused(403, "forbidden");
    ann.post("/users/ben/revoke", json!({})).await.refused(403, "forbidden");
    ann.put("/users/ben/ban", json!({})).await.refused(403, "forbidden");
    ann.get("/api-keys").await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_service_has_a_key_that_is_told_once_and_ends_at_once() {
    let mut server = Server::start().await;
    let admin = admin(&server).await;
    let made = admin.post("/api-keys", json!({"name": "board"})).await.expect(201);
    let key = made["key"].as_str().expect("told once").to_owned();
    assert!(key.starts_with("prl_") && key.len() > 40, "{key}");
    let listed = admin.get("/api-keys").await.expect(200);
    assert!(listed["api_keys"][0].get("key").is_none(), "{listed}");
    let service = User::new(server.address().clone(), "service:board", Some(key));
    assert_eq!(service.get("/me").await.expect(200)["roles"], json!(["service"]));
    server.user("ann").await;
    let event = json!({"type": "notification.new", "data": {"title": "hi"}});
    service.post("/users/ann/events", event.clone()).await.expect(201);
    server.restart().await;
    service.post("/users/ann/events", event.clone()).await.expect(201);
    let mut socket = service.connect().await;
    admin.delete(&format!("/api-keys/{}", made["id"])).await.expect(204);
    assert_eq!(socket.close_code().await, Some(4501));
    service.post("/users/ann/events", event).await.refused(401, "unauthorized");
    admin.delete(&format!("/api-keys/{}", made["id"])).await.refused(404, "not_found");
    assert!(!server.stderr().contains("prl_"), "no key in the log");
}
