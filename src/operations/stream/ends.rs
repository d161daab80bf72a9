//! End a message that is being written.

use parlor_domain::{Denied, MessageId, PlainText, Scope, StreamState, limits::METADATA_BYTES};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{
    Anywhere, Asked, ChatError, ChatServer, Operation, Requester, change::Changed, send::Send,
};
use crate::{
    db::StreamEnd,
    protocol::{Object, Refusal, Rules},
};

/// What a message is that has been written, where it is another one than what was
/// appended.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Finish {
    message_id: MessageId,
    content: Option<PlainText>,
    metadata: Option<Object>,
}

/// The message did not come to its end.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Fail {
    message_id: MessageId,
    content: Option<PlainText>,
    metadata: Option<Object>,
}

/// What both have in common.
trait Ends {
    const STATE: StreamState;

    fn parts(self) -> (MessageId, Option<PlainText>, Option<Object>);
}

impl Finish {
    pub fn of(message_id: MessageId) -> Self {
        Self { message_id, content: None, metadata: None }
    }
}

impl Fail {
    pub fn of(message_id: MessageId) -> Self {
        Self { message_id, content: None, metadata: None }
    }
}

impl Ends for Finish {
    const STATE: StreamState = StreamState::Finished;

    fn parts(self) -> (MessageId, Option<PlainText>, Option<Object>) {
        (self.message_id, self.content, self.metadata)
    }
}

impl Ends for Fail {
    const STATE: StreamState = StreamState::Failed;

    fn parts(self) -> (MessageId, Option<PlainText>, Option<Object>) {
        (self.message_id, self.content, self.metadata)
    }
}

fn end<O: Operation<Answer = Changed> + Ends>(
    ends: O,
    Asked { from, reply, .. }: Asked<O>,
    server: &mut ChatServer,
) {
    let (message, content, metadata) = ends.parts();
    if content.is_some() && server.asks_before_send(&from).is_some() {
        return server.answer(reply, Err(Denied::AskedBefore.into()));
    }
    let content = content.map(|PlainText(content)| content);
    let metadata = metadata.map(|Object(metadata)| metadata);
    let end = StreamEnd { state: O::STATE, content, metadata };
    server.finish_stream(message, &from, end, move |server, ended| {
        let changed = ended.map(|ended| Changed { message, seq: ended.message.changed_seq });
        server.answer(reply, changed);
    });
}

impl Operation for Finish {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = Send::SCOPES;

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        if let Some(PlainText(content)) = &self.content {
            rules.shown_content(content)?;
        }
        Object::check("metadata", self.metadata.as_ref(), METADATA_BYTES)
    }

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        end(self, asked, server);
    }
}

impl Operation for Fail {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = Send::SCOPES;

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        if let Some(PlainText(content)) = &self.content {
            rules.content(content)?;
        }
        Object::check("metadata", self.metadata.as_ref(), METADATA_BYTES)
    }

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        end(self, asked, server);
    }
}
