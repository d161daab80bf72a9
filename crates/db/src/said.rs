//! What was said in one place within a look through messages.

use parlor_domain::{MessageId, RoomKey, Seq, UserKey};

/// What was said in a room within a look, as far as it counts as unread there; or in a
/// thread alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaidIn {
    pub room: RoomKey,
    pub thread: Option<MessageId>,
    pub first: Seq,
    pub last: Seq,
    pub last_id: MessageId,
    /// Who said the last of it.
    pub sender: UserKey,
    /// The last of it that somebody else said.
    pub before: Option<Seq>,
}

impl SaidIn {
    pub(crate) fn add(&mut self, id: MessageId, seq: Seq, sender: UserKey) {
        if seq > self.last {
            if sender != self.sender {
                self.before = Some(self.last);
            }
            (self.last, self.sender) = (seq, sender);
        } else if sender != self.sender {
            self.before = self.before.max(Some(seq));
        }
        self.first = self.first.min(seq);
        self.last_id = self.last_id.max(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_look_has_of_a_room_is_what_each_member_may_not_have_read() {
        let (ann, ben) = (UserKey(1), UserKey(2));
        let of = |all: &[(i64, UserKey)]| {
            let (seq, sender) = all[0];
            let mut said = SaidIn {
                room: RoomKey(1),
                thread: None,
                first: Seq(seq),
                last: Seq(seq),
                last_id: MessageId(seq),
                sender,
                before: None,
            };
            for (seq, sender) in all {
                said.add(MessageId(*seq), Seq(*seq), *sender);
            }
            let before = said.before.map(|seq| seq.0);
            (said.first.0, said.last.0, said.last_id.0, said.sender, before)
        };
        assert_eq!(of(&[(3, ann)]), (3, 3, 3, ann, None));
        assert_eq!(of(&[(3, ann), (4, ann)]), (3, 4, 4, ann, None));
        assert_eq!(of(&[(3, ann), (4, ben), (5, ben)]), (3, 5, 5, ben, Some(3)));
        assert_eq!(of(&[(3, ann), (4, ben), (5, ann)]), (3, 5, 5, ann, Some(4)));
        // Ids of two nodes may be in another order than their places.
        assert_eq!(of(&[(5, ann), (3, ben), (4, ann)]), (3, 5, 5, ann, Some(3)));
    }
}
