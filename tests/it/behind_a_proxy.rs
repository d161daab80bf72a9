//! Who somebody is that came through a proxy: for the limits, the log, the
//! numbers, what administrators see, and the page.

use reqwest::Method;
use serde_json::json;

use crate::support::{Opening, Outcome, RawSocket, Server, Socket, Token, User, sign};

/// A server that believes the proxies of this machine.
async fn believing() -> Server {
    Server::builder()
        .set("PARLOR_LOGINS_PER_MINUTE", 3)
        .set("PARLOR_TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await
}

/// A wrong password, sent through a proxy that writes these lines.
async fn guess(server: &Server, lines: &[&str]) -> Outcome {
    let mut request = server.nobody().request(Method::POST, "/auth/login");
    for line in lines {
        request = request.header("X-Forwarded-For", *line);
    }
    User::outcome(request.json(&json!({"user_id": "nobody", "password": "wrong horse"}))).await
}

/// The address that administrators see of the only connection.
async fn shown(server: &Server) -> String {
    let root = Token::of("root").claim("roles", json!(["admin"]));
    let listed = server.user_with("root", root).await.get("/connections").await.expect(200);
    listed["connections"][0]["address"].as_str().expect("an address").to_owned()
}

#[tokio::test]
async fn the_last_line_that_a_trusted_proxy_wrote_counts() {
    let server = believing().await;
    // The first line is the client's own, the second one the proxy's.
    for invented in 0..3 {
        let guessed = guess(&server, &[&format!("198.51.100.{invented}"), "203.0.113.8"]).await;
        guessed.refused(401, "unauthorized");
    }
    guess(&server, &["198.51.100.9", "203.0.113.8"]).await.refused(429, "rate_limited");
    guess(&server, &["203.0.113.8", "203.0.113.9"]).await.refused(401, "unauthorized");
    let opening = Opening::default()
        .bearer(&sign("eve"))
        .header("x-forwarded-for", "8.8.8.8")
        .header("x-forwarded-for", "203.0.113.8");
    let _socket = Socket::ready(server.address(), opening).await;
    assert_eq!(shown(&server).await, "203.0.113.8");
}

#[tokio::test]
async fn an_address_may_have_a_port_and_brackets() {
    let server = believing().await;
    for client in 0..6 {
        let guessed = guess(&server, &[&format!("203.0.113.{client}:40{client}")]).await;
        guessed.refused(401, "unauthorized");
    }
    for port in 0..3 {
        let guessed = guess(&server, &[&format!("[2001:db8::5]:4000{port}")]).await;
        guessed.refused(401, "unauthorized");
    }
    guess(&server, &["2001:db8::5"]).await.refused(429, "rate_limited");
    let opening =
        Opening::default().bearer(&sign("eve")).header("x-forwarded-for", "203.0.113.9:5123");
    let _socket = Socket::ready(server.address(), opening).await;
    assert_eq!(shown(&server).await, "203.0.113.9");
}

#[tokio::test]
async fn the_log_and_the_audit_name_the_client_and_not_the_proxy() {
    let server = believing().await;
    let root = Token::of("root").claim("roles", json!(["admin"]));
    let root = server.user_with("root", root).await;
    server.user("ann").await;
    let request = root.request(Method::POST, "/users/ann/disconnect");
    let request = request.header("X-Forwarded-For", "203.0.113.8").json(&json!({}));
    User::outcome(request).await.expect(200);
    let audit = root.get("/audit").await.expect(200);
    assert_eq!(audit["entries"][0]["detail"], json!({"address": "203.0.113.8"}));
    let log = server.stderr();
    let line = log.lines().find(|line| line.contains("/users/ann/disconnect"));
    let line = line.expect("the request is logged");
    assert!(line.contains("client=\"203.0.113.8\""), "{line}");
    let opening = Opening::default().bearer(&sign("eve")).header("x-forwarded-for", "203.0.113.9");
    let _socket = Socket::ready(server.address(), opening).await;
    let log = server.stderr();
    let line = log.lines().find(|line| line.contains("upgrade")).expect("the upgrade is logged");
    assert!(line.contains("client=\"203.0.113.9\""), "{line}");
}

/// What the numbers answer somebody who was forwarded with these headers.
async fn metrics(server: &Server, headers: &[(&str, &str)]) -> u16 {
    let mut request = server.nobody().plain(Method::GET, "/metrics");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    User::outcome(request).await.status
}

#[tokio::test]
async fn the_numbers_are_for_this_machine_and_not_for_who_comes_through_a_proxy_of_it() {
    let server = Server::start().await;
    assert_eq!(metrics(&server, &[]).await, 200);
    // A proxy that nobody has named.
    assert_eq!(metrics(&server, &[("X-Forwarded-For", "203.0.113.8")]).await, 403);
    assert_eq!(metrics(&server, &[("Forwarded", "for=203.0.113.8")]).await, 403);
    let server = believing().await;
    assert_eq!(metrics(&server, &[("X-Forwarded-For", "203.0.113.8")]).await, 403);
    assert_eq!(metrics(&server, &[("X-Forwarded-For", "127.0.0.1")]).await, 200);
    // What the client wrote before it makes the line no text.
    assert_eq!(metrics(&server, &[("X-Forwarded-For", "é, 203.0.113.8")]).await, 403);
    assert_eq!(metrics(&server, &[("X-Forwarded-For", "unknown")]).await, 403);
    assert_eq!(metrics(&server, &[("X-Real-IP", "203.0.113.8")]).await, 403);
}

#[tokio::test]
async fn an_ipv4_address_is_the_same_one_on_all_interfaces() {
    let server = Server::builder()
        .set("PARLOR_BIND", "[::]:0")
        .set("PARLOR_TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await;
    assert_eq!(metrics(&server, &[]).await, 200);
    let opening = Opening::default().bearer(&sign("eve")).header("x-forwarded-for", "203.0.113.9");
    let _socket = Socket::ready(server.address(), opening).await;
    assert_eq!(shown(&server).await, "203.0.113.9");
}

/// The head of the answer to an upgrade request.
async fn upgrade(server: &Server, host: &str, origin: &str) -> String {
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    );
    RawSocket::http(server.address(), &request).await
}

#[tokio::test]
async fn a_host_may_be_written_with_the_port_of_its_scheme() {
    let server = Server::start().await;
    for (host, origin, status) in [
        ("chat.example.org:443", "https://chat.example.org", 101),
        ("chat.example.org:80", "http://chat.example.org", 101),
        ("chat.example.org", "https://chat.example.org", 101),
        ("chat.example.org:8443", "https://chat.example.org", 403),
        ("chat.example.org:80", "https://chat.example.org", 403),
    ] {
        let head = upgrade(&server, host, origin).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{host} {origin}: {head}");
        assert!(head.to_lowercase().contains("\r\nx-request-id: "), "{status}: {head}");
    }
}

#[tokio::test]
async fn a_refused_origin_is_told_why_and_the_operator_once() {
    let server = Server::start().await;
    let request = |host: &str| {
        let request = server.nobody().plain(Method::GET, "/ws");
        let request = request.header("host", host).header("origin", "https://chat.example.org");
        let request = request.header("connection", "Upgrade").header("upgrade", "websocket");
        let request = request.header("sec-websocket-version", "13");
        request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    for _ in 0..3 {
        let refused = User::outcome(request("127.0.0.1:8080")).await;
        let error = refused.refused(403, "forbidden");
        let message = error["message"].as_str().expect("a text");
        assert!(message.contains("https://chat.example.org"), "{message}");
        assert!(message.contains("127.0.0.1:8080"), "{message}");
    }
    let log = server.stderr();
    let lines: Vec<_> =
        log.lines().filter(|line| line.contains("PARLOR_ALLOWED_ORIGINS")).collect();
    assert_eq!(lines.len(), 1, "one line a minute: {lines:?}");
    assert!(lines[0].contains("https://chat.example.org"), "{lines:?}");
    assert!(lines[0].contains("127.0.0.1:8080"), "{lines:?}");
}
