//! Slow mode: a member writes once in so many seconds.

use parlor_domain::{RoomId, RoomOverview, RulesChange, Scope, Whole, limits::SECONDS_MAX};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};

/// Each member who is not a moderator can send one message in this many seconds;
/// 0 turns it off.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetSlowMode {
    room_id: RoomId,
    seconds: Whole<0, SECONDS_MAX>,
}

impl Operation for SetSlowMode {
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
        let Whole(seconds) = self.seconds;
        let seconds = (seconds > 0).then_some(seconds);
        server.change_rules(asked, RulesChange::SlowMode(seconds));
    }
}
