use std::sync::Arc;

use super::{
    ClientId, Epoch, Extras, Mentioned, MessageId, ReportId, RoomId, RoomKey, Seq, StreamState,
    Timestamp, User,
};

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
    /// Empty if it was deleted, or has attachments only.
    pub content: Arc<str>,
    pub created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    /// What is left is a tombstone.
    pub deleted_at: Option<Timestamp>,
    /// `None` for most.
    pub extras: Option<Box<Extras>>,
}

impl Message {
    /// How it stands, if it is one that is or was written while others read it.
    pub fn stream(&self) -> Option<StreamState> {
        self.extras.as_ref()?.stream
    }

    pub fn is_streaming(&self) -> bool {
        self.stream() == Some(StreamState::Streaming)
    }
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

impl HistoryCursor {
    /// The cursor that was named; `None` if more than one was.
    pub fn one_of(before: Option<Seq>, after: Option<Seq>, around: Option<Seq>) -> Option<Self> {
        match (before, after, around) {
            (None, None, None) => Some(Self::Newest),
            (Some(seq), None, None) => Some(Self::Before(seq)),
            (None, Some(seq), None) => Some(Self::After(seq)),
            (None, None, Some(seq)) => Some(Self::Around(seq)),
            _ => None,
        }
    }
}

/// A part of a room's history, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    pub messages: Vec<Message>,
    /// Which life of the room's timeline their positions belong to.
    pub epoch: Epoch,
    /// Whether there is more in the direction asked for (`Around`: older).
    pub has_more: bool,
    /// `Around` only: whether there is more after the page.
    pub has_more_after: Option<bool>,
}

impl HistoryPage {
    /// Cuts the page so that its messages take at most so many bytes as JSON:
    /// what is farthest in the direction asked for is left for the next page.
    /// One message stays always.
    pub fn cut_to(&mut self, bytes_max: usize, cursor: HistoryCursor) {
        let mut bytes: usize = self.messages.iter().map(Message::json_bytes_max).sum();
        while bytes > bytes_max && self.messages.len() > 1 {
            let cut = match cursor {
                HistoryCursor::Newest | HistoryCursor::Before(_) => self.cut_oldest(),
                HistoryCursor::After(_) => {
                    self.has_more = true;
                    self.messages.pop()
                }
                HistoryCursor::Around(seq) => {
                    let older = self.messages.iter().filter(|message| message.seq < seq).count();
                    if 2 * older >= self.messages.len() {
                        self.cut_oldest()
                    } else {
                        self.has_more_after = Some(true);
                        self.messages.pop()
                    }
                }
            };
            bytes -= cut.as_ref().map_or(0, Message::json_bytes_max);
        }
    }

    fn cut_oldest(&mut self) -> Option<Message> {
        self.has_more = true;
        Some(self.messages.remove(0))
    }
}

/// What a message takes as JSON besides its content: ids, names, times.
const JSON_OVERHEAD: usize = 1_024;

impl Message {
    /// The most bytes the message can take as JSON (RFC 8259 section 7).
    fn json_bytes_max(&self) -> usize {
        let bytes = self.content.bytes().map(|byte| match byte {
            0..0x20 => 6,
            b'"' | b'\\' => 2,
            _ => 1,
        });
        // Metadata and attachments are JSON already, and are written as it is.
        let json = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
        let avatar = |user: &User| json(&user.avatar);
        let extras = self.extras.as_ref().map_or(0, |extras| {
            let lists = extras.reactions.len() + extras.mentions.users.len();
            let last_reply = extras.thread.as_ref().and_then(|thread| thread.last_reply.as_ref());
            let quotes = extras.reply_to.iter().chain(last_reply);
            let avatars: usize = quotes.map(|quote| avatar(&quote.sender)).sum();
            let texts = json(&extras.metadata) + json(&extras.attachments) + avatars;
            2 * JSON_OVERHEAD * (1 + lists) + texts
        });
        JSON_OVERHEAD + avatar(&self.sender) + bytes.sum::<usize>() + extras
    }
}

#[cfg(any(test, feature = "samples"))]
impl Message {
    /// A message for tests.
    pub fn sample(seq: i64, content: &str) -> Self {
        let sender = User {
            key: super::UserKey(1),
            id: super::UserId::from_stored("ann"),
            name: "Ann".into(),
            avatar: None,
        };
        Self {
            id: MessageId(seq),
            room_key: RoomKey(1),
            room: RoomId::from_stored("r"),
            seq: Seq(seq),
            changed_seq: Seq(seq),
            sender,
            client_id: None,
            content: content.into(),
            created_at: Timestamp(0),
            edited_at: None,
            deleted_at: None,
            extras: None,
        }
    }
}

/// Up to where a reader says to have read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadTarget {
    Seq(Seq),
    Message(MessageId),
    All,
}

impl ReadTarget {
    /// The target that was named; `None` if none or more than one was.
    pub fn one_of(seq: Option<Seq>, message: Option<MessageId>, all: bool) -> Option<Self> {
        match (seq, message, all) {
            (Some(seq), None, false) => Some(Self::Seq(seq)),
            (None, Some(message), false) => Some(Self::Message(message)),
            (None, None, true) => Some(Self::All),
            _ => None,
        }
    }
}

/// A change of a stored message.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Edit(NewContent),
    Delete,
    React { emoji: Arc<str> },
    Unreact { emoji: Arc<str> },
    Pin,
    Unpin,
}

/// What a message says from an edit on; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewContent {
    /// With whom it means.
    pub content: Option<(Arc<str>, Mentioned)>,
    /// `Some(None)` takes it away.
    pub metadata: Option<Option<Arc<str>>>,
    /// It is reported to those who moderate, under this number if it is not already.
    pub flagged: Option<ReportId>,
}

/// Where a message went, or where the first of its `client_id` went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    pub id: MessageId,
    pub seq: Seq,
    pub created_at: Timestamp,
    pub duplicate: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(count: i64, content: &str) -> HistoryPage {
        let messages = (1..=count).map(|seq| Message::sample(seq, content)).collect();
        let epoch = crate::Life::from_stored("a life").epoch_of(RoomKey(1));
        HistoryPage { messages, epoch, has_more: false, has_more_after: None }
    }

    fn seqs(page: &HistoryPage) -> Vec<i64> {
        page.messages.iter().map(|message| message.seq.0).collect()
    }

    #[test]
    fn a_page_that_is_too_big_keeps_what_is_nearest() {
        let text = "x".repeat(1_000);
        let mut newest = page(5, &text);
        newest.cut_to(5_000, HistoryCursor::Newest);
        assert_eq!((seqs(&newest), newest.has_more), (vec![4, 5], true));
        let mut after = page(5, &text);
        after.cut_to(5_000, HistoryCursor::After(Seq(0)));
        assert_eq!((seqs(&after), after.has_more), (vec![1, 2], true));
    }

    #[test]
    fn a_page_around_a_message_keeps_that_message() {
        let text = "x".repeat(1_000);
        let mut around = page(9, &text);
        around.cut_to(5_000, HistoryCursor::Around(Seq(5)));
        assert!(seqs(&around).contains(&5), "{:?}", seqs(&around));
        assert_eq!((around.has_more, around.has_more_after), (true, Some(true)));
    }

    #[test]
    fn a_page_that_fits_is_whole_and_one_message_stays_always() {
        let mut small = page(5, "x");
        small.cut_to(1 << 20, HistoryCursor::Newest);
        assert_eq!((seqs(&small).len(), small.has_more), (5, false));
        let mut one = page(1, "\u{1}\u{1}");
        assert_eq!(one.messages[0].json_bytes_max(), JSON_OVERHEAD + 12);
        one.cut_to(1, HistoryCursor::Newest);
        assert_eq!(seqs(&one), [1]);
    }
}
