//! Hand a room over: another member becomes its owner.

use parlor_domain::{Denied, RoomId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};
use crate::db;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct TransferRoom {
    room_id: RoomId,
    /// Who is to own it.
    user_id: UserId,
}

impl Operation for TransferRoom {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.owner()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let owner = (!from.is_admin).then_some(from.user.key);
        server.with_user(from, self.user_id, reply, move |server, user, reply, is_self| {
            if is_self && owner.is_some() {
                return server.answer(reply, Err(Denied::Oneself.into()));
            }
            let (room, to) = (access.room.key, user.key);
            let place = (owner.unwrap_or(to), access.room.id.clone());
            let write = db::TransferRoom { room, from: owner, to };
            server.write_about(place, reply, write, move |server, reply, members| {
                members.iter().for_each(|member| server.tell_member(&access.room, member));
                server.answer(reply, Ok(()));
            });
        });
    }
}
