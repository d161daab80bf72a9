//! What a request that is allowed becomes.

use std::sync::Arc;

use actix::Context;

use super::subscribe::Naming;
use crate::{
    chat::{
        Answer, ChatError, ChatServer, Command, ReplyTo, Requester, access::Access, server::now,
    },
    db::{
        AckInbox, ChangeMessage, ClearRoom, DeleteRoom, Maker, MarkAllRead, MarkDelivered,
        MarkRead, NewMessage, NewRoom, SetRetention, UpdateRoom,
    },
};
use parlor_domain::{
    HistoryCursor, HistoryPage, Room, RoomBounds, RoomKind,
    limits::{HISTORY_SHARE, Limits, PLACED_SHARE, rooms_made},
};

/// A page of history that is asked for.
struct Asked {
    room: Arc<Room>,
    cursor: HistoryCursor,
    limit: i64,
}

impl ChatServer {
    pub(super) fn run_in_room(
        &mut self,
        from: Requester,
        command: Command,
        reply: ReplyTo,
        access: Access,
        ctx: &mut Context<Self>,
    ) {
        let key = access.room.key;
        match command {
            Command::Send { client_id, draft, .. } => {
                let by_admin = access.as_admin();
                let message = NewMessage {
                    id: self.ids.next(now()),
                    room: key,
                    sender: from.user.key,
                    by_admin,
                    client_id,
                    content: draft.content,
                    created_at: now(),
                    extras: draft.extras,
                };
                self.send(reply, from.user, access.room, message);
            }
            Command::MarkRead { target, .. } => {
                let (user, room) = (from.user.key, access.room);
                let write = MarkRead { room: key, user, target, at: now() };
                self.write_for(reply, write, move |server, reply, marked, ctx| {
                    server.read(reply, user, room, marked, ctx);
                });
            }
            Command::MarkDelivered { seq, .. } => {
                let (user, room) = (from.user.key, access.room);
                let write = MarkDelivered { room: key, user, seq };
                self.write_for(reply, write, move |server, reply, marked, _| {
                    server.delivered(reply, user, &room, marked);
                });
            }
            Command::History { cursor, limit, .. } => {
                let asked = Asked { room: access.room, cursor, limit };
                self.read_history(from, asked, reply, ctx);
            }
            Command::UpdateRoom { change, .. } => {
                let write = UpdateRoom { room: key, change };
                self.write_for(reply, write, |server, reply, room, _| {
                    server.tell_updated(room.clone());
                    server.answer(reply, Ok(Answer::RoomUpdated(Arc::new(room))));
                });
            }
            Command::SetRetention { retention, .. } => {
                let write = SetRetention { room: key, retention };
                self.write_for(reply, write, |server, reply, (), _| {
                    server.answer(reply, Ok(Answer::Done));
                });
            }
            Command::DeleteRoom { .. } => {
                let room = access.room;
                self.write_for(reply, DeleteRoom { room: key }, move |server, reply, _, _| {
                    server.tell_deleted(&room);
                    server.answer(reply, Ok(Answer::Done));
                    server.purge(key);
                });
            }
            Command::ClearRoom { .. } => {
                let (room, write) = (access.room, ClearRoom { room: key, upto: None });
                self.write_for(reply, write, move |server, reply, cleared, _| {
                    server.cleared(&room, cleared);
                    server.answer(reply, Ok(Answer::Done));
                });
            }
            Command::ConnectionsOf { .. } => {
                let count = self.rooms.get(key).map_or(0, |entry| entry.subscriber_count());
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                self.answer(reply, Ok(Answer::Count(count)));
            }
            Command::Typing { is_typing, .. } => self.typing(&from, is_typing, reply, &access),
            Command::Publish { key, event, keeps, .. } => {
                self.publish_to_room(&from.user, access.room, key, event, keeps, reply);
            }
            Command::Subscribe { since, .. } => self.subscribe(from, since, reply, access, ctx),
            Command::Unsubscribe { .. } => self.unsubscribe(reply, key),
            // Every other command is about something else.
            _ => self.answer(reply, Err(ChatError::Internal)),
        }
    }

    pub(super) fn run_roomless(
        &mut self,
        from: Requester,
        command: Command,
        reply: ReplyTo,
        ctx: &mut Context<Self>,
    ) {
        let made_by = self.maker(&from);
        let user = from.user;
        match command {
            Command::Change { message, change } => {
                let (actor, is_admin) = (user.key, from.is_admin);
                let write = ChangeMessage { message, actor, is_admin, change, at: now() };
                self.write_for(reply, write, |server, reply, changed, _| {
                    server.message_changed(reply, &changed);
                });
            }
            Command::CreateRoom { id, kind, title, topic, custom } => {
                if kind == RoomKind::Direct {
                    let what = "kind: a direct room is opened with PUT /rooms/direct/{user}";
                    return self.answer(reply, Err(ChatError::Invalid(what)));
                }
                let (owner, created_at, bounds) = (user.key, now(), self.room_bounds());
                let room =
                    NewRoom { id, kind, title, topic, custom, owner, made_by, created_at, bounds };
                self.write_for(reply, room, move |server, reply, made, _| {
                    server.made(reply, user, made);
                });
            }
            Command::MarkAllRead => {
                let user = user.key;
                let write = MarkAllRead { user, at: now() };
                self.write_for(reply, write, move |server, reply, moved, _| {
                    server.all_read(reply, user, moved);
                });
            }
            Command::InboxAck { upto } => {
                let write = AckInbox { user: user.key, upto };
                self.write_for(reply, write, |server, reply, (), _| {
                    server.answer(reply, Ok(Answer::Done));
                });
            }
            Command::OpenDirect { user: other, id } => {
                self.open_direct(Requester { user, ..from }, other, id, reply, ctx)
            }
            Command::Block { user: other, blocks } => self.block(user, other, blocks, reply, ctx),
            Command::Publish { target, key, event, .. } => {
                self.publish(user, target, key, event, reply, ctx);
            }
            Command::Presence { status } => self.set_presence(status, reply),
            Command::StatusOf { users } => self.statuses(users, reply, ctx),
            Command::Resume { rooms, inbox, more } => {
                self.resume(Naming { rooms, inbox, more }, reply, ctx);
            }
            other => self.administer(other, reply, ctx),
        }
    }

    /// Who answers for the rooms that somebody makes: nobody for the
    /// application's, which speaks for many and ends them itself.
    pub fn maker(&self, from: &Requester) -> Option<Maker> {
        let is_application = from.is_admin || from.is_service;
        let maker = Maker { user: from.user.key, rooms_max: rooms_made(&self.settings.limits) };
        (!is_application).then_some(maker)
    }

    pub fn room_bounds(&self) -> RoomBounds {
        let Limits { rooms_per_user, placed_rooms_per_user, .. } = *self.settings.limits;
        let number = |rooms: usize| i64::try_from(rooms).unwrap_or(i64::MAX);
        RoomBounds {
            own: number(rooms_per_user),
            placed: number(placed_rooms_per_user),
            placed_by_one: number(placed_rooms_per_user.div_ceil(PLACED_SHARE)),
            contact: self.settings.contact,
        }
    }

    fn read_history(
        &mut self,
        from: Requester,
        asked: Asked,
        reply: ReplyTo,
        ctx: &mut Context<Self>,
    ) {
        let Asked { room, cursor, limit } = asked;
        let (reader, key) = (self.reader.clone(), room.key);
        let reading = async move { reader.history(key, cursor, limit).await };
        Self::when(ctx, reading, move |page, server, _| {
            // One who was removed meanwhile gets nothing that came later.
            let standing = server.sessions.standing(from.user.key, room.key);
            let gone = standing == Some(None) && !from.is_admin;
            // Whatever one asks for must fit the queue of a session.
            let bytes_max = server.settings.limits.queued_bytes / HISTORY_SHARE;
            let cut = |mut page: HistoryPage| {
                page.cut_to(bytes_max, cursor);
                Answer::History(page)
            };
            let page = if gone {
                Err(ChatError::NotFound("room"))
            } else {
                page.map(cut).map_err(ChatError::from)
            };
            server.answer(reply, page);
            server.fanout.flush();
        });
    }
}
