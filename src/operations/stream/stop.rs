//! Ask who writes a message to stop.

use parlor_domain::{Denied, Message, MessageId, RoomKind, Scope, UserId, UserKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester};
use crate::db::{ReadError, Reader, Signal, WriteError};

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
) -> Result<Vec<UserKey>, ChatError> {
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
