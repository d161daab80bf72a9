//! A transaction has committed: now, and not before, it is told.

use std::time::Instant;

use actix::{Context, Handler};
use rustc_hash::FxHashMap;

use crate::{
    chat::{ChatServer, fanout::Item, server::now},
    db::Committed,
    domain::{RoomId, RoomKey, Seq, UserId},
    protocol::server_frame,
    websocket::Frame,
};

/// The read marks that one batch moved: the latest of each member, so that a
/// room hears of them in one event.
#[derive(Default)]
pub(super) struct Marks(FxHashMap<RoomKey, (RoomId, Vec<(UserId, Seq)>)>);

impl Marks {
    pub fn moved(&mut self, key: RoomKey, room: &RoomId, user: &UserId, seq: Seq) {
        let (_, marks) = self.0.entry(key).or_insert_with(|| (room.clone(), Vec::new()));
        match marks.iter_mut().find(|(other, _)| other == user) {
            Some((_, known)) => *known = seq.max(*known),
            None => marks.push((user.clone(), seq)),
        }
    }
}

impl Handler<Committed> for ChatServer {
    type Result = ();

    fn handle(&mut self, Committed(results): Committed, ctx: &mut Context<Self>) {
        let mut marks = Marks::default();
        for (ticket, result) in results {
            if let Some(pending) = self.pending.remove(&ticket) {
                self.settle(pending, result, &mut marks, ctx);
            }
        }
        self.tell_marks(marks);
        self.fanout.flush();
        self.finish_drain_if_idle();
    }
}

impl ChatServer {
    fn tell_marks(&mut self, Marks(rooms): Marks) {
        for (key, (room, marks)) in rooms {
            let frame = server_frame::receipts(&room, &marks, now());
            self.tell_notice(key, frame);
        }
    }

    /// A durable event: the room's head moves, its subscribers are told.
    pub(super) fn tell_event(&mut self, room: RoomKey, seq: Seq, frame: Frame) {
        self.rooms.advance(room, seq, Instant::now());
        self.tell_room(room, &Item::Event { room, seq, frame: frame.for_many() });
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
        marks.moved(RoomKey(1), &room, &ann, Seq(3));
        marks.moved(RoomKey(1), &room, &ben, Seq(2));
        marks.moved(RoomKey(1), &room, &ann, Seq(5));
        marks.moved(RoomKey(1), &room, &ann, Seq(4));
        assert_eq!(marks.0[&RoomKey(1)].1, [(ann, Seq(5)), (ben, Seq(2))]);
    }
}
