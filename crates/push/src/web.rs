//! Browsers: Web Push (RFC 8030) with encrypted messages and VAPID.

use std::sync::Arc;

use serde::Serialize;

use super::{
    Answer, BadAddress, Endpoints, Request, Sent, Vapid,
    address::Subscription,
    encryption::encrypt,
    payload::{About, fitted, json, tag},
};
use parlor_domain::{
    PushNote, Timestamp,
    limits::{PUSH_TTL, WEB_PUSH_BYTES},
};

/// One browser that is told something.
pub struct Browser(Subscription);

/// What a service worker is handed.
#[derive(Serialize)]
struct Payload<'a> {
    #[serde(flatten)]
    about: About<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

/// Apple ends a subscription whose service worker was woken three times and showed nothing.
const MUST_SHOW: &str = "web.push.apple.com";

impl Browser {
    /// # Errors
    /// What is wrong with the subscription.
    pub fn new(
        endpoint: &str,
        p256dh: &str,
        auth: &str,
        endpoints: Endpoints,
    ) -> Result<Self, BadAddress> {
        Subscription::read(endpoint, p256dh, auth, endpoints).map(Self)
    }

    /// Whether it may be told something that is not shown.
    pub fn takes_silent(&self) -> bool {
        self.0.endpoint.host_str() != Some(MUST_SHOW)
    }

    /// What tells it of a note.
    ///
    /// # Errors
    /// If its key is none.
    pub fn request(&self, note: &PushNote, authorization: &str) -> Result<Request, BadAddress> {
        let plain = fitted(note.alert.as_ref(), WEB_PUSH_BYTES, |alert| {
            let (title, body) = alert.unzip();
            json(&Payload { about: About::new(note), title, body })
        });
        let body = encrypt(&plain, &self.0).ok_or(BadAddress::Key)?;
        let urgency = if note.alert.is_some() { "high" } else { "low" };
        Ok(Request {
            url: self.0.endpoint.to_string(),
            headers: vec![
                ("authorization", authorization.to_owned()),
                ("content-encoding", "aes128gcm".to_owned()),
                ("content-type", "application/octet-stream".to_owned()),
                // RFC 8030 sections 5.2 to 5.4.
                ("ttl", PUSH_TTL.as_secs().to_string()),
                ("urgency", urgency.to_owned()),
                ("topic", tag(note, &self.0.auth)),
            ],
            body,
        })
    }

    /// The header `authorization` of such a request.
    pub fn authorization(&self, vapid: &mut Vapid, at: Timestamp) -> Arc<str> {
        vapid.authorization(&self.0.endpoint, at)
    }
}

/// How services say that a subscription was made for another key than ours (in this order:
/// Apple, Google, Mozilla). It never works again: the browser has to subscribe anew.
const OTHER_KEY: [&str; 3] =
    ["VapidPkHashMismatch", "do not correspond to the credentials", "VAPID public key mismatch"];

/// What a push service says. Its address was named by a user, so its words go into no log.
pub fn read(answer: &Answer) -> Sent {
    let error = format!("the push service of the browser answered {}", answer.status);
    let is_for_other_key = || {
        let body = String::from_utf8_lossy(answer.body);
        OTHER_KEY.iter().any(|words| body.contains(words))
    };
    match answer.status {
        _ if answer.is_success() => Sent::Done,
        // RFC 8030 section 7.3; some answer the one, some the other.
        404 | 410 => Sent::Gone,
        400 | 401 | 403 if is_for_other_key() => Sent::Gone,
        408 => answer.again(error),
        429 => answer.again_slower(error),
        500.. => answer.again(error),
        _ => Sent::Refused { error },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        encryption::tests::Browser as Reader,
        payload::tests::{long_text, note},
        vapid::tests::{AT, claims, vapid},
    };

    const ENDPOINT: &str = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV";

    fn browser(reader: &Reader, endpoint: &str) -> Browser {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (key, auth) = (encoded(&reader.public), encoded(&reader.auth));
        Browser::new(endpoint, &key, &auth, Endpoints::Public).expect("a subscription")
    }

    /// The request for a note, and what its browser reads.
    fn told(note: &PushNote) -> (Request, Value) {
        let reader = Reader::new();
        let browser = browser(&reader, ENDPOINT);
        let authorization = browser.authorization(&mut vapid(), AT);
        let request = browser.request(note, &authorization).expect("a key");
        let read = reader.read(&request.body);
        (request, serde_json::from_slice(&read).expect("JSON"))
    }

    fn header<'a>(request: &'a Request, name: &str) -> &'a str {
        let found = request.headers.iter().find(|(own, _)| *own == name);
        found.map_or("", |(_, value)| value)
    }

    #[test]
    fn a_browser_is_told_what_is_shown() {
        let (request, read) = told(&note(Some(("ann in design", "hello"))));
        let expected = json!({
            "room_id": "board:42", "message_id": "91", "seq": 7, "badge": 3,
            "title": "ann in design", "body": "hello",
        });
        assert_eq!(read, expected);
        assert_eq!(request.url, ENDPOINT);
        assert_eq!(claims(header(&request, "authorization"))["aud"], "https://push.example.net");
        for (name, value) in
            [("content-encoding", "aes128gcm"), ("ttl", "86400"), ("urgency", "high")]
        {
            assert_eq!(header(&request, name), value);
        }
        assert_eq!(header(&request, "topic").len(), 32);
    }

    #[test]
    fn what_was_read_elsewhere_is_told_without_a_title() {
        let (request, read) = told(&note(None));
        let expected = json!({"room_id": "board:42", "message_id": "91", "seq": 7, "badge": 3});
        assert_eq!(read, expected);
        assert_eq!(header(&request, "urgency"), "low");
        let reader = Reader::new();
        assert!(browser(&reader, ENDPOINT).takes_silent());
        assert!(!browser(&reader, "https://web.push.apple.com/QGx").takes_silent());
    }

    #[test]
    fn a_long_message_is_cut_to_what_every_service_takes() {
        let long = long_text();
        let (request, read) = told(&note(Some((&long, &long))));
        assert_eq!(request.body.len(), 4_096);
        assert!(read["body"].as_str().is_some_and(|body| body.ends_with('…')));
    }

    #[test]
    fn answers_are_read_as_services_mean_them() {
        let answered = |status, body: &str| {
            read(&Answer { status, retry_after: Some("9"), body: body.as_bytes(), at: AT })
        };
        let error = |status| format!("the push service of the browser answered {status}");
        let after = Some(Duration::from_secs(9));
        for status in [200, 201, 202, 204] {
            assert_eq!(answered(status, ""), Sent::Done);
        }
        for status in [404, 410] {
            assert_eq!(answered(status, ""), Sent::Gone);
        }
        for status in [408, 429, 500, 502, 503] {
            let expected = Sent::Again { after, error: error(status) };
            assert_eq!(answered(status, ""), expected);
        }
        for status in [301, 307, 400, 401, 403, 405, 413] {
            assert_eq!(answered(status, "secret"), Sent::Refused { error: error(status) });
        }
        assert_eq!(answered(400, r#"{"reason":"VapidPkHashMismatch"}"#), Sent::Gone);
        let google = "the VAPID credentials in the authorization header do not correspond to the \
                      credentials used to create the subscriptions.";
        assert_eq!(answered(403, google), Sent::Gone);
    }
}
