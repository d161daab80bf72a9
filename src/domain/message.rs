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

impl HistoryPage {
    /// Cuts the page so that its messages take at most so many bytes as JSON:
    /// what is farthest in the direction asked for is left for the next page.
    /// One message stays always.
    pub fn cut_to(&mut self, bytes_max: usize, cursor: HistoryCursor) {
        let mut bytes: usize = self.messages.iter().map(Message::json_bytes_max).sum();
        while bytes > bytes_max && self.messages.len() > 1 {
            let cut = match cursor {
                HistoryCursor::After(_) => self.messages.pop(),
                _ => Some(self.messages.remove(0)),
            };
            bytes -= cut.as_ref().map_or(0, Message::json_bytes_max);
            self.has_more = true;
        }
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
        JSON_OVERHEAD + bytes.sum::<usize>()
    }
}

/// Up to where a reader says to have read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadTarget {
    Seq(Seq),
    Message(MessageId),
    All,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{UserId, UserKey};

    fn page(count: i64, content: &str) -> HistoryPage {
        let message = |seq| Message {
            id: MessageId(seq),
            room_key: RoomKey(1),
            room: RoomId::from_stored("r"),
            seq: Seq(seq),
            changed_seq: Seq(seq),
            sender: User { key: UserKey(1), id: UserId::from_stored("ann"), name: "Ann".into() },
            client_id: None,
            content: content.to_owned(),
            created_at: Timestamp(0),
        };
        let messages = (1..=count).map(message).collect();
        HistoryPage { messages, has_more: false, has_more_after: None }
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
