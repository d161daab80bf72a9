//! Answers: where they go, and how they are shown.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::oneshot;

use super::ChatServer;
use crate::{
    chat::{ChatError, Item, RequestId, SessionId, SessionRef},
    metrics::metrics,
    protocol::{
        ErrorView,
        server_frame::{self, Empty},
    },
};
use parlor_process::span;
use parlor_websocket::Frame;

/// Where the answer goes.
#[derive(Debug)]
pub enum ReplyTo<A> {
    /// As an `ack` or `error` frame, in order with the session's events.
    Session { session: SessionRef, id: Option<RequestId> },
    /// To a REST handler that waits.
    Caller(oneshot::Sender<Result<A, ChatError>>),
    /// To what goes on with it, in the same turn.
    Then(Then<A>),
}

/// What goes on with an answer.
pub struct Then<A>(Box<Next<A>>);

type Next<A> = dyn FnOnce(&mut ChatServer, Result<A, ChatError>) + Send;

impl<A> Then<A> {
    pub(super) fn new(
        then: impl FnOnce(&mut ChatServer, Result<A, ChatError>) + Send + 'static,
    ) -> Self {
        Self(Box::new(then))
    }
}

impl<A> fmt::Debug for Then<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then(…)")
    }
}

impl<A> ReplyTo<A> {
    /// The connection that waits for it, if one does.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Session { session, .. } => Some(session.id),
            Self::Caller(_) | Self::Then(_) => None,
        }
    }

    /// Nobody waits for it.
    pub fn nobody() -> Self {
        Self::Caller(oneshot::channel().0)
    }
}

/// An answer, as it is shown to the one who asked: as `data` of the ack, and as
/// the body over REST.
pub trait Shown: Send + 'static {
    type View<'a>: Serialize + JsonSchema;

    /// The statuses that it may have over REST, the usual one first.
    const STATUSES: &'static [u16] = &[200];

    fn view(&self) -> Self::View<'_>;

    fn status(&self) -> u16 {
        Self::STATUSES[0]
    }

    fn ack(&self, id: &str) -> Frame {
        server_frame::ack(id, &self.view())
    }
}

/// It is done, and there is nothing to tell.
impl Shown for () {
    type View<'a> = Empty;

    const STATUSES: &'static [u16] = &[204];

    fn view(&self) -> Empty {
        Empty {}
    }
}

impl ChatServer {
    /// A refusal is told as it is, whatever was asked.
    pub fn answer<A: Shown>(&mut self, reply: ReplyTo<A>, result: Result<A, ChatError>) {
        if let Err(error) = &result
            && let Some(span) = span::current()
        {
            span.set("error.type", error.code().as_str());
            if !error.is_fault() {
                span.failed(error.code().as_str());
            }
        }
        match reply {
            // A caller that has gone needs no answer.
            ReplyTo::Caller(caller) => drop(caller.send(result)),
            ReplyTo::Then(Then(then)) => then(self, result),
            ReplyTo::Session { session, id } => {
                let frame = encode(id.as_ref(), &result);
                if let Err(error) = &result {
                    metrics().error(error.code().as_str());
                }
                let is_fault = result.as_ref().is_err_and(ChatError::is_fault);
                let item = Item::Answer { session: session.id, frame, is_fault };
                self.fanout.tell_worker(session.worker, item);
                if let Some(span) = span::current() {
                    span.end();
                }
            }
        }
    }
}

/// A request without an id gets no ack; its error is told all the same.
fn encode<A: Shown>(id: Option<&RequestId>, result: &Result<A, ChatError>) -> Option<Frame> {
    match (result, id) {
        (Ok(answer), Some(id)) => Some(answer.ack(id)),
        (Ok(_), None) => None,
        (Err(error), id) => {
            let id = id.map(|id| &**id);
            Some(server_frame::error(id, &ErrorView::from(error)))
        }
    }
}
