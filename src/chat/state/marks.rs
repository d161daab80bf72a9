//! Marks that moved.

use rustc_hash::FxHashMap;

use crate::{db::MarkedBy, protocol::events::MarkView};
use parlor_domain::{RoomId, RoomKey, Seq, UserKey};

/// The marks that one batch moved: the latest of each member, so that a room
/// hears of them in one event.
#[derive(Default)]
pub struct Marks(pub FxHashMap<RoomKey, (RoomId, Vec<Mark>)>);

pub struct Mark {
    pub user: UserKey,
    pub view: MarkView,
    pub by: MarkedBy,
}

impl Marks {
    fn of(
        &mut self,
        (key, room): (RoomKey, &RoomId),
        user: UserKey,
        by: MarkedBy,
    ) -> &mut MarkView {
        let (_, marks) = self.0.entry(key).or_insert_with(|| (room.clone(), Vec::new()));
        let at = marks.iter().position(|mark| mark.user == user).unwrap_or(marks.len());
        if at == marks.len() {
            let user_id = by.id.as_str().to_owned();
            let view = MarkView { user_id, read_seq: None, delivered_seq: None };
            marks.push(Mark { user, view, by });
        } else {
            marks[at].by = by;
        }
        &mut marks[at].view
    }

    /// What was read has been delivered.
    pub fn read(&mut self, room: (RoomKey, &RoomId), user: UserKey, by: MarkedBy, seq: Seq) {
        let mark = self.of(room, user, by);
        mark.read_seq = mark.read_seq.max(Some(seq.0));
    }

    pub fn delivered(&mut self, room: (RoomKey, &RoomId), user: UserKey, by: MarkedBy, seq: Seq) {
        let mark = self.of(room, user, by);
        mark.delivered_seq = mark.delivered_seq.max(Some(seq.0));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use parlor_domain::UserId;

    #[test]
    fn the_marks_of_a_batch_are_one_list_a_room_with_the_latest_of_each_member() {
        let mut marks = Marks::default();
        let room = RoomId::from_stored("r");
        let by = |id: &str| MarkedBy {
            id: UserId::from_stored(id),
            is_hidden: false,
            blocked: Arc::default(),
        };
        let (place, ann, ben) = ((RoomKey(1), &room), UserKey(1), UserKey(2));
        marks.read(place, ann, by("ann"), Seq(3));
        marks.delivered(place, ben, by("ben"), Seq(2));
        marks.read(place, ann, by("ann"), Seq(5));
        marks.read(place, ann, by("ann"), Seq(4));
        let mark = |user: &str, read_seq, delivered_seq| MarkView {
            user_id: user.to_owned(),
            read_seq,
            delivered_seq,
        };
        let expected = [mark("ann", Some(5), None), mark("ben", None, Some(2))];
        let told: Vec<_> = marks.0[&RoomKey(1)].1.iter().map(|mark| mark.view.clone()).collect();
        assert_eq!(told, expected);
    }
}
