//! What is told of a write that has committed, or was refused.

use std::{sync::Arc, time::Instant};

use actix::Context;

use super::{commit::Marks, member::NewMembership};
use crate::{
    chat::{
        Answer, ChatError, ChatServer, ReadMark, ReplyTo,
        fanout::Item,
        server::{nobody, now},
    },
    db::{StoredMessage, WriteResult, Written},
    domain::{ClientId, Member, Message, Role, Room, RoomKey, RoomOverview, RoomState, Seq, User},
    protocol::server_frame,
};

/// A message on its way to the database.
pub(in crate::chat) struct Sending {
    pub room: Room,
    pub sender: User,
    pub client_id: Option<ClientId>,
    pub content: Arc<str>,
}

/// What to do when a write is settled.
pub(in crate::chat) enum Pending {
    Send { reply: ReplyTo, sending: Sending },
    Read { reply: ReplyTo, user: User, room: Room },
    ReadAll { reply: ReplyTo, user: User },
    CreateRoom { reply: ReplyTo, owner: User },
    DeleteRoom { reply: ReplyTo, room: Room },
    ClearRoom { reply: ReplyTo, room: Room },
    AddMember(NewMembership),
    RemoveMember { reply: ReplyTo, user: User, room: Room },
    Purge,
}

impl ChatServer {
    pub(super) fn settle(
        &mut self,
        pending: Pending,
        result: WriteResult,
        marks: &mut Marks,
        ctx: &mut Context<Self>,
    ) {
        match (pending, result) {
            (Pending::Send { reply, sending }, Ok(Written::Message(stored))) => {
                self.settle_send(reply, sending, stored);
            }
            (Pending::Read { reply, user, room }, Ok(Written::Read { read_seq, moved })) => {
                if moved {
                    marks.moved(room.key, &room.id, &user.id, read_seq);
                }
                self.tell_read(reply, user, room, moved, ctx);
            }
            (Pending::ReadAll { reply, user }, Ok(Written::ReadAll(moved))) => {
                self.settle_read_all(reply, &user, moved, marks);
            }
            (Pending::CreateRoom { reply, owner }, Ok(Written::Room(room))) => {
                self.settle_create(reply, owner, room);
            }
            (Pending::DeleteRoom { reply, room }, Ok(Written::RoomDeleted)) => {
                self.settle_delete(reply, room);
            }
            (Pending::ClearRoom { reply, room }, Ok(Written::RoomCleared { seq })) => {
                self.tell_event(room.key, seq, server_frame::room_cleared(&room.id, seq, now()));
                self.answer(reply, Ok(Answer::Done));
                self.purge(room.key);
            }
            (
                Pending::AddMember(adding),
                Ok(Written::MemberAdded { member, room, last_seq, is_new }),
            ) => self.settle_add(adding, member, room, last_seq, is_new, ctx),
            (
                Pending::RemoveMember { reply, user, room },
                Ok(Written::MemberRemoved { existed }),
            ) => {
                self.settle_remove(reply, &user, &room, existed);
            }
            (Pending::Purge, result) => self.settle_purge(&result),
            (pending, result) => self.settle_failed(pending, result, ctx),
        }
    }

    /// First the ack, then the event, so that a sender knows its message by
    /// the time it sees it.
    fn settle_send(&mut self, reply: ReplyTo, sending: Sending, stored: StoredMessage) {
        self.answer(reply, Ok(Answer::Sent(stored)));
        if stored.duplicate {
            return;
        }
        let Sending { room, sender, client_id, content } = sending;
        let message = Message {
            id: stored.id,
            room_key: room.key,
            room: room.id,
            seq: stored.seq,
            changed_seq: stored.seq,
            sender,
            client_id,
            content,
            created_at: stored.created_at,
        };
        self.tell_event(room.key, stored.seq, server_frame::message_created(&message));
    }

    /// The unread count is derived from rows, so it is read after the commit;
    /// the user's other connections are told the same number.
    fn tell_read(
        &mut self,
        reply: ReplyTo,
        user: User,
        room: Room,
        moved: bool,
        ctx: &mut Context<Self>,
    ) {
        let (reader, key) = (self.reader.clone(), user.key);
        let reading = async move { reader.room_state(room.key, key).await };
        self.finishing += 1;
        Self::when(ctx, reading, move |state, server, _| {
            let answer = match state {
                Ok(Some((state, last_seq))) => {
                    let RoomState { read_seq, unread, role: _ } = state;
                    if moved {
                        let frame = server_frame::room_unread(&room.id, read_seq, unread, now());
                        server.tell_user(user.key, &frame);
                    }
                    Ok(Answer::Read(ReadMark { room: room.id, read_seq, unread, last_seq }))
                }
                Ok(None) => Err(ChatError::NotFound("room")),
                Err(error) => Err(error.into()),
            };
            server.answer(reply, answer);
            server.fanout.flush();
            server.finishing -= 1;
            server.finish_drain_if_idle();
        });
    }

    fn settle_read_all(
        &mut self,
        reply: ReplyTo,
        user: &User,
        moved: Vec<(RoomKey, crate::domain::RoomId, Seq)>,
        marks: &mut Marks,
    ) {
        for (key, room, seq) in &moved {
            marks.moved(*key, room, &user.id, *seq);
            self.tell_user(user.key, &server_frame::room_unread(room, *seq, 0, now()));
        }
        let moved = moved.into_iter().map(|(_, room, seq)| (room, seq)).collect();
        self.answer(reply, Ok(Answer::ReadAll(moved)));
    }

    fn settle_create(&mut self, reply: ReplyTo, owner: User, room: Room) {
        let created_at = room.created_at;
        let member = Member { user: owner, role: Role::Owner, joined_at: created_at };
        let mut overview = new_membership(room, Role::Owner, Seq::ZERO);
        self.rooms.activate(&overview.room, Seq::ZERO, Instant::now());
        self.attach_member(&member, &overview);
        overview.member_count = Some(1);
        self.answer(reply, Ok(Answer::Room(Box::new(overview))));
    }

    fn settle_delete(&mut self, reply: ReplyTo, room: Room) {
        let key = room.key;
        let frame = server_frame::room_deleted(&room.id, now());
        // Its members hear of it by the room, or as members who have
        // unsubscribed: each connection once.
        self.tell_notice(key, frame.clone());
        for user in self.sessions.members_of(key) {
            for session in self.sessions.ready_of(user) {
                if !self.is_subscribed(session, key) {
                    let item = Item::Frame { session: session.id, frame: frame.clone() };
                    self.fanout.tell_worker(session.worker, item);
                }
                self.detach_session(session.id, key);
            }
            self.sessions.membership_changed(user, key, None);
        }
        self.fanout.tell_all(&Item::RoomGone { room: key });
        self.rooms.remove(key);
        self.removals += 1;
        self.answer(reply, Ok(Answer::Done));
        self.purge(key);
    }

    fn purge(&mut self, room: RoomKey) {
        let idle = self.purges.is_empty();
        if !self.purges.contains(&room) {
            self.purges.insert(0, room);
        }
        if idle {
            self.purge_next();
        }
    }

    /// A purge that failed is tried again at the next start.
    fn settle_purge(&mut self, result: &WriteResult) {
        if !matches!(result, Ok(Written::Purged { more: true })) {
            self.purges.pop();
        }
        self.purge_next();
    }

    /// The write was refused, or the pair makes no sense: then nothing is
    /// told to anyone but the one who asked.
    fn settle_failed(&mut self, pending: Pending, result: WriteResult, ctx: &mut Context<Self>) {
        let error = match result {
            Err(error) => ChatError::from(error),
            Ok(_) => ChatError::Internal,
        };
        let reply = match pending {
            Pending::Send { reply, .. }
            | Pending::Read { reply, .. }
            | Pending::ReadAll { reply, .. }
            | Pending::CreateRoom { reply, .. }
            | Pending::DeleteRoom { reply, .. }
            | Pending::ClearRoom { reply, .. }
            | Pending::RemoveMember { reply, .. } => reply,
            Pending::AddMember(adding) => return self.refuse_add(adding, error, ctx),
            Pending::Purge => nobody(),
        };
        self.answer(reply, Err(error));
    }
}

/// A room as its newest member sees it: nothing in it is unread.
pub(super) fn new_membership(room: Room, role: Role, last_seq: Seq) -> RoomOverview {
    RoomOverview {
        room,
        last_seq,
        state: Some(RoomState { role, read_seq: Seq::ZERO, unread: 0 }),
        member_count: None,
        last_message: None,
    }
}
