use parlor_domain::limits::PUSH_PAYLOAD_BYTES;
use ring::signature::RSA_PKCS1_2048_8192_SHA256;
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde_json::json;

use super::*;
use crate::{
    jwt::tests::{EC_PEM, RSA_PEM, opened},
    payload::json,
    payload::tests::{long_text, note},
    vapid::tests::AT,
};

fn file() -> Value {
    json!({
        "type": "service_account",
        "project_id": "chat-1234",
        "private_key_id": "f00d",
        "private_key": String::from_utf8(RSA_PEM.to_vec()).expect("text"),
        "client_email": "push@chat-1234.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

fn account() -> ServiceAccount {
    ServiceAccount::read(&json(&file())).expect("an account")
}

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, retry_after: None, body, at: AT }
}

fn token() -> AccessToken {
    let granted = br#"{"access_token":"ya29.abc","expires_in":3599,"token_type":"Bearer"}"#;
    AccessToken::read(&answer(200, granted)).expect("a token")
}

fn told(note: &PushNote) -> (Request, Value) {
    let url = "https://fcm.googleapis.com";
    let request = account().request(url, "device:1", note, &token(), AT);
    let body = serde_json::from_slice(&request.body).expect("JSON");
    (request, body)
}

#[test]
fn an_access_token_is_asked_for_with_a_signed_assertion() {
    let request = account().token_request(AT);
    assert_eq!(request.url, "https://oauth2.googleapis.com/token");
    let body = String::from_utf8(request.body).expect("text");
    let assertion = body
        .strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")
        .expect("a grant");
    // Behind what X.509 says of it.
    let pem = include_bytes!("../../../../tests/it/support/keys/rsa.pub.pem");
    let public = SubjectPublicKeyInfoDer::from_pem_slice(pem).expect("a key");
    let [header, claims] = opened(assertion, &RSA_PKCS1_2048_8192_SHA256, &public[24..]);
    assert_eq!(header, json!({"typ": "JWT", "alg": "RS256", "kid": "f00d"}));
    let expected = json!({
        "iss": "push@chat-1234.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": 1_795_208_400, "exp": 1_795_212_000,
    });
    assert_eq!(claims, expected);
}

#[test]
fn an_access_token_is_used_until_shortly_before_its_end() {
    let token = token();
    let later = |seconds| AT.later(Duration::from_secs(seconds));
    assert!(token.counts(AT) && token.counts(later(3_298)));
    assert!(!token.counts(later(3_299)));
    assert!(!token.counts(Timestamp(AT.0 - 3_600_000)), "the clock was set back");
    let short = br#"{"access_token":"ya29.x","expires_in":60}"#;
    let short = AccessToken::read(&answer(200, short)).expect("a token");
    assert!(short.counts(later(29)) && !short.counts(later(30)));
    assert!(short.is(&short.clone()) && !short.is(&token));
}

#[test]
fn why_there_is_no_access_token_is_told_without_what_was_said() {
    let refused = |status, body: &[u8]| AccessToken::read(&answer(status, body)).err();
    let invalid = br#"{"error":"invalid_grant","error_description":"secret"}"#;
    let expected = "Google gave no access token: 400 invalid_grant";
    assert_eq!(refused(400, invalid).as_deref(), Some(expected));
    assert_eq!(refused(503, b"<html>").as_deref(), Some("Google gave no access token: 503 "));
    for broken in [&b"secret"[..], b"{}", b"{\"access_token\":\"a\\r\\nb\",\"expires_in\":9}"] {
        assert!(refused(200, broken).is_some_and(|error| !error.contains("secret")));
    }
}

#[test]
fn an_installation_is_told_what_is_shown() {
    let (request, body) = told(&note(Some(("ann in design", "hello"))));
    let tag = &body["message"]["android"]["collapse_key"];
    let expected = json!({"message": {
        "token": "device:1",
        "notification": {"title": "ann in design", "body": "hello"},
        "data": {
            "room_id": "board:42", "message_id": "91", "seq": "7", "badge": "3", "tag": tag,
        },
        "android": {
            "priority": "HIGH", "ttl": "86400s", "collapse_key": tag,
            "notification": {"tag": tag, "notification_count": 3, "default_sound": true},
        },
        "apns": {
            "headers": {
                "apns-push-type": "alert", "apns-priority": "10",
                "apns-expiration": "1795294800", "apns-collapse-id": tag,
            },
            "payload": {"aps": {
                "badge": 3, "thread-id": "board:42", "sound": "default", "mutable-content": 1,
            }},
        },
    }});
    assert_eq!(body, expected);
    assert_eq!(request.url, "https://fcm.googleapis.com/v1/projects/chat-1234/messages:send");
    let authorization = ("authorization", "Bearer ya29.abc".to_owned());
    assert!(request.headers.contains(&authorization), "{:?}", request.headers);
}

#[test]
fn what_was_read_elsewhere_is_told_to_the_application_alone() {
    let (_, body) = told(&note(None));
    let message = &body["message"];
    assert!(message.get("notification").is_none());
    assert!(message["android"].get("notification").is_none());
    assert_eq!(message["android"]["priority"], "NORMAL");
    assert_eq!(message["data"]["badge"], "3");
    let expected = json!({"badge": 3, "thread-id": "board:42", "content-available": 1});
    assert_eq!(message["apns"]["payload"]["aps"], expected);
}

#[test]
fn a_long_message_is_cut() {
    let long = long_text();
    let (request, body) = told(&note(Some((&long, &long))));
    let taken = request.body.len() - "device:1".len();
    assert!(taken <= PUSH_PAYLOAD_BYTES && taken > 4_080, "{taken}");
    let text = body["message"]["notification"]["body"].as_str().expect("a text");
    assert!(text.ends_with('…'));
}

#[test]
fn a_file_that_is_no_service_account_is_told_without_its_key() {
    let read = |file: Value| ServiceAccount::read(&json(&file)).err().map(|bad| bad.to_string());
    let with = |name: &str, value: &str| {
        let mut file = file();
        file[name] = value.into();
        read(file).expect("it is refused")
    };
    assert_eq!(read(file()), None);
    let mut other = file();
    other.as_object_mut().expect("an object").remove("client_email");
    assert!(read(other).is_some_and(|why| why.contains("a field is missing")));
    assert!(with("project_id", "../x").contains("project_id"));
    assert!(with("token_uri", "file:///etc").contains("token_uri"));
    assert!(with("private_key", "secret").contains("PEM"));
    let ec = String::from_utf8(EC_PEM.to_vec()).expect("text");
    assert!(with("private_key", &ec).contains("none of RSA"));
    let broken = ServiceAccount::read(b"secret").err().map(|bad| bad.to_string());
    assert!(broken.is_some_and(|why| why.contains("no JSON") && !why.contains("secret")));
}

#[test]
fn answers_are_read_as_google_means_them() {
    let failed = |status: u16, code: &str, message: &str| {
        let error = json!({"error": {
            "code": status, "message": message, "status": "X",
            "details": [{
                "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code,
            }],
        }});
        read(&answer(status, &json(&error)))
    };
    assert_eq!(read(&answer(200, b"{}")), Meaning::Sent(Sent::Done));
    assert_eq!(failed(404, "UNREGISTERED", ""), Meaning::Sent(Sent::Gone));
    let bad_token = "The registration token is not a valid FCM registration token";
    assert_eq!(failed(400, "INVALID_ARGUMENT", bad_token), Meaning::Sent(Sent::Gone));
    let violation = json!({"error": {"status": "INVALID_ARGUMENT", "details": [
        {"fieldViolations": [{"field": "message.token", "description": "Invalid"}]},
    ]}});
    assert_eq!(read(&answer(400, &json(&violation))), Meaning::Sent(Sent::Gone));
    for (status, code, seconds) in
        [(429, "QUOTA_EXCEEDED", Some(60)), (503, "UNAVAILABLE", None), (500, "INTERNAL", None)]
    {
        let error = format!("FCM answered {status} {code}");
        let after = seconds.map(Duration::from_secs);
        assert_eq!(failed(status, code, ""), Meaning::Sent(Sent::Again { after, error }));
    }
    for (status, code) in [
        (400, "INVALID_ARGUMENT"),
        (401, "THIRD_PARTY_AUTH_ERROR"),
        (403, "SENDER_ID_MISMATCH"),
        (404, "NOT_FOUND"),
    ] {
        let Meaning::Sent(Sent::Refused { error }) = failed(status, code, "secret") else {
            panic!("{code}");
        };
        assert!(error.starts_with(&format!("FCM answered {status} {code}")), "{error}");
        assert!(!error.contains("secret"));
    }
    let unauthenticated = br#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#;
    let error = "FCM answered 401 UNAUTHENTICATED".to_owned();
    assert_eq!(read(&answer(401, unauthenticated)), Meaning::StaleToken { error });
    assert!(matches!(read(&answer(502, b"<html>")), Meaning::Sent(Sent::Again { .. })));
    // Where there is no such project, no device is to blame.
    assert!(matches!(read(&answer(404, b"<html>")), Meaning::Sent(Sent::Refused { .. })));
}
