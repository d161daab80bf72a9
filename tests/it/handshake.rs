//! Opening a socket: tokens and origins.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::support::{Opening, RawSocket, Server, Socket, Token, sign};

#[tokio::test]
async fn the_token_is_taken_from_any_of_the_four_places() {
    let server = Server::start().await;
    let token = sign("alice");
    let header = Socket::ready(server.address(), Opening::default().bearer(&token)).await;
    assert_eq!(header.ready["user"]["id"], "alice");

    let browser = Socket::ready(server.address(), Opening::default().subprotocol(&token)).await;
    assert_eq!(browser.ready["user"]["id"], "alice");
    assert_eq!(browser.subprotocol.as_deref(), Some("parlor.v1"));

    let query = Opening::default().query(&format!("token={token}"));
    let query = Socket::ready(server.address(), query).await;
    assert_eq!(query.ready["user"]["id"], "alice");

    let opened = Socket::open(server.address(), Opening::default()).await;
    let mut later = opened.expect("a socket opens without a token");
    assert_eq!(later.next().await["type"], "auth.required");
    later.send_text(&json!({"type": "auth", "data": {"token": token}}).to_string()).await;
    later.become_ready().await;
    assert_eq!(later.ready["user"]["id"], "alice");
}

#[tokio::test]
async fn session_ready_tells_who_one_is_and_what_the_limits_are() {
    let server = Server::start().await;
    let alice = server.user_with("alice", Token::of("alice").claim("name", "Alice A.")).await;
    alice.create_room("den", "private").await;
    let first = alice.connect().await.ready;
    let second = alice.connect().await.ready;
    assert_eq!(first["user"], json!({"id": "alice", "name": "Alice A.", "roles": []}));
    assert_eq!(first["heartbeat_interval_ms"], 54_000);
    assert_ne!(first["connection_id"], second["connection_id"]);
    let limits = &first["limits"];
    for (name, value) in [
        ("frame_bytes", 126_976),
        ("content_bytes", 16_384),
        ("queued_frames", 256),
        ("queued_bytes", 1_048_576),
        ("connections_per_user", 20),
        ("rooms_per_user", 1_000),
        ("history_page", 50),
        ("replay_events", 1_000),
    ] {
        assert_eq!(limits[name], value, "{name}");
    }
    let room = &first["rooms"][0];
    assert_eq!(room["room_id"], "den");
    assert_eq!(room["role"], "owner");
    assert_eq!((&room["last_seq"], &room["unread"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn a_token_that_is_present_and_bad_gets_401_and_no_upgrade() {
    let server = Server::start().await;
    let good = sign("alice");
    let mut tampered = good.clone();
    tampered.replace_range(good.len() - 8..good.len() - 4, "AAAA");
    let bad = [
        ("expired", Token::of("alice").expires_in(-3600).text()),
        ("of another secret", Token::of("alice").signed_with("another secret entirely").text()),
        ("of another algorithm", Token::of("alice").algorithm(Algorithm::HS512).text()),
        ("without end", Token::of("alice").without("exp").text()),
        ("of nobody", Token::of("alice").without("sub").text()),
        ("of an impossible id", Token::of("a b").text()),
        ("with a broken signature", tampered),
        ("no token at all", "rubbish".to_owned()),
    ];
    for (what, token) in &bad {
        for opening in [
            Opening::default().bearer(token),
            Opening::default().subprotocol(token),
            Opening::default().query(&format!("token={token}")),
        ] {
            let refused = Socket::open(server.address(), opening).await.err();
            assert_eq!(refused, Some(401), "a token {what}");
        }
    }
    // The first place decides, a good token further down does not help.
    let opening = Opening::default().bearer("rubbish").query(&format!("token={good}"));
    assert_eq!(Socket::open(server.address(), opening).await.err(), Some(401));
}

#[tokio::test]
async fn an_unsigned_token_is_refused() {
    let server = Server::start().await;
    let good = sign("alice");
    let claims = good.split('.').nth(1).expect("a token has parts");
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    let opening = Opening::default().bearer(&unsigned);
    assert_eq!(Socket::open(server.address(), opening).await.err(), Some(401));
}

#[tokio::test]
async fn a_first_frame_that_is_no_good_auth_is_told_and_closed_with_4501() {
    let server = Server::start().await;
    for first in [
        json!({"type": "auth", "data": {"token": "rubbish"}}).to_string(),
        json!({"type": "auth", "data": {"token": Token::of("a").expires_in(-60).text()}})
            .to_string(),
        json!({"type": "auth", "data": {}}).to_string(),
        json!({"type": "ping", "id": "c-1"}).to_string(),
        "rubbish".to_owned(),
    ] {
        let opened = Socket::open(server.address(), Opening::default()).await;
        let mut socket = opened.expect("a socket opens without a token");
        assert_eq!(socket.next().await["type"], "auth.required");
        socket.send_text(&first).await;
        assert_eq!(socket.next().await["type"], "auth.failed", "{first}");
        assert_eq!(socket.close_code().await, Some(4501), "{first}");
    }
}

#[tokio::test]
async fn who_does_not_authenticate_in_time_is_closed_with_4501() {
    let server = Server::builder().set("PARLOR_AUTH_TIMEOUT", "300ms").start().await;
    let opened = Socket::open(server.address(), Opening::default()).await;
    let mut socket = opened.expect("a socket opens without a token");
    assert_eq!(socket.close_code().await, Some(4501));
}

#[tokio::test]
async fn a_browser_comes_from_a_listed_origin_or_from_the_server_itself() {
    let origins = "https://app.example.org,http://localhost:3000";
    let server = Server::builder().set("PARLOR_ALLOWED_ORIGINS", origins).start().await;
    let own = format!("http://{}", server.address().authority());
    let other_port = "http://127.0.0.1:1".to_owned();
    for (origin, allowed) in [
        ("https://app.example.org".to_owned(), true),
        ("http://localhost:3000".to_owned(), true),
        (own, true),
        ("https://evil.example".to_owned(), false),
        ("http://app.example.org".to_owned(), false),
        ("https://app.example.org.evil.example".to_owned(), false),
        ("http://localhost".to_owned(), false),
        ("null".to_owned(), false),
        (other_port, false),
    ] {
        let opening = Opening::default().bearer(&sign("alice")).header("origin", origin.as_str());
        let refused = Socket::open(server.address(), opening).await.err();
        assert_eq!(refused, if allowed { None } else { Some(403) }, "{origin}");
    }
}

#[tokio::test]
async fn with_no_list_only_the_server_itself_is_an_origin() {
    let server = Server::start().await;
    let opening = Opening::default().bearer(&sign("alice"));
    let own = opening.clone().header("origin", format!("http://{}", server.address().authority()));
    assert!(Socket::open(server.address(), own).await.is_ok());
    let other = opening.header("origin", "https://app.example.org");
    assert_eq!(Socket::open(server.address(), other).await.err(), Some(403));
}

#[tokio::test]
async fn what_is_no_websocket_handshake_is_refused() {
    let server = Server::start().await;
    let token = sign("alice");
    let good = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    for (left_out, wrong) in [
        (0, None),
        (1, None),
        (2, None),
        (2, Some("Sec-WebSocket-Version: 8")),
        (3, None),
        (1, Some("Upgrade: h2c")),
    ] {
        let mut headers = good.to_vec();
        headers.remove(left_out);
        headers.extend(wrong);
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\n{}\r\nAuthorization: Bearer {token}\r\n\r\n",
            server.address().authority(),
            headers.join("\r\n"),
        );
        let head = RawSocket::http(server.address(), &request).await;
        let status: u16 = head[9..12].parse().expect("a status");
        assert!((400..500).contains(&status), "without {}: {head}", good[left_out]);
    }
    RawSocket::connect(server.address(), &token).await;
}

#[tokio::test]
async fn another_version_of_the_protocol_is_told_which_one_is_spoken() {
    let server = Server::start().await;
    let authority = server.address().authority();
    let ask = async |http: &str, version: &str| {
        let request = format!(
            "GET /ws HTTP/{http}\r\nHost: {authority}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{version}\r\n"
        );
        RawSocket::http(server.address(), &request).await.to_lowercase()
    };
    for version in ["Sec-WebSocket-Version: 25\r\n", "Sec-WebSocket-Version: 8\r\n", ""] {
        let head = ask("1.1", version).await;
        assert_eq!(&head[9..12], "426", "{head}");
        assert!(head.contains("\r\nsec-websocket-version: 13\r\n"), "{head}");
        assert!(head.contains("\r\nupgrade: websocket\r\n"), "{head}");
    }
    let head = ask("1.0", "Sec-WebSocket-Version: 13\r\n").await;
    assert_eq!(&head[9..12], "426", "HTTP/1.0 is not upgraded: {head}");
    let head = ask("1.1", "Sec-WebSocket-Version: 13\r\n").await;
    assert_eq!(&head[9..12], "101", "{head}");
}

/// Why a token was refused is in the log, under the name that is told.
#[tokio::test]
async fn a_refused_upgrade_is_told_under_which_name_it_is_in_the_log() {
    let server = Server::start().await;
    let authority = server.address().authority();
    let ask = async |more: &str| {
        let request = format!(
            "GET /ws?token=rubbish HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n{more}\r\n"
        );
        RawSocket::http(server.address(), &request).await.to_lowercase()
    };
    let head = ask("X-Request-Id: up-1\r\n").await;
    assert_eq!(&head[9..12], "401", "{head}");
    assert!(head.contains("\r\nx-request-id: up-1\r\n"), "{head}");
    assert!(head.contains("\r\nwww-authenticate: bearer\r\n"), "{head}");
    let head = ask("").await;
    assert!(head.contains("\r\nx-request-id: "), "{head}");
}

#[tokio::test]
async fn a_device_can_be_named() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.connect_with("device_id=phone").await;
    let long = format!("device_id={}", "x".repeat(65));
    let opening = Opening::default().bearer(alice.token()).query(&long);
    assert_eq!(Socket::open(server.address(), opening).await.err(), Some(400));
}

#[tokio::test]
async fn a_room_in_the_query_is_joined_at_once_if_it_is_public() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("lobby", "public").await;
    alice.create_room("den", "private").await;
    let ben = server.user("ben").await;
    let mut socket = ben.connect_with("room=lobby").await;
    assert_eq!(socket.ready["rooms"][0]["room_id"], "lobby");
    assert_eq!(socket.ready["rooms"][0]["role"], "member");
    alice.say("lobby", "welcome").await;
    assert_eq!(socket.next_message("lobby").await["data"]["content"], "welcome");

    let socket = ben.connect_with("room=den").await;
    let rooms = socket.ready["rooms"].as_array().expect("a list");
    assert!(rooms.iter().all(|room| room["room_id"] != "den"), "a private one is not");
}

#[tokio::test]
async fn a_room_that_cannot_be_joined_at_once_is_told_behind_the_rooms() {
    let server = Server::builder().set("PARLOR_ROOMS_PER_USER", 2).start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("hall", "public").await;
    ann.create_room("den", "private").await;
    ben.create_room("own", "private").await;
    for (room, code) in [("nowhere", "not_found"), ("den", "not_found")] {
        let mut socket = ben.connect_with(&format!("room={room}")).await;
        let told = socket.next_event("error").await;
        assert_eq!(told["id"], Value::Null);
        assert_eq!((&told["data"]["code"], &told["data"]["field"]), (&json!(code), &json!("room")));
        socket.say("own", "it serves on").await;
    }
    let mut socket = ben.connect_with("room=hall").await;
    let ids = |ready: &Value| ready["rooms"].as_array().expect("rooms").len();
    assert_eq!(ids(&socket.ready), 2);
    socket.say("hall", "hello").await;
    ann.ban("hall", &ben, json!({})).await.expect(204);
    let mut banned = ben.connect_with("room=hall").await;
    assert_eq!(banned.next_event("error").await["data"]["code"], "forbidden");
    ben.create_room("other", "private").await;
    ann.unban("hall", &ben).await.expect(204);
    let mut full = ben.connect_with("room=hall").await;
    assert_eq!(full.next_event("error").await["data"]["code"], "conflict");
}
