//! Rooms that are made when they are first used.

use std::sync::Arc;

use super::{ChatServer, operation::Request};
use crate::{
    callbacks::Permission,
    chat::{Access, ChatError, Requester},
    clock::now,
    db::OpenByRule,
};
use parlor_domain::{Room, RoomId, RoomKey};
use parlor_process::span;

impl ChatServer {
    /// How a requester would stand to a room that a rule makes; `None` if none does.
    pub(super) fn by_rule(&self, from: &Requester, id: &RoomId) -> Option<Access> {
        let kind = self.settings.room_rules.kind_of(id)?;
        let room = Arc::new(Room { kind, ..Room::stub(RoomKey(0), id.clone()) });
        Some(Access { room, standing: None, is_admin: from.is_admin, permission: None })
    }

    /// Makes such a room, unless somebody else has just made it. What the requester
    /// asks there meanwhile waits. Where the application has said that they may come in
    /// it is the application's room, which they do not have to answer for.
    pub(super) fn open_by_rule(
        &mut self,
        from: &Requester,
        Access { room, permission, .. }: Access,
        then: impl FnOnce(&mut Self, Result<Access, ChatError>) + 'static,
    ) {
        let (user, is_admin) = (from.user.key, from.is_admin);
        let is_granted = permission.as_ref().and_then(Permission::grant).is_some();
        let write = OpenByRule {
            id: room.id.clone(),
            kind: room.kind,
            user,
            made_by: self.maker(from).filter(|_| !is_granted),
            created_at: now(),
            bounds: self.room_bounds(),
        };
        self.write_of_member((user, room.id.clone()), write, move |server, opened| {
            let access = opened.map(|opened| {
                let (room, standing) = (Arc::new(opened.room), opened.standing);
                Access { room, standing, is_admin, permission }
            });
            then(server, access);
        });
    }

    /// For a request in a room that is not there: made by who may not do there what
    /// they ask, it would be made for nothing.
    pub(super) fn open_then_run(
        &mut self,
        Request { from, what }: Request,
        room: &RoomId,
        permission: Option<Permission>,
    ) {
        let span = what.span().cloned();
        let _within = span::enter(span.as_ref());
        let access = self.by_rule(&from, room).map(|access| access.with(permission.as_ref()));
        let Some(access) = access else {
            return what.refuse(ChatError::NotFound("room"), self);
        };
        if let Err(refused) = what.allowed(&from, access.clone()) {
            return what.refuse(refused, self);
        }
        self.open_by_rule(&from.clone(), access, move |server, opened| match opened {
            Ok(access) => what.run(from, Some(access), server),
            Err(error) => what.refuse(error, server),
        });
    }
}
