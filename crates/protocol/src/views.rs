//! What the socket and REST show of the domain, the same in both.
//!
//! A view borrows what it shows. 64-bit ids are texts, because JavaScript's
//! numbers stop at 2^53; times are RFC 3339.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{ErrorCode, MessageView, Refusal, message_view::raw};
use parlor_domain::{
    AttachmentView, Draft, Failed, FollowedThread, HistoryPage, Message, Profile, Saved, Scheduled,
    ScheduledEnd, ScheduledId, ThreadState, Timestamp, User,
};

#[derive(Serialize, JsonSchema)]
pub struct UserView<'a> {
    pub id: &'a str,
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<&'a str>,
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(User { key: _, id, name, avatar }: &'a User) -> Self {
        Self { id: id.as_str(), name, avatar_url: avatar.as_deref() }
    }
}

/// All of a user that is shown to whoever may know of them; and the rest to the
/// application's backend.
#[derive(Serialize, JsonSchema)]
pub struct ProfileView<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    custom: Option<&'a RawValue>,
    #[serde(flatten)]
    record: Option<RecordView<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct RecordView<'a> {
    /// Besides those of the user's tokens.
    roles: Vec<&'a str>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deactivated_at: Option<String>,
}

impl<'a> ProfileView<'a> {
    /// As other users see them.
    pub fn of(profile: &'a Profile) -> Self {
        let custom = profile.custom.as_deref();
        // It was checked when it was stored.
        let custom = custom.and_then(|custom| serde_json::from_str(custom).ok());
        Self { user: UserView::from(&profile.user), custom, record: None }
    }

    pub fn whole(profile: &'a Profile) -> Self {
        let Profile { user: _, custom: _, roles, created_at, deactivated_at } = profile;
        let record = RecordView {
            roles: roles.iter().map(|role| &**role).collect(),
            created_at: created_at.to_rfc3339(),
            deactivated_at: deactivated_at.map(Timestamp::to_rfc3339),
        };
        Self { record: Some(record), ..Self::of(profile) }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct HistoryView<'a> {
    messages: Vec<MessageView<'a>>,
    epoch: &'a str,
    has_more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_more_after: Option<bool>,
}

impl<'a> From<&'a HistoryPage> for HistoryView<'a> {
    fn from(page: &'a HistoryPage) -> Self {
        let HistoryPage { messages, epoch, has_more, has_more_after } = page;
        Self {
            messages: messages.iter().map(MessageView::from).collect(),
            epoch: epoch.as_str(),
            has_more: *has_more,
            has_more_after: *has_more_after,
        }
    }
}

/// A user's own read mark in a room.
#[derive(Serialize, JsonSchema)]
pub struct ReadMarkView<'a> {
    pub room_id: &'a str,
    pub read_seq: i64,
    pub unread: i64,
    pub mentions: i64,
    pub last_seq: i64,
    pub epoch: &'a str,
    /// From where on the user has marked the room as unread; `unread` is counted from
    /// there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_from: Option<i64>,
}

/// What a user has begun to write; an empty `content` without `metadata` says that there is
/// nothing any more.
#[derive(Serialize, JsonSchema)]
pub struct DraftView<'a> {
    room_id: &'a str,
    /// The message that the thread begins with, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<&'a RawValue>,
    updated_at: String,
}

impl<'a> From<&'a Draft> for DraftView<'a> {
    fn from(draft: &'a Draft) -> Self {
        let Draft { room, thread, content, metadata, updated_at } = draft;
        Self {
            room_id: room.as_str(),
            thread_id: thread.map(|id| id.0.to_string()),
            content,
            metadata: raw(metadata.as_deref()),
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

/// What a user has of a thread for themselves.
#[derive(Serialize, JsonSchema)]
pub struct ThreadStateView<'a> {
    room_id: &'a str,
    /// The message that the thread begins with.
    thread_id: String,
    following: bool,
    read_seq: i64,
    /// Replies of others behind that.
    unread: i64,
    /// Those of them that mention the user, or everybody.
    mentions: i64,
}

impl<'a> From<&'a ThreadState> for ThreadStateView<'a> {
    fn from(state: &'a ThreadState) -> Self {
        let ThreadState { room, thread, following, read_seq, unread, mentions } = state;
        Self {
            room_id: room.as_str(),
            thread_id: thread.0.to_string(),
            following: *following,
            read_seq: read_seq.0,
            unread: *unread,
            mentions: *mentions,
        }
    }
}

/// What a user has saved of a message, or, where `saved` is false, has saved no more.
#[derive(Serialize, JsonSchema)]
pub struct SavedView<'a> {
    message_id: String,
    room_id: &'a str,
    saved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_at: Option<String>,
    /// When the user wants to be reminded of it, or wanted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    remind_at: Option<String>,
    /// When they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    reminded_at: Option<String>,
    updated_at: String,
}

impl<'a> From<&'a Saved> for SavedView<'a> {
    fn from(saved: &'a Saved) -> Self {
        let Saved { room, message, note, saved_at, remind_at, reminded_at, updated_at } = saved;
        Self {
            message_id: message.0.to_string(),
            room_id: room.as_str(),
            saved: saved_at.is_some(),
            note: note.as_deref(),
            saved_at: saved_at.map(Timestamp::to_rfc3339),
            remind_at: remind_at.map(Timestamp::to_rfc3339),
            reminded_at: reminded_at.map(Timestamp::to_rfc3339),
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

/// A thread, with the message that it begins with.
#[derive(Serialize, JsonSchema)]
pub struct FollowedThreadView<'a> {
    #[serde(flatten)]
    state: ThreadStateView<'a>,
    root: MessageView<'a>,
}

impl<'a> From<&'a FollowedThread> for FollowedThreadView<'a> {
    fn from(FollowedThread { state, root, newest: _ }: &'a FollowedThread) -> Self {
        Self { state: state.into(), root: root.into() }
    }
}

/// The same with the message as it is now.
#[derive(Serialize, JsonSchema)]
pub struct SavedMessageView<'a> {
    #[serde(flatten)]
    saved: SavedView<'a>,
    message: MessageView<'a>,
}

impl<'a> From<&'a (Saved, Message)> for SavedMessageView<'a> {
    fn from((saved, message): &'a (Saved, Message)) -> Self {
        Self { saved: saved.into(), message: message.into() }
    }
}

/// A message that is to be sent later, as its author sees it.
#[derive(Serialize, JsonSchema)]
pub struct ScheduledView<'a> {
    scheduled_id: String,
    room_id: &'a str,
    /// The message that comes of it will have it, too.
    client_id: &'a str,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    in_room: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<AttachmentView<'a>>>")]
    attachments: Option<&'a RawValue>,
    send_at: String,
    created_at: String,
    updated_at: String,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<FailedView<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct FailedView<'a> {
    #[schemars(with = "ErrorCode")]
    code: &'a str,
    message: &'a str,
}

impl<'a> From<&'a Scheduled> for ScheduledView<'a> {
    fn from(scheduled: &'a Scheduled) -> Self {
        let Scheduled {
            id,
            room,
            client_id,
            content,
            reply_to,
            thread,
            in_room,
            metadata,
            attachments,
            send_at,
            created_at,
            updated_at,
            failed,
        } = scheduled;
        let failed = failed.as_ref();
        Self {
            scheduled_id: id.0.to_string(),
            room_id: room.as_str(),
            client_id: client_id.as_str(),
            content,
            reply_to: reply_to.map(|id| id.0.to_string()),
            thread_id: thread.map(|id| id.0.to_string()),
            in_room: *in_room,
            metadata: raw(metadata.as_deref()),
            attachments: raw(attachments.as_deref()),
            send_at: send_at.to_rfc3339(),
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            failed: failed.map(|Failed { code, message }| FailedView { code, message }),
        }
    }
}

/// How a message stands that was to be sent later.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ScheduledState {
    Waiting,
    Failed,
    Sent,
    Cancelled,
}

/// How what a user has scheduled stands now.
#[derive(Serialize, JsonSchema)]
pub struct ScheduledChangeView<'a> {
    scheduled_id: String,
    state: ScheduledState,
    /// What came of it, where it is `sent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// As it is, where it is `waiting` or `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled: Option<ScheduledView<'a>>,
}

impl<'a> ScheduledChangeView<'a> {
    pub fn new(scheduled: &'a Scheduled) -> Self {
        let has_failed = scheduled.failed.is_some();
        Self {
            scheduled_id: scheduled.id.0.to_string(),
            state: if has_failed { ScheduledState::Failed } else { ScheduledState::Waiting },
            message_id: None,
            scheduled: Some(scheduled.into()),
        }
    }

    pub fn ended(id: ScheduledId, ended: ScheduledEnd) -> Self {
        let (state, message_id) = match ended {
            ScheduledEnd::Sent(message) => (ScheduledState::Sent, Some(message.0.to_string())),
            ScheduledEnd::Cancelled => (ScheduledState::Cancelled, None),
        };
        Self { scheduled_id: id.0.to_string(), state, message_id, scheduled: None }
    }
}

/// What a sender learns of a message.
#[derive(Serialize, JsonSchema)]
pub struct StoredMessageView {
    pub message_id: String,
    pub seq: i64,
    pub created_at: String,
    pub duplicate: bool,
}

/// An error, on the socket and in REST bodies.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorView<'a> {
    pub code: ErrorCode,
    pub message: std::borrow::Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl<'a> From<&'a Refusal> for ErrorView<'a> {
    fn from(Refusal { code, message, field }: &'a Refusal) -> Self {
        Self { code: *code, message: message.into(), field: field.as_deref(), retry_after_ms: None }
    }
}
