//! A message that is written while others read it: begin, go on, end, ask for its end.

use parlor_domain::{
    ClientId, Denied, Message, MessageId, PlainText, RoomId, RoomKind, Scope, StoredMessage,
    StreamState, UserId, limits::METADATA_BYTES,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown, change::Changed,
    send::Send,
};
use crate::{
    chat::Append as More,
    db::{ReadError, Reader, Signal, StreamEnd, WriteError},
    protocol::{Object, Refusal, Rules, server_frame::AppendedView},
};

/// Begins a message that is written while others read it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Start {
    room_id: RoomId,
    client_id: Option<ClientId>,
    reply_to: Option<MessageId>,
    thread_id: Option<MessageId>,
    metadata: Option<Object>,
    /// Only the application: in whose name it is written.
    sender_id: Option<UserId>,
}

/// The same over REST, where the rest of a request is the text.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Streaming {
    room_id: RoomId,
    client_id: Option<ClientId>,
    /// This stands for a `client_id`.
    #[serde(rename = "Idempotency-Key")]
    idempotency_key: Option<ClientId>,
    reply_to: Option<MessageId>,
    thread_id: Option<MessageId>,
    sender_id: Option<UserId>,
}

impl From<Streaming> for Start {
    fn from(streaming: Streaming) -> Self {
        let Streaming { room_id, client_id, idempotency_key, reply_to, thread_id, sender_id } =
            streaming;
        let client_id = client_id.or(idempotency_key);
        Self { room_id, client_id, reply_to, thread_id, metadata: None, sender_id }
    }
}

impl Operation for Start {
    type Answer = StoredMessage;
    type Place = Access;

    const SCOPES: &'static [Scope] = Send::SCOPES;
    const OPENS: bool = true;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        Object::check("metadata", self.metadata.as_ref(), METADATA_BYTES)
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        self.clone().sending().allowed(from, access)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place, reply } = asked;
        if server.asks_before_send(&from).is_some() {
            return server.answer(reply, Err(Denied::AskedBefore.into()));
        }
        self.sending().run(Asked { from, place, reply }, server);
    }
}

impl Start {
    fn sending(self) -> Send {
        let Self { room_id, client_id, reply_to, thread_id, metadata, sender_id } = self;
        Send::streaming(room_id, client_id, (reply_to, thread_id), metadata, sender_id)
    }
}

/// Says more of a message that is being written.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Append {
    message_id: MessageId,
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

/// Asks who writes a message to stop: who is answered, a moderator, either one of two.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Stop {
    message_id: MessageId,
}

impl Operation for Stop {
    type Answer = ();
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Messages, Scope::Moderation];

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let (id, reader) = (self.message_id, server.reader.clone());
        let asker = from.clone();
        let reading = async move { writers(&reader, id, &asker).await };
        server.when(reading, move |writers, server| {
            let writers = match writers {
                Ok(writers) => writers,
                Err(refusal) => return server.answer(reply, Err(refusal)),
            };
            let by = from.user.id;
            let keys = writers.iter().map(|writer| writer.0).collect();
            let signal = Signal::Stop { message: id.0, writers: keys, by: by.as_str().to_owned() };
            let signal = server.settings.has_nodes.then_some(signal);
            server.after_signal(reply, signal, move |server, reply| {
                server.ask_to_stop(id, &writers, &by);
                server.answer(reply, Ok(()));
            });
        });
    }
}

/// Who writes a message, if the one who asks may stop it.
async fn writers(
    reader: &Reader,
    id: MessageId,
    from: &Requester,
) -> Result<Vec<parlor_domain::UserKey>, ChatError> {
    let missing = || ChatError::NotFound("message");
    let message = reader.message(id).await?.ok_or_else(missing)?;
    let standing = reader.standing(message.room_key, from.user.key).await?;
    let moderates = from.is_admin || standing.is_some_and(|standing| standing.moderates());
    if standing.is_none() && !from.is_admin {
        return Err(missing());
    }
    if !message.is_streaming() {
        return Err(WriteError::NotStreaming.into());
    }
    let is_direct = async || {
        let room = reader.room_by_key(message.room_key).await?;
        Ok::<_, ReadError>(room.is_some_and(|room| room.kind == RoomKind::Direct))
    };
    if !moderates && !is_answered(&message, &from.user.id) && !is_direct().await? {
        return Err(Denied::NotAnswered.into());
    }
    let mut writers = vec![message.sender.key];
    let by = message.extras.as_ref().and_then(|extras| extras.posted.by.as_ref());
    if let Some(by) = by
        && let Some(user) = reader.user(by).await?
    {
        writers.push(user.key);
    }
    Ok(writers)
}

/// It answers what this user said, or is their own.
fn is_answered(message: &Message, user: &UserId) -> bool {
    let answered = message.extras.as_ref().and_then(|extras| extras.reply_to.as_ref());
    message.sender.id == *user || answered.is_some_and(|quote| quote.sender.id == *user)
}
