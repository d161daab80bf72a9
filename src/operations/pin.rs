//! Pin and unpin a message.

use parlor_domain::{Change, MessageId, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, change::Changed};

/// Pins a message for everyone in its room.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Pin {
    message_id: MessageId,
}

impl Operation for Pin {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Messages, Scope::Moderation];

    fn place(&self) {}

    /// Whose message it is, and in which room, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.change(asked.from, self.message_id, Change::Pin, asked.reply);
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unpin {
    message_id: MessageId,
}

impl Operation for Unpin {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Messages, Scope::Moderation];

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.change(asked.from, self.message_id, Change::Unpin, asked.reply);
    }
}
