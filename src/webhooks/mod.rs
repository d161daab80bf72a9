//! Tells other programs what happened, over HTTP: at least once, in order per
//! room, and without ever holding up the chat.
//!
//! What is to be told is recorded in the transaction in which it happens
//! (`db/outbox`). One task sends it: of each receiver and room the first that
//! waits, several at once to each receiver, each with a time limit. What fails waits longer
//! each time and in the end becomes a dead letter, and the room goes on.

mod backoff;
mod dispatcher;
mod payload;
mod signature;

pub use dispatcher::{Dispatcher, WebhookConfig};
pub use signature::Secrets;

/// What can be told of.
pub const KINDS: [&str; 11] = [
    "message.created",
    "message.updated",
    "message.deleted",
    "member.joined",
    "member.updated",
    "member.left",
    "room.created",
    "room.deleted",
    "user.online",
    "user.offline",
    "user.deleted",
];
