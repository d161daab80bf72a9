//! Tokens that only the application's own service knows.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Builder, Opening, Outcome, Received, Receiver, Reply, Server, Socket, Token, User, free_port,
    run, sign, within,
};

const PASSWORD: &str = "correct horse battery";

fn builder(service: &Receiver) -> Builder {
    Server::builder().set("AUTH_SERVICE_URL", format!("{}/me", service.url))
}

/// Asks about each token each time.
fn forgetful(service: &Receiver) -> Builder {
    builder(service).set("PARLOR_AUTH_SERVICE_CACHE", "1ms")
}

fn as_user(server: &Server, token: &str) -> User {
    User::new(server.address().clone(), "x", Some(token.to_owned()))
}

async fn me(server: &Server, token: &str) -> Outcome {
    as_user(server, token).get("/me").await
}

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the end of time")
}

/// The service knows tokens such as `opaque-ann`.
fn knows_users(received: &Received) -> Reply {
    match received.header("authorization").strip_prefix("Bearer opaque-") {
        Some(user) => Reply::Body(200, json!({"sub": user, "name": "Ann B."}).to_string()),
        None => Reply::Body(401, "who is this?".to_owned()),
    }
}

async fn metric(server: &Server, name: &str) -> f64 {
    let text = User::outcome(server.nobody().plain(Method::GET, "/metrics")).await.body;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name} in {text}")).trim().parse().expect("a number")
}

#[tokio::test]
async fn the_service_says_whose_a_token_is_and_is_asked_once_for_a_while() {
    let service = Receiver::start().await;
    service.answer(Reply::Body(
        200,
        json!({
            "user": {"id": 42}, "username": "Ann B.", "scope": "openid service",
            "exp": seconds() + 600,
        })
        .to_string(),
    ));
    let server = builder(&service)
        .set("PARLOR_CLAIM_USER", "user.id")
        .set("PARLOR_CLAIM_NAME", "username")
        .set("PARLOR_CLAIM_ROLES", "scope")
        .start()
        .await;
    let token = "s%3Aabc.DEF+/=~";
    for _ in 0..3 {
        let me = me(&server, token).await.expect(200);
        assert_eq!((&me["id"], &me["name"]), (&json!("42"), &json!("Ann B.")), "{me}");
    }
    let socket = Socket::ready(server.address(), Opening::default().bearer(token)).await;
    assert_eq!(socket.ready["user"]["roles"], json!(["openid", "service"]));
    let mut socket = Socket::open(server.address(), Opening::default()).await.expect("open");
    socket.next_event("auth.required").await;
    socket.send_text(&json!({"type": "auth", "data": {"token": token}}).to_string()).await;
    socket.next_event("session.ready").await;
    let asked = service.received();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].line, "GET /me");
    assert_eq!(asked[0].header("authorization"), format!("Bearer {token}"));
    assert_eq!(metric(&server, "parlor_auth_questions_total{answer=\"ok\"}").await, 1.0);
    assert_eq!(metric(&server, "parlor_auth_seconds_count").await, 1.0);
}

#[tokio::test]
async fn only_tokens_that_no_key_here_fits_are_asked_about() {
    let service = Receiver::start().await;
    service.answer_with(knows_users);
    let server = builder(&service).start().await;
    let account = server.nobody().register("ben", PASSWORD).await.expect(201);
    me(&server, account["access_token"].as_str().expect("a token")).await.expect(200);
    me(&server, &sign("ann")).await.expect(200);
    me(&server, &Token::of("ann").expires_in(-60).text()).await.refused(401, "token_expired");
    me(&server, "prl_unknown").await.refused(401, "unauthorized");
    for bad in ["two%20words", "%C3%A4"] {
        let opening = Opening::default().query(&format!("token={bad}"));
        assert_eq!(Socket::open(server.address(), opening).await.err(), Some(401), "{bad}");
    }
    assert_eq!(service.received().len(), 0, "{:?}", service.received());
    // An application may sign with a secret that it does not share.
    let foreign = Token::of("cy").signed_with(&"x".repeat(32)).text();
    me(&server, &foreign).await.refused(401, "unauthorized");
    assert_eq!(service.received().len(), 1);
    // Whoever answers for a user, the application does.
    assert_eq!(me(&server, "opaque-ann").await.expect(200)["name"], "Ann B.");
    me(&server, "opaque-ben").await.refused(403, "forbidden");
}

#[tokio::test]
async fn what_the_service_refuses_is_refused_and_asked_once_for_a_moment() {
    for status in [401, 403, 404] {
        let service = Receiver::start().await;
        service.answer(Reply::Body(status, "no".to_owned()));
        let server = builder(&service).start().await;
        for _ in 0..2 {
            me(&server, "opaque-ann").await.refused(401, "unauthorized");
        }
        assert_eq!(service.received().len(), 1);
        let log = server.stderr();
        assert!(log.contains("it is none that the auth service knows"), "{log}");
        assert!(!log.contains("opaque"), "no token in the log: {log}");
    }
}

#[tokio::test]
async fn an_answer_that_names_nobody_is_a_refusal_that_names_the_claim() {
    let service = Receiver::start().await;
    let server = forgetful(&service).set("PARLOR_CLAIM_USER", "user_id").start().await;
    for (n, (said, line)) in [
        (json!({"sub": "ann"}), "it lacks user_id"),
        (json!({"user_id": ["ann"]}), "it has an invalid user_id"),
        (json!({"user_id": "o'brien"}), "it has a user_id that may only have"),
        (json!({"user_id": "ann", "exp": "tomorrow"}), "it has an invalid exp"),
        (json!({"user_id": "ann", "roles": {"admin": true}}), "it has an invalid roles"),
        (json!({"user_id": "ann", "iat": seconds() + 600}), "it was issued in the future"),
    ]
    .into_iter()
    .enumerate()
    {
        service.answer(Reply::Body(200, said.to_string()));
        me(&server, &format!("t{n}")).await.refused(401, "unauthorized");
        let log = server.stderr();
        assert!(log.contains(line), "{line} in {log}");
    }
    service.answer(Reply::Body(200, json!({"user_id": "Room"}).to_string()));
    me(&server, "reserved").await.refused(401, "unauthorized");
    let expired = json!({"user_id": "ann", "exp": seconds() - 60});
    service.answer(Reply::Body(200, expired.to_string()));
    me(&server, "expired").await.refused(401, "token_expired");
}

#[tokio::test]
async fn a_service_that_fails_is_unavailable_and_ends_no_session_that_runs() {
    let (service, elsewhere) = (Receiver::start().await, Receiver::start().await);
    service.answer_with(knows_users);
    let server = forgetful(&service).start().await;
    let mut socket = Socket::ready(server.address(), Opening::default().bearer("opaque-ann")).await;
    let large = json!({"sub": "ann", "name": "x".repeat(10 * 1024 * 1024)}).to_string();
    let redirect = Reply::Redirect(format!("{}/admin", elsewhere.url));
    for (reply, cause) in [
        (Reply::Body(500, String::new()), "it answered 500"),
        (Reply::Body(429, String::new()), "it answered 429"),
        (Reply::Body(204, String::new()), "it answered 204"),
        (redirect, "it answered 307"),
        (Reply::Body(200, large), "it answered more than 16384 bytes"),
        (Reply::Body(200, "{\"sub\": \"ann\"".to_owned()), "no JSON object"),
        (Reply::Body(200, "[\"ann\"]".to_owned()), "no JSON object"),
        (Reply::Silence, "no answer in time"),
        (Reply::HangUp, "error sending request"),
    ] {
        service.answer(reply);
        let refused = me(&server, "opaque-ann").await;
        assert!(refused.refused(503, "unavailable")["retry_after_ms"].is_number(), "{cause}");
        let log = server.stderr();
        assert!(log.contains(cause), "{cause} in {log}");
        // A renewal fails, and changes nothing.
        socket.refused("auth", json!({"token": "opaque-ann"}), "unavailable").await;
    }
    assert_eq!(elsewhere.received().len(), 0, "no redirect is followed");
    let opening = Opening::default().bearer("opaque-ann");
    assert_eq!(Socket::open(server.address(), opening).await.err(), Some(503));
    socket.ask("presence.set", json!({"status": "away"})).await;
    me(&server, &sign("ben")).await.expect(200);
    let line = "the auth service does not answer as it must: it answered 500";
    assert_eq!(server.stderr().matches(line).count(), 1, "once a minute");
    assert!(!server.stderr().contains("opaque"), "{}", server.stderr());
    assert!(metric(&server, "parlor_auth_questions_total{answer=\"failed\"}").await >= 18.0);
    // As soon as it is up, it is asked.
    service.answer_with(knows_users);
    me(&server, "opaque-ann").await.expect(200);
    socket.ask("auth", json!({"token": "opaque-ann"})).await;
}

#[tokio::test]
async fn a_service_that_is_not_there_keeps_the_server_neither_down_nor_waiting() {
    let url = format!("http://127.0.0.1:{}/me", free_port().await);
    let server = Server::builder().set("AUTH_SERVICE_URL", url).start().await;
    me(&server, "opaque-ann").await.refused(503, "unavailable");
    me(&server, &sign("ben")).await.expect(200);
    assert!(server.stderr().contains("Connection refused"), "{}", server.stderr());
}

#[tokio::test]
async fn many_who_bring_the_same_token_are_one_question() {
    let service = Receiver::start().await;
    service.answer(Reply::Silence);
    let server = builder(&service).set("AUTH_TIMEOUT", "4s").start().await;
    let all = join_all((0..20).map(|_| me(&server, "opaque-ann"))).await;
    all.iter().for_each(|outcome| drop(outcome.refused(503, "unavailable")));
    assert_eq!(service.received().len(), 1);
}

#[tokio::test]
async fn questions_have_places_and_what_is_above_is_unavailable_at_once() {
    /// `AUTH_QUESTIONS` and `AUTH_QUESTIONS_PER_ADDRESS`.
    const AT_ONCE: usize = 64;
    const OF_ONE_ADDRESS: usize = 272;
    let service = Receiver::start().await;
    service.answer(Reply::Silence);
    let server = builder(&service).set("AUTH_TIMEOUT", "4s").start().await;
    let tokens: Vec<String> = (0..OF_ONE_ADDRESS + 10).map(|n| format!("opaque-{n}")).collect();
    let asking = join_all(tokens.iter().map(|token| me(&server, token)));
    let watching = async {
        service.wait_until("all places to be taken", |came| came.len() == AT_ONCE).await;
        while metric(&server, "parlor_auth_questions_total{answer=\"full\"}").await < 10.0 {
            tokio::task::yield_now().await;
        }
        service.received().len()
    };
    let (all, at_once) = tokio::join!(asking, within("the ones above", watching));
    assert_eq!(at_once, AT_ONCE);
    all.iter().for_each(|outcome| drop(outcome.refused(503, "unavailable")));
    // All places are free again.
    service.answer_with(knows_users);
    let all = join_all(tokens[..AT_ONCE].iter().map(|token| me(&server, token))).await;
    all.iter().for_each(|outcome| drop(outcome.expect(200)));
}

#[tokio::test]
async fn a_session_lasts_as_long_as_the_service_says() {
    let service = Receiver::start().await;
    let server = builder(&service)
        .set("PARLOR_TOKEN_LEEWAY", "1ms")
        .set("PARLOR_TOKEN_GRACE", "1s")
        .set("PARLOR_AUTH_SERVICE_SESSION", "2s")
        .start()
        .await;
    let said = json!({"sub": "ann", "exp": seconds() + 2}).to_string();
    service.answer_with(move |asked| {
        let is_dated = asked.header("authorization").ends_with("dated");
        Reply::Body(200, if is_dated { said.clone() } else { r#"{"sub": "ben"}"#.to_owned() })
    });
    for token in ["dated", "endless"] {
        let mut socket = Socket::ready(server.address(), Opening::default().bearer(token)).await;
        assert_eq!(socket.next_event("error").await["data"]["code"], "token_expired");
        assert_eq!(socket.close_code().await, Some(4401));
        // What was said of it is over, too.
        let before = service.received().len();
        let again = me(&server, token).await;
        assert_eq!(service.received().len(), before + 1);
        assert_eq!(again.status, if token == "dated" { 401 } else { 200 });
    }
}

#[tokio::test]
async fn what_was_said_before_a_revocation_does_not_count_after_it() {
    let service = Receiver::start().await;
    service.answer_with(knows_users);
    let server = builder(&service).start().await;
    let admin = admin(&server).await;
    let mut socket = Socket::ready(server.address(), Opening::default().bearer("opaque-ann")).await;
    admin.post("/users/ann/revoke", json!({})).await.expect(204);
    assert_eq!(socket.close_code().await, Some(4501));
    // The service is asked again, and has the last word.
    me(&server, "opaque-ann").await.expect(200);
    assert_eq!(service.received().len(), 2);
    me(&server, "opaque-ann").await.expect(200);
    assert_eq!(service.received().len(), 2, "the new answer is kept");
    admin.post("/users/ann/revoke", json!({})).await.expect(204);
    service.answer(Reply::Body(401, String::new()));
    me(&server, "opaque-ann").await.refused(401, "unauthorized");
    assert_eq!(service.received().len(), 3);
}

#[tokio::test]
async fn a_token_that_the_service_dates_is_void_after_a_revocation() {
    let service = Receiver::start().await;
    let said = json!({"sub": "ann", "iat": seconds() - 60, "jti": "one"});
    service.answer(Reply::Body(200, said.to_string()));
    let server = builder(&service).start().await;
    let admin = admin(&server).await;
    me(&server, "old").await.expect(200);
    admin.post("/users/ann/revoke", json!({})).await.expect(204);
    me(&server, "old").await.refused(401, "unauthorized");
    assert_eq!(service.received().len(), 1, "to ask again would not make it newer");
    let said = json!({"sub": "ben", "jti": "two"});
    service.answer(Reply::Body(200, said.to_string()));
    me(&server, "new").await.expect(200);
    admin.post("/tokens/revoke", json!({"token_id": "two"})).await.expect(204);
    me(&server, "new").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn bans_and_deletions_are_for_its_users_too() {
    let service = Receiver::start().await;
    service.answer_with(knows_users);
    let server = builder(&service).start().await;
    let admin = admin(&server).await;
    let ann = as_user(&server, "opaque-ann");
    ann.create_room("den", "private").await;
    admin.put("/users/ann/ban", json!({})).await.expect(204);
    ann.get("/me").await.refused(403, "forbidden");
    admin.delete("/users/ann/ban").await.expect(204);
    ann.get("/me").await.expect(200);
    let before = service.received().len();
    admin.delete("/users/ann").await.expect(204);
    // Somebody new, of whom the service was asked after that.
    ann.get("/me").await.expect(200);
    assert_eq!(service.received().len(), before + 1);
    ann.get("/rooms/den").await.refused(404, "not_found");
}

fn introspecting(service: &Receiver) -> Builder {
    forgetful(service)
        .set("PARLOR_AUTH_SERVICE_FORM", "introspection")
        .set("PARLOR_AUTH_SERVICE_CLIENT_ID", "chat")
        .set("PARLOR_AUTH_SERVICE_CLIENT_SECRET", "a secret")
        .set("PARLOR_AUDIENCE", "chat")
}

#[tokio::test]
async fn an_authorization_server_is_asked_as_rfc_7662_says() {
    let service = Receiver::start().await;
    let server = introspecting(&service).start().await;
    let active = json!({
        "active": true, "sub": "ann", "iss": "https://id.example", "aud": ["chat"],
        "scope": "openid", "exp": seconds() + 600, "token_type": "Bearer",
    });
    let with = |name: &str, value: Value| {
        let mut said = active.clone();
        said[name] = value;
        said.to_string()
    };
    for (reply, status, code) in [
        (Reply::Body(200, active.to_string()), 200, ""),
        (Reply::Body(200, json!({"active": false}).to_string()), 401, "unauthorized"),
        (Reply::Body(200, with("active", json!("true"))), 503, "unavailable"),
        (Reply::Body(200, with("active", Value::Null)), 503, "unavailable"),
        (Reply::Body(200, with("aud", json!("mail"))), 401, "unauthorized"),
        (Reply::Body(200, with("exp", json!(seconds() - 60))), 401, "token_expired"),
        // What it does not take is who asks.
        (Reply::Body(401, String::new()), 503, "unavailable"),
        (Reply::Body(404, String::new()), 503, "unavailable"),
    ] {
        let shown = format!("{reply:?}");
        service.answer(reply);
        // Refusals are kept for longer than this takes.
        let token = format!("t/{:x}=", service.received().len());
        let outcome = me(&server, &token).await;
        assert_eq!(outcome.status, status, "{shown}");
        if status != 200 {
            outcome.refused(status, code);
        }
    }
    let asked = &service.received()[0];
    assert_eq!(asked.line, "POST /me");
    assert_eq!(asked.body, "token=t%2F0%3D&token_type_hint=access_token");
    assert_eq!(asked.header("content-type"), "application/x-www-form-urlencoded");
    // chat:a+secret
    assert_eq!(asked.header("authorization"), "Basic Y2hhdDphK3NlY3JldA==");
    // Its users are those of the issuer, not the application's.
    me(&server, &sign("ann")).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_setting_of_the_service_that_cannot_be_is_refused_at_the_start() {
    let url = ["--auth-service-url", "http://127.0.0.1:1/me"];
    let introspection = ["--auth-service-form", "introspection"];
    for (args, word) in [
        (vec!["--auth-service-url", "app.example.org"], "AUTH_SERVICE_URL"),
        (vec!["--auth-service-url", "http://ann:pw@app.example.org"], "AUTH_SERVICE_URL"),
        (vec!["--auth-service-form", "soap"], "PARLOR_AUTH_SERVICE_FORM"),
        ([&url[..], &["--auth-service-timeout", "5s"]].concat(), "AUTH_TIMEOUT"),
        ([&url[..], &["--auth-service-cache", "1h"]].concat(), "PARLOR_AUTH_SERVICE_CACHE"),
        (
            [&url[..], &["--auth-service-client-id=a", "--auth-service-client-secret=b"]].concat(),
            "PARLOR_AUTH_SERVICE_FORM",
        ),
        (
            [&url[..], &introspection, &["--auth-service-client-id=a"]].concat(),
            "PARLOR_AUTH_SERVICE_CLIENT_SECRET",
        ),
        (
            [&url[..], &introspection, &["--auth-service-client-secret=a"]].concat(),
            "PARLOR_AUTH_SERVICE_CLIENT_ID",
        ),
    ] {
        run(&args).await.refused(2, word);
    }
}
