//! Requests that are sent before the answers to those before them came, and
//! what follows a head in the same packet.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
    split,
};
use tokio_rustls::TlsConnector;

use crate::support::{Frame, RawSocket, Server, within};

/// Head and body of the next answer.
async fn next_answer(from: &mut (impl AsyncBufRead + Unpin)) -> (String, String) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = within("a line of an answer", from.read_line(&mut head)).await;
        assert!(read.expect("it is open") > 0, "it ended: {head}");
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |length| length.trim().parse().expect("a number"));
    let mut body = vec![0; length];
    within("a body", from.read_exact(&mut body)).await.expect("it is whole");
    (lower, String::from_utf8(body).expect("it is text"))
}

/// Sends so many requests in a row and reads the answers meanwhile.
async fn ask_in_a_row(stream: impl AsyncRead + AsyncWrite + Send + 'static, count: usize) {
    let (reading, mut writing) = split(stream);
    let asking = tokio::spawn(async move {
        let request = |id: usize| {
            format!("GET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: {id}\r\n\r\n")
        };
        let all: String = (0..count).map(request).collect();
        writing.write_all(all.as_bytes()).await.expect("it is open");
        writing.flush().await.expect("it is open");
    });
    let mut answers = BufReader::new(reading);
    for id in 0..count {
        let (head, body) = next_answer(&mut answers).await;
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        assert!(head.contains(&format!("\r\nx-request-id: {id}\r\n")), "{id}: {head}");
        assert_eq!(body, r#"{"status":"ok"}"#);
    }
    within("the end of the writing", asking).await.expect("all was sent");
}

#[tokio::test]
async fn thousands_of_requests_in_a_row_are_answered_in_order() {
    let server = Server::start().await;
    ask_in_a_row(server.address().dial().await, 4_000).await;
}

#[tokio::test]
async fn so_they_are_over_tls() {
    let (server, certificate) = Server::builder().start_with_tls().await;
    let connector = TlsConnector::from(Arc::clone(&certificate.client));
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let stream = server.address().dial().await;
    let stream = within("a handshake", connector.connect(name, stream)).await;
    ask_in_a_row(stream.expect("the certificate is trusted"), 1_000).await;
}

#[tokio::test]
async fn requests_that_wait_for_their_turn_take_no_memory() {
    const REQUESTS: usize = 3_800;
    let server = Server::start().await;
    let request = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    // What each thread needs to answer at all.
    for _ in 0..16 {
        RawSocket::http(server.address(), request).await;
    }
    let before = server.resident_bytes();
    let mut unread = Vec::new();
    for _ in 0..50 {
        let (mut reading, mut writing) = server.address().dial().await.into_split();
        let all = request.repeat(REQUESTS);
        let asking = tokio::spawn(async move {
            // As much as is taken; it is open for as long as nobody reads.
            let _ = writing.write_all(all.as_bytes()).await;
            writing
        });
        // With the first answer, what was read with its request is parsed.
        within("an answer", reading.read_u8()).await.expect("it is open");
        unread.push((reading, asking));
    }
    let grown = server.resident_bytes().saturating_sub(before) / 1024 / 1024;
    // Parsed, those of one connection alone would take 19 MiB.
    assert!(grown < 64, "{} times {REQUESTS} requests take {grown} MiB", unread.len());
    let other = RawSocket::http(server.address(), request).await;
    assert!(other.starts_with("HTTP/1.1 200 "), "{other}");
    for (_, asking) in unread {
        asking.abort();
    }
}

#[tokio::test]
async fn a_body_in_the_packet_of_its_head_is_read_and_so_is_what_follows_it() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.room_with("den", &[]).await;
    let (reading, mut writing) = server.address().dial().await.into_split();
    let mut answers = BufReader::new(reading);
    let (path, token) = ("/api/v1/rooms/den/messages", ann.token());
    // The last one is longer than what is read at once.
    let long = "x".repeat(10_000);
    for content in ["short", &long] {
        // With lines that are empty, as those that end a head.
        let body = format!("{{\r\n\r\n\"content\":{}\r\n\r\n}}", json!(content));
        let half = body.len() / 2;
        let (one, two) = body.split_at(half);
        let chunks = format!(
            "{:x};a=b\r\n{one}\r\n{:X}\r\n{two}\r\n0\r\nA: b\r\n\r\n",
            one.len(),
            two.len()
        );
        let length = format!("Content-Length: {}", body.len());
        for (framing, body) in [(&*length, &body), ("Transfer-Encoding: chunked", &chunks)] {
            let head = |method: &str, query: &str, lines: &str| {
                format!(
                    "{method} {path}{query} HTTP/1.1\r\nHost: x\r\n\
                     Authorization: Bearer {token}\r\n{lines}\r\n"
                )
            };
            let typed = format!("Content-Type: application/json\r\n{framing}\r\n");
            let send = head("POST", "", &typed) + body;
            let page = head("GET", "?limit=1", "");
            // What one request has done the next one sees.
            let all = [&*send, &page, &send, &page].concat();
            within("room to write", writing.write_all(all.as_bytes())).await.expect("it is open");
            let mut last = 0;
            for _ in 0..2 {
                let (head, sent) = next_answer(&mut answers).await;
                assert!(head.starts_with("http/1.1 201 "), "{framing}: {head}{sent}");
                let (head, page) = next_answer(&mut answers).await;
                assert!(head.starts_with("http/1.1 200 "), "{framing}: {head}{page}");
                let page: Value = serde_json::from_str(&page).expect("it is JSON");
                let newest = &page["messages"][0];
                assert_eq!(newest["content"], content, "{framing}");
                let seq = newest["seq"].as_u64().expect("a number");
                assert!(seq > last, "{seq} is the newest");
                last = seq;
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_was_asked_for_comes_behind_100_and_the_next_request_behind_it() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.room_with("den", &[]).await;
    let (reading, mut writing) = server.address().dial().await.into_split();
    let mut answers = BufReader::new(reading);
    let body = json!({"content": "asked for"}).to_string();
    let head = format!(
        "POST /api/v1/rooms/den/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        ann.token(),
        body.len()
    );
    for _ in 0..2 {
        writing.write_all(head.as_bytes()).await.expect("it is open");
        assert!(next_answer(&mut answers).await.0.starts_with("http/1.1 100 "));
        let rest = format!("{body}GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
        writing.write_all(rest.as_bytes()).await.expect("it is open");
        assert!(next_answer(&mut answers).await.0.starts_with("http/1.1 201 "));
        assert!(next_answer(&mut answers).await.0.starts_with("http/1.1 200 "));
    }
}

#[tokio::test]
async fn frames_in_the_packet_of_the_upgrade_reach_the_session() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let mut all = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Authorization: Bearer {}\r\n\r\n",
        server.address().authority(),
        ann.token()
    )
    .into_bytes();
    // Together longer than what is read at once.
    let ids = ["p0", "p1", "p2", "p3", "p4"];
    for (number, id) in ids.iter().enumerate() {
        let filler = "\r\n\r\nx".repeat(number * 500);
        let ping = json!({"type": "ping", "id": id, "filler": filler}).to_string();
        all.extend(Frame::text(ping).encode());
    }
    // A request before it is answered before it.
    let request = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut socket = RawSocket::open(server.address()).await;
    socket.write(&all).await;
    let head = socket.read_head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_answered(&mut socket, &ids).await;

    let mut socket = RawSocket::open(server.address()).await;
    socket.write(&[&request[..], &all].concat()).await;
    let head = socket.read_head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let head = socket.read_head().await;
    assert!(head.starts_with(r#"{"status":"ok"}HTTP/1.1 101 "#), "{head}");
    assert_answered(&mut socket, &ids).await;
}

/// Reads the answers to these requests, in their order.
async fn assert_answered(socket: &mut RawSocket, ids: &[&str]) {
    for id in ids {
        let answer = loop {
            let frame = socket.next_json().await;
            if !frame["id"].is_null() {
                break frame;
            }
        };
        assert_eq!(answer["id"], *id, "{answer}");
    }
}
