//! Threads that a user follows.

use super::{Message, MessageId, RoomId, Seq};

/// What a user has of a thread for themselves; nobody else sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadState {
    pub room: RoomId,
    /// The message that the thread begins with.
    pub thread: MessageId,
    /// If not, nothing of it is unread.
    pub following: bool,
    /// Up to where the user has read it.
    pub read_seq: Seq,
    /// Replies of others behind that.
    pub unread: i64,
    /// Those of them that mention the user, or everybody.
    pub mentions: i64,
}

/// A thread that somebody follows.
#[derive(Clone, Debug)]
pub struct FollowedThread {
    pub state: ThreadState,
    /// The message that it begins with.
    pub root: Message,
    /// Its newest reply, or else the message that it would begin with.
    pub newest: MessageId,
}
