//! A request: who may do it.
//!
//! Each command is named in the rules: one that somebody forgot does not
//! compile, and so is open to nobody.

#![deny(clippy::wildcard_enum_match_arm)]

use actix::{Context, Handler};

use crate::chat::{
    Access, Asks, ChatError, ChatServer, Command, FromSession, FromSessions, Request, Requester,
    server::now,
};
use parlor_domain::{Denied, RoomId, limits::READ_AGAIN};

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
                FromSession::Renewed(renewed) => self.renewed(renewed),
                FromSession::Disconnect(disconnect) => self.disconnect(&disconnect),
            }
        }
        self.fanout.flush();
    }
}

impl ChatServer {
    fn request(&mut self, request: Request, ctx: &mut Context<Self>) {
        if self.is_closed_to_requests() {
            request.refuse(ChatError::unavailable(), self);
        } else if let Some(request) = self.sessions.keep_early(request) {
            self.begin(request, ctx);
        }
    }

    pub(super) fn begin(&mut self, request: Request, ctx: &mut Context<Self>) {
        if self.erased.contains(request.from.user.key) {
            return request.refuse(ChatError::NotFound("user"), self);
        }
        let Some(room) = request.room() else {
            return match request.what {
                Asks::Operation(operation) => operation.run(request.from, None, self, ctx),
                Asks::Command { command, reply } => match roomless(&request.from, &command) {
                    Ok(()) => self.run_roomless(request.from, command, reply, ctx),
                    Err(refusal) => self.answer(reply, Err(refusal)),
                },
            };
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

    /// A member may be removed or muted while the database is asked: then it is
    /// asked again, so that what was true before lets nobody through.
    fn read_access(
        &mut self,
        room: RoomId,
        from: Requester,
        tries: usize,
        ctx: &mut Context<Self>,
    ) {
        let then = self.restrictions.now();
        let reading = self.access_in_database(room.clone(), &from);
        Self::when(ctx, reading, move |access, server, ctx| {
            let overtaken = access.as_ref().is_ok_and(|access| {
                server.restrictions.overtook(then, from.user.key, access.room.key)
            });
            if overtaken && tries > 0 {
                return server.read_access(room, from, tries - 1, ctx);
            }
            let access = if overtaken { Err(ChatError::unavailable()) } else { access };
            let key = (from.user.key, room);
            for request in server.waiting.remove(&key).unwrap_or_default() {
                match access.clone() {
                    Ok(access) => {
                        let is_admin = request.from.is_admin;
                        server.run(request, Access { is_admin, ..access }, ctx);
                    }
                    Err(error) => request.refuse(error, server),
                }
            }
            server.fanout.flush();
        });
    }

    fn run(&mut self, request: Request, access: Access, ctx: &mut Context<Self>) {
        let place = (request.from.user.key, access.room.key);
        let Some(request) = self.holds.keep(place, request) else { return };
        let Request { from, what } = request;
        match what {
            Asks::Operation(operation) => operation.run(from, Some(access), self, ctx),
            Asks::Command { command, reply } => match allowed(&from, &command, &access) {
                Ok(()) => self.run_in_room(from, command, reply, access, ctx),
                Err(refusal) => self.answer(reply, Err(refusal)),
            },
        }
    }
}

/// Whether a request may be carried out in a room. What depends on another
/// member's role, or on whose message it is, the transaction decides.
fn allowed(from: &Requester, command: &Command, access: &Access) -> Result<(), ChatError> {
    match command {
        Command::Send { .. } => access.may_write(now()),
        Command::Subscribe { .. } | Command::Unsubscribe { .. } => access.member(),
        Command::History { .. } | Command::ConnectionsOf { .. } => access.member_or_admin(),
        Command::Publish { .. } => only(from.is_service, Denied::NotService),
        // Not about one room: `roomless` decides.
        Command::MarkAllRead
        | Command::StatusOf { .. }
        | Command::Connections { .. }
        | Command::CountConnections { .. }
        | Command::Disconnect { .. }
        | Command::EraseUser { .. }
        | Command::End(_)
        | Command::Resume { .. } => Err(ChatError::Internal),
    }
}

fn only(may: bool, denied: Denied) -> Result<(), ChatError> {
    if may { Ok(()) } else { Err(denied.into()) }
}

/// The same for what is not about one room. What is one's own is decided on
/// the way, and whose message it is by the transaction.
fn roomless(from: &Requester, command: &Command) -> Result<(), ChatError> {
    let Requester { is_admin, is_service, .. } = *from;
    match command {
        Command::StatusOf { .. } | Command::MarkAllRead | Command::Resume { .. } => Ok(()),
        Command::Publish { .. } => only(is_service, Denied::NotService),
        Command::Connections { .. }
        | Command::CountConnections { .. }
        | Command::Disconnect { .. }
        | Command::EraseUser { .. }
        | Command::End(_) => only(is_admin, Denied::NotAdmin),
        // About one room: `allowed` decides.
        Command::Send { .. }
        | Command::History { .. }
        | Command::ConnectionsOf { .. }
        | Command::Subscribe { .. }
        | Command::Unsubscribe { .. } => Err(ChatError::Internal),
    }
}
