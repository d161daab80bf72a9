//! A transaction has committed: now, and not before, it is told.

use std::{sync::Arc, time::Instant};

use actix::{Context, Handler};
use rustc_hash::FxHashMap;

use crate::{
    chat::{ChatServer, fanout::Item, server::now},
    db::{Committed, MarkedBy},
    metrics::metrics,
    protocol::events::{self, MarkView},
};
use parlor_domain::{RoomId, RoomKey, Seq, UserKey};
use parlor_websocket::Frame;

/// The marks that one batch moved: the latest of each member, so that a room
/// hears of them in one event.
#[derive(Default)]
pub struct Marks(FxHashMap<RoomKey, (RoomId, Vec<Mark>)>);

struct Mark {
    user: UserKey,
    view: MarkView,
    by: MarkedBy,
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

impl Handler<Committed> for ChatServer {
    type Result = ();

    fn handle(&mut self, Committed { results, recorded }: Committed, ctx: &mut Context<Self>) {
        for (ticket, result) in results {
            if let Some(settle) = self.pending.remove(&ticket) {
                settle(self, result, ctx);
            }
            for request in self.holds.end(ticket) {
                self.begin(request, ctx);
            }
        }
        self.tell_marks();
        self.nodes.committed(recorded);
        self.fanout.flush();
        self.finish_drain_if_idle();
    }
}

impl ChatServer {
    /// Most users have blocked nobody: their marks are told in one event. Those
    /// of the others are kept from whom they have blocked.
    pub(super) fn tell_marks(&mut self) {
        let Marks(rooms) = std::mem::take(&mut self.marks);
        for (key, (room, marks)) in rooms {
            if self.is_big(key) {
                continue;
            }
            let mut for_all = Vec::with_capacity(marks.len());
            for Mark { user, view, by } in marks {
                if by.is_hidden {
                    // Their own clients only.
                    self.tell_user(user, &events::receipts(&room, &[view], now()));
                } else if by.blocked.is_empty() {
                    for_all.push(view);
                } else {
                    let except = self.sessions.ids_of_all(&by.blocked);
                    self.tell_ephemeral(key, events::receipts(&room, &[view], now()), except);
                }
            }
            if !for_all.is_empty() {
                let frame = events::receipts(&room, &for_all, now());
                self.tell_ephemeral(key, frame, Arc::default());
            }
        }
    }

    /// A durable event: the room's head moves, its subscribers are told.
    pub fn tell_event(&mut self, room: RoomKey, seq: Seq, frame: Frame) {
        metrics().broadcasts.inc();
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
