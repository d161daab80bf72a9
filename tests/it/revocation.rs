//! Tokens and users that are good no more.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::support::{Opening, Server, Socket, Token, User, moment, within};

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

/// A token that was made some seconds ago.
fn older(user: &str, id: &str) -> String {
    Token::of(user).claim("jti", id).claim("iat", moment() - 60.0).text()
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
async fn all_tokens_of_a_user_end_together_and_new_ones_are_good_at_once() {
    let mut server = Server::start().await;
    let admin = admin(&server).await;
    let old = older("ann", "x");
    let mut socket = connect(&server, &old).await;
    let untold = Token::of("ann").without("iat").text();
    assert_eq!(status(&server, &untold).await, 200);
    admin.post("/users/ann/revoke", json!({})).await.expect(204);
    assert_eq!(socket.close_code().await, Some(4501));
    let new = Token::of("ann").text();
    for _ in 0..2 {
        assert_eq!(statuses(&server, &[old.clone(), untold.clone()]).await, [401, 401]);
        assert_eq!(status(&server, &new).await, 200);
        server.restart().await;
    }
    admin.post("/users/nobody/revoke", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn who_logs_in_within_the_second_of_a_revocation_is_in_and_who_was_before_is_out() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    let nobody = server.nobody();
    let access = |tokens: &Value| tokens["access_token"].as_str().expect("a token").to_owned();
    let mut before = nobody.register("ann", "correct horse").await.expect(201);
    for round in 0..8 {
        let mut socket = connect(&server, &access(&before)).await;
        admin.post("/users/ann/revoke", json!({})).await.expect(204);
        assert_eq!(socket.close_code().await, Some(4501), "{round}");
        nobody.refresh(&before["refresh_token"]).await.refused(401, "unauthorized");
        let after = nobody.login("ann", "correct horse").await.expect(200);
        let both = [access(&before), access(&after)];
        assert_eq!(statuses(&server, &both).await, [401, 200], "{round}");
        before = after;
    }
}

#[tokio::test]
async fn a_token_from_a_clock_that_is_ahead_ends_with_the_others() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    let ahead = |user: &str, seconds: f64| Token::of(user).claim("iat", moment() + seconds).text();
    // Farther than any clock is off.
    assert_eq!(status(&server, &ahead("ann", 90.0)).await, 401);
    // One that was seen before, and one that was not.
    let (seen, unseen) = (ahead("ann", 2.0), ahead("ann", 1.5));
    assert_eq!(status(&server, &seen).await, 200);
    admin.post("/users/ann/revoke", json!({})).await.expect(204);
    let bad = [seen, unseen];
    assert_eq!(statuses(&server, &bad).await, [401, 401]);
    // Until the time has come that both say, and a new one is good.
    let passed = async {
        while status(&server, &Token::of("ann").text()).await != 200 {
            tokio::task::yield_now().await;
        }
    };
    within("a token that is good", passed).await;
    assert_eq!(statuses(&server, &bad).await, [401, 401]);
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
    for name in ["", "a b", &"x".repeat(57)] {
        let refused = admin.post("/api-keys", json!({"name": name})).await;
        assert_eq!(refused.refused(400, "invalid_message")["field"], "name", "{name}");
    }
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

#[tokio::test]
async fn what_is_revoked_while_a_connection_is_made_ends_it_all_the_same() {
    let server = Server::start().await;
    let admin = &admin(&server).await;
    let rounds = (0..150).map(|round| {
        let address = server.address();
        async move {
            // One who was never seen is written down first, which takes a while.
            let id = format!("t{round}");
            let opening = Opening::default().bearer(&older(&format!("u{round}"), &id));
            let revoking = async {
                for _ in 0..round % 15 {
                    tokio::task::yield_now().await;
                }
                admin.post("/tokens/revoke", json!({"token_id": id})).await.expect(204);
            };
            let (opened, ()) = tokio::join!(Socket::open(address, opening), revoking);
            match opened {
                Ok(mut socket) => assert_eq!(socket.close_code().await, Some(4501), "{round}"),
                Err(status) => assert_eq!(status, 401),
            }
        }
    });
    join_all(rounds).await;
}

async fn statuses(server: &Server, tokens: &[String]) -> Vec<u16> {
    let mut all = Vec::with_capacity(tokens.len());
    for token in tokens {
        all.push(status(server, token).await);
    }
    all
}

#[tokio::test]
async fn what_is_revoked_counts_though_who_asked_for_it_hangs_up() {
    let mut server = Server::start().await;
    let admin = admin(&server).await;
    let tokens: Vec<String> = (0..60).map(|round| older("ann", &format!("t{round}"))).collect();
    for round in 0..tokens.len() {
        let body = json!({"token_id": format!("t{round}")}).to_string();
        let request = format!(
            "POST /api/v1/tokens/revoke HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            admin.token(),
            body.len()
        );
        let mut stream = server.address().dial().await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        // Sooner or later on its way.
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
    }
    admin.post("/tokens/revoke", json!({"token_id": "last"})).await.expect(204);
    // Until all that is still under way has ended.
    let mut before = statuses(&server, &tokens).await;
    loop {
        let again = statuses(&server, &tokens).await;
        if std::mem::replace(&mut before, again.clone()) == again {
            break;
        }
    }
    server.restart().await;
    let after = statuses(&server, &tokens).await;
    assert_eq!(before, after, "what is stored counted before");
}

#[tokio::test]
async fn what_bars_a_user_is_in_memory_as_it_is_stored() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    for round in 0..40 {
        let user = format!("u{round}");
        let token = older(&user, "x");
        assert_eq!(status(&server, &token).await, 200);
        let (ban, revoke) = (format!("/users/{user}/ban"), format!("/users/{user}/revoke"));
        let (banned, revoked) =
            tokio::join!(admin.put(&ban, json!({})), admin.post(&revoke, json!({})));
        banned.expect(204);
        revoked.expect(204);
        assert_eq!(status(&server, &token).await, 403, "the ban counts");
        admin.delete(&ban).await.expect(204);
        assert_eq!(status(&server, &token).await, 401, "so does what was revoked");
    }
}

#[tokio::test]
async fn a_ban_is_for_the_keys_of_a_service_too() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    let made = admin.post("/api-keys", json!({"name": "board"})).await.expect(201);
    let key = made["key"].as_str().expect("told once").to_owned();
    assert_eq!(status(&server, &key).await, 200);
    admin.put("/users/service:board/ban", json!({})).await.expect(204);
    assert_eq!(status(&server, &key).await, 403);
    admin.delete("/users/service:board/ban").await.expect(204);
    assert_eq!(status(&server, &key).await, 200);
}

#[tokio::test]
async fn a_deleted_service_has_no_key_left() {
    let mut server = Server::start().await;
    let admin = admin(&server).await;
    let made = admin.post("/api-keys", json!({"name": "board"})).await.expect(201);
    let key = made["key"].as_str().expect("told once").to_owned();
    assert_eq!(status(&server, &key).await, 200);
    admin.delete("/users/service:board").await.expect(204);
    assert_eq!(status(&server, &key).await, 401);
    server.restart().await;
    assert_eq!(status(&server, &key).await, 401);
}

#[tokio::test]
async fn nobody_registers_as_a_service() {
    let server = Server::start().await;
    let taken = server.nobody().register("service:board", "correct horse").await;
    taken.refused(409, "conflict");
}

#[tokio::test]
async fn who_has_the_id_of_a_banned_and_deleted_user_is_not_banned() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    server.user("ann").await;
    admin.put("/users/ann/ban", json!({})).await.expect(204);
    admin.delete("/users/ann").await.expect(204);
    let ann = server.nobody().register("ann", "correct horse").await.expect(201);
    assert_eq!(status(&server, ann["access_token"].as_str().expect("a token")).await, 200);
}
