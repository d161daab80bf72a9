//! What the socket and REST show of the domain, the same in both.
//!
//! A view borrows what it shows. 64-bit ids are texts, because JavaScript's
//! numbers stop at 2^53; times are RFC 3339.

use serde::Serialize;

use super::{ErrorCode, Refusal};
use crate::domain::{HistoryPage, Member, Message, Receipt, Room, RoomOverview, RoomState, User};

#[derive(Serialize)]
pub struct UserView<'a> {
    pub id: &'a str,
    pub name: &'a str,
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(User { key: _, id, name }: &'a User) -> Self {
        Self { id: id.as_str(), name }
    }
}

#[derive(Serialize)]
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
        } = message;
        Self {
            message_id: id.0.to_string(),
            room_id: room.as_str(),
            seq: seq.0,
            changed_seq: changed_seq.0,
            sender: sender.into(),
            client_id: client_id.as_ref().map(|id| id.as_str()),
            content,
            created_at: created_at.to_rfc3339(),
        }
    }
}

#[derive(Serialize)]
pub struct HistoryView<'a> {
    messages: Vec<MessageView<'a>>,
    has_more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_more_after: Option<bool>,
}

impl<'a> From<&'a HistoryPage> for HistoryView<'a> {
    fn from(page: &'a HistoryPage) -> Self {
        let HistoryPage { messages, has_more, has_more_after } = page;
        Self {
            messages: messages.iter().map(MessageView::from).collect(),
            has_more: *has_more,
            has_more_after: *has_more_after,
        }
    }
}

#[derive(Serialize)]
pub struct RoomView<'a> {
    room_id: &'a str,
    kind: &'static str,
    title: &'a str,
    created_at: String,
    last_seq: i64,
    #[serde(flatten)]
    state: Option<RoomStateView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<Option<MessageView<'a>>>,
}

#[derive(Serialize)]
struct RoomStateView {
    role: &'static str,
    read_seq: i64,
    unread: i64,
}

impl<'a> From<&'a RoomOverview> for RoomView<'a> {
    fn from(overview: &'a RoomOverview) -> Self {
        let RoomOverview { room, last_seq, state, member_count, last_message } = overview;
        let Room { key: _, id, kind, title, created_at } = room;
        let state = state.map(|RoomState { role, read_seq, unread }| RoomStateView {
            role: role.as_str(),
            read_seq: read_seq.0,
            unread,
        });
        Self {
            room_id: id.as_str(),
            kind: kind.as_str(),
            title,
            created_at: created_at.to_rfc3339(),
            last_seq: last_seq.0,
            state,
            member_count: *member_count,
            last_message: last_message.as_ref().map(|last| last.as_ref().map(MessageView::from)),
        }
    }
}

#[derive(Serialize)]
pub struct MemberView<'a> {
    user: UserView<'a>,
    role: &'static str,
    joined_at: String,
}

impl<'a> From<&'a Member> for MemberView<'a> {
    fn from(Member { user, role, joined_at }: &'a Member) -> Self {
        Self { user: user.into(), role: role.as_str(), joined_at: joined_at.to_rfc3339() }
    }
}

#[derive(Serialize)]
pub struct ReceiptView<'a> {
    user_id: &'a str,
    read_seq: i64,
    read_at: String,
}

impl<'a> From<&'a Receipt> for ReceiptView<'a> {
    fn from(Receipt { user, read_seq, read_at }: &'a Receipt) -> Self {
        Self { user_id: user.as_str(), read_seq: read_seq.0, read_at: read_at.to_rfc3339() }
    }
}

/// A user's own read mark in a room.
#[derive(Serialize)]
pub struct ReadMarkView<'a> {
    pub room_id: &'a str,
    pub read_seq: i64,
    pub unread: i64,
    pub last_seq: i64,
}

/// What a sender learns of a message.
#[derive(Serialize)]
pub struct StoredMessageView {
    pub message_id: String,
    pub seq: i64,
    pub created_at: String,
    pub duplicate: bool,
}

/// An error, on the socket and in REST bodies.
#[derive(Debug, Serialize)]
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
        Self { code: *code, message: message.into(), field: *field, retry_after_ms: None }
    }
}
