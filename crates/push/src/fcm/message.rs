//! What FCM is sent (<https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{
    apns::{Aps, delivery},
    payload::{About, fitted, json, tag},
};
use parlor_domain::{
    PushNote, Timestamp,
    limits::{PUSH_PAYLOAD_BYTES, PUSH_TTL},
};

/// The body of a request that tells an installation of a note.
pub(super) fn message(device: &str, note: &PushNote, at: Timestamp) -> Vec<u8> {
    let tag = tag(note, b"");
    let data = data(note, &tag);
    // The bound is on what the message says; the address is not part of it.
    let most = PUSH_PAYLOAD_BYTES + device.len();
    fitted(note.alert.as_ref(), most, |alert| {
        json(&Body { message: Message::new(device, note, alert, &data, &tag, at) })
    })
}

#[derive(Serialize)]
struct Body<'a> {
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<Notification<'a>>,
    data: &'a BTreeMap<String, String>,
    android: Android<'a>,
    /// For installations on Apple's systems, which Firebase reaches through APNs.
    apns: Apns<'a>,
}

#[derive(Serialize)]
struct Notification<'a> {
    title: &'a str,
    body: &'a str,
}

#[derive(Serialize)]
struct Android<'a> {
    priority: &'a str,
    ttl: String,
    /// A newer one replaces what waits. Of different ones FCM keeps four.
    collapse_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<AndroidNotification<'a>>,
}

#[derive(Serialize)]
struct AndroidNotification<'a> {
    /// A newer one replaces what is shown.
    tag: &'a str,
    notification_count: i64,
    default_sound: bool,
}

#[derive(Serialize)]
struct Apns<'a> {
    headers: BTreeMap<&'static str, String>,
    payload: ApnsPayload<'a>,
}

#[derive(Serialize)]
struct ApnsPayload<'a> {
    aps: Aps<'a>,
}

impl<'a> Message<'a> {
    fn new(
        token: &'a str,
        note: &'a PushNote,
        alert: Option<(&'a str, &'a str)>,
        data: &'a BTreeMap<String, String>,
        tag: &'a str,
        at: Timestamp,
    ) -> Self {
        let is_shown = alert.is_some();
        Self {
            token,
            notification: alert.map(|(title, body)| Notification { title, body }),
            data,
            android: Android {
                priority: if is_shown { "HIGH" } else { "NORMAL" },
                ttl: format!("{}s", PUSH_TTL.as_secs()),
                collapse_key: tag,
                notification: is_shown.then_some(AndroidNotification {
                    tag,
                    notification_count: note.badge,
                    default_sound: true,
                }),
            },
            apns: Apns {
                headers: delivery(note, tag, at).into_iter().collect(),
                payload: ApnsPayload { aps: Aps::new(note) },
            },
        }
    }
}

/// What the application is handed: FCM takes texts only.
fn data(note: &PushNote, tag: &str) -> BTreeMap<String, String> {
    let Ok(Value::Object(about)) = serde_json::to_value(About::new(note)) else {
        unreachable!("it is an object");
    };
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let fields = about.into_iter().map(|(name, value)| (name, text(value)));
    fields.chain([("tag".to_owned(), tag.to_owned())]).collect()
}
