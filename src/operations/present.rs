//! What one's own presence is: typing, away, and what of the inbox has come.

use parlor_domain::{RoomId, Seq, Status};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester};
use crate::{clock::now, db};

/// Tells the others in a room that the user is typing, or has stopped.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Typing {
    room_id: RoomId,
    is_typing: bool,
}

impl Operation for Typing {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.may_take_part(now())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.typing(&asked.from, self.is_typing, asked.reply, &asked.place);
    }
}

/// Sets the presence of this device.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetPresence {
    status: Status,
}

impl Operation for SetPresence {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.set_presence(self.status, asked.reply);
    }
}

/// Acknowledges inbox events up to this number.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AckInbox {
    inbox_seq: Seq,
}

impl Operation for AckInbox {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let (user, upto) = (asked.from.user.key, self.inbox_seq);
        server.write_and_answer(asked.reply, db::AckInbox { user, upto });
    }
}
