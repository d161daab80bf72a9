//! Optional parts of a message besides its content. Few messages have any, so
//! they are boxed and cost the others a pointer.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttachmentId, Mentioned, MessageId, ReportId, ScheduledId, Timestamp, User, UserId};

/// The rest of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// What it answers.
    pub reply_to: Option<Quote>,
    /// The message whose thread it is in.
    pub thread_id: Option<MessageId>,
    /// Though in a thread, it is also in the room.
    pub in_room: bool,
    /// The thread that begins with it.
    pub thread: Option<Thread>,
    /// A JSON object of the sender's.
    pub metadata: Option<Arc<str>>,
    pub mentions: Mentions,
    /// A JSON list of what is attached, as it was when it was sent.
    pub attachments: Option<Arc<str>>,
    pub reactions: Vec<Reaction>,
    pub pinned: Option<Pin>,
    pub posted: Posted,
    /// Of one that was written while others read it.
    pub stream: Option<StreamState>,
}

impl Extras {
    /// It counts in its thread alone.
    pub fn is_only_in_thread(&self) -> bool {
        self.thread_id.is_some() && !self.in_room
    }
}

/// How a message stands that is written while others read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    Streaming,
    Finished,
    // Its writer says that it did not come to its end.
    Failed,
    // Nothing was heard of its writer any more.
    Interrupted,
}

impl StreamState {
    const ALL: [Self; 4] = [Self::Streaming, Self::Finished, Self::Failed, Self::Interrupted];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Streaming => "streaming",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What the application alone says of a message that it posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// `None`: what somebody says.
    pub kind: Option<MessageKind>,
    /// Who has sent it in the sender's name.
    pub by: Option<UserId>,
    /// It is not unread to anybody, and calls nobody whom it mentions.
    pub silent: bool,
}

/// What a message is: `system`, a notice, which nobody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    System,
}

impl MessageKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        (text == Self::System.as_str()).then_some(Self::System)
    }
}

/// What a message that is being sent has besides its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewExtras {
    pub reply_to: Option<MessageId>,
    pub thread: Option<MessageId>,
    /// A JSON object.
    pub metadata: Option<Arc<str>>,
    pub attachments: Vec<AttachmentId>,
    pub mentioned: Mentioned,
    /// A reply that is to be also in the room.
    pub in_room: bool,
    pub posted: Posted,
    /// It is to be written while others read it.
    pub is_streaming: bool,
    /// What was scheduled and is sent with it, as of its latest change.
    pub scheduled: Option<(ScheduledId, Timestamp)>,
    /// It is reported to those who moderate, under this number if it is not already.
    pub flagged: Option<ReportId>,
}

impl NewExtras {
    /// `None` for a plain message.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// As much of another message as is shown with one that points to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub id: MessageId,
    pub sender: User,
    /// The beginning of its content; empty if it was deleted.
    pub excerpt: Arc<str>,
    pub created_at: Timestamp,
    pub deleted: bool,
}

/// Characters of a quote.
pub const QUOTE_CHARS: usize = 140;

/// The beginning of a content, as a quote shows it.
pub fn excerpt(content: &str) -> &str {
    content.char_indices().nth(QUOTE_CHARS).map_or(content, |(end, _)| &content[..end])
}

/// What a thread's root tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Replies that have not been deleted.
    pub count: i64,
    pub last_reply: Option<Quote>,
}

/// Who is mentioned in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    pub users: Vec<UserId>,
    /// Everyone in the room (`@room`).
    pub room: bool,
}

impl Mentions {
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.room
    }
}

/// One emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    pub emoji: Arc<str>,
    pub count: i64,
    /// The first who did, as many as are shown.
    pub users: Vec<UserId>,
}

/// Since when and by whom a message is pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    pub at: Timestamp,
    pub by: UserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_between_characters() {
        assert_eq!(excerpt("short"), "short");
        let long = "ä".repeat(QUOTE_CHARS + 1);
        assert_eq!(excerpt(&long).chars().count(), QUOTE_CHARS);
    }
}
