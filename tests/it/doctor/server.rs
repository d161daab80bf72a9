//! What it says of a server, through proxies that are set up well and badly, and of what
//! is no server at all.

use serde_json::Value;

use super::{doctor, marked, says};
use crate::support::{Address, Receiver, Reply, ReverseProxy, Server, Token, free_port, sign};

const APP: &str = "https://app.example.org";

async fn server() -> Server {
    Server::builder().set("PARLOR_TRUSTED_PROXIES", "127.0.0.1").start().await
}

#[tokio::test]
async fn all_is_well_with_a_server_that_is_well() {
    let server = Server::builder().set("PARLOR_ALLOWED_ORIGINS", APP).start().await;
    let (url, token) = (server.address().http(""), sign("ann"));
    let settings = [("PARLOR_DOCTOR_TOKEN", token.as_str())];
    let finished = doctor(&[&url, "--origin", APP], &settings).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for said in [
        "is Parlor",
        "it is ready",
        "of 2 MiB reaches",
        "may call REST",
        "a WebSocket can be opened",
        "signs \"ann\" in",
        "a command is answered",
        "a ping comes back",
        "pages of https://app.example.org may open a WebSocket",
    ] {
        assert!(
            marked(&finished, '✓').iter().any(|line| line.contains(said)),
            "{said}: {finished:?}"
        );
    }
    assert!(!finished.stdout.contains(&token) && finished.stderr.is_empty(), "{finished:?}");

    let json = doctor(&[&url, "--json"], &[]).await;
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["level"], "right", "{json}");
}

#[tokio::test]
async fn who_may_not_use_a_server_is_told() {
    let server = Server::start().await;
    let url = server.address().http("");
    let finished = doctor(&[&url, "--origin", APP], &[]).await;
    says(&finished, "may not call REST", "PARLOR_ALLOWED_ORIGINS");
    says(&finished, "may not open a WebSocket", "PARLOR_ALLOWED_ORIGINS");
    let token = Token::of("ann").signed_with("another secret, as long as it has to be").text();
    let finished = doctor(&[&url, "--token", &token], &[]).await;
    says(&finished, "no WebSocket can be opened: 401", "does not take the token");
    assert!(!finished.stdout.contains(&token), "{finished:?}");
}

#[tokio::test]
async fn a_server_that_stops_is_not_ready_and_one_that_has_stopped_cannot_be_reached() {
    let mut server = Server::builder().set("PARLOR_DRAIN_DELAY", "50s").start().await;
    let url = server.address().http("");
    server.signal(libc::SIGTERM);
    let finished = loop {
        let finished = doctor(&[&url], &[]).await;
        if !finished.stdout.contains("it is ready") {
            break finished;
        }
    };
    says(&finished, "it is not ready (accepting: shutting down)", "log has the cause");
    server.kill9().await;
    says(&doctor(&[&url], &[]).await, "cannot be reached", "is the server running");
}

#[tokio::test]
#[ignore = "needs nginx: run scripts/test"]
async fn a_proxy_that_is_set_up_as_the_recipe_says_is_well() {
    let server = server().await;
    let proxy = ReverseProxy::nginx(server.address()).await;
    let finished = doctor(&[&proxy.address().http("/chat/")], &[]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let finished = doctor(&[&proxy.address().http("/chat")], &[]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[tokio::test]
#[ignore = "needs nginx: run scripts/test"]
async fn what_a_proxy_lacks_is_told_by_its_name() {
    let server = server().await;
    for (without, wrong, advice) in [
        (
            &["Upgrade", "Connection"][..],
            "no WebSocket can be opened: 400",
            "Upgrade and Connection",
        ),
        (&["client_max_body_size"], "takes no file of 2 MiB", "client_max_body_size"),
        (&["Host $http_host"], "may not open a WebSocket", "Host"),
    ] {
        let proxy = ReverseProxy::nginx_without(server.address(), without).await;
        says(&doctor(&[&proxy.address().http("/chat")], &[]).await, wrong, advice);
    }
    let proxy = ReverseProxy::nginx(server.address()).await;
    let finished = doctor(&[&proxy.address().http("/")], &[]).await;
    says(&finished, "is not Parlor: 404", "right host and path");
    let nowhere = ReverseProxy::nginx(&Address::new(free_port().await)).await;
    let finished = doctor(&[&nowhere.address().http("/chat")], &[]).await;
    says(&finished, "is not Parlor: 502", "does not reach Parlor");
}

#[tokio::test]
async fn what_is_no_server_of_parlor_is_told_in_time() {
    let receiver = Receiver::start().await;
    let page = "<!doctype html><title>Welcome</title>".to_owned();
    for (reply, wrong) in [
        (Reply::Body(200, page), "is not Parlor: 200"),
        (Reply::Body(503, String::new()), "is not Parlor: 503"),
        (Reply::Body(200, "x".repeat(10 * 1024 * 1024)), "more than 2097152 bytes"),
        (Reply::Raw("\u{1b}[31m rubbish\r\n\r\n".to_owned()), "cannot be reached"),
        (Reply::Redirect("https://elsewhere.example/".to_owned()), "leads to https://elsewhere"),
        (Reply::HangUp, "cannot be reached"),
        (Reply::Silence, "no answer in time"),
        (Reply::Body(404, r#"{"error":{"code":"not_found"}}"#.to_owned()), "not below this path"),
    ] {
        receiver.answer(reply);
        let finished = doctor(&[&format!("{}/chat", receiver.url)], &[]).await;
        says(&finished, wrong, "");
        assert!(!finished.stdout.contains('\u{1b}'), "{finished:?}");
    }
}

#[tokio::test]
async fn a_socket_that_says_nothing_or_rubbish_is_told_in_time() {
    let receiver = Receiver::start().await;
    let openapi = r#"{"info": {"title": "Parlor", "version": "9"}}"#;
    for (reply, wrong) in [
        (Reply::Silence, "no WebSocket can be opened: no answer in time"),
        (Reply::Body(200, "<html>".to_owned()), "no WebSocket can be opened: 200"),
        (
            Reply::Raw(
                "HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n".into(),
            ),
            "belongs to another handshake",
        ),
    ] {
        receiver.answer_with(move |received| match &*received.line {
            "GET /api/v1/openapi.json" => Reply::Body(200, openapi.to_owned()),
            "GET /ws" => reply.clone(),
            _ => Reply::Body(404, String::new()),
        });
        says(&doctor(&[&receiver.url], &[]).await, wrong, "");
    }
}

#[tokio::test]
async fn a_certificate_is_looked_at() {
    let (server, certificate) = Server::builder().start_with_tls().await;
    let url = format!("https://127.0.0.1:{}", server.address().port());
    let finished = doctor(&[&url], &[("SSL_CERT_FILE", &*certificate.chain)]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("✓ the certificate is valid for"), "{finished:?}");
    // Nobody else has signed it.
    says(&doctor(&[&url], &[]).await, "certificate", "refuse it as well");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    for bad in ["example.org", "ws://example.org", "http://ann:secret@example.org"] {
        doctor(&[bad], &[]).await.refused(2, "URL");
    }
    doctor(&["--origin", APP], &[]).await.refused(2, "<URL>");
}
