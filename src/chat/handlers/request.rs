//! A request: who may do it, and what it becomes.

use actix::{Context, Handler};

use super::{Pending, settle::Sending};
use crate::{
    chat::{
        Answer, ChatError, ChatServer, Command, FromSession, FromSessions, ReplyTo, Request,
        Requester, access::Access, server::now,
    },
    db::{NewMessage, NewRoom, Write},
    domain::{HistoryCursor, HistoryPage, RoomId, RoomKey},
    limits::{HISTORY_SHARE, READ_AGAIN},
};

impl Handler<Request> for ChatServer {
    type Result = ();

    fn handle(&mut self, request: Request, ctx: &mut Self::Context) {
        self.request(request, ctx);
        self.fanout.flush();
    }
}

impl Handler<FromSessions> for ChatServer {
    type Result = ();

    fn handle(&mut self, FromSessions(all): FromSessions, ctx: &mut Self::Context) {
        for one in all {
            match one {
                FromSession::Connect(connect) => self.connect(connect, ctx),
                FromSession::Request(request) => self.request(request, ctx),
                FromSession::Disconnect(disconnect) => self.disconnect(&disconnect),
            }
        }
        self.fanout.flush();
    }
}

impl Command {
    /// The room whose rules decide, if one does.
    fn room(&self) -> Option<&RoomId> {
        match self {
            Self::Send { room, .. }
            | Self::MarkRead { room, .. }
            | Self::History { room, .. }
            | Self::DeleteRoom { room }
            | Self::ClearRoom { room }
            | Self::AddMember { room, .. }
            | Self::RemoveMember { room, .. }
            | Self::Subscribe { room, .. }
            | Self::Unsubscribe { room } => Some(room),
            Self::MarkAllRead | Self::CreateRoom { .. } | Self::Resume { .. } => None,
        }
    }
}

impl ChatServer {
    fn request(&mut self, request: Request, ctx: &mut Context<Self>) {
        if self.is_closed_to_requests() {
            self.answer(request.reply, Err(ChatError::unavailable()));
        } else if let Some(request) = self.sessions.keep_early(request) {
            self.begin(request, ctx);
        }
    }

    pub(super) fn begin(&mut self, request: Request, ctx: &mut Context<Self>) {
        let Some(room) = request.command.room() else {
            return self.run_roomless(request, ctx);
        };
        let key = (request.from.user.key, room.clone());
        // What came before from the same user is still waiting: behind it.
        if let Some(waiting) = self.waiting.get_mut(&key) {
            return waiting.push(request);
        }
        if let Some(access) = self.access_in_memory(room, &request.from) {
            return self.run(request, access, ctx);
        }
        let from = request.from.clone();
        self.waiting.insert(key.clone(), vec![request]);
        self.read_access(key.1, from, READ_AGAIN, ctx);
    }

    /// A member may be removed while the database is asked: then it is asked
    /// again, so that no removed member gets through.
    fn read_access(
        &mut self,
        room: RoomId,
        from: Requester,
        tries: usize,
        ctx: &mut Context<Self>,
    ) {
        let removals = self.removals;
        let reading = self.access_in_database(room.clone(), &from);
        Self::when(ctx, reading, move |access, server, ctx| {
            if access.is_ok() && server.removals != removals && tries > 0 {
                return server.read_access(room, from, tries - 1, ctx);
            }
            let key = (from.user.key, room);
            for request in server.waiting.remove(&key).unwrap_or_default() {
                match access.clone() {
                    Ok(access) => {
                        let is_admin = request.from.is_admin;
                        server.run(request, Access { is_admin, ..access }, ctx);
                    }
                    Err(error) => server.answer(request.reply, Err(error)),
                }
            }
            server.fanout.flush();
        });
    }

    fn run(&mut self, request: Request, access: Access, ctx: &mut Context<Self>) {
        let Request { from, command, reply } = request;
        let checked = match &command {
            Command::Send { .. }
            | Command::MarkRead { .. }
            | Command::Subscribe { .. }
            | Command::Unsubscribe { .. } => access.member(),
            Command::History { .. } => access.member_or_admin(),
            Command::DeleteRoom { .. } | Command::ClearRoom { .. } => access.owner(),
            Command::AddMember { user, .. } if *user == from.user.id => access.may_join(),
            Command::RemoveMember { user, .. } if *user == from.user.id => access.member(),
            Command::AddMember { .. } | Command::RemoveMember { .. } => access.owner(),
            Command::MarkAllRead | Command::CreateRoom { .. } | Command::Resume { .. } => {
                Ok(access)
            }
        };
        match checked {
            Ok(access) => self.run_allowed(from, command, reply, access, ctx),
            Err(refusal) => self.answer(reply, Err(refusal)),
        }
    }

    fn run_allowed(
        &mut self,
        from: Requester,
        command: Command,
        reply: ReplyTo,
        access: Access,
        ctx: &mut Context<Self>,
    ) {
        let room = access.room.key;
        match command {
            Command::Send { client_id, content, .. } => {
                let message = NewMessage {
                    id: self.ids.next(now()),
                    room,
                    sender: from.user.key,
                    client_id: client_id.clone(),
                    content: content.clone(),
                    created_at: now(),
                };
                let sending = Sending { room: access.room, sender: from.user, client_id, content };
                self.submit(Write::Message(message), Pending::Send { reply, sending });
            }
            Command::MarkRead { target, .. } => {
                let write = Write::Read { room, user: from.user.key, target, at: now() };
                let pending = Pending::Read { reply, user: from.user, room: access.room };
                self.submit(write, pending);
            }
            Command::History { cursor, limit, .. } => {
                self.read_history(room, cursor, limit, reply, ctx);
            }
            Command::DeleteRoom { .. } => {
                let pending = Pending::DeleteRoom { reply, room: access.room };
                self.submit(Write::RoomDelete { room }, pending);
            }
            Command::ClearRoom { .. } => {
                let pending = Pending::ClearRoom { reply, room: access.room };
                self.submit(Write::RoomClear { room }, pending);
            }
            Command::AddMember { user, .. } => self.add_member(from, user, reply, access, ctx),
            Command::RemoveMember { user, .. } => {
                self.remove_member(from, user, reply, access, ctx);
            }
            Command::Subscribe { since, .. } => self.subscribe(from, since, reply, access, ctx),
            Command::Unsubscribe { .. } => self.unsubscribe(reply, room),
            Command::MarkAllRead | Command::CreateRoom { .. } | Command::Resume { .. } => {}
        }
    }

    fn run_roomless(&mut self, request: Request, ctx: &mut Context<Self>) {
        let Request { from, command, reply } = request;
        match command {
            Command::CreateRoom { id, kind, title } => {
                let rooms_max = self.rooms_max();
                let owner = from.user.key;
                let room = NewRoom { id, kind, title, owner, created_at: now(), rooms_max };
                self.submit(
                    Write::RoomCreate(room),
                    Pending::CreateRoom { reply, owner: from.user },
                );
            }
            Command::MarkAllRead => {
                let write = Write::ReadAll { user: from.user.key, at: now() };
                self.submit(write, Pending::ReadAll { reply, user: from.user });
            }
            Command::Resume { rooms } => self.resume(rooms, reply, ctx),
            // Every other command names its room.
            _ => self.answer(reply, Err(ChatError::Internal)),
        }
    }

    pub(super) fn rooms_max(&self) -> i64 {
        i64::try_from(self.settings.limits.rooms_per_user).unwrap_or(i64::MAX)
    }

    fn read_history(
        &mut self,
        room: RoomKey,
        cursor: HistoryCursor,
        limit: i64,
        reply: ReplyTo,
        ctx: &mut Context<Self>,
    ) {
        let reader = self.reader.clone();
        let reading = async move { reader.history(room, cursor, limit).await };
        Self::when(ctx, reading, move |page, server, _| {
            // Whatever one asks for must fit the queue of a session.
            let bytes_max = server.settings.limits.queued_bytes / HISTORY_SHARE;
            let cut = |mut page: HistoryPage| {
                page.cut_to(bytes_max, cursor);
                Answer::History(page)
            };
            server.answer(reply, page.map(cut).map_err(ChatError::from));
            server.fanout.flush();
        });
    }
}
