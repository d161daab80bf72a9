//! Messages that are to be sent later.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ClientId, MessageId, RoomId, Timestamp};

/// The id of a message that is to be sent later; the message that comes of it has another one.
/// It is made as those of messages are, so that none of them is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScheduledId(pub i64);

impl ScheduledId {
    /// Reads the decimal text that ids have in JSON.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|id| *id > 0).map(Self)
    }

    /// In the place of a message, whose files are kept for it.
    pub fn as_message(self) -> MessageId {
        MessageId(self.0)
    }
}

/// A message that its author has scheduled; nobody else sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    pub id: ScheduledId,
    pub room: RoomId,
    /// That of the message, by which it is sent once.
    pub client_id: ClientId,
    /// Empty where the files speak for themselves.
    pub content: Arc<str>,
    pub reply_to: Option<MessageId>,
    pub thread: Option<MessageId>,
    /// A reply in a thread that is to be also in the room.
    pub in_room: bool,
    /// A JSON object of the author's.
    pub metadata: Option<Arc<str>>,
    /// A JSON list of what is attached.
    pub attachments: Option<Arc<str>>,
    pub send_at: Timestamp,
    pub created_at: Timestamp,
    /// Each change of it is later than the one before.
    pub updated_at: Timestamp,
    /// Why it was not sent.
    pub failed: Option<Failed>,
}

/// Why a message was not sent: the code and the text of the refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub code: Arc<str>,
    pub message: Arc<str>,
}

/// What has become of a message that was to be sent later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduledEnd {
    Sent(MessageId),
    Cancelled,
}
