//! The Apple Push Notification service: HTTP/2, with tokens of a provider
//! (<https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns>).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Answer, BadKey, Meaning, Request, Sent,
    jwt::EcKey,
    kept::Kept,
    payload::{About, fitted, json, tag},
};
use parlor_domain::{
    PushNote, Timestamp,
    limits::{APNS_TOKEN_RENEWED, APNS_TOKEN_USED, PUSH_PAYLOAD_BYTES, PUSH_TTL},
};

/// The key of a developer account, and the tokens that are made with it.
pub struct Provider {
    key: EcKey,
    key_id: String,
    team_id: String,
    kept: Option<Kept<Arc<str>>>,
}

impl Provider {
    /// `pem` is the file that Apple gives (`AuthKey_….p8`).
    ///
    /// # Errors
    /// If it is no such file.
    pub fn new(pem: &[u8], key_id: &str, team_id: &str) -> Result<Self, BadKey> {
        let (key_id, team_id) = (key_id.to_owned(), team_id.to_owned());
        Ok(Self { key: EcKey::from_pem(pem)?, key_id, team_id, kept: None })
    }

    /// The token to show at this time.
    pub fn token(&mut self, at: Timestamp) -> Arc<str> {
        let kept = self.kept.as_ref().filter(|kept| kept.is_younger(APNS_TOKEN_USED, at));
        if let Some(kept) = kept {
            return kept.value.clone();
        }
        #[derive(Serialize)]
        struct Claims<'a> {
            iss: &'a str,
            iat: i64,
        }
        let claims = Claims { iss: &self.team_id, iat: at.0 / 1000 };
        let token: Arc<str> = self.key.token(Some(&self.key_id), &claims).into();
        self.kept = Some(Kept::new(token.clone(), at));
        token
    }

    /// A token was refused as too old. Gives another one, if Apple may be shown one yet.
    pub fn after(&mut self, refused: &str, at: Timestamp) -> Option<Arc<str>> {
        match &self.kept {
            // Somebody else has renewed it meanwhile.
            Some(kept) if *kept.value != *refused => {}
            Some(kept) if kept.is_younger(APNS_TOKEN_RENEWED, at) => return None,
            _ => self.kept = None,
        }
        Some(self.token(at))
    }
}

/// What a device is handed.
#[derive(Serialize)]
struct Payload<'a> {
    aps: Aps<'a>,
    #[serde(flatten)]
    about: About<'a>,
    /// The identifier of the notification that is shown, if there is one.
    tag: &'a str,
}

/// What Apple's systems read of it
/// (<https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification>).
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Aps<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Alert<'a>>,
    badge: i64,
    /// What is shown of a room stands together.
    thread_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<&'a str>,
    /// An extension of the application may change what is shown, such as a text that is left
    /// out here.
    #[serde(skip_serializing_if = "Option::is_none")]
    mutable_content: Option<u8>,
    /// The application is woken, and takes away what is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_available: Option<u8>,
}

#[derive(Serialize)]
struct Alert<'a> {
    title: &'a str,
    body: &'a str,
}

impl<'a> Aps<'a> {
    /// Without the texts, which come beside it where Firebase delivers.
    pub fn new(note: &'a PushNote) -> Self {
        let is_shown = note.alert.is_some();
        Self {
            alert: None,
            badge: note.badge,
            thread_id: note.room.as_str(),
            sound: is_shown.then_some("default"),
            mutable_content: is_shown.then_some(1),
            content_available: (!is_shown).then_some(1),
        }
    }

    fn saying(self, alert: Option<(&'a str, &'a str)>) -> Self {
        Self { alert: alert.map(|(title, body)| Alert { title, body }), ..self }
    }
}

/// The headers that say how a note is delivered. One that only changes the badge is of the
/// type `alert` too: those of the type `background` may not, and come a few times an hour.
pub(crate) fn delivery(note: &PushNote, tag: &str, at: Timestamp) -> [(&'static str, String); 4] {
    let priority = if note.alert.is_some() { "10" } else { "5" };
    [
        ("apns-push-type", "alert".to_owned()),
        ("apns-priority", priority.to_owned()),
        ("apns-expiration", (at.later(PUSH_TTL).0 / 1000).to_string()),
        ("apns-collapse-id", tag.to_owned()),
    ]
}

/// Where notes are sent, and for which application.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Without a `/` at its end.
    pub url: &'a str,
    /// The application's bundle id.
    pub topic: &'a str,
}

/// What tells a device of a note.
pub fn request(
    target: Target,
    device: &str,
    note: &PushNote,
    token: &str,
    at: Timestamp,
) -> Request {
    let tag = tag(note, b"");
    let body = fitted(note.alert.as_ref(), PUSH_PAYLOAD_BYTES, |alert| {
        let aps = Aps::new(note).saying(alert);
        json(&Payload { aps, about: About::new(note), tag: &tag })
    });
    let mut headers = vec![
        ("authorization", format!("bearer {token}")),
        ("apns-topic", target.topic.to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    headers.extend(delivery(note, &tag, at));
    Request { url: format!("{}/3/device/{device}", target.url), headers, body }
}

/// What Apple says
/// (<https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>).
pub fn read(answer: &Answer) -> Meaning {
    #[derive(Deserialize)]
    struct Failure {
        reason: String,
    }
    let failure: Option<Failure> = serde_json::from_slice(answer.body).ok();
    let reason = failure.map_or(String::new(), |failure| failure.reason);
    let error = format!("APNs answered {} {}", answer.status, shown(&reason));
    Meaning::Sent(match (answer.status, reason.as_str()) {
        (200, _) => Sent::Done,
        (410, _) | (400, "BadDeviceToken") => Sent::Gone,
        (403, "ExpiredProviderToken") => return Meaning::StaleToken { error },
        (429, _) => answer.again_slower(error),
        (500.., _) => answer.again(error),
        (400, "DeviceTokenNotForTopic") => Sent::Refused {
            error: format!("{error}: the device belongs to another app than PARLOR_APNS_TOPIC"),
        },
        (403, "InvalidProviderToken") => Sent::Refused {
            error: format!("{error}: PARLOR_APNS_KEY_ID or PARLOR_APNS_TEAM_ID is not the key's"),
        },
        _ => Sent::Refused { error },
    })
}

/// A reason as it may be in the log: Apple's are words without spaces.
fn shown(reason: &str) -> String {
    reason.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

#[cfg(test)]
mod tests;
