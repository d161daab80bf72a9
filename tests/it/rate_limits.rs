//! Who asks too often is told when to come back, and who goes on is let go.

use serde_json::json;

use crate::support::{Opening, Server, Socket, Token};

/// A server with the rates of a deployment that sets none.
async fn start(settings: &[(&str, u32)]) -> Server {
    let mut builder = Server::builder();
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    builder.start().await
}

/// Sends until something is refused; gives how many were not, and the error.
async fn until_refused(socket: &mut Socket) -> (usize, serde_json::Value) {
    let mut ids = Vec::new();
    for _ in 0..60 {
        ids.push(socket.begin("presence.set", json!({"status": "online"})).await);
    }
    for (granted, id) in ids.iter().enumerate() {
        if let Err(error) = socket.answer(id).await {
            return (granted, error);
        }
    }
    panic!("nothing was refused");
}

#[tokio::test]
async fn a_connection_has_its_burst_and_is_then_told_how_long_to_wait() {
    let server = start(&[("PARLOR_COMMANDS_PER_SECOND", 10), ("PARLOR_COMMAND_BURST", 20)]).await;
    let alice = server.user("alice").await;
    let mut socket = alice.connect().await;
    assert_eq!(socket.ready["limits"]["commands_per_second"], 10);
    assert_eq!(socket.ready["limits"]["command_burst"], 20);
    let (granted, error) = until_refused(&mut socket).await;
    // One comes back in a tenth of a second, and the machine may be slow.
    assert!((20..55).contains(&granted), "{granted}");
    assert_eq!(error["code"], "rate_limited");
    let wait = error["retry_after_ms"].as_u64().expect("a time");
    assert!((1..=100).contains(&wait), "{wait}");
    // Another connection has its own.
    let mut other = alice.connect().await;
    other.ask("presence.set", json!({"status": "online"})).await;
}

#[tokio::test]
async fn a_user_has_one_limit_for_all_connections_and_rest() {
    let settings = [("PARLOR_USER_COMMANDS_PER_SECOND", 1), ("PARLOR_USER_COMMAND_BURST", 30)];
    let server = start(&settings).await;
    let alice = server.user("alice").await;
    let (mut one, mut two) = (alice.connect().await, alice.connect().await);
    for _ in 0..14 {
        one.ask("presence.set", json!({"status": "online"})).await;
        two.ask("presence.set", json!({"status": "online"})).await;
    }
    let mut refused = None;
    for _ in 0..10 {
        let outcome = alice.get("/me").await;
        if outcome.status != 200 {
            refused = Some(outcome);
            break;
        }
    }
    let refused = refused.expect("too many in all");
    let error = refused.refused(429, "rate_limited");
    assert!(error["retry_after_ms"].as_u64().expect("a time") > 0);
    assert_ne!(refused.header("retry-after"), "");
    // Others have theirs, and a service speaks for many.
    server.user("ben").await;
    let service = Token::of("app").claim("roles", json!(["service"]));
    let service = server.user_with("app", service).await;
    for _ in 0..40 {
        service.get("/me").await.expect(200);
    }
}

#[tokio::test]
async fn logins_from_one_address_are_limited_and_a_proxy_is_believed_only_if_it_is_trusted() {
    let server = Server::builder()
        .set("PARLOR_LOGINS_PER_MINUTE", 3)
        .set("PARLOR_TRUSTED_PROXIES", "127.0.0.0/8")
        .start()
        .await;
    let nobody = server.nobody();
    let login = |from: &str| {
        let request = nobody.request(reqwest::Method::POST, "/auth/login");
        let body = json!({"user_id": "alice", "password": "wrong horse"});
        crate::support::User::outcome(request.header("X-Forwarded-For", from).json(&body))
    };
    for _ in 0..3 {
        login("198.51.100.7").await.refused(401, "unauthorized");
    }
    login("198.51.100.7").await.refused(429, "rate_limited");
    login("203.0.113.1, 198.51.100.7").await.refused(429, "rate_limited");
    login("198.51.100.8").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn an_office_behind_one_address_renews_its_tokens_beside_its_logins() {
    let server = Server::builder()
        .set("PARLOR_LOGINS_PER_MINUTE", 1)
        .set("PARLOR_REFRESHES_PER_MINUTE", 5)
        .set("PARLOR_TRUSTED_PROXIES", "127.0.0.0/8")
        .start()
        .await;
    let nobody = server.nobody();
    let ask = |from: &str, path: &str, body: serde_json::Value| {
        let request = nobody.request(reqwest::Method::POST, path);
        crate::support::User::outcome(request.header("X-Forwarded-For", from).json(&body))
    };
    let login = json!({"user_id": "alice", "password": "correct horse battery"});
    let mut tokens = ask("198.51.100.7", "/auth/register", login.clone()).await.expect(201);
    ask("198.51.100.7", "/auth/login", login).await.refused(429, "rate_limited");
    for _ in 0..5 {
        let body = json!({"refresh_token": tokens["refresh_token"]});
        tokens = ask("198.51.100.7", "/auth/refresh", body).await.expect(200);
    }
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let refused = ask("198.51.100.7", "/auth/refresh", body.clone()).await;
    let error = refused.refused(429, "rate_limited");
    assert!(error["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0), "{error}");
    // It is not used up by that.
    ask("198.51.100.8", "/auth/refresh", body).await.expect(200);
}

#[tokio::test]
async fn too_many_errors_close_the_connection_with_4429() {
    let server = start(&[("PARLOR_ERRORS_BEFORE_CLOSE", 5)]).await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let ben = server.user("ben").await;
    let mut socket = ben.connect().await;
    // Three of the session's own, and two that the ChatServer answers.
    for _ in 0..3 {
        socket.send_text("nonsense").await;
    }
    for _ in 0..2 {
        socket.begin("message.send", json!({"room_id": "den", "content": "hi"})).await;
    }
    assert_eq!(socket.close_code().await, Some(4429));
    let mut again = ben.connect().await;
    again.refused("history", json!({"room_id": "den"}), "not_found").await;
}

#[tokio::test]
async fn a_user_who_connects_too_often_is_told_when_to_come_back() {
    let settings = [("PARLOR_CONNECTS_PER_MINUTE", 1), ("PARLOR_CONNECT_BURST", 2)];
    let server = start(&settings).await;
    let alice = server.user("alice").await;
    let _two = [alice.connect().await, alice.connect().await];
    let upgrade = alice
        .plain(reqwest::Method::GET, "/ws")
        .bearer_auth(alice.token())
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let refused = crate::support::User::outcome(upgrade).await;
    let error = refused.refused(429, "rate_limited");
    let wait = error["retry_after_ms"].as_u64().expect("a time");
    assert!((1..=60_000).contains(&wait), "{wait}");
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert_eq!(seconds, wait.div_ceil(1_000));
    // Whose token comes in the first frame is told on the socket.
    let opened = Socket::open(server.address(), Opening::default()).await;
    let mut socket = opened.expect("nobody in particular may connect");
    assert_eq!(socket.next().await["type"], "auth.required");
    socket.begin("auth", json!({"token": alice.token()})).await;
    let failed = socket.next().await;
    assert_eq!(
        (&failed["type"], &failed["data"]["code"]),
        (&json!("auth.failed"), &json!("rate_limited"))
    );
    assert!(failed["data"]["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0), "{failed}");
    assert_eq!(socket.close_code().await, Some(4429));
    // Others come, and a service as often as it likes.
    server.user("ben").await.connect().await;
    let service = Token::of("app").claim("roles", json!(["service"]));
    let service = server.user_with("app", service).await;
    for _ in 0..5 {
        service.connect().await;
    }
}

#[tokio::test]
async fn an_address_that_connects_too_often_is_refused_before_its_token_is_looked_at() {
    let server = Server::builder()
        .set("PARLOR_ADDRESS_CONNECTS_PER_MINUTE", 3)
        .set("PARLOR_TRUSTED_PROXIES", "127.0.0.0/8")
        .start()
        .await;
    let from = |address: &str| Opening::default().header("x-forwarded-for", address);
    let open = async |opening: Opening| Socket::open(server.address(), opening).await.err();
    for _ in 0..2 {
        assert_eq!(open(from("198.51.100.7")).await, None);
    }
    assert_eq!(open(from("198.51.100.7").bearer("nonsense")).await, Some(401));
    assert_eq!(open(from("198.51.100.7").bearer("nonsense")).await, Some(429));
    assert_eq!(open(from("198.51.100.8")).await, None);
}
