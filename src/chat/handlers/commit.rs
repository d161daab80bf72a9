//! A transaction has committed: now, and not before, it is told.

use std::{sync::Arc, time::Instant};

use actix::{Context, Handler};
use rustc_hash::FxHashMap;

use crate::{
    chat::{ChatServer, fanout::Item, server::now},
    db::{Committed, ReadError},
    domain::{Room, RoomId, RoomKey, Seq, User, UserKey},
    metrics::metrics,
    protocol::events::{self, MarkView},
    websocket::Frame,
};

/// The marks that one batch moved: the latest of each member, so that a room
/// hears of them in one event.
#[derive(Default)]
pub(super) struct Marks(FxHashMap<RoomKey, (RoomId, Vec<(UserKey, MarkView)>)>);

impl Marks {
    fn of(&mut self, key: RoomKey, room: &RoomId, user: &User) -> Option<&mut MarkView> {
        let (_, marks) = self.0.entry(key).or_insert_with(|| (room.clone(), Vec::new()));
        let known = marks.iter().position(|(of, _)| *of == user.key);
        let at = known.unwrap_or_else(|| {
            let user_id = user.id.as_str().to_owned();
            marks.push((user.key, MarkView { user_id, read_seq: None, delivered_seq: None }));
            marks.len() - 1
        });
        marks.get_mut(at).map(|(_, mark)| mark)
    }

    /// What was read has been delivered.
    pub fn read(&mut self, key: RoomKey, room: &RoomId, user: &User, seq: Seq) {
        if let Some(mark) = self.of(key, room, user) {
            mark.read_seq = mark.read_seq.max(Some(seq.0));
        }
    }

    pub fn delivered(&mut self, key: RoomKey, room: &RoomId, user: &User, seq: Seq) {
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
        self.tell_marks(marks, ctx);
        self.nodes.committed(recorded);
        self.fanout.flush();
        self.finish_drain_if_idle();
    }
}

impl ChatServer {
    /// Most users have blocked nobody: their marks are told in one event. Those
    /// of the others are kept from whom they have blocked.
    pub(super) fn tell_marks(&mut self, Marks(rooms): Marks, ctx: &mut Context<Self>) {
        for (key, (room, marks)) in rooms {
            if self.is_big(key) {
                continue;
            }
            let mut for_all = Vec::with_capacity(marks.len());
            for (user, mark) in marks {
                match self.sessions.users.get(&user).map(|online| online.blocked.clone()) {
                    Some(blocked) if blocked.is_empty() && !self.is_blocked(user, key) => {
                        for_all.push(mark);
                    }
                    Some(blocked) => self.tell_mark_of(user, key, &room, mark, &blocked),
                    None => self.tell_absent_mark(user, key, room.clone(), mark, ctx),
                }
            }
            if !for_all.is_empty() {
                let frame = events::receipts(&room, &for_all, now());
                self.tell_ephemeral(key, frame, Arc::default());
            }
        }
    }

    /// Whether one of the two users of a direct room has blocked the other.
    fn is_blocked(&self, user: UserKey, room: RoomKey) -> bool {
        let standing = self.sessions.standing(user, room).flatten();
        standing.is_some_and(|standing| standing.blocked)
    }

    fn tell_mark_of(
        &mut self,
        user: UserKey,
        key: RoomKey,
        room: &RoomId,
        mark: MarkView,
        blocked: &[UserKey],
    ) {
        let frame = events::receipts(room, &[mark], now());
        if self.is_blocked(user, key) {
            // Their own clients only.
            self.tell_user(user, &frame);
        } else {
            let except = self.sessions.ids_of_all(blocked);
            self.tell_ephemeral(key, frame, except);
        }
    }

    /// The same of one who is not connected here: whom they have blocked is
    /// not known by heart.
    fn tell_absent_mark(
        &mut self,
        user: UserKey,
        key: RoomKey,
        room: RoomId,
        mark: MarkView,
        ctx: &mut Context<Self>,
    ) {
        let reader = self.reader.clone();
        let reading = async move {
            let standing = reader.standing(key, user).await?;
            Ok::<_, ReadError>((standing, reader.blocked_keys(user).await?))
        };
        Self::when(ctx, reading, move |read, server, _| {
            let Ok((standing, blocked)) = read else { return };
            if !standing.is_some_and(|standing| standing.blocked) {
                server.tell_mark_of(user, key, &room, mark, &blocked);
                server.fanout.flush();
            }
        });
    }

    /// One mark that moved along with something else.
    pub(super) fn tell_mark(
        &mut self,
        room: &Room,
        user: &User,
        read_seq: Seq,
        ctx: &mut Context<Self>,
    ) {
        let mut marks = Marks::default();
        marks.read(room.key, &room.id, user, read_seq);
        self.tell_marks(marks, ctx);
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
    use crate::domain::UserId;

    #[test]
    fn the_marks_of_a_batch_are_one_list_a_room_with_the_latest_of_each_member() {
        let mut marks = Marks::default();
        let room = RoomId::from_stored("r");
        let user = |key, id: &str| {
            let (key, name) = (UserKey(key), id.into());
            User { key, id: UserId::from_stored(id), name }
        };
        let (ann, ben) = (user(1, "ann"), user(2, "ben"));
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
        let told: Vec<_> = marks.0[&RoomKey(1)].1.iter().map(|(_, mark)| mark.clone()).collect();
        assert_eq!(told, expected);
    }
}
