//! Who speaks HTTP and keeps the server waiting, or keeps much of it: no
//! request and no answer is waited for without end, and nobody has more than
//! their share of connections and of what waits.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::{TcpSocket, TcpStream},
};

use crate::support::{Address, Opening, Server, Socket, User, sign, within};

/// A server that loses its patience soon.
async fn hurried() -> Server {
    Server::builder()
        .set("PARLOR_REQUEST_TIMEOUT", "1s")
        .set("PARLOR_RESPONSE_TIMEOUT", "1s")
        .start()
        .await
}

async fn send(address: &Address, bytes: &str) -> TcpStream {
    let mut stream = address.dial().await;
    // Where the server has closed it already, reading shows that.
    let _ = within("room to write", stream.write_all(bytes.as_bytes())).await;
    stream
}

/// All that comes until the connection ends.
async fn until_end(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset is an end as well.
    let _ = within("the end of the connection", stream.read_to_end(&mut all)).await;
    String::from_utf8_lossy(&all).into_owned()
}

async fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match within("the head of an answer", stream.read_u8()).await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).expect("headers are ASCII")
}

#[tokio::test]
async fn a_body_that_stops_coming_is_answered_with_408() {
    let server = hurried().await;
    for path in ["login", "logout"] {
        let request = format!(
            "POST /api/v1/auth/{path} HTTP/1.1\r\nHost: x\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
        );
        let answer = until_end(&mut send(server.address(), &request).await).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains(r#""code":"timeout""#), "{answer}");
    }
}

#[tokio::test]
async fn a_file_that_trickles_is_answered_with_408() {
    let server = hurried().await;
    let ann = server.user("ann").await;
    let request = format!(
        "POST /api/v1/attachments?name=a.txt HTTP/1.1\r\nHost: x\r\n\
         Authorization: Bearer {}\r\nContent-Length: 1000000\r\n\r\n",
        ann.token()
    );
    let stream = send(server.address(), &request).await;
    let (mut reading, mut writing) = stream.into_split();
    // As fast as the server answers: one byte each time the clock ticks.
    let trickle = tokio::spawn(async move {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            tick.tick().await;
            if writing.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    let mut answer = Vec::new();
    let _ = within("an answer", reading.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    within("the end of the writing", trickle).await.expect("it does not panic");
}

#[tokio::test]
async fn a_head_that_stops_coming_ends_the_connection_the_first_one_and_any_other() {
    let server = hurried().await;
    let half = "GET /health/live HTTP/1.1\r\nHos";
    let answer = until_end(&mut send(server.address(), half).await).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let whole = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = send(server.address(), whole).await;
    assert!(head_of(&mut stream).await.starts_with("HTTP/1.1 200 "));
    within("room to write", stream.write_all(half.as_bytes())).await.expect("it is kept");
    until_end(&mut stream).await;
}

#[tokio::test]
async fn the_rest_of_a_body_that_nobody_wants_is_not_waited_for() {
    let server = hurried().await;
    for path in ["/api/v1/nowhere", "/api/v1/auth/nowhere"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
        );
        let answer = until_end(&mut send(server.address(), &request).await).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_ended() {
    let server = Server::start().await;
    let request = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = send(server.address(), request).await;
    let answer = until_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// A connection that takes little, with a request on it.
async fn ask_narrow(user: &User, path: &str) -> TcpStream {
    ask_taking(4_096, user, path, "").await
}

/// The same with so large a buffer, and more lines in the head.
async fn ask_taking(buffer: u32, user: &User, path: &str, lines: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.set_recv_buffer_size(buffer).expect("its buffer can be set");
    let peer = user.address().authority().parse().expect("an address");
    let stream = within("a TCP connection", socket.connect(peer)).await;
    let mut stream = stream.expect("the server accepts connections");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{lines}\r\n",
        user.token.as_deref().unwrap_or_default()
    );
    within("room to write", stream.write_all(request.as_bytes())).await.expect("it is open");
    stream
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_cut() {
    let server = hurried().await;
    let ann = server.user("ann").await;
    let upload = ann.request(Method::POST, "/attachments?name=a.txt");
    let upload = User::outcome(upload.body(vec![b'x'; 4 * 1024 * 1024])).await.expect(201);
    let path =
        format!("/api/v1/attachments/{}/content", upload["attachment_id"].as_str().expect("an id"));
    let mut stream = ask_narrow(&ann, &path).await;
    assert!(head_of(&mut stream).await.starts_with("HTTP/1.1 200 "));
    // Nothing is read from here on, and still it is noticed: a reset.
    let cut = within("the cut", stream.ready(Interest::ERROR)).await.expect("it is watched");
    assert!(cut.is_error(), "{cut:?}");
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_comes_whole() {
    const BYTES: usize = 6 * 1024 * 1024;
    let server = Server::builder().set("PARLOR_RESPONSE_TIMEOUT", "3s").start().await;
    let ann = server.user("ann").await;
    let upload = ann.request(Method::POST, "/attachments?name=a.txt");
    let upload = User::outcome(upload.body(vec![b'x'; BYTES])).await.expect(201);
    let path =
        format!("/api/v1/attachments/{}/content", upload["attachment_id"].as_str().expect("an id"));
    let mut stream = ask_taking(64 * 1024, &ann, &path, "").await;
    assert!(head_of(&mut stream).await.starts_with("HTTP/1.1 200 "));
    // Less than a megabyte a second, for longer than the timeout.
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(100));
    let (mut got, mut buffer) = (0, vec![0; 100 * 1024]);
    while got < BYTES {
        tick.tick().await;
        let read = within("the rest", stream.read(&mut buffer)).await.expect("it is not cut");
        assert!(read > 0, "it ended after {got} bytes");
        got += read;
    }
}

#[tokio::test]
async fn a_reader_slower_than_the_system_tells_of_is_not_taken_for_one_who_does_not_read() {
    let server = Server::builder().set("PARLOR_RESPONSE_TIMEOUT", "2s").start().await;
    let ann = server.user("ann").await;
    let upload = ann.request(Method::POST, "/attachments?name=a.txt");
    let upload = User::outcome(upload.body(vec![b'x'; 4 * 1024 * 1024])).await.expect(201);
    let path =
        format!("/api/v1/attachments/{}/content", upload["attachment_id"].as_str().expect("an id"));
    let mut stream = ask_narrow(&ann, &path).await;
    assert!(head_of(&mut stream).await.starts_with("HTTP/1.1 200 "));
    // Eight times the least pace; a third of the server's buffer, which is what
    // the system waits for, takes it four times the timeout.
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(100));
    let (mut got, mut buffer) = (0, vec![0; 800]);
    while got < 80 * 1024 {
        tick.tick().await;
        let read = within("the rest", stream.read(&mut buffer)).await.expect("it is not cut");
        assert!(read > 0, "it ended after {got} bytes");
        got += read;
    }
    // From here on nothing is read.
    let cut = within("the cut", stream.ready(Interest::ERROR)).await.expect("it is watched");
    assert!(cut.is_error(), "{cut:?}");
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_sockets_with_a_token_do_not_count() {
    let server = Server::builder().set("PARLOR_CONNECTIONS_PER_ADDRESS", 8).start().await;
    let ann = server.user("ann").await;
    let mut sockets = Vec::new();
    for _ in 0..12 {
        sockets.push(ann.connect().await);
    }
    let mut held = Vec::new();
    let refused = loop {
        assert!(held.len() <= 8, "more than one address may have");
        let mut stream = send(server.address(), "GET /health/live HTTP/1.1\r\n").await;
        // Ended at once, or kept until it has asked.
        let rest = stream.write_all(b"Host: x\r\n\r\n").await;
        let head = head_of(&mut stream).await;
        if rest.is_err() || head.is_empty() {
            break stream;
        }
        held.push(stream);
    };
    drop(refused);
    assert!(held.len() >= 7, "as many as one address may have: {}", held.len());
    assert!(server.stderr().contains("PARLOR_CONNECTIONS_PER_ADDRESS"), "it is said");
    // The places of those that have gone are free.
    held.clear();
    let again = async {
        loop {
            let mut stream = send(server.address(), "GET /health/live HTTP/1.1\r\n").await;
            let _ = stream.write_all(b"Host: x\r\n\r\n").await;
            if head_of(&mut stream).await.starts_with("HTTP/1.1 200 ") {
                return;
            }
        }
    };
    within("a free place", again).await;
}

#[tokio::test]
async fn the_clients_of_a_trusted_proxy_have_a_bound_each_and_the_proxy_has_none() {
    let server = Server::builder()
        .set("PARLOR_CONNECTIONS_PER_ADDRESS", 4)
        .set("PARLOR_TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await;
    let ask = |client: &str, body: &str| {
        format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{body}"
        )
    };
    let mut held = Vec::new();
    // Each waits for its body; of the first client there is one too many,
    // whichever comes last.
    for (client, count) in [(0, 5), (1, 4), (2, 4)] {
        for _ in 0..count {
            let request = ask(&format!("203.0.113.{client}"), "{");
            held.push(send(server.address(), &request).await);
        }
    }
    let answers = held.iter_mut().map(|stream| Box::pin(head_of(stream)));
    let (head, ..) = within("a refusal", futures_util::future::select_all(answers)).await;
    assert!(head.starts_with("HTTP/1.1 429 "), "{head}");
    assert!(head.to_lowercase().contains("retry-after"), "{head}");
    let mut other = send(server.address(), &ask("203.0.113.9", "{}")).await;
    assert!(head_of(&mut other).await.starts_with("HTTP/1.1 400 "), "another client");
}

#[tokio::test]
async fn a_client_of_a_proxy_keeps_its_places_until_its_answers_are_sent() {
    let server = Server::builder()
        .set("PARLOR_CONNECTIONS_PER_ADDRESS", 2)
        .set("PARLOR_TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await;
    let ann = server.user("ann").await;
    let upload = ann.request(Method::POST, "/attachments?name=a.txt");
    let upload = User::outcome(upload.body(vec![b'x'; 4 * 1024 * 1024])).await.expect(201);
    let path =
        format!("/api/v1/attachments/{}/content", upload["attachment_id"].as_str().expect("an id"));
    let ask = async |client: &str| {
        let from = format!("X-Forwarded-For: {client}\r\n");
        let mut stream = ask_taking(4_096, &ann, &path, &from).await;
        let head = head_of(&mut stream).await;
        (stream, head)
    };
    let mut unread = Vec::new();
    for _ in 0..2 {
        let (stream, head) = ask("203.0.113.1").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        unread.push(stream);
    }
    assert!(ask("203.0.113.1").await.1.starts_with("HTTP/1.1 429 "));
    assert!(ask("203.0.113.2").await.1.starts_with("HTTP/1.1 200 "), "another client");
    drop(unread);
    let again = async { while !ask("203.0.113.1").await.1.starts_with("HTTP/1.1 200 ") {} };
    within("a free place", again).await;
}

#[tokio::test]
async fn one_address_has_so_many_sockets_without_a_token() {
    let server = Server::builder().set("PARLOR_AUTH_TIMEOUT", "60s").start().await;
    let open = || Socket::open(server.address(), Opening::default());
    let mut guests = Vec::new();
    for _ in 0..8 {
        let opened = join_all((0..64).map(|_| open())).await;
        guests.extend(opened.into_iter().map(|socket| socket.expect("it opens")));
    }
    assert_eq!(open().await.err(), Some(429), "512 are open");
    // Who has a token goes in, and makes room by bringing one.
    Socket::ready(server.address(), Opening::default().bearer(&sign("ann"))).await;
    let auth = json!({"type": "auth", "data": {"token": sign("ben")}}).to_string();
    assert_eq!(guests[0].next().await["type"], "auth.required");
    guests[0].send_text(&auth).await;
    guests[0].become_ready().await;
    assert!(open().await.is_ok());
}

#[tokio::test]
async fn answers_that_nobody_reads_are_bounded_for_each_user() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    // Each is six times as long in JSON.
    let content = format!("x{}", "\u{1}".repeat(10_000));
    for _ in 0..60 {
        ann.say("den", &content).await;
    }
    let path = "/api/v1/rooms/den/messages?limit=60";
    let before = server.resident_bytes();
    let mut unread = Vec::new();
    let refused = loop {
        assert!(unread.len() < 200, "nothing was refused");
        let mut stream = ask_narrow(&ann, path).await;
        let head = head_of(&mut stream).await;
        if !head.starts_with("HTTP/1.1 200 ") {
            break head;
        }
        unread.push(stream);
    };
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    assert!(refused.to_lowercase().contains("retry-after"), "{refused}");
    let grown = server.resident_bytes().saturating_sub(before) / 1024 / 1024;
    assert!(grown < 200, "{} unread answers take {grown} MiB", unread.len());
    // Others have their own, and small answers always come.
    assert!(head_of(&mut ask_narrow(&ben, path).await).await.starts_with("HTTP/1.1 200 "));
    ann.get("/me").await.expect(200);
    // What nobody waits for any more waits no longer.
    drop(unread);
    let again = async {
        while !head_of(&mut ask_narrow(&ann, path).await).await.starts_with("HTTP/1.1 200 ") {}
    };
    within("an answer", again).await;
}

#[tokio::test]
async fn what_all_readers_share_takes_no_place_from_what_they_do_not() {
    let server = Server::start().await;
    let (mut unread, mut bytes) = (Vec::new(), 0);
    let request = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    let peer = server.address().authority().parse().expect("an address");
    // More than may wait for one address.
    while bytes < 80 * 1024 * 1024 {
        assert!(unread.len() < 2_000, "{bytes} bytes");
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.set_recv_buffer_size(4_096).expect("its buffer can be set");
        let stream = within("a TCP connection", socket.connect(peer)).await;
        let mut stream = stream.expect("the server accepts connections");
        within("room to write", stream.write_all(request.as_bytes())).await.expect("it is open");
        let head = head_of(&mut stream).await.to_lowercase();
        assert!(head.starts_with("http/1.1 200 "), "{bytes} bytes wait: {head}");
        let (_, length) = head.split_once("content-length: ").expect("it says so");
        let length = length.lines().next().expect("a number");
        bytes += length.parse::<usize>().expect("a number");
        unread.push(stream);
    }
}

#[tokio::test]
async fn many_logins_take_no_more_memory_than_a_few() {
    let server = Server::start().await;
    let nobody = server.nobody();
    nobody.register("ann", "correct horse").await.expect(201);
    let login = || async { nobody.login("ann", "correct horse").await.expect(200) };
    join_all((0..8).map(|_| login())).await;
    let before = server.resident_bytes();
    for _ in 0..8 {
        join_all((0..16).map(|_| login())).await;
    }
    let grown = server.resident_bytes().saturating_sub(before) / 1024 / 1024;
    // One hash takes 19 MiB.
    assert!(grown < 19, "128 logins took {grown} MiB more than the first 8");
}

#[tokio::test]
async fn what_is_not_http_gets_400_and_a_line_a_minute() {
    let server = Server::start().await;
    for _ in 0..20 {
        let mut stream = send(server.address(), "\u{16}\u{3}\u{1} garbage\r\n\r\n").await;
        let answer = until_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    let log = server.stderr();
    assert!(!log.contains(" ERROR "), "{log}");
    assert_eq!(log.matches("is not HTTP").count(), 1, "{log}");
}

#[tokio::test]
async fn what_is_not_tls_causes_a_line_a_minute() {
    let (server, _certificate) = Server::builder().start_with_tls().await;
    for _ in 0..20 {
        let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        until_end(&mut send(server.address(), request).await).await;
    }
    let log = server.stderr();
    assert!(!log.contains(" ERROR "), "{log}");
    assert_eq!(log.matches("TLS handshake failed").count(), 1, "{log}");
}
