//! The door for other programs: what they ask for are the operations that sockets
//! and REST ask for, with the same checks.

use std::pin::Pin;

use actix::Addr;
use tokio::sync::oneshot;

use crate::{
    chat::{ChatError, ChatServer, Operation, ReplyTo, Request, Requester},
    clock,
    db::Reader,
    operations::send::Send as SendMessage,
    protocol::{Input, Refusal, Rules},
};
use parlor_domain::UserId;

/// What it needs to ask the ChatServer.
#[derive(Clone)]
pub struct Door {
    chat: Addr<ChatServer>,
    reader: Reader,
    /// Bytes that a message may have.
    content_bytes: usize,
}

/// What came of it, once it has.
pub(super) type Answered = Pin<Box<dyn Future<Output = Result<(), ChatError>> + Send>>;

/// Reads a request and checks it.
///
/// # Errors
/// The field that is wrong.
pub(super) fn read<O: Operation>(input: Input, rules: &Rules) -> Result<O, Refusal> {
    let mut operation: O = input.read()?;
    operation.check(rules)?;
    Ok(operation)
}

impl Door {
    pub fn new(chat: Addr<ChatServer>, reader: Reader, content_bytes: usize) -> Self {
        Self { chat, reader, content_bytes }
    }

    pub(super) fn rules(&self) -> Rules {
        Rules { content_bytes: self.content_bytes, rooms: 0, now: clock::now() }
    }

    /// Publishes something of the application's; it may do so everywhere.
    pub(super) fn publish<O: Operation>(&self, operation: O) -> Answered {
        self.ask(Requester::system(), operation)
    }

    /// Sends a message of a user, who may do what they may at a socket. It is the
    /// application that says it, so that it is not asked about it.
    pub(super) async fn say(&self, sender: &UserId, send: SendMessage) -> Answered {
        let refused = |error| -> Answered { Box::pin(std::future::ready(Err(error))) };
        match self.reader.user(sender).await {
            Ok(Some(user)) => {
                self.ask(Requester { is_service: true, ..Requester::plain(user) }, send)
            }
            Ok(None) => refused(ChatError::NotFound("user")),
            Err(error) => refused(error.into()),
        }
    }

    /// Its callers bound how many they ask for at once.
    fn ask<O: Operation>(&self, from: Requester, operation: O) -> Answered {
        let (answer, answered) = oneshot::channel();
        self.chat.do_send(Request::new(from, operation, ReplyTo::Caller(answer)));
        Box::pin(async move {
            match answered.await {
                Ok(answer) => answer.map(drop),
                Err(_) => Err(ChatError::unavailable()),
            }
        })
    }
}
