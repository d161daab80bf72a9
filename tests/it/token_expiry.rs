//! A socket outlives its token only if the token is renewed.

use serde_json::json;

use crate::support::{Builder, Opening, Server, Socket, Token, sign};

/// A server that takes no token after its end.
fn exact() -> Builder {
    Server::builder().set("PARLOR_TOKEN_LEEWAY", "1ms")
}

#[tokio::test]
async fn a_socket_is_closed_with_4401_when_its_token_expires() {
    let server = exact().set("PARLOR_TOKEN_GRACE", "1s").start().await;
    let token = Token::of("alice").expires_in(2).text();
    let mut socket = Socket::ready(server.address(), Opening::default().bearer(&token)).await;
    let told = socket.next_event("error").await;
    assert_eq!(told["data"]["code"], "token_expired");
    // Nothing but a new token is taken until then.
    socket.refused("presence.set", json!({"status": "away"}), "token_expired").await;
    assert_eq!(socket.close_code().await, Some(4401));
}

#[tokio::test]
async fn a_renewed_token_keeps_the_socket() {
    let server = exact().set("PARLOR_TOKEN_GRACE", "1s").start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let soon = Token::of("alice").expires_in(2).text();
    let mut renewed = Socket::ready(server.address(), Opening::default().bearer(&soon)).await;
    let mut expiring = Socket::ready(server.address(), Opening::default().bearer(&soon)).await;
    let answer = renewed.ask("auth", json!({"token": sign("alice")})).await;
    assert_eq!(answer["user"]["id"], "alice");
    assert!(answer.get("rooms").is_none(), "{answer}");
    // The one beside it, with the same first token, is the clock.
    assert_eq!(expiring.close_code().await, Some(4401));
    renewed.say("den", "still here").await;
}

#[tokio::test]
async fn a_bad_renewal_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    let expired = Token::of("alice").expires_in(-60).text();
    socket.refused("auth", json!({"token": expired}), "token_expired").await;
    socket.refused("auth", json!({"token": "rubbish"}), "unauthorized").await;
    let error = socket.request("auth", json!({"token": sign("ben")})).await;
    let error = error.expect_err("the token of another user is no renewal");
    assert!(["unauthorized", "forbidden"].contains(&error["code"].as_str().expect("a code")));
    socket.say("den", "still alice").await;
    let message = socket.next_message("den").await;
    assert_eq!(message["data"]["sender"]["id"], "alice");
}

#[tokio::test]
async fn rest_tells_an_expired_token_from_a_bad_one() {
    let server = Server::start().await;
    let nobody = server.nobody();
    nobody.get("/me").await.refused(401, "unauthorized");
    for (token, code) in [
        (Token::of("alice").expires_in(-3600).text(), "token_expired"),
        (Token::of("alice").signed_with("another secret entirely").text(), "unauthorized"),
        ("rubbish".to_owned(), "unauthorized"),
    ] {
        let request = nobody.request(reqwest::Method::GET, "/me").bearer_auth(&token);
        crate::support::User::outcome(request).await.refused(401, code);
    }
}

#[tokio::test]
async fn a_new_token_within_the_grace_goes_on_where_it_was() {
    let server = exact().start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let soon = Token::of("alice").expires_in(2).text();
    let mut socket = Socket::ready(server.address(), Opening::default().bearer(&soon)).await;
    socket.next_event("error").await;
    // What happens is told all the same.
    alice.say("den", "hi").await;
    socket.next_message("den").await;
    socket.ask("auth", json!({"token": sign("alice")})).await;
    socket.say("den", "still here").await;
}
