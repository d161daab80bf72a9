//! Delete a room, or all that was said in it.

use parlor_domain::{RoomId, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};
use crate::db;

/// Deletes the room for everyone, at once.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteRoom {
    room_id: RoomId,
}

impl Operation for DeleteRoom {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.owner()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let room = asked.place.room;
        let write = db::DeleteRoom { room: room.key };
        server.write_for(asked.reply, write, move |server, reply, _| {
            server.tell_deleted(&room);
            server.answer(reply, Ok(()));
            server.purge(room.key);
        });
    }
}

/// Deletes all messages of a room.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ClearRoom {
    room_id: RoomId,
}

impl Operation for ClearRoom {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms, Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.owner()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let room = asked.place.room;
        let write = db::ClearRoom { room: room.key, upto: None };
        server.write_for(asked.reply, write, move |server, reply, cleared| {
            server.cleared(&room, cleared);
            server.answer(reply, Ok(()));
        });
    }
}
