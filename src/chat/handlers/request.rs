//! A request: how its user stands to the room is found out first, in memory or
//! in the database. Whether it is allowed then, the operation says.

use actix::{Context, Handler};

use crate::chat::{
    Access, ChatError, ChatServer, FromSession, FromSessions, Look, Request, Requester,
};
use parlor_domain::{RoomId, limits::READ_AGAIN};

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
                FromSession::Disconnect(disconnect) => self.disconnected(&disconnect),
            }
        }
        self.fanout.flush();
    }
}

impl Handler<Look> for ChatServer {
    type Result = ();

    fn handle(&mut self, Look(look): Look, ctx: &mut Self::Context) {
        look(self, ctx);
        self.fanout.flush();
    }
}

impl ChatServer {
    fn request(&mut self, request: Request, ctx: &mut Context<Self>) {
        if self.is_closed_to_requests() {
            request.what.refuse(ChatError::unavailable(), self);
        } else if let Some(request) = self.sessions.keep_early(request) {
            self.begin(request, ctx);
        }
    }

    pub(super) fn begin(&mut self, request: Request, ctx: &mut Context<Self>) {
        if self.erased.contains(request.from.user.key) {
            return request.what.refuse(ChatError::NotFound("user"), self);
        }
        let Some(room) = request.what.room() else {
            return request.what.run(request.from, None, self, ctx);
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
                    Err(error) => request.what.refuse(error, server),
                }
            }
            server.fanout.flush();
        });
    }

    fn run(&mut self, request: Request, access: Access, ctx: &mut Context<Self>) {
        let place = (request.from.user.key, access.room.key);
        let Some(Request { from, what }) = self.holds.keep(place, request) else { return };
        what.run(from, Some(access), self, ctx);
    }
}
