//! Who somebody is: where users come from, whose credentials open their
//! accounts, and what they may be called.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Opening, Server, Socket, Token, User, moment, within};

const PASSWORD: &str = "correct horse battery";

fn as_user(server: &Server, token: &str) -> User {
    User::new(server.address().clone(), "x", Some(token.to_owned()))
}

async fn status(server: &Server, token: &str) -> u16 {
    as_user(server, token).get("/me").await.status
}

fn access(tokens: &Value) -> String {
    tokens["access_token"].as_str().expect("a token").to_owned()
}

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

async fn connect(server: &Server, token: &str) -> Socket {
    Socket::ready(server.address(), Opening::default().bearer(token)).await
}

// Origins

#[tokio::test]
async fn accounts_are_off_where_the_application_says_who_its_users_are() {
    let server = Server::builder().unset("PARLOR_ACCOUNTS").start().await;
    let nobody = server.nobody();
    nobody.register("ceo", PASSWORD).await.refused(404, "not_found");
    nobody.login("ceo", PASSWORD).await.refused(404, "not_found");
    let body = json!({"old_password": PASSWORD, "new_password": PASSWORD});
    server.user("ann").await.post("/auth/password", body).await.refused(404, "not_found");
    assert!(server.stderr().contains("PARLOR_ACCOUNTS=on"), "the log says how to have them");
}

#[tokio::test]
async fn a_token_of_an_account_is_no_good_any_more_where_accounts_were_switched_off() {
    let mut server = Server::start().await;
    let tokens = server.nobody().register("ann", PASSWORD).await.expect(201);
    server.set("PARLOR_ACCOUNTS", "off");
    server.restart().await;
    assert_eq!(status(&server, &access(&tokens)).await, 401);
    assert!(server.stderr().contains("accounts are off"), "{}", server.stderr());
}

#[tokio::test]
async fn an_account_and_a_user_of_the_application_are_not_each_others() {
    let mut server = Server::start().await;
    let nobody = server.nobody();
    let account = nobody.register("ceo", PASSWORD).await.expect(201);
    let ann = server.user("ann").await;
    for _ in 0..2 {
        let signed = Token::of("ceo").claim("name", "The real one").text();
        let refused = as_user(&server, &signed).get("/me").await.refused(403, "forbidden");
        assert!(
            refused["message"].as_str().expect("a text").contains("another sign-in"),
            "{refused}"
        );
        let opened = Socket::open(server.address(), Opening::default().bearer(&signed)).await;
        assert_eq!(opened.err(), Some(403));
        let me = as_user(&server, &access(&account)).get("/me").await.expect(200);
        assert_eq!(me["name"], "ceo", "not even the name is the application's to say");
        nobody.register("ann", PASSWORD).await.refused(409, "conflict");
        ann.get("/me").await.expect(200);
        server.restart().await;
    }
    // As the first frame, and as a later one.
    let signed = Token::of("ceo").text();
    let mut socket = Socket::open(server.address(), Opening::default()).await.expect("opened");
    socket.next_event("auth.required").await;
    socket.send_text(&json!({"type": "auth", "data": {"token": signed}}).to_string()).await;
    assert_eq!(socket.next_event("auth.failed").await["data"]["code"], "forbidden");
    assert_eq!(socket.close_code().await, Some(4501));
    let mut socket = connect(&server, &access(&account)).await;
    socket.refused("auth", json!({"token": signed}), "forbidden").await;
}

#[tokio::test]
async fn the_user_of_a_key_is_the_keys_alone() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    let made = admin.post("/api-keys", json!({"name": "board"})).await.expect(201);
    let key = made["key"].as_str().expect("told once");
    assert_eq!(status(&server, &Token::of("service:board").text()).await, 403);
    assert_eq!(status(&server, key).await, 200);
    // Whoever was there first is not made one.
    server.user("service:mail").await;
    admin.post("/api-keys", json!({"name": "mail"})).await.refused(409, "conflict");
}

#[tokio::test]
async fn accounts_become_the_applications_if_it_is_said_so() {
    let mut server = Server::start().await;
    let account = server.nobody().register("ann", PASSWORD).await.expect(201);
    as_user(&server, &access(&account)).create_room("den", "private").await;
    server.set("PARLOR_ADOPT_USERS_OF", "account");
    server.restart().await;
    let ann = server.user("ann").await;
    assert_eq!(ann.get("/rooms/den").await.expect(200)["role"], "owner");
    assert_eq!(status(&server, &access(&account)).await, 403);
    server.nobody().login("ann", PASSWORD).await.refused(401, "unauthorized");
    server.nobody().refresh(&account["refresh_token"]).await.refused(401, "unauthorized");
}

// Deleted users

#[tokio::test]
async fn the_tokens_of_a_deleted_user_open_nothing_of_who_has_the_id_next() {
    let mut server = Server::start().await;
    let admin = admin(&server).await;
    let nobody = server.nobody();
    let signed = Token::of("ann").text();
    let undated = Token::of("ann").without("iat").text();
    // One who made tokens in whole seconds.
    let whole = Token::of("ann").claim("iat", moment().floor() as i64).text();
    let account = nobody.register("ben", PASSWORD).await.expect(201);
    for token in [&signed, &undated, &whole] {
        assert_eq!(status(&server, token).await, 200);
    }
    for user in ["ann", "ben"] {
        admin.delete(&format!("/users/{user}")).await.expect(204);
    }
    let old = [signed, undated, whole, access(&account)];
    let all_are_refused = async |server: &Server| {
        for token in &old {
            assert_eq!(status(server, token).await, 401);
        }
    };
    all_are_refused(&server).await;
    nobody.refresh(&account["refresh_token"]).await.refused(401, "unauthorized");
    server.restart().await;
    all_are_refused(&server).await;
    let new = Token::of("ann").text();
    let next = nobody.register("ben", PASSWORD).await.expect(201);
    for _ in 0..2 {
        assert_eq!(status(&server, &new).await, 200);
        assert_eq!(status(&server, &access(&next)).await, 200);
        all_are_refused(&server).await;
        server.restart().await;
    }
}

#[tokio::test]
async fn a_token_is_too_old_when_nobody_remembers_any_more_who_was_deleted() {
    let server = Server::start().await;
    let day = 86_400.0;
    for (token, expected) in [
        (Token::of("ann").claim("iat", moment() - 399.0 * day), 200),
        (Token::of("ann").claim("iat", moment() - 400.0 * day), 401),
        (Token::of("ann").without("iat").expires_in(399 * 86_400), 200),
        (Token::of("ann").without("iat").expires_in(401 * 86_400), 401),
    ] {
        assert_eq!(status(&server, &token.text()).await, expected);
    }
}

// Sign-ins

#[tokio::test]
async fn a_logout_ends_the_access_token_and_the_connections_of_its_sign_in_alone() {
    let mut server = Server::start().await;
    let nobody = server.nobody();
    let first = nobody.register("ann", PASSWORD).await.expect(201);
    let other = nobody.login("ann", PASSWORD).await.expect(200);
    let second = nobody.refresh(&first["refresh_token"]).await.expect(200);
    let mut ending =
        [connect(&server, &access(&first)).await, connect(&server, &access(&second)).await];
    let mut staying = connect(&server, &access(&other)).await;
    let body = json!({"refresh_token": second["refresh_token"]});
    nobody.post("/auth/logout", body.clone()).await.expect(204);
    for socket in &mut ending {
        assert_eq!(socket.close_code().await, Some(4501));
    }
    staying.ask("presence.set", json!({"status": "online"})).await;
    for _ in 0..2 {
        for (tokens, expected) in [(&first, 401), (&second, 401), (&other, 200)] {
            assert_eq!(status(&server, &access(tokens)).await, expected);
        }
        server.restart().await;
    }
    nobody.post("/auth/logout", body).await.expect(204);
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_what_came_of_it() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let stolen = nobody.register("ann", PASSWORD).await.expect(201);
    let next = nobody.refresh(&stolen["refresh_token"]).await.expect(200);
    let newest = nobody.refresh(&next["refresh_token"]).await.expect(200);
    let mut socket = connect(&server, &access(&newest)).await;
    nobody.refresh(&stolen["refresh_token"]).await.refused(401, "unauthorized");
    assert_eq!(socket.close_code().await, Some(4501));
    assert_eq!(status(&server, &access(&newest)).await, 401);
}

#[tokio::test]
async fn another_password_ends_all_sign_ins_but_the_one_it_was_changed_with() {
    let mut server = Server::start().await;
    let nobody = server.nobody();
    let own = nobody.register("ann", PASSWORD).await.expect(201);
    let other = nobody.login("ann", PASSWORD).await.expect(200);
    let (mut staying, mut ending) =
        (connect(&server, &access(&own)).await, connect(&server, &access(&other)).await);
    let ann = as_user(&server, &access(&own));
    let change = |old: &str, new: &str| {
        let body = json!({"old_password": old, "new_password": new});
        let ann = ann.clone();
        async move { ann.post("/auth/password", body).await }
    };
    change("something else", "another password").await.refused(403, "forbidden");
    let short = change(PASSWORD, "short").await.refused(400, "invalid_message");
    assert_eq!(short["field"], "new_password");
    ending.ask("presence.set", json!({"status": "online"})).await;
    change(PASSWORD, "another password").await.expect(204);
    assert_eq!(ending.close_code().await, Some(4501));
    staying.ask("presence.set", json!({"status": "online"})).await;
    nobody.refresh(&other["refresh_token"]).await.refused(401, "unauthorized");
    nobody.login("ann", PASSWORD).await.refused(401, "unauthorized");
    let new = nobody.login("ann", "another password").await.expect(200);
    for _ in 0..2 {
        for (tokens, expected) in [(&own, 200), (&other, 401), (&new, 200)] {
            assert_eq!(status(&server, &access(tokens)).await, expected);
        }
        server.restart().await;
    }
    nobody.refresh(&own["refresh_token"]).await.expect(200);
    // Whose password is not here has none to change.
    let body = json!({"old_password": PASSWORD, "new_password": PASSWORD});
    let ben = server.user("ben").await;
    ben.post("/auth/password", body).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_password_is_guessed_no_faster_here_than_at_the_login() {
    let server = Server::builder().set("PARLOR_LOGINS_PER_MINUTE", 3).start().await;
    let tokens = server.nobody().register("ann", PASSWORD).await.expect(201);
    let ann = as_user(&server, &access(&tokens));
    let body = json!({"old_password": "a wrong guess", "new_password": "another password"});
    // Slower than the guesses come, another one is allowed.
    for _ in 0..60 {
        match ann.post("/auth/password", body.clone()).await.status {
            403 => {}
            limited => return assert_eq!(limited, 429),
        }
    }
    panic!("sixty guesses, and none was too many");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_ends_on_one_node_ends_on_the_others() {
    let settings = vec![("PARLOR_FEED_INTERVAL", "60s".to_owned())];
    let mut cluster = crate::support::Cluster::with(&[settings.clone(), settings]).await;
    let (here, there) = (&cluster.nodes[0].server, &cluster.nodes[1].server);
    let is_refused = async |token: &str, expected: u16| {
        let told = async {
            while status(there, token).await != expected {
                tokio::task::yield_now().await;
            }
        };
        within("the other node to know", told).await;
    };
    let nobody = here.nobody();
    let first = nobody.register("ann", PASSWORD).await.expect(201);
    let own = nobody.login("ann", PASSWORD).await.expect(200);
    let other = nobody.login("ann", PASSWORD).await.expect(200);
    let mut at_first = connect(there, &access(&first)).await;
    let (mut at_own, mut at_other) =
        (connect(there, &access(&own)).await, connect(there, &access(&other)).await);
    let body = json!({"refresh_token": first["refresh_token"]});
    nobody.post("/auth/logout", body).await.expect(204);
    assert_eq!(at_first.close_code().await, Some(4501));
    is_refused(&access(&first), 401).await;
    let body = json!({"old_password": PASSWORD, "new_password": "another password"});
    as_user(here, &access(&own)).post("/auth/password", body).await.expect(204);
    assert_eq!(at_other.close_code().await, Some(4501));
    is_refused(&access(&other), 401).await;
    at_own.ask("presence.set", json!({"status": "online"})).await;
    // Who was deleted here, and who has the id next.
    let old = Token::of("ben").text();
    assert_eq!(status(there, &old).await, 200);
    let admin = admin(here).await;
    admin.delete("/users/ben").await.expect(204);
    is_refused(&old, 401).await;
    // The other node hears nothing of who that is, and reads it.
    cluster.redis.kill();
    let new = Token::of("ben").text();
    assert_eq!(status(here, &new).await, 200);
    assert_eq!((status(there, &new).await, status(there, &old).await), (200, 401));
    assert_eq!(status(here, &old).await, 401);
    // Another's credentials are refused wherever they come.
    assert_eq!(status(there, &Token::of("ann").text()).await, 403);
}

// Names and ids

#[tokio::test]
async fn names_and_titles_hide_nothing() {
    let server = Server::start().await;
    let nobody = server.nobody();
    for (number, (name, shown)) in [
        ("   ", "u0"),
        ("\u{200b}", "u1"),
        ("\u{202e}ecila", "ecila"),
        ("Bob\u{200b}", "Bob"),
        ("\u{3164}", "u4"),
        ("👩\u{200d}💻", "👩\u{200d}💻"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("u{number}");
        let body = json!({"user_id": id, "password": PASSWORD, "name": name});
        let tokens = nobody.post("/auth/register", body).await.expect(201);
        assert_eq!(tokens["user"]["name"], shown, "{}", name.escape_unicode());
    }
    // Of a token it is cleaned and cut, and keeps nobody out.
    let long = "x".repeat(150);
    for (id, name, shown) in
        [("a", "A\u{2066}nn\n", "Ann"), ("b", "\u{200b}", "b"), ("c", long.as_str(), &long[..100])]
    {
        let user = server.user_with(id, Token::of(id).claim("name", name)).await;
        assert_eq!(user.get("/me").await.expect(200)["name"], shown);
    }
    let ann = server.user("ann").await;
    let body = json!({"room_id": "r", "title": "\u{202e}yad", "topic": "a\u{200b}b"});
    let room = ann.post("/rooms", body).await.expect(201);
    assert_eq!((&room["title"], &room["topic"]), (&json!("yad"), &json!("ab")));
    let refused = ann.request(Method::PATCH, "/rooms/r").json(&json!({"title": "a\nb"}));
    User::outcome(refused).await.refused(400, "invalid_message");
}

#[tokio::test]
async fn an_id_that_differs_from_anothers_in_case_alone_is_taken() {
    let server = Server::start().await;
    let nobody = server.nobody();
    nobody.register("alice", PASSWORD).await.expect(201);
    server.user("Ben").await;
    for id in ["Alice", "ALICE", "ben"] {
        nobody.register(id, PASSWORD).await.refused(409, "conflict");
    }
    let (one, other) =
        tokio::join!(nobody.register("Cy", PASSWORD), nobody.register("cy", PASSWORD));
    let mut both = [one.status, other.status];
    both.sort_unstable();
    assert_eq!(both, [201, 409]);
}

#[tokio::test]
async fn nobody_is_called_as_texts_call_many() {
    let server = Server::start().await;
    for id in ["room", "here", "all", "channel", "everyone", "Everyone"] {
        let refused = server.nobody().register(id, PASSWORD).await.refused(400, "invalid_message");
        assert_eq!(refused["field"], "user_id");
        let token = Token::of(id).text();
        let refused = as_user(&server, &token).get("/me").await.refused(401, "unauthorized");
        assert!(refused["message"].as_str().expect("a text").contains("another id"), "{refused}");
    }
    server.nobody().register("rooms", PASSWORD).await.expect(201);
}

// The log

/// The line of the log about a refusal.
fn line_about<'a>(log: &'a str, door: &str, request_id: &str) -> Option<&'a str> {
    let (door, id) = (format!("door=\"{door}\""), format!("request_id=\"{request_id}\""));
    let is_it = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.contains(&door.as_str()) && words.contains(&id.as_str())
    };
    log.lines().find(is_it)
}

/// Brings a token that is no good through one of the doors.
async fn bring(server: &Server, door: &str, token: &str, request_id: &str) {
    let opening = Opening::default().header("x-request-id", request_id);
    match door {
        "rest" => {
            let user = as_user(server, token);
            let request = user.request(Method::GET, "/me").header("x-request-id", request_id);
            assert_eq!(User::outcome(request).await.status, 401, "{request_id}");
        }
        "upgrade" => {
            let opened = Socket::open(server.address(), opening.bearer(token)).await;
            assert_eq!(opened.err(), Some(401), "{request_id}");
        }
        _ => {
            let mut socket = Socket::open(server.address(), opening).await.expect("opened");
            socket.next_event("auth.required").await;
            socket.send_text(&json!({"type": "auth", "data": {"token": token}}).to_string()).await;
            assert_eq!(socket.close_code().await, Some(4501), "{request_id}");
        }
    }
}

#[tokio::test]
async fn the_log_says_why_a_token_was_refused_and_of_which_request_and_never_the_token() {
    let server = Server::start().await;
    let cases = [
        ("sub", Token::of("o'brien@example.org").text(), "a sub that may only have"),
        ("roles", Token::of("u").claim("roles", json!([7])).text(), "an invalid roles"),
        ("nbf", Token::of("u").claim("nbf", moment() + 60.0).text(), "(nbf)"),
        ("iat", Token::of("u").claim("iat", moment() + 60.0).text(), "(iat)"),
        ("exp", Token::of("u").expires_in(-60).text(), "has expired"),
        ("secret", Token::of("u").signed_with(&"y".repeat(40)).text(), "matches no key"),
        ("rubbish", "rubbish".to_owned(), "is not a JWT"),
        ("key", "prl_nobody".to_owned(), "is an API key that is unknown"),
    ];
    for (name, token, _) in &cases {
        for door in ["rest", "upgrade", "socket"] {
            let id = format!("{door}-{name}");
            // The lines of a second are bounded: the next one has room for more.
            let told = async {
                while line_about(&server.stderr(), door, &id).is_none() {
                    bring(&server, door, token, &id).await;
                }
            };
            within("a line of the log", told).await;
        }
    }
    let log = server.stderr();
    for (name, token, why) in &cases {
        assert!(!log.contains(token.as_str()) || *name == "rubbish", "{name}");
        for door in ["rest", "upgrade", "socket"] {
            let line = line_about(&log, door, &format!("{door}-{name}"));
            let line = line.unwrap_or_else(|| panic!("no line about {door}-{name}:\n{log}"));
            assert!(line.contains("a token was refused") && line.contains(why), "{line}");
        }
    }
}

#[tokio::test]
async fn who_tries_many_tokens_does_not_fill_the_log() {
    let server = Server::start().await;
    let tries = (0..200).map(|n| {
        let server = &server;
        async move { assert_eq!(status(server, &format!("rubbish{n}")).await, 401) }
    });
    let began = std::time::Instant::now();
    futures_util::future::join_all(tries).await;
    let seconds = began.elapsed().as_secs() + 2;
    let told = server.stderr().lines().filter(|line| line.contains("token was refused")).count();
    let most = usize::try_from(seconds).expect("small") * 20;
    assert!((1..=most).contains(&told), "{told} lines in {seconds} s");
}

// The secret

#[tokio::test]
async fn the_secret_is_changed_and_nobody_is_logged_out() {
    let mut server = Server::start().await;
    let (old, new) = (crate::support::SECRET, "another secret, also long enough for HS256");
    let tokens = server.nobody().register("ann", PASSWORD).await.expect(201);
    let signed = |secret: &str| Token::of("ben").signed_with(secret).text();
    let (before, after) = (signed(old), signed(new));
    assert_eq!((status(&server, &before).await, status(&server, &after).await), (200, 401));
    server.set("JWT_SECRET", new);
    server.set("JWT_SECRET_PREVIOUS", old);
    server.restart().await;
    for token in [&before, &after, &access(&tokens)] {
        assert_eq!(status(&server, token).await, 200);
    }
    let tokens = server.nobody().refresh(&tokens["refresh_token"]).await.expect(200);
    server.set("JWT_SECRET_PREVIOUS", "");
    server.restart().await;
    assert_eq!((status(&server, &before).await, status(&server, &after).await), (401, 200));
    assert_eq!(status(&server, &access(&tokens)).await, 200, "signed with the new one");
    let home = tempfile::tempdir().expect("a directory");
    let settings = [("JWT_SECRET", new), ("JWT_SECRET_PREVIOUS", "short")];
    let refused = crate::support::run_with(&home, &["serve"], &settings).await;
    refused.refused(2, "JWT_SECRET_PREVIOUS");
}

#[tokio::test]
async fn a_clock_that_is_a_little_ahead_keeps_nobody_out() {
    let server = Server::start().await;
    let token = Token::of("ann").claim("nbf", moment() + 10.0).claim("iat", moment() + 10.0);
    assert_eq!(status(&server, &token.text()).await, 200);
}
