//! The beginning of a message whose text comes later.

use std::sync::Arc;

use parlor_domain::{Room, StoredMessage, User, UserKey};

use super::{ChatError, ChatServer};
use crate::{
    chat::ReplyTo,
    db::{NewMessage, Sent},
    metrics::metrics,
    protocol::events,
};

/// Stores one that is written while others read it. `by`: who goes on, if that is
/// another one.
pub(super) fn begin(
    message: NewMessage,
    (room, sender, by): (Arc<Room>, User, Option<UserKey>),
    reply: ReplyTo<StoredMessage>,
    server: &mut ChatServer,
) {
    let (id, by) = (message.id, by.unwrap_or(sender.key));
    let who = (room.clone(), sender.key, by);
    let metadata = message.extras.as_ref().and_then(|extras| extras.metadata.clone());
    if let Err(refusal) = server.prepare_stream(id, who, metadata, message.by_admin) {
        return already_begun(&message, by, reply, refusal, server);
    }
    let session = reply.session();
    server.write(message, move |server, sent| {
        let stored = sent.as_ref().map(|sent| sent.stored).map_err(Clone::clone);
        if let Ok(StoredMessage { id, duplicate: true, .. }) = stored {
            server.go_on(id, by, session);
        }
        server.answer(reply, stored);
        let Ok(Sent { stored, rich: Some(rich) }) = sent else {
            return server.drop_stream(id);
        };
        metrics().messages.inc();
        server.stop_typing(&room, &sender);
        server.begin_stream(id, stored.seq, session);
        server.tell_event(room.key, stored.seq, events::message_created(&rich.message));
        server.tell_root(rich.root.as_ref());
        server.tell_followed(&rich.message, &rich.followed);
    });
}

/// One that is begun again where there is no place for another is answered as before.
fn already_begun(
    message: &NewMessage,
    by: UserKey,
    reply: ReplyTo<StoredMessage>,
    refusal: ChatError,
    server: &mut ChatServer,
) {
    let (reader, room, sender) = (server.reader.clone(), message.room, message.sender);
    let Some(name) = message.client_id.clone() else {
        return server.answer(reply, Err(refusal));
    };
    let reading = async move { reader.sent(sender, &name).await };
    server.when(reading, move |sent, server| match sent {
        Ok(Some((there, stored))) if there == room => {
            server.go_on(stored.id, by, reply.session());
            server.answer(reply, Ok(stored));
        }
        Ok(_) | Err(_) => server.answer(reply, Err(refusal)),
    });
}
