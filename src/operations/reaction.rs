//! React to a message, and take a reaction back.

use parlor_domain::{Change, Emoji, MessageId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, change::Changed};

#[derive(Debug, Deserialize, JsonSchema)]
pub struct React {
    message_id: MessageId,
    emoji: Emoji,
}

impl Operation for React {
    type Answer = Changed;
    type Place = Anywhere;

    fn place(&self) {}

    /// In which room it is, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Emoji(emoji) = self.emoji;
        server.change(asked.from, self.message_id, Change::React { emoji }, asked.reply);
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unreact {
    message_id: MessageId,
    emoji: Emoji,
}

impl Operation for Unreact {
    type Answer = Changed;
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Emoji(emoji) = self.emoji;
        server.change(asked.from, self.message_id, Change::Unreact { emoji }, asked.reply);
    }
}
