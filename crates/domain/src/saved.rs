//! Messages that users have saved for themselves.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{MessageId, RoomId, Timestamp};

/// A message that a user has saved, or had; nobody else sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    pub room: RoomId,
    pub message: MessageId,
    pub note: Option<Arc<str>>,
    /// `None`: it is not saved any more.
    pub saved_at: Option<Timestamp>,
    /// When the user wants to be reminded of it, or wanted to.
    pub remind_at: Option<Timestamp>,
    pub reminded_at: Option<Timestamp>,
    /// Later than that of every earlier change of what the user has saved.
    pub updated_at: Timestamp,
}

impl Saved {
    /// What is told of one that was taken away.
    pub fn gone(room: RoomId, message: MessageId, updated_at: Timestamp) -> Self {
        let (note, saved_at, remind_at, reminded_at) = (None, None, None, None);
        Self { room, message, note, saved_at, remind_at, reminded_at, updated_at }
    }
}

/// The type of the event, and of the webhook, that reminds a user.
pub const REMINDER: &str = "message.reminder";

/// What a user is reminded of; it is stored in the inbox and told as it is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reminder {
    pub room_id: RoomId,
    pub message_id: MessageId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Arc<str>>,
    /// When the user wanted to be.
    pub remind_at: Timestamp,
}
