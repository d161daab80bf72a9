//! Puts answers where they were asked for.

use super::{ChatError, ChatServer, ReplyTo, RequestId, Shown, fanout::Item};
use crate::{
    metrics::metrics,
    protocol::{ErrorView, server_frame},
};
use parlor_websocket::Frame;

impl ChatServer {
    /// A refusal is told as it is, whatever was asked.
    pub fn answer<A: Shown>(&mut self, reply: ReplyTo<A>, result: Result<A, ChatError>) {
        match reply {
            // A caller that has gone needs no answer.
            ReplyTo::Caller(caller) => drop(caller.send(result)),
            ReplyTo::Session { session, id } => {
                let frame = encode(id.as_ref(), &result);
                if let Err(error) = &result {
                    metrics().error(error.code().as_str());
                }
                let is_fault = result.as_ref().is_err_and(ChatError::is_fault);
                let item = Item::Answer { session: session.id, frame, is_fault };
                self.fanout.tell_worker(session.worker, item);
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
