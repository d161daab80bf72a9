use super::{ClientId, MessageId, RoomId, RoomKey, Seq, Timestamp, User};

/// A stored message as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub room_key: RoomKey,
    pub room: RoomId,
    /// Where it was created: its place in history.
    pub seq: Seq,
    /// Its latest change; equal to `seq` until then.
    pub changed_seq: Seq,
    pub sender: User,
    pub client_id: Option<ClientId>,
    pub content: String,
    pub created_at: Timestamp,
}

/// Which part of a room's history is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryCursor {
    /// The newest page.
    Newest,
    /// The page that ends just before this position.
    Before(Seq),
    /// The page that starts just after this position.
    After(Seq),
    /// Half a page before, and the rest from this position on.
    Around(Seq),
}

/// A part of a room's history, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    pub messages: Vec<Message>,
    /// Whether there is more in the direction asked for (`Around`: older).
    pub has_more: bool,
    /// `Around` only: whether there is more after the page.
    pub has_more_after: Option<bool>,
}

/// Up to where a reader says to have read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadTarget {
    Seq(Seq),
    Message(MessageId),
    All,
}
