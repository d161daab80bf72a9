//! A transaction has committed: now, and not before, it is told.

use std::{sync::Arc, time::Instant};

use actix::{Context, Handler};
use rustc_hash::FxHashMap;

use crate::{
    chat::{ChatServer, fanout::Item, server::now},
    db::Committed,
    domain::{Room, RoomId, RoomKey, Seq, User, UserId},
    metrics::metrics,
    protocol::events::{self, MarkView},
    websocket::Frame,
};

/// The marks that one batch moved: the latest of each member, so that a room
/// hears of them in one event.
#[derive(Default)]
pub(super) struct Marks(FxHashMap<RoomKey, (RoomId, Vec<MarkView>)>);

impl Marks {
    fn of(&mut self, key: RoomKey, room: &RoomId, user: &UserId) -> Option<&mut MarkView> {
        let (_, marks) = self.0.entry(key).or_insert_with(|| (room.clone(), Vec::new()));
        let known = marks.iter().position(|mark| mark.user_id == user.as_str());
        let at = known.unwrap_or_else(|| {
            let user_id = user.as_str().to_owned();
            marks.push(MarkView { user_id, read_seq: None, delivered_seq: None });
            marks.len() - 1
        });
        marks.get_mut(at)
    }

    /// What was read has been delivered.
    pub fn read(&mut self, key: RoomKey, room: &RoomId, user: &UserId, seq: Seq) {
        if let Some(mark) = self.of(key, room, user) {
            mark.read_seq = mark.read_seq.max(Some(seq.0));
        }
    }

    pub fn delivered(&mut self, key: RoomKey, room: &RoomId, user: &UserId, seq: Seq) {
        if let Some(mark) = self.of(key, room, user) {
            mark.delivered_seq = mark.delivered_seq.max(Some(seq.0));
        }
    }
}

impl Handler<Committed> for ChatServer {
    type Result = ();

    fn handle(&mut self, Committed { results, recorded }: Committed, ctx: &mut Context<Self>) {
        let mut marks = Marks::default();
        for (ticket, result) in results {
            if let Some(pending) = self.pending.remove(&ticket) {
                self.settle(pending, result, &mut marks, ctx);
            }
            for request in self.holds.end(ticket) {
                self.begin(request, ctx);
            }
        }
        self.tell_marks(marks);
        self.nodes.committed(recorded);
        self.fanout.flush();
        self.finish_drain_if_idle();
    }
}

impl ChatServer {
    pub(super) fn tell_marks(&mut self, Marks(rooms): Marks) {
        for (key, (room, marks)) in rooms {
            if !self.is_big(key) {
                let frame = events::receipts(&room, &marks, now());
                self.tell_ephemeral(key, frame, Arc::default());
            }
        }
    }

    /// One mark that moved along with something else.
    pub(super) fn tell_mark(&mut self, room: &Room, user: &User, read_seq: Seq) {
        let mut marks = Marks::default();
        marks.read(room.key, &room.id, &user.id, read_seq);
        self.tell_marks(marks);
    }

    /// A durable event: the room's head moves, its subscribers are told.
    pub(super) fn tell_event(&mut self, room: RoomKey, seq: Seq, frame: Frame) {
        metrics().broadcasts.add(1);
        self.nodes.tell_event(room, seq, &frame);
        self.heard_event(room, seq, frame);
    }

    /// An event, of this node's commits or of another's.
    pub(super) fn heard_event(&mut self, room: RoomKey, seq: Seq, frame: Frame) {
        let told = self.rooms.offer(room, seq, frame.for_many(), Instant::now());
        self.tell_all_of(room, told);
        self.catch_up_later(room);
    }

    pub(super) fn tell_all_of(&mut self, room: RoomKey, events: Vec<(Seq, Frame)>) {
        for (seq, frame) in events {
            self.tell_room(room, &Item::Event { room, seq, frame });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_of_a_batch_are_one_list_a_room_with_the_latest_of_each_member() {
        let mut marks = Marks::default();
        let room = RoomId::from_stored("r");
        let (ann, ben) = (UserId::from_stored("ann"), UserId::from_stored("ben"));
        marks.read(RoomKey(1), &room, &ann, Seq(3));
        marks.delivered(RoomKey(1), &room, &ben, Seq(2));
        marks.read(RoomKey(1), &room, &ann, Seq(5));
        marks.read(RoomKey(1), &room, &ann, Seq(4));
        let mark = |user: &str, read_seq, delivered_seq| MarkView {
            user_id: user.to_owned(),
            read_seq,
            delivered_seq,
        };
        let expected = [mark("ann", Some(5), None), mark("ben", None, Some(2))];
        assert_eq!(marks.0[&RoomKey(1)].1, expected);
    }
}
