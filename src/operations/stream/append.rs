//! Go on with a message that is being written.

use parlor_domain::{MessageId, PlainText, limits::METADATA_BYTES};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::Append as More,
    protocol::{Object, Refusal, Rules, server_frame::AppendedView},
};

/// Says more of a message that is being written.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Append {
    message_id: MessageId,
    /// May be empty.
    #[schemars(with = "Option<String>")]
    text: Option<PlainText>,
    /// Characters before it. What is there already is left out.
    offset: Option<u32>,
    metadata: Option<Object>,
}

/// How long a text is that is being written, in characters.
#[derive(Clone, Copy, Debug)]
pub struct Appended {
    message: MessageId,
    length: usize,
}

impl Shown for Appended {
    type View<'a> = AppendedView;

    fn view(&self) -> AppendedView {
        AppendedView { message_id: self.message.0.to_string(), length: self.length }
    }
}

impl Append {
    /// More of a text that comes in order.
    pub fn of(message_id: MessageId, text: Option<PlainText>, metadata: Option<Object>) -> Self {
        Self { message_id, text, offset: None, metadata }
    }
}

impl Operation for Append {
    type Answer = Appended;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        let is_too_long = |PlainText(text): &PlainText| text.len() > rules.content_bytes;
        if self.text.as_ref().is_some_and(is_too_long) {
            return Err(Refusal::too_large("text", rules.content_bytes));
        }
        Object::check("metadata", self.metadata.as_ref(), METADATA_BYTES)
    }

    /// Whether it may still be written is looked at while it is.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let more = More {
            text: self.text.as_ref().map_or("", |PlainText(text)| text),
            offset: self.offset.map(|offset| offset as usize),
            metadata: self.metadata.map(|Object(metadata)| metadata),
            session: reply.session(),
        };
        let message = self.message_id;
        let length = server.append(message, from.user.key, more);
        server.answer(reply, length.map(|length| Appended { message, length }));
    }
}
