//! Leave a room, or remove a member from it.

use parlor_domain::{RoomId, Scope, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};
use crate::{
    chat::{Leaving, ReplyTo},
    db,
    protocol::events::Departure,
};

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Leave {
    room_id: RoomId,
}

impl Operation for Leave {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    /// Who is no member is told so.
    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.visible()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let user = asked.from.user.id.clone();
        server.remove_member(user, asked.from, asked.place, asked.reply);
    }
}

/// Removes a member; users who remove themselves leave.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RemoveMember {
    room_id: RoomId,
    user_id: UserId,
}

impl Operation for RemoveMember {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms, Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        if self.user_id == from.user.id { access.visible() } else { access.moderator() }
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.remove_member(self.user_id, asked.from, asked.place, asked.reply);
    }
}

impl ChatServer {
    fn remove_member(&mut self, user: UserId, from: Requester, access: Access, reply: ReplyTo<()>) {
        self.with_user(&from, user, reply, move |server, user, reply, is_self| {
            let why = if is_self { Departure::Left } else { Departure::Removed };
            // What one does to oneself is decided already.
            let by = if is_self { None } else { access.by() };
            let place = (user.key, access.room.id.clone());
            let write = db::RemoveMember { room: access.room.key, user: user.key, by, is_self };
            let leaving = Leaving { user, room: access.room, why };
            server.write_about(place, reply, write, move |server, reply, removed| match removed {
                Some(removed) => server.removed(reply, &leaving, &removed),
                None => server.answer(reply, Err(ChatError::NotFound("member"))),
            });
        });
    }
}
