//! End a message that is being written.

use parlor_domain::{Denied, MessageId, PlainText, Scope, StreamState, limits::METADATA_BYTES};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{
    Anywhere, Asked, ChatError, ChatServer, Operation, Requester, change::Changed, send::Send,
};
use crate::{
    chat::{ReadyLists, ReplyTo},
    db::{Reader, StreamEnd},
    protocol::{Object, Refusal, Rules},
};

/// Ends a message: it is whole, or did not come to its end. `content` is what it says as
/// a whole, where that is another text than was appended.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct End<const IS_WHOLE: bool> {
    message_id: MessageId,
    content: Option<PlainText>,
    metadata: Option<Object>,
}

pub type Finish = End<true>;
pub type Fail = End<false>;

impl<const IS_WHOLE: bool> End<IS_WHOLE> {
    /// With what was appended.
    pub fn of(message_id: MessageId) -> Self {
        Self { message_id, content: None, metadata: None }
    }
}

impl<const IS_WHOLE: bool> Operation for End<IS_WHOLE> {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = Send::SCOPES;

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        match &self.content {
            Some(PlainText(content)) if IS_WHOLE => rules.shown_content(content)?,
            Some(PlainText(content)) => rules.content(content)?,
            None => {}
        }
        Object::check("metadata", self.metadata.as_ref(), METADATA_BYTES)
    }

    /// Whose message it is, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        if self.content.is_none() || from.is_service {
            return self.end(from, reply, server);
        }
        if server.asks_before_send(&from).is_some() {
            return server.answer(reply, Err(Denied::AskedBefore.into()));
        }
        if !server.settings.lists.has_any() {
            return self.end(from, reply, server);
        }
        let (lists, reader) = (server.settings.lists.clone(), server.reader.clone());
        let message = self.message_id;
        let looking = async move { concern(&lists, &reader, message).await };
        server.when(looking, move |concerned, server| match concerned {
            Ok(false) => self.end(from, reply, server),
            Ok(true) => server.answer(reply, Err(Denied::AskedBefore.into())),
            Err(error) => server.answer(reply, Err(error)),
        });
    }
}

/// Whether lists have to do with what is said in the room of a message.
async fn concern(
    lists: &ReadyLists,
    reader: &Reader,
    message: MessageId,
) -> Result<bool, ChatError> {
    let missing = || ChatError::NotFound("message");
    let message = reader.message(message).await?.ok_or_else(missing)?;
    let room = reader.room_by_key(message.room_key).await?.ok_or_else(missing)?;
    Ok(lists.concern(&room))
}

impl<const IS_WHOLE: bool> End<IS_WHOLE> {
    fn end(self, from: Requester, reply: ReplyTo<Changed>, server: &mut ChatServer) {
        let Self { message_id: message, content, metadata } = self;
        let state = if IS_WHOLE { StreamState::Finished } else { StreamState::Failed };
        let content = content.map(|PlainText(content)| content);
        let metadata = metadata.map(|Object(metadata)| metadata);
        let end = StreamEnd { state, content, metadata };
        server.finish_stream(message, &from, end, move |server, ended| {
            let changed = ended.map(|ended| Changed { message, seq: ended.message.changed_seq });
            server.answer(reply, changed);
        });
    }
}
