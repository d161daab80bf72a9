//! Edit and delete a message.

use parlor_domain::{Change, MessageId, PlainText, Scope, mentioned_in};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, change::Changed};
use crate::protocol::{Refusal, Rules};

/// Changes the content of a message; only its author may.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Edit {
    message_id: MessageId,
    content: PlainText,
}

impl Operation for Edit {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Messages];

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        rules.shown_content(&self.content.0)
    }

    /// Whose message it is, and in which room, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let mentioned = mentioned_in(&self.content.0);
        let change = Change::Edit { content: self.content.0, mentioned };
        server.change(asked.from, self.message_id, change, asked.reply);
    }
}

/// Deletes a message; its author and moderators may.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Delete {
    message_id: MessageId,
}

impl Operation for Delete {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Messages, Scope::Moderation];

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.change(asked.from, self.message_id, Change::Delete, asked.reply);
    }
}
