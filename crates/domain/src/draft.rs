//! What a user has begun to write.

use std::sync::Arc;

use super::{MessageId, RoomId, Timestamp};

/// What a user has begun to write in a room, or in a thread there; nobody else sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub room: RoomId,
    pub thread: Option<MessageId>,
    pub content: Arc<str>,
    /// A JSON object of the client's.
    pub metadata: Option<Arc<str>>,
    /// Later than that of every earlier draft of the user.
    pub updated_at: Timestamp,
}

impl Draft {
    /// What is told of one that was taken away.
    pub fn gone(room: RoomId, thread: Option<MessageId>, updated_at: Timestamp) -> Self {
        Self { room, thread, content: "".into(), metadata: None, updated_at }
    }

    /// There is none any more.
    pub fn is_gone(&self) -> bool {
        self.content.is_empty() && self.metadata.is_none()
    }
}
