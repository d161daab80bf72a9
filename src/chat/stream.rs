//! What is said of messages that are being written, to the hubs and to other nodes.

use std::sync::Arc;

use parlor_domain::{MessageId, RoomId, RoomKey, Seq};

/// How a text stands as the readers are told of it. Lengths are in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamNews {
    pub message: MessageId,
    pub room: RoomKey,
    pub room_id: RoomId,
    /// Where the message was created: who is not there yet is told nothing.
    pub seq: Seq,
    /// The number of this piece: who has been told the one before needs no more than it.
    pub step: u32,
    /// There is something new in it.
    pub is_fresh: bool,
    /// Its metadata is new.
    pub is_described_anew: bool,
    /// All that was said.
    pub text: Arc<str>,
    /// How long it is.
    pub chars: usize,
    /// Where what is new begins: in characters, and in bytes of `text`.
    pub offset: usize,
    pub from: usize,
    /// As it is now.
    pub metadata: Option<Arc<str>>,
}

impl StreamNews {
    /// What is new.
    pub fn fresh(&self) -> &str {
        &self.text[self.from..]
    }

    /// Its metadata; without any, an empty object.
    pub fn described(&self) -> &str {
        self.metadata.as_deref().unwrap_or("{}")
    }

    /// What stands behind so many characters.
    pub fn behind(&self, chars: usize) -> &str {
        self.text.char_indices().nth(chars).map_or("", |(at, _)| &self.text[at..])
    }
}

/// The same between nodes: what is new, or only how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPart {
    pub message: MessageId,
    pub room: RoomKey,
    pub seq: Seq,
    /// Characters before `text`.
    pub offset: usize,
    pub text: Arc<str>,
    pub metadata: Option<Arc<str>>,
    /// So many characters are stored.
    pub stored: usize,
    /// It has come to its end.
    pub has_ended: bool,
}
