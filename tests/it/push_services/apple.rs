//! The Apple Push Notification service.

use std::time::Duration;

use futures_util::future::join_all;
use parlor::{
    outbound::install_tls,
    push::{ApnsConfig, Clients, PushConfig, Sent, Services},
};
use reqwest::Certificate;
use tempfile::TempDir;

use super::{DEVICE, again, apns_device, note, nothing, now, refused, silent};
use crate::support::{Apns, EC_PEM};

/// Apple, and what sends to it.
async fn apple(key_id: &str) -> (Apns, Services, TempDir) {
    let home = tempfile::tempdir().expect("a directory");
    let apns = Apns::start(home.path()).await;
    let ids = (key_id, Apns::TEAM_ID);
    let known = ApnsConfig::new(&apns.url, Apns::TOPIC, EC_PEM.as_bytes(), ids).expect("a key");
    let config = PushConfig { apns: Some(known), ..nothing() };
    let pem = std::fs::read(&apns.certificate).expect("a file");
    // As the server's own, which trusts what the system trusts.
    install_tls();
    let client = reqwest::Client::builder()
        .add_root_certificate(Certificate::from_pem(&pem).expect("a certificate"))
        .build()
        .expect("a client");
    let clients = Clients { apns: client, ..Clients::new(&config) };
    (apns, Services::with_clients(config, None, clients), home)
}

#[tokio::test]
async fn apple_is_told_over_one_connection() {
    let (apns, services, _home) = apple(Apns::KEY_ID).await;
    let device = apns_device(DEVICE);
    assert_eq!(services.send(&device, &note("hello"), now()).await, Sent::Done);
    let (long, silent) = (note(&"🦀\"".repeat(3_000)), silent());
    let notes = [&long, &silent].into_iter().cycle().take(20);
    for sent in join_all(notes.map(|note| services.send(&device, note, now()))).await {
        assert_eq!(sent, Sent::Done);
    }
    let asked = apns.wait_until("all of them", |all| all.len() == 21).await;
    assert_eq!(apns.connections(), 1);
    let first = &asked[0];
    assert_eq!(first.payload["aps"]["alert"]["body"], "hello");
    assert_eq!((first.header("apns-priority"), first.device.as_str()), ("10", DEVICE));
    let tokens: std::collections::HashSet<_> =
        asked.iter().map(|asked| asked.header("authorization").to_owned()).collect();
    assert_eq!(tokens.len(), 1, "Apple takes no new one for each note");
}

#[tokio::test]
async fn what_apple_answers_says_what_becomes_of_a_device() {
    let (apns, services, _home) = apple(Apns::KEY_ID).await;
    let device = apns_device(DEVICE);
    for (status, reason, retry_after, expected) in [
        (410, "Unregistered", None, Sent::Gone),
        (400, "BadDeviceToken", None, Sent::Gone),
        (429, "TooManyRequests", Some("7"), again(Some(7), "APNs answered 429 TooManyRequests")),
        (503, "Shutdown", None, again(None, "APNs answered 503 Shutdown")),
    ] {
        apns.answer_with(move |_| Some((status, reason, retry_after)));
        assert_eq!(services.send(&device, &note("x"), now()).await, expected, "{reason}");
    }
    apns.answer_with(|_| Some((413, "PayloadTooLarge", None)));
    let error = refused(services.send(&device, &note("x"), now()).await);
    assert_eq!(error, "APNs answered 413 PayloadTooLarge");
    // A device of some other kind.
    assert_eq!(services.send(&apns_device("00ff"), &note("x"), now()).await, Sent::Gone);
}

#[tokio::test]
async fn apple_is_shown_a_new_token_when_one_is_too_old_and_not_too_often() {
    let (apns, services, _home) = apple(Apns::KEY_ID).await;
    let (device, began) = (apns_device(DEVICE), now());
    assert_eq!(services.send(&device, &note("x"), began).await, Sent::Done);
    let first = apns.asked()[0].header("authorization").to_owned();
    let refused = first.clone();
    apns.answer_with(move |asked| {
        let is_old = asked.header("authorization") == refused;
        is_old.then_some((403, "ExpiredProviderToken", None))
    });
    let young = services.send(&device, &note("x"), began.later(Duration::from_secs(60))).await;
    let error = "APNs answered 403 ExpiredProviderToken: is the clock right?";
    assert_eq!((young, apns.asked().len()), (again(None, error), 2), "no other token was shown");
    let later = began.later(Duration::from_secs(21 * 60));
    assert_eq!(services.send(&device, &note("x"), later).await, Sent::Done);
    let shown: Vec<_> = apns.asked().iter().map(|asked| asked.status).collect();
    assert_eq!(shown, [200, 403, 403, 200]);
    assert_ne!(apns.asked()[3].header("authorization"), first);
}

#[tokio::test]
async fn a_key_that_apple_does_not_know_is_told_to_the_operator() {
    let (_apns, services, _home) = apple("ZZZ999ZZZ9").await;
    let error = refused(services.send(&apns_device(DEVICE), &note("x"), now()).await);
    assert!(error.contains("InvalidProviderToken") && error.contains("PARLOR_APNS_KEY_ID"));
}
