//! A token in the cookie of the application's own sign-in.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Opening, Outcome, Server, Socket, User, run, sign};

const APP: &str = "https://app.example.org";
const EVIL: &str = "https://evil.example.org";

async fn start() -> Server {
    Server::builder()
        .set("PARLOR_ALLOWED_ORIGINS", APP)
        .set("PARLOR_TOKEN_COOKIE", "sid")
        .start()
        .await
}

fn own(server: &Server) -> String {
    format!("http://{}", server.address().authority())
}

fn with(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// What a browser in which `ann` is signed in sends for a page.
fn cookie() -> String {
    format!("theme=dark; sid={}", sign("ann"))
}

async fn read(server: &Server, headers: &[(&str, &str)]) -> Outcome {
    let request = server.nobody().request(Method::GET, "/me").header("cookie", cookie());
    User::outcome(with(request, headers)).await
}

async fn change(server: &Server, headers: &[(&str, &str)]) -> Outcome {
    let request = server.nobody().request(Method::POST, "/rooms").header("cookie", cookie());
    User::outcome(with(request, headers).json(&json!({}))).await
}

fn is_shown_to(outcome: &Outcome, origin: &str) {
    assert_eq!(outcome.header("access-control-allow-origin"), origin, "{outcome:?}");
    let allowed = if origin.is_empty() { "" } else { "true" };
    assert_eq!(outcome.header("access-control-allow-credentials"), allowed, "{outcome:?}");
}

#[tokio::test]
async fn a_page_of_the_application_is_its_users() {
    let server = start().await;
    let answer = read(&server, &[("origin", APP), ("sec-fetch-site", "same-site")]).await;
    assert_eq!(answer.expect(200)["id"], "ann");
    is_shown_to(&answer, APP);
    let answer = change(&server, &[("origin", APP)]).await;
    answer.expect(201);
    is_shown_to(&answer, APP);
    let own = own(&server);
    change(&server, &[("origin", own.as_str()), ("sec-fetch-site", "same-origin")])
        .await
        .expect(201);
    change(&server, &[("origin", own.as_str())]).await.expect(201);
    // What a page of the server reads has no origin.
    read(&server, &[("sec-fetch-site", "same-origin")]).await.expect(200);
    read(&server, &[("sec-fetch-site", "none")]).await.expect(200);
    let answer = read(&server, &[]).await;
    answer.expect(200);
    is_shown_to(&answer, "");
}

#[tokio::test]
async fn no_other_page_acts_with_the_cookie() {
    let server = start().await;
    for headers in [
        &[("origin", EVIL)][..],
        &[("origin", EVIL), ("sec-fetch-site", "same-site")],
        &[("origin", "null")],
        &[("origin", "https://app.example.org.evil.example.org")],
        &[("origin", "http://app.example.org")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        for answer in [read(&server, headers).await, change(&server, headers).await] {
            answer.refused(403, "forbidden");
            is_shown_to(&answer, "");
        }
    }
    // What changes something says where it comes from.
    change(&server, &[]).await.refused(403, "forbidden");
    change(&server, &[("sec-fetch-site", "none")]).await.refused(403, "forbidden");
    assert_eq!(server.stderr().matches("a token in a cookie was not taken").count(), 1);
    assert!(!server.stderr().contains(&sign("ann")[..40]), "no token in the log");
}

#[tokio::test]
async fn a_preflight_allows_credentials_to_listed_origins_alone() {
    let server = start().await;
    for (origin, shown) in [(APP, APP), (EVIL, "")] {
        let request = server.nobody().plain(Method::OPTIONS, "/api/v1/rooms");
        let asked = [("origin", origin), ("access-control-request-method", "POST")];
        is_shown_to(&User::outcome(with(request, &asked)).await, shown);
    }
    // Where no cookie is taken, none is allowed.
    let server = Server::builder().set("PARLOR_ALLOWED_ORIGINS", APP).start().await;
    let answer = read(&server, &[("origin", APP)]).await;
    answer.refused(401, "unauthorized");
    assert_eq!(answer.header("access-control-allow-origin"), APP);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let opening = Opening::default().header("origin", APP).header("cookie", cookie());
    let mut socket = Socket::open(server.address(), opening).await.expect("a socket");
    socket.next_event("auth.required").await;
}

#[tokio::test]
async fn a_token_that_is_brought_otherwise_goes_before_the_cookie() {
    let server = start().await;
    let evil = [("origin", EVIL)];
    let request = server.nobody().request(Method::POST, "/rooms").bearer_auth(sign("ben"));
    let request = with(request, &evil).header("cookie", cookie()).json(&json!({}));
    let room = User::outcome(request).await.expect(201);
    let ben = server.user("ben").await;
    let path = format!("/rooms/{}", room["room_id"].as_str().expect("an id"));
    assert_eq!(ben.get(&path).await.expect(200)["role"], "owner");
    let request = server.nobody().request(Method::GET, "/me").header("authorization", "Basic eDp5");
    User::outcome(request.header("cookie", cookie())).await.refused(401, "unauthorized");
    let two = format!("{}; sid={}", cookie(), sign("ben"));
    let request = server.nobody().request(Method::GET, "/me").header("cookie", two);
    User::outcome(request).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_socket_is_opened_by_pages_that_may() {
    let server = start().await;
    let own = own(&server);
    let opening = || Opening::default().header("cookie", cookie());
    for origin in [APP, own.as_str()] {
        let socket = Socket::ready(server.address(), opening().header("origin", origin)).await;
        assert_eq!(socket.ready["user"]["id"], "ann");
    }
    for refused in [
        opening(),
        opening().header("origin", EVIL),
        opening().header("origin", own.as_str()).header("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(Socket::open(server.address(), refused).await.err(), Some(403));
    }
    let bad = Opening::default().header("cookie", "sid=bad").header("origin", APP);
    assert_eq!(Socket::open(server.address(), bad).await.err(), Some(401));
    let ben = opening().header("origin", APP).subprotocol(&sign("ben"));
    assert_eq!(Socket::ready(server.address(), ben).await.ready["user"]["id"], "ben");
}

#[tokio::test]
async fn it_requires_exact_origins_and_a_name() {
    for (args, word) in [
        (["--token-cookie=sid", "--allowed-origins=*"], "PARLOR_TOKEN_COOKIE"),
        (["--token-cookie=a b", "--allowed-origins="], "PARLOR_TOKEN_COOKIE"),
    ] {
        run(&args).await.refused(2, word);
    }
}
