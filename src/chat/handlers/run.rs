//! What a request that is allowed becomes.

use std::sync::Arc;

use actix::Context;

use super::subscribe::Naming;
use crate::{
    chat::{
        Answer, ChatError, ChatServer, Command, ReplyTo, Requester, access::Access, server::now,
    },
    db::{Maker, MarkAllRead, NewMessage},
};
use parlor_domain::{
    HistoryCursor, HistoryPage, Room, RoomBounds,
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
            Command::History { cursor, limit, .. } => {
                let asked = Asked { room: access.room, cursor, limit };
                self.read_history(from, asked, reply, ctx);
            }
            Command::ConnectionsOf { .. } => {
                let count = self.rooms.get(key).map_or(0, |entry| entry.subscriber_count());
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                self.answer(reply, Ok(Answer::Count(count)));
            }
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
        let _made_by = self.maker(&from);
        let user = from.user;
        match command {
            Command::MarkAllRead => {
                let user = user.key;
                let write = MarkAllRead { user, at: now() };
                self.write_for(reply, write, move |server, reply, moved, _| {
                    server.all_read(reply, user, moved);
                });
            }
            Command::Publish { target, key, event, .. } => {
                self.publish(user, target, key, event, reply, ctx);
            }
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
