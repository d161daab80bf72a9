//! A message as it is shown.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use crate::UserView;
use parlor_domain::{
    AttachmentView, Extras, Message, MessageKind, Pin, Posted, Quote, Reaction, StreamState,
    Thread, UserId,
};

/// A message. What few messages have is left out of the others.
#[derive(Serialize, JsonSchema)]
pub struct MessageView<'a> {
    message_id: String,
    room_id: &'a str,
    seq: i64,
    changed_seq: i64,
    sender: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    content: &'a str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<QuoteView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    /// Of a reply in a thread: it is also in the room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    in_room: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<ThreadView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<MentionsView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<AttachmentView<'a>>>")]
    attachments: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<ReactionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<PinView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<MessageKind>,
    /// Who has sent it in the sender's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_by: Option<&'a str>,
    /// It is not counted as unread.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    silent: bool,
    /// Of one that is being written, or was and did not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Unfinished")]
    state: Option<StreamState>,
}

/// What a message shows of its state, in the descriptions.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "snake_case")]
#[allow(dead_code, reason = "it is only described")]
enum Unfinished {
    Streaming,
    Failed,
    Interrupted,
}

/// As much of a message as is shown with one that points to it.
#[derive(Serialize, JsonSchema)]
pub struct QuoteView<'a> {
    message_id: String,
    sender: UserView<'a>,
    content: &'a str,
    created_at: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

/// Summary of a thread, on its first message.
#[derive(Serialize, JsonSchema)]
pub struct ThreadView<'a> {
    count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_reply: Option<QuoteView<'a>>,
}

/// Who is mentioned.
#[derive(Serialize, JsonSchema)]
pub struct MentionsView<'a> {
    user_ids: Vec<&'a str>,
    room: bool,
}

/// One emoji under a message.
#[derive(Serialize, JsonSchema)]
pub struct ReactionView<'a> {
    emoji: &'a str,
    count: i64,
    user_ids: Vec<&'a str>,
}

#[derive(Serialize, JsonSchema)]
pub struct PinView<'a> {
    at: String,
    by: &'a str,
}

fn texts(users: &[UserId]) -> Vec<&str> {
    users.iter().map(UserId::as_str).collect()
}

/// JSON that was checked before it was stored.
pub(crate) fn raw(json: Option<&str>) -> Option<&RawValue> {
    json.and_then(|json| serde_json::from_str(json).ok())
}

impl<'a> From<&'a Quote> for QuoteView<'a> {
    fn from(Quote { id, sender, excerpt, created_at, deleted }: &'a Quote) -> Self {
        Self {
            message_id: id.0.to_string(),
            sender: sender.into(),
            content: excerpt,
            created_at: created_at.to_rfc3339(),
            deleted: *deleted,
        }
    }
}

impl<'a> From<&'a Thread> for ThreadView<'a> {
    fn from(Thread { count, last_reply }: &'a Thread) -> Self {
        Self { count: *count, last_reply: last_reply.as_ref().map(QuoteView::from) }
    }
}

impl<'a> From<&'a Reaction> for ReactionView<'a> {
    fn from(Reaction { emoji, count, users }: &'a Reaction) -> Self {
        Self { emoji, count: *count, user_ids: texts(users) }
    }
}

impl<'a> From<&'a Pin> for PinView<'a> {
    fn from(Pin { at, by }: &'a Pin) -> Self {
        Self { at: at.to_rfc3339(), by: by.as_str() }
    }
}

impl<'a> From<&'a Message> for MessageView<'a> {
    fn from(message: &'a Message) -> Self {
        let Message {
            id,
            room_key: _,
            room,
            seq,
            changed_seq,
            sender,
            client_id,
            content,
            created_at,
            edited_at,
            deleted_at,
            extras,
        } = message;
        let plain = Self {
            message_id: id.0.to_string(),
            room_id: room.as_str(),
            seq: seq.0,
            changed_seq: changed_seq.0,
            sender: sender.into(),
            client_id: client_id.as_ref().map(|id| id.as_str()),
            content,
            created_at: created_at.to_rfc3339(),
            edited_at: edited_at.map(|at| at.to_rfc3339()),
            deleted_at: deleted_at.map(|at| at.to_rfc3339()),
            reply_to: None,
            thread_id: None,
            in_room: false,
            thread: None,
            metadata: None,
            mentions: None,
            attachments: None,
            reactions: Vec::new(),
            pinned: None,
            kind: None,
            sent_by: None,
            silent: false,
            state: None,
        };
        match extras {
            Some(extras) => plain.with(extras),
            None => plain,
        }
    }
}

impl<'a> MessageView<'a> {
    fn with(self, extras: &'a Extras) -> Self {
        let Extras {
            reply_to,
            thread_id,
            in_room,
            thread,
            metadata,
            mentions,
            attachments,
            reactions,
            pinned,
            posted: Posted { kind, by, silent },
            stream,
        } = extras;
        let mentioned = || MentionsView { user_ids: texts(&mentions.users), room: mentions.room };
        Self {
            reply_to: reply_to.as_ref().map(QuoteView::from),
            thread_id: thread_id.map(|id| id.0.to_string()),
            in_room: *in_room,
            thread: thread.as_ref().map(ThreadView::from),
            metadata: raw(metadata.as_deref()),
            mentions: (!mentions.is_empty()).then(mentioned),
            attachments: raw(attachments.as_deref()),
            reactions: reactions.iter().map(ReactionView::from).collect(),
            pinned: pinned.as_ref().map(PinView::from),
            kind: *kind,
            sent_by: by.as_ref().map(UserId::as_str),
            silent: *silent,
            state: stream.filter(|state| *state != StreamState::Finished),
            ..self
        }
    }
}
