//! Firebase Cloud Messaging.

use std::time::Duration;

use futures_util::future::join_all;
use parlor::push::{FcmConfig, PushConfig, Sent, Services};
use tempfile::TempDir;

use super::{again, fcm_device, note, nothing, now, refused, silent};
use crate::support::{Fcm, Receiver, Reply};

async fn firebase() -> (Fcm, Services, TempDir) {
    let home = tempfile::tempdir().expect("a directory");
    let fcm = Fcm::start(home.path()).await;
    let file = std::fs::read(&fcm.key_file).expect("a file");
    let known = FcmConfig::new(&fcm.url, &file).expect("an account");
    let services = Services::new(PushConfig { fcm: Some(known), ..nothing() }, None);
    (fcm, services, home)
}

#[tokio::test]
async fn firebase_is_told_with_one_access_token_for_all() {
    let (fcm, services, _home) = firebase().await;
    let device = fcm_device("cJug2GoHzEfcshCE:APA91b");
    let notes = [note("hello"), note(&"🦀\"".repeat(3_000)), silent()];
    let all = notes.iter().cycle().take(30).map(|note| services.send(&device, note, now()));
    for sent in join_all(all).await {
        assert_eq!(sent, Sent::Done);
    }
    let messages = fcm.wait_until("all of them", |all| all.len() == 30).await;
    assert_eq!(fcm.granted(), 1);
    let is_shown = |message: &&serde_json::Value| message.get("notification").is_some();
    assert_eq!(messages.iter().filter(is_shown).count(), 20);
    fcm.revoke();
    assert_eq!(services.send(&device, &note("hello"), now()).await, Sent::Done);
    assert_eq!((fcm.granted(), fcm.messages().len()), (2, 32), "it was refused once");
}

#[tokio::test]
async fn what_firebase_answers_says_what_becomes_of_a_device() {
    let (fcm, services, _home) = firebase().await;
    let device = fcm_device("a:b");
    let unregistered = Fcm::failure(404, "UNREGISTERED", "Requested entity was not found.");
    let busy = "HTTP/1.1 503 X\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n".to_owned();
    for (reply, expected) in [
        (unregistered, Sent::Gone),
        (
            Fcm::failure(429, "QUOTA_EXCEEDED", ""),
            again(Some(60), "FCM answered 429 QUOTA_EXCEEDED"),
        ),
        (Fcm::failure(503, "UNAVAILABLE", ""), again(None, "FCM answered 503 UNAVAILABLE")),
        (Reply::Raw(busy), again(Some(9), "FCM answered 503 ")),
    ] {
        fcm.answer_with(move |_| Some(reply.clone()));
        assert_eq!(services.send(&device, &note("x"), now()).await, expected);
    }
    fcm.answer_with(|_| Some(Fcm::failure(403, "SENDER_ID_MISMATCH", "")));
    let error = refused(services.send(&device, &note("x"), now()).await);
    assert!(error.contains("PARLOR_FCM_KEY_FILE"), "{error}");
    // What is no token at all.
    assert_eq!(services.send(&fcm_device("nonsense"), &note("x"), now()).await, Sent::Gone);
}

#[tokio::test]
async fn google_is_not_asked_again_at_once_for_an_access_token_that_it_did_not_give() {
    let home = tempfile::tempdir().expect("a directory");
    let fcm = Fcm::start(home.path()).await;
    let google = Receiver::start().await;
    google.answer(Reply::Body(503, "busy".to_owned()));
    let file = std::fs::read_to_string(&fcm.key_file).expect("a file");
    let file = file.replace(&fcm.url, &google.url);
    let known = FcmConfig::new(&fcm.url, file.as_bytes()).expect("an account");
    let services = Services::new(PushConfig { fcm: Some(known), ..nothing() }, None);
    let (device, note, at) = (fcm_device("a:b"), note("x"), now());
    let expected = again(None, "Google gave no access token: 503 ");
    for sent in join_all((0..20).map(|_| services.send(&device, &note, at))).await {
        assert_eq!(sent, expected);
    }
    assert_eq!(google.received().len(), 1);
    let later = at.later(Duration::from_secs(6));
    assert_eq!(services.send(&device, &note, later).await, expected);
    assert_eq!(google.received().len(), 2);
}
