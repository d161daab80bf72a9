//! A message that is written while others read it: begin, go on, end, ask for its end.

mod append;
mod ends;
mod stop;

use parlor_domain::{
    ClientId, Denied, MessageId, RoomId, Scope, StoredMessage, UserId, limits::METADATA_BYTES,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub use append::Append;
pub use ends::{Fail, Finish};
pub use stop::Stop;

use super::{
    Access, Asked, ChatError, ChatServer, Operation, Requester,
    send::{Send, check_in_room},
};
use crate::protocol::{Object, Refusal, Rules};

/// Begins a message that is written while others read it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Start {
    room_id: RoomId,
    client_id: Option<ClientId>,
    reply_to: Option<MessageId>,
    thread_id: Option<MessageId>,
    /// A reply in a thread is also in the room.
    #[serde(default)]
    in_room: bool,
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
    /// A reply in a thread is also in the room.
    #[serde(default)]
    in_room: bool,
    sender_id: Option<UserId>,
}

impl From<Streaming> for Start {
    fn from(streaming: Streaming) -> Self {
        let Streaming {
            room_id,
            client_id,
            idempotency_key,
            reply_to,
            thread_id,
            in_room,
            sender_id,
        } = streaming;
        let client_id = client_id.or(idempotency_key);
        Self { room_id, client_id, reply_to, thread_id, in_room, metadata: None, sender_id }
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
        check_in_room(self.in_room, self.thread_id)?;
        Object::check("metadata", self.metadata.as_ref(), METADATA_BYTES)
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        self.clone().sending().allowed(from, access)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place, reply } = asked;
        if server.asks_before_send(&from).is_some() || server.screens(&from, &place.room) {
            return server.answer(reply, Err(Denied::AskedBefore.into()));
        }
        self.sending().run(Asked { from, place, reply }, server);
    }
}

impl Start {
    fn sending(self) -> Send {
        let Self { room_id, client_id, reply_to, thread_id, in_room, metadata, sender_id } = self;
        let place = (reply_to, thread_id, in_room);
        Send::streaming(room_id, client_id, place, metadata, sender_id)
    }
}
