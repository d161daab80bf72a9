//! The body of a webhook.

use serde::Serialize;

use crate::{
    db::{Letter, ReadError, Reader},
    protocol::MessageView,
};

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// Why the user is no member any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// As it is when it is told; left out once it is gone with its room.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageView<'a>>,
}

pub(super) async fn payload(reader: &Reader, letter: &Letter) -> Result<String, ReadError> {
    let message = match letter.message {
        Some(id) => reader.message(id).await?,
        None => None,
    };
    let payload = Payload {
        kind: &letter.kind,
        timestamp: letter.at.to_rfc3339(),
        data: Data {
            room_id: letter.lane.strip_prefix("room "),
            user_id: letter.user.as_ref().map(|user| user.as_str()),
            message_id: letter.message.map(|id| id.0.to_string()),
            seq: letter.seq.map(|seq| seq.0),
            reason: letter.reason.as_deref(),
            message: message.as_ref().map(MessageView::from),
        },
    };
    Ok(serde_json::to_string(&payload).expect("texts and numbers are JSON"))
}
