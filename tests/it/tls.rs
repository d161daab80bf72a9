//! TLS: https and wss on the server's own port.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::json;
use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::support::{Address, Certificate, Server, Token, User, run_with, within};

/// A user behind a bridge that speaks TLS, which a plain client does not.
async fn user(server: &Server, id: &str) -> User {
    let user = User::new(server.bridge(false).await, id, Some(Token::of(id).text()));
    user.get("/me").await.expect(200);
    user
}

#[tokio::test]
async fn a_chat_goes_over_https_and_wss_long_messages_and_replays_too() {
    let (server, _) = Server::builder().start_with_tls().await;
    assert!(server.banner().contains("https://127.0.0.1:"), "{}", server.banner());
    let (alice, ben) = (user(&server, "alice").await, user(&server, "ben").await);
    let metrics = User::outcome(alice.plain(reqwest::Method::GET, "/metrics")).await.body;
    let name = "parlor_certificate_expires_seconds ";
    let expires = metrics.lines().find_map(|line| line.strip_prefix(name)).expect("a certificate");
    assert!(expires.parse::<u64>().is_ok_and(|at| at > 1_700_000_000), "{expires}");
    alice.room_with("den", &[&ben]).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    let long = "long ".repeat(3_000);
    for number in 1..=100 {
        let ack = at_alice.say("den", &long).await;
        assert_eq!(ack["seq"], number);
        let event = at_ben.next_message("den").await;
        assert_eq!((&event["seq"], &event["data"]["content"]), (&json!(number), &json!(long)));
    }
    let (mut again, answer) = ben.resume(json!({"rooms": {"den": 0}})["rooms"].clone()).await;
    assert_eq!(answer["rooms"]["den"]["replayed"], 100);
    for number in 1..=100 {
        assert_eq!(again.next_message("den").await["seq"], number);
    }
    assert_eq!(alice.history("den", "limit=3").await["messages"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn who_does_not_speak_tls_is_let_go_and_harms_nobody() {
    let (server, _) = Server::builder().start_with_tls().await;
    let alice = user(&server, "alice").await;
    let mut socket = alice.connect().await;
    let mut plain = server.address().dial().await;
    plain.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is sent");
    let mut answer = Vec::new();
    let _ = within("the end of it", plain.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP"), "an alert at the most: {answer:x?}");
    // Those who say nothing are let go in time, and nobody waits for them.
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(server.address().dial().await);
    }
    socket.ask("ping", json!({})).await;
    let mut rest = Vec::new();
    let _ = within("the end of one of them", silent[0].read_to_end(&mut rest)).await;
}

/// The certificate that a new connection is shown.
async fn shown(address: &Address, client: &Certificate) -> Option<CertificateDer<'static>> {
    let connector = TlsConnector::from(Arc::clone(&client.client));
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let stream: TcpStream = address.dial().await;
    let stream = within("a handshake", connector.connect(name, stream)).await.ok()?;
    Some(stream.get_ref().1.peer_certificates()?.first()?.clone().into_owned())
}

#[tokio::test]
async fn a_hangup_takes_the_new_certificate_and_keeps_open_sessions() {
    let (server, first) = Server::builder().start_with_tls().await;
    let alice = user(&server, "alice").await;
    let mut socket = alice.connect().await;
    let old = shown(server.address(), &first).await.expect("the first one is trusted");

    let home = tempdir().expect("a directory");
    let second = Certificate::make(home.path(), "second");
    std::fs::copy(&second.chain, &first.chain).expect("it can be replaced");
    std::fs::copy(&second.key, &first.key).expect("it can be replaced");
    server.signal(libc::SIGHUP);
    let changed = async {
        loop {
            if let Some(new) = shown(server.address(), &second).await {
                break new;
            }
        }
    };
    assert_ne!(within("the new certificate", changed).await, old);

    // One that is no good is not taken.
    std::fs::write(&first.key, "no key").expect("it can be written");
    server.signal(libc::SIGHUP);
    let told = async {
        while !server.stderr().contains("the old one stays in use") {
            tokio::task::yield_now().await;
        }
    };
    within("a line in the log", told).await;
    assert!(shown(server.address(), &second).await.is_some());
    socket.ask("ping", json!({})).await;
}

#[tokio::test]
async fn a_planned_stop_is_told_over_tls_too() {
    let (mut server, _) = Server::builder().start_with_tls().await;
    let alice = user(&server, "alice").await;
    let mut socket = alice.connect().await;
    server.signal(libc::SIGTERM);
    socket.next_event("server.goaway").await;
    assert_eq!(socket.close_code().await, Some(1001));
    assert_eq!(server.exit_code().await, Some(0));
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_in_one_line() {
    let home = tempdir().expect("a directory");
    let (one, other) = (Certificate::make(home.path(), "a"), Certificate::make(home.path(), "b"));
    let junk = home.path().join("junk.pem").display().to_string();
    std::fs::write(&junk, "junk").expect("it can be written");
    let (cert, key) = ("PARLOR_TLS_CERT", "PARLOR_TLS_KEY");
    for (settings, code, word) in [
        (vec![(cert, one.chain.as_str())], 2, key),
        (vec![(key, one.key.as_str())], 2, cert),
        (vec![(cert, "nowhere.pem"), (key, &one.key)], 1, "nowhere.pem"),
        (vec![(cert, &one.chain), (key, "nowhere.pem")], 1, "nowhere.pem"),
        (vec![(cert, &junk), (key, &one.key)], 1, "junk.pem"),
        (vec![(cert, &one.chain), (key, &junk)], 1, "junk.pem"),
        (vec![(cert, &one.chain), (key, &other.key)], 1, "does not belong to the certificate"),
    ] {
        let settings = [&[("PARLOR_BIND", "127.0.0.1:0")], &settings[..]].concat();
        run_with(&home, &[], &settings).await.refused(code, word);
    }
}
