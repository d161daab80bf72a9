//! Freeze a room, so that nobody but its moderators writes there, and thaw it.

use parlor_domain::{RoomId, RoomOverview, RulesChange, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};

/// From now on only moderators can write and react; everyone can read.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Freeze {
    room_id: RoomId,
}

impl Operation for Freeze {
    type Answer = Box<RoomOverview>;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms, Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.change_rules(asked, RulesChange::Freeze(true));
    }
}

/// Lets members write again.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unfreeze {
    room_id: RoomId,
}

impl Operation for Unfreeze {
    type Answer = Box<RoomOverview>;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms, Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.change_rules(asked, RulesChange::Freeze(false));
    }
}
