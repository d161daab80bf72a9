//! The way of a change, from the one who asks for it to all who hear of it.
//!
//! It is handed to the database with what is to be done about it. When its
//! transaction has committed, and not before, that is done: whoever asked is
//! answered, and an event goes through the room's timeline to its subscribers.
//! What they are told leaves at the end of the turn (`turn`).

use std::{sync::Arc, time::Instant};

use super::{
    ChatServer,
    answer::{ReplyTo, Shown},
    turn::Turn,
};
use crate::{
    chat::{ChatError, Item, SessionRef},
    clock::now,
    db::{ChangedMessage, Committed, Reply, Submit, Ticket, Write, WriteResult},
    metrics::metrics,
    protocol::events,
};
use parlor_domain::{Message, RoomId, RoomKey, Seq, UserKey};
use parlor_process::span;
use parlor_websocket::Frame;

/// What is done about a write that has committed, or was refused.
pub(super) type Settle = dyn FnOnce(&mut ChatServer, WriteResult);

impl ChatServer {
    /// Hands a change to the database; `then` is called with what came of it,
    /// in the order of the commits.
    pub fn write<W: Write>(
        &mut self,
        write: W,
        then: impl FnOnce(&mut Self, Result<W::Outcome, ChatError>) + 'static,
    ) {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let span = span::current();
        let settle = Box::new(move |server: &mut Self, result: WriteResult| {
            let _within = span::enter(span.as_ref());
            let outcome = result.map_err(ChatError::from);
            let outcome = outcome.and_then(|all| W::outcome(all).ok_or(ChatError::Internal));
            then(server, outcome);
        });
        self.pending.insert(ticket, settle);
        // The writer only queues, and refuses what is past its bound.
        self.writer.do_send(Submit { write: write.queued(), reply: Reply::InOrder(ticket) });
    }

    /// The same for a change of a member: what that one asks in the room waits
    /// until it is settled.
    pub(super) fn write_of_member<W: Write>(
        &mut self,
        (user, room): (UserKey, RoomId),
        write: W,
        then: impl FnOnce(&mut Self, Result<W::Outcome, ChatError>) + 'static,
    ) {
        self.waiting.change_begins(user, room.clone());
        self.write(write, move |server, outcome| {
            then(server, outcome);
            for request in server.waiting.change_ends(user, &room) {
                server.begin(request);
            }
        });
    }

    /// For somebody who asked: a refusal is their answer.
    pub fn write_for<W: Write, A: Shown>(
        &mut self,
        reply: ReplyTo<A>,
        write: W,
        then: impl FnOnce(&mut Self, ReplyTo<A>, W::Outcome) + 'static,
    ) {
        self.write(write, or_refused(reply, then));
    }

    /// The same for a change of a member.
    pub fn write_about<W: Write, A: Shown>(
        &mut self,
        place: (UserKey, RoomId),
        reply: ReplyTo<A>,
        write: W,
        then: impl FnOnce(&mut Self, ReplyTo<A>, W::Outcome) + 'static,
    ) {
        self.write_of_member(place, write, or_refused(reply, then));
    }

    /// The same for a change of a room's rules: what anybody asks there waits
    /// until it is settled.
    pub fn write_rules<W: Write, A: Shown>(
        &mut self,
        room: RoomId,
        reply: ReplyTo<A>,
        write: W,
        then: impl FnOnce(&mut Self, ReplyTo<A>, W::Outcome) + 'static,
    ) {
        self.write_in_room(room, write, or_refused(reply, then));
    }

    /// The same, whatever is done about a refusal.
    pub(super) fn write_in_room<W: Write>(
        &mut self,
        room: RoomId,
        write: W,
        then: impl FnOnce(&mut Self, Result<W::Outcome, ChatError>) + 'static,
    ) {
        self.waiting.rules_begin(room.clone());
        self.write(write, move |server, outcome| {
            then(server, outcome);
            for request in server.waiting.rules_end(&room) {
                server.begin(request);
            }
        });
    }

    /// The same for what is only to be done.
    pub fn write_and_answer<W: Write>(&mut self, reply: ReplyTo<()>, write: W) {
        self.write_for(reply, write, |server, reply, _| server.answer(reply, Ok(())));
    }
}

fn or_refused<T, A: Shown>(
    reply: ReplyTo<A>,
    then: impl FnOnce(&mut ChatServer, ReplyTo<A>, T),
) -> impl FnOnce(&mut ChatServer, Result<T, ChatError>) {
    move |server, outcome| match outcome {
        Ok(outcome) => then(server, reply, outcome),
        Err(refusal) => server.answer(reply, Err(refusal)),
    }
}

impl Turn for Committed {
    fn take(self, server: &mut ChatServer) {
        for (ticket, result) in self.results {
            if let Some(settle) = server.pending.remove(&ticket) {
                settle(server, result);
            }
        }
        server.tell_marks();
        server.nodes.committed(self.recorded);
    }
}

impl ChatServer {
    /// A message as it is now, and the root of its thread.
    pub fn tell_changed(&mut self, changed: &ChangedMessage) {
        let ChangedMessage { message, root, moved: _, followed, was_streaming, .. } = changed;
        let frame = events::message_changed(message, now());
        self.tell_event(message.room_key, message.changed_seq, frame);
        if *was_streaming {
            self.stream_ended_in(message.id, message.room_key, message.seq);
        }
        self.tell_root(root.as_deref());
        self.tell_followed(message, followed);
    }

    pub fn tell_root(&mut self, root: Option<&Message>) {
        if let Some(root) = root {
            let frame = events::message_changed(root, now());
            self.tell_event(root.room_key, root.changed_seq, frame);
        }
    }

    /// A durable event: the room's head moves, its subscribers are told.
    pub fn tell_event(&mut self, room: RoomKey, seq: Seq, frame: Frame) {
        metrics().broadcasts.inc();
        self.nodes.tell_event(room, seq, &frame);
        self.receive_event(room, seq, frame);
    }

    /// An event, of this node's commits or of another's.
    pub(super) fn receive_event(&mut self, room: RoomKey, seq: Seq, frame: Frame) {
        let due = self.rooms.offer(room, seq, frame.for_many(), Instant::now());
        self.tell_all_of(room, due);
        self.catch_up_later(room);
    }

    pub(super) fn tell_all_of(&mut self, room: RoomKey, events: Vec<(Seq, Frame)>) {
        for (seq, frame) in events {
            self.tell_room(room, &Item::Event { room, seq, frame });
        }
    }

    /// To the subscribers of a room that is in memory.
    pub(super) fn tell_room(&mut self, room: RoomKey, item: &Item) {
        if let Some(entry) = self.rooms.get(room) {
            self.fanout.tell_rooms(&[entry], item);
        }
    }

    /// An event without a place in the room's timeline.
    pub fn tell_notice(&mut self, room: RoomKey, frame: Frame) {
        self.tell_room(room, &Item::Notice { room, frame: frame.for_many() });
    }

    /// To all of a user's sessions that have been told of their rooms.
    pub fn tell_user(&mut self, user: UserKey, frame: &Frame) {
        self.tell_sessions(self.sessions.ready_of(user), frame);
    }

    /// To those whose token names a context.
    pub fn tell_context(&mut self, context: &Arc<str>, frame: &Frame) {
        let sessions = self.sessions.in_context(context).collect();
        self.tell_sessions(sessions, &frame.clone().for_many());
    }

    fn tell_sessions(&mut self, sessions: Vec<SessionRef>, frame: &Frame) {
        for session in sessions {
            self.tell_session(session, frame.clone());
        }
    }

    pub(super) fn tell_session(&mut self, session: SessionRef, frame: Frame) {
        self.fanout.tell_worker(session.worker, Item::Frame { session: session.id, frame });
    }

    pub fn tell_everyone(&mut self, frame: &Frame) {
        self.fanout.tell_all(&Item::Everyone { frame: frame.clone().for_many() });
    }
}
