//! Accounts and their tokens.

use serde_json::{Value, json};

use crate::support::{Opening, Server, Socket, User};

const PASSWORD: &str = "correct horse battery";

/// The same user with another access token.
fn with_token(user: &User, server: &Server, tokens: &Value) -> User {
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    User::new(server.address().clone(), &user.id, Some(token))
}

#[tokio::test]
async fn who_registers_is_somebody_at_once() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let body = json!({"user_id": "alice", "password": PASSWORD, "name": "Alice A."});
    let tokens = nobody.post("/auth/register", body).await.expect(201);
    assert_eq!(tokens["user"]["id"], "alice");
    assert_eq!(tokens["user"]["name"], "Alice A.");
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    assert!(tokens["refresh_token"].is_string());

    let alice = with_token(&nobody, &server, &tokens);
    let me = alice.get("/me").await.expect(200);
    assert_eq!(me, json!({"id": "alice", "name": "Alice A.", "roles": []}));
    let socket = alice.connect().await;
    assert_eq!(socket.ready["user"]["name"], "Alice A.");
}

#[tokio::test]
async fn who_has_registered_can_log_in_with_the_right_password_only() {
    let server = Server::start().await;
    let nobody = server.nobody();
    nobody.register("alice", PASSWORD).await.expect(201);
    let tokens = nobody.login("alice", PASSWORD).await.expect(200);
    with_token(&nobody, &server, &tokens).get("/me").await.expect(200);

    let wrong = nobody.login("alice", "something else").await.refused(401, "unauthorized");
    let unknown = nobody.login("nobody", PASSWORD).await.refused(401, "unauthorized");
    assert_eq!(wrong, unknown, "the answer does not tell who has an account");
}

#[tokio::test]
async fn an_id_can_be_registered_once() {
    let server = Server::start().await;
    let nobody = server.nobody();
    nobody.register("alice", PASSWORD).await.expect(201);
    nobody.register("alice", "another password").await.refused(409, "conflict");
    nobody.login("alice", PASSWORD).await.expect(200);
    nobody.login("alice", "another password").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn an_id_known_from_a_token_cannot_be_registered_over() {
    let server = Server::start().await;
    // The application's own backend has signed a token for this user.
    let ben = server.user("ben").await;
    ben.create_room("bens", "private").await;
    server.nobody().register("ben", PASSWORD).await.refused(409, "conflict");
    server.nobody().login("ben", PASSWORD).await.refused(401, "unauthorized");
    assert_eq!(ben.get("/rooms/bens").await.expect(200)["role"], "owner");
}

#[tokio::test]
async fn a_refresh_token_is_good_for_one_refresh() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let first = nobody.register("alice", PASSWORD).await.expect(201);
    let second = nobody.refresh(&first["refresh_token"]).await.expect(200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(second["user"]["id"], "alice");
    with_token(&nobody, &server, &second).get("/me").await.expect(200);
    nobody.refresh(&second["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_used_twice_revokes_all_that_came_of_it() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let stolen = nobody.register("alice", PASSWORD).await.expect(201);
    let other_login = nobody.login("alice", PASSWORD).await.expect(200);
    let next = nobody.refresh(&stolen["refresh_token"]).await.expect(200);
    let newest = nobody.refresh(&next["refresh_token"]).await.expect(200);
    nobody.refresh(&stolen["refresh_token"]).await.refused(401, "unauthorized");
    nobody.refresh(&newest["refresh_token"]).await.refused(401, "unauthorized");
    // Another login is another family.
    nobody.refresh(&other_login["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_done_again_and_one_token_is_good_of_it() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let tokens = nobody.register("alice", PASSWORD).await.expect(201);
    let token = &tokens["refresh_token"];
    let (one, two) = tokio::join!(nobody.refresh(token), nobody.refresh(token));
    // Whoever never got the first answer has the second one.
    let (one, two) = (one.expect(200), two.expect(200));
    let one = nobody.refresh(&one["refresh_token"]).await.status;
    let two = nobody.refresh(&two["refresh_token"]).await.status;
    let mut statuses = [one, two];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn a_logout_revokes_the_refresh_token() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let first = nobody.register("alice", PASSWORD).await.expect(201);
    let second = nobody.refresh(&first["refresh_token"]).await.expect(200);
    let body = json!({"refresh_token": second["refresh_token"]});
    nobody.post("/auth/logout", body.clone()).await.expect(204);
    nobody.refresh(&second["refresh_token"]).await.refused(401, "unauthorized");
    nobody.login("alice", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_logout_writes_only_what_there_is_to_be_ended() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let tokens = nobody.register("alice", PASSWORD).await.expect(201);
    let commits = async || {
        let text = User::outcome(nobody.plain(reqwest::Method::GET, "/metrics")).await.body;
        let line = text.lines().find(|line| line.starts_with("parlor_commit_seconds_count"));
        let count = line.and_then(|line| line.rsplit(' ').next()).expect("a count");
        count.parse::<f64>().expect("a number")
    };
    let log_out = async |token: &Value| {
        nobody.post("/auth/logout", json!({"refresh_token": token})).await.expect(204);
    };
    let before = commits().await;
    for unknown in 0..20 {
        log_out(&json!(format!("unknown {unknown}"))).await;
    }
    assert_eq!(commits().await, before);
    let mut socket = with_token(&nobody, &server, &tokens).connect().await;
    log_out(&tokens["refresh_token"]).await;
    assert_eq!(socket.close_code().await, Some(4501));
    nobody.refresh(&tokens["refresh_token"]).await.refused(401, "unauthorized");
    // Whoever did not hear the answer may ask again.
    log_out(&tokens["refresh_token"]).await;
}

#[tokio::test]
async fn an_expired_refresh_token_is_refused() {
    let server = Server::builder().set("PARLOR_REFRESH_TOKEN_TTL", "1ms").start().await;
    let nobody = server.nobody();
    let tokens = nobody.register("alice", PASSWORD).await.expect(201);
    let refused = nobody.refresh(&tokens["refresh_token"]).await;
    assert_eq!(refused.status, 401, "{refused:?}");
}

#[tokio::test]
async fn a_token_of_an_account_opens_the_socket_in_all_ways() {
    let server = Server::start().await;
    let tokens = server.nobody().register("alice", PASSWORD).await.expect(201);
    let token = tokens["access_token"].as_str().expect("a token");
    for opening in [
        Opening::default().bearer(token),
        Opening::default().subprotocol(token),
        Opening::default().query(&format!("token={token}")),
    ] {
        let socket = Socket::ready(server.address(), opening).await;
        assert_eq!(socket.ready["user"]["id"], "alice");
    }
}

#[tokio::test]
async fn passwords_and_tokens_do_not_reach_the_log() {
    let server = Server::builder().set("RUST_LOG", "trace").start().await;
    let tokens = server.nobody().register("alice", PASSWORD).await.expect(201);
    let token = tokens["access_token"].as_str().expect("a token");
    let opening = Opening::default().query(&format!("token={token}"));
    let mut socket = Socket::ready(server.address(), opening).await;
    socket.told_so_far().await;
    let log = server.stderr();
    let signature = token.rsplit('.').next().expect("a token has parts");
    for secret in [PASSWORD, signature, tokens["refresh_token"].as_str().expect("a token")] {
        assert!(!log.contains(secret), "the log is silent about {secret}");
    }
}
