use std::time::Duration;

use ring::signature::ECDSA_P256_SHA256_FIXED;
use serde_json::{Value, json};

use super::*;
use crate::{
    jwt::tests::{EC_PEM, opened},
    payload::tests::{long_text, note},
    vapid::tests::AT,
};

const TARGET: Target = Target { url: "https://api.push.apple.com", topic: "org.example.chat" };

fn provider() -> Provider {
    Provider::new(EC_PEM, "ABC123DEFG", "DEF123GHIJ").expect("a key")
}

fn told(note: &PushNote) -> (Request, Value) {
    let request = request(TARGET, "00ff", note, "token", AT);
    let body = serde_json::from_slice(&request.body).expect("JSON");
    (request, body)
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    let found = request.headers.iter().find(|(own, _)| *own == name);
    found.map_or("", |(_, value)| value)
}

#[test]
fn a_token_names_the_key_and_the_team() {
    let mut provider = provider();
    let token = provider.token(AT);
    let [header, claims] = opened(&token, &ECDSA_P256_SHA256_FIXED, provider.key.public());
    assert_eq!(header, json!({"typ": "JWT", "alg": "ES256", "kid": "ABC123DEFG"}));
    assert_eq!(claims, json!({"iss": "DEF123GHIJ", "iat": 1_795_208_400}));
}

#[test]
fn a_token_is_renewed_after_its_time_and_never_before_apple_takes_another() {
    let mut provider = provider();
    let first = provider.token(AT);
    let later = |minutes: u64| AT.later(Duration::from_secs(60 * minutes));
    assert_eq!(provider.token(later(39)), first);
    assert_eq!(provider.after(&first, later(19)), None, "not before 20 minutes");
    assert_eq!(provider.token(later(19)), first);
    let second = provider.after(&first, later(20)).expect("another one");
    assert_ne!(second, first);
    assert_eq!(provider.after(&first, later(21)), Some(second.clone()), "that one was meant");
    assert_eq!(provider.token(later(59)), second);
    let third = provider.token(later(60));
    assert_ne!(third, second);
    assert_ne!(provider.token(AT), third, "the clock was set back");
}

#[test]
fn a_device_is_told_what_is_shown() {
    let (request, body) = told(&note(Some(("ann in design", "hello"))));
    let tag = header(&request, "apns-collapse-id");
    let expected = json!({
        "aps": {
            "alert": {"title": "ann in design", "body": "hello"},
            "badge": 3, "thread-id": "board:42", "sound": "default", "mutable-content": 1,
        },
        "room_id": "board:42", "message_id": "91", "seq": 7, "badge": 3, "tag": tag,
    });
    assert_eq!(body, expected);
    assert_eq!(request.url, "https://api.push.apple.com/3/device/00ff");
    for (name, value) in [
        ("authorization", "bearer token"),
        ("apns-topic", "org.example.chat"),
        ("apns-push-type", "alert"),
        ("apns-priority", "10"),
        ("apns-expiration", "1795294800"),
    ] {
        assert_eq!(header(&request, name), value);
    }
    assert!(tag.len() <= 64, "what Apple takes");
}

#[test]
fn what_was_read_elsewhere_changes_the_badge_alone() {
    let (request, body) = told(&note(None));
    let expected = json!({"badge": 3, "thread-id": "board:42", "content-available": 1});
    assert_eq!(body["aps"], expected);
    assert_eq!(header(&request, "apns-priority"), "5");
    let (shown, _) = told(&note(Some(("a", "b"))));
    let id = "apns-collapse-id";
    assert_eq!(header(&request, id), header(&shown, id), "it replaces what waits");
}

#[test]
fn a_long_message_is_cut() {
    let long = long_text();
    let (request, body) = told(&note(Some((&long, &long))));
    assert!(request.body.len() <= PUSH_PAYLOAD_BYTES && request.body.len() > 4_080);
    assert!(body["aps"]["alert"]["body"].as_str().is_some_and(|text| text.ends_with('…')));
}

#[test]
fn answers_are_read_as_apple_means_them() {
    let answered = |status, reason: &str| {
        let body = format!(r#"{{"reason":"{reason}"}}"#);
        read(&Answer { status, retry_after: None, body: body.as_bytes(), at: AT })
    };
    assert_eq!(
        read(&Answer { status: 200, retry_after: None, body: b"", at: AT }),
        Meaning::Sent(Sent::Done)
    );
    for (status, reason) in [(400, "BadDeviceToken"), (410, "Unregistered"), (410, "ExpiredToken")]
    {
        assert_eq!(answered(status, reason), Meaning::Sent(Sent::Gone), "{reason}");
    }
    let error = "APNs answered 403 ExpiredProviderToken".to_owned();
    assert_eq!(answered(403, "ExpiredProviderToken"), Meaning::StaleToken { error });
    for (status, reason, seconds) in [
        (429, "TooManyRequests", Some(60)),
        (429, "TooManyProviderTokenUpdates", Some(60)),
        (500, "InternalServerError", None),
        (503, "ServiceUnavailable", None),
        (503, "Shutdown", None),
    ] {
        let error = format!("APNs answered {status} {reason}");
        let after = seconds.map(Duration::from_secs);
        assert_eq!(answered(status, reason), Meaning::Sent(Sent::Again { after, error }));
    }
    for (status, reason) in [
        (400, "DeviceTokenNotForTopic"),
        (400, "BadTopic"),
        (403, "InvalidProviderToken"),
        (403, "Forbidden"),
        (404, "BadPath"),
        (413, "PayloadTooLarge"),
    ] {
        let Meaning::Sent(Sent::Refused { error }) = answered(status, reason) else {
            panic!("{reason}");
        };
        assert!(error.starts_with(&format!("APNs answered {status} {reason}")), "{error}");
    }
    let broken = Answer { status: 502, retry_after: None, body: b"<html>", at: AT };
    let error = "APNs answered 502 ".to_owned();
    assert_eq!(read(&broken), Meaning::Sent(Sent::Again { after: None, error }));
}
