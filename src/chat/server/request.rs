//! A request: how its user stands to the room is found out first, in memory or
//! in the database. Whether it is allowed then, the operation says.

use std::sync::Arc;

use super::{ChatServer, operation::Request, turn::Turn};
use crate::callbacks::Permission;
use crate::chat::{
    Access, ChatError, FromSession, FromSessions, Requester, state::waiting::Waits as _,
};
use parlor_domain::{
    RoomId,
    limits::{FANOUT_BACKLOG, READ_AGAIN},
};
use parlor_process::span;

impl Turn for Request {
    fn take(self, server: &mut ChatServer) {
        server.request(self);
    }
}

impl Turn for FromSessions {
    fn take(self, server: &mut ChatServer) {
        for one in self.0 {
            match one {
                FromSession::Connect(connect) => server.connect(connect),
                FromSession::Request(request) => server.request(request),
                FromSession::Renewed(renewed) => server.renewed(renewed),
                FromSession::Disconnect(disconnect) => server.disconnected(&disconnect),
            }
        }
    }
}

impl ChatServer {
    /// New ones are refused while the server is going away, or a worker thread
    /// does not keep up.
    fn request(&mut self, request: Request) {
        if self.draining.is_some() || self.fanout.backlog() > FANOUT_BACKLOG {
            request.what.refuse(ChatError::unavailable(), self);
        } else {
            self.begin(request);
        }
    }

    pub(super) fn begin(&mut self, request: Request) {
        let Some(mut request) = self.waiting.enter(request) else { return };
        let span = request.what.span().cloned();
        let _within = span::enter(span.as_ref());
        // What a session was told at its sign-in is not so any more.
        if let Some(user) = self.sessions.user_since(request.from.user.key) {
            request.from.user = user.clone();
        }
        if self.erased.contains(request.from.user.key) {
            return request.what.refuse(ChatError::NotFound("user"), self);
        }
        let Some(room) = request.room() else {
            return request.what.run(request.from, None, self);
        };
        let asks = request.what.asks(&request.from) && self.asks_about(&request.from);
        let access = self.access_in_memory(room, &request.from);
        match access.filter(|access| access.standing.is_some() || !asks) {
            Some(access) => request.what.run(request.from, Some(access), self),
            None => {
                let (from, room) = (request.from.clone(), room.clone());
                self.waiting.read_begins(request, room.clone());
                self.read_access(room, from, asks, READ_AGAIN);
            }
        }
    }

    /// A member may be removed or muted while the database is asked: then it is
    /// asked again, so that what was true before lets nobody through.
    ///
    /// With `asks` the application is asked, too, about one who is no member.
    fn read_access(&mut self, room: RoomId, from: Requester, asks: bool, tries: usize) {
        let then = self.restrictions.now();
        let reading = self.access_for(room.clone(), &from, asks);
        self.when(reading, move |(access, permission), server| {
            let user = from.user.key;
            // Nobody is let in by what was undecided, and to ask again would take as long.
            let overtaken = permission != Some(Permission::Undecided)
                && access
                    .as_ref()
                    .is_ok_and(|access| server.restrictions.overtook(then, user, access.room.key));
            if overtaken && tries > 0 {
                return server.read_access(room, from, asks, tries - 1);
            }
            let access = if overtaken { Err(ChatError::unavailable()) } else { access };
            for request in server.waiting.read_ends(user, &room) {
                // One before it may have begun a change.
                let Some(Request { from, what }) = server.waiting.enter(request) else { continue };
                let wants_asking = what.asks(&from) && server.asks_about(&from);
                if wants_asking && !asks {
                    // What was read is for one before it, about whom nobody is asked.
                    server.begin(Request { from, what });
                    continue;
                }
                let permission = permission.clone().filter(|_| wants_asking);
                match access.clone() {
                    Ok(access) => {
                        let is_admin = from.is_admin;
                        what.run(from, Some(Access { is_admin, permission, ..access }), server);
                    }
                    Err(ChatError::NotFound(_)) if what.opens() => {
                        server.open_then_run(Request { from, what }, &room, permission);
                    }
                    Err(error) => what.refuse(error, server),
                }
            }
        });
    }

    /// The answer from memory: for a user who is connected and a room that
    /// someone is connected to, so for every send over a socket.
    pub(super) fn access_in_memory(&self, room: &RoomId, from: &Requester) -> Option<Access> {
        let room = &self.rooms.by_id(room)?.room;
        let standing = self.sessions.standing(from.user.key, room.key)?;
        let room = room.clone();
        Some(Access { room, standing, is_admin: from.is_admin, permission: None })
    }

    /// The answer from the database, for those who are not connected.
    pub(super) fn access_in_database(
        &self,
        room: RoomId,
        from: &Requester,
    ) -> impl Future<Output = Result<Access, ChatError>> + use<> {
        let (reader, user, is_admin) = (self.reader.clone(), from.user.key, from.is_admin);
        async move {
            let room = reader.room(&room).await?.ok_or(ChatError::NotFound("room"))?;
            let standing = reader.standing(room.key, user).await?;
            Ok(Access { room: Arc::new(room), standing, is_admin, permission: None })
        }
    }
}
