//! Users who are no members of a room: the application may let them join it, or read
//! there and hear what happens.

use std::{sync::Arc, time::Instant};

use super::ChatServer;
use crate::{
    callbacks::{Grant, Permission},
    chat::{Access, ChatError, Requester, SessionRef, state::watchers::Due},
    clock::now,
    db::ReadError,
    protocol::events::{self, Departure},
};
use parlor_domain::{Room, RoomId, RoomKey, RoomKind, User, UserKey};

impl ChatServer {
    /// Whether the application is asked about a requester where they are no member.
    pub(super) fn asks_about(&self, from: &Requester) -> bool {
        self.settings.callbacks.access.is_some() && !from.is_admin && !from.is_service
    }

    /// How a requester stands to a room, from the database; and with `asks`, where they
    /// are no member, what the application says, also of a room that a rule would make.
    pub(super) fn access_for(
        &self,
        room: RoomId,
        from: &Requester,
        asks: bool,
    ) -> impl Future<Output = (Result<Access, ChatError>, Option<Permission>)> + use<> {
        let asks = asks && self.asks_about(from);
        let permissions = self.settings.callbacks.access.clone().filter(|_| asks);
        let would_be_made = self.by_rule(from, &room).is_some();
        let reading = self.access_in_database(room.clone(), from);
        let (reader, user) = (self.reader.clone(), from.user.clone());
        async move {
            let access = reading.await;
            let is_stranger = match &access {
                Ok(access) => access.standing.is_none() && access.room.kind != RoomKind::Direct,
                Err(ChatError::NotFound(_)) => would_be_made,
                Err(_) => false,
            };
            let Some(permissions) = permissions.filter(|_| is_stranger) else {
                return (access, None);
            };
            let is_banned = match &access {
                Ok(Access { room, .. }) => reader.is_banned(room.key, user.key, now()).await,
                Err(_) => Ok(false),
            };
            let permission = match is_banned {
                Ok(false) => permissions.ask(&user, &room).await,
                Ok(true) => Permission::Banned,
                Err(ReadError) => Permission::Undecided,
            };
            (access, Some(permission))
        }
    }

    /// A session hears a room from now on without its user being a member. `then` is
    /// the moment at which that was allowed.
    pub(super) fn watch(
        &mut self,
        session: SessionRef,
        user: &User,
        room: &Arc<Room>,
        (grant, then): (Grant, u64),
    ) -> Result<(), ChatError> {
        if self.restrictions.overtook(then, user.key, room.key) {
            return Err(ChatError::unavailable());
        }
        if !self.watchers.has_place(user.key, room.key) {
            let what = "you watch as many rooms as one user may; unsubscribe from some";
            return Err(ChatError::Conflict(what.to_owned()));
        }
        if self.sessions.entries.contains_key(&session.id) {
            self.watchers.begin(session.id, user, room, grant.until, Instant::now());
        }
        Ok(())
    }

    /// Nobody who is no member may be told more of the room: their connections hear
    /// that they are out.
    pub fn stop_watching(&mut self, user: UserKey, room: RoomKey, why: Departure) {
        self.restrictions.restrict(user, room);
        let Some(watch) = self.watchers.end(user, room) else { return };
        let removed = events::room_removed(&watch.room.id, why, now());
        for session in watch.sessions {
            let Some(entry) = self.sessions.entries.get(&session) else { continue };
            let at = entry.at;
            self.unsubscribe_session(at, room);
            self.tell_session(at, removed.clone());
        }
    }

    /// Ends what is over, and asks for longer where that is soon.
    pub(super) fn look_after_watchers(&mut self) {
        for (user, room) in self.watchers.over(Instant::now()) {
            self.stop_watching(user, room, Departure::Removed);
        }
        for due in self.watchers.due(Instant::now()) {
            self.renew_watch(due);
        }
    }

    fn renew_watch(&self, Due { user, room, until }: Due) {
        let Some(permissions) = self.settings.callbacks.access.clone() else { return };
        let (reader, watched) = (self.reader.clone(), (user.key, room.key));
        let asking = async move {
            let permission = permissions.ask_for_longer(&user, &room.id, until).await;
            if permission.grant().is_none() {
                return permission;
            }
            match reader.is_banned(room.key, user.key, now()).await {
                Ok(false) => permission,
                Ok(true) => Permission::Banned,
                Err(ReadError) => Permission::Undecided,
            }
        };
        self.when(asking, move |said, server| {
            let (user, room) = watched;
            match said {
                Permission::Banned => server.stop_watching(user, room, Departure::Banned),
                Permission::Refused(_) => server.stop_watching(user, room, Departure::Removed),
                Permission::Granted(grant) => {
                    server.watchers.renewed(user, room, grant.until, Instant::now());
                }
                // Until its time is over.
                Permission::OwnRules | Permission::Undecided => {
                    server.watchers.unanswered(user, room, Instant::now());
                }
            }
        });
    }
}
