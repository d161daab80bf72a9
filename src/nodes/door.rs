//! The door for other programs: what they ask for are the operations that sockets
//! and REST ask for, with the same checks.

use std::pin::Pin;

use actix::Addr;
use tokio::sync::oneshot;

use crate::{
    chat::{ChatError, ChatServer, Operation, ReplyTo, Request, Requester},
    clock,
    db::Reader,
    operations::{
        edit::{Delete, Edit},
        send::Send as SendMessage,
    },
    protocol::{Input, Refusal, Rules},
};
use parlor_domain::{ClientId, MessageId, UserId};

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

/// Which message is meant.
#[derive(Clone, Debug)]
pub(super) enum Named {
    Id(MessageId),
    /// By the name under which a user has sent it.
    Sent(UserId, ClientId),
}

/// What becomes of a message.
#[derive(Debug)]
pub(super) enum Becomes {
    Edited(Box<Edit>),
    Deleted,
}

fn refused(error: impl Into<ChatError>) -> Answered {
    Box::pin(std::future::ready(Err(error.into())))
}

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
        match self.speaking(sender).await {
            Ok(from) => self.ask(from, send),
            Err(error) => refused(error),
        }
    }

    /// Changes a message as its user may, or where none is named as the application.
    pub(super) async fn change(
        &self,
        by: Option<&UserId>,
        named: &Named,
        becomes: Becomes,
    ) -> Answered {
        let found = async {
            let from = match by {
                Some(user) => self.speaking(user).await?,
                None => Requester::system(),
            };
            Ok::<_, ChatError>((from, self.find(named).await?))
        };
        match (found.await, becomes) {
            (Ok((from, id)), Becomes::Edited(edit)) => self.ask(from, edit.of(id)),
            (Ok((from, id)), Becomes::Deleted) => self.ask(from, Delete::of(id)),
            (Err(error), _) => refused(error),
        }
    }

    async fn speaking(&self, user: &UserId) -> Result<Requester, ChatError> {
        let user = self.reader.user(user).await?.ok_or(ChatError::NotFound("user"))?;
        Ok(Requester { is_service: true, ..Requester::plain(user) })
    }

    async fn find(&self, named: &Named) -> Result<MessageId, ChatError> {
        let (sender, client_id) = match named {
            Named::Id(id) => return Ok(*id),
            Named::Sent(sender, client_id) => (sender, client_id),
        };
        let sender = self.reader.user(sender).await?.ok_or(ChatError::NotFound("user"))?;
        let sent = self.reader.sent(sender.key, client_id).await?;
        sent.map(|(_, stored)| stored.id).ok_or(ChatError::NotFound("message"))
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
