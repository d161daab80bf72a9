//! Notifies other programs of events over HTTP: at least once, in order per
//! room, and without ever delaying the chat.
//!
//! Events are recorded in the transaction in which they happen (`db/outbox`).
//! One task sends them: per receiver and room the oldest one, several at once
//! per receiver, each with a time limit. Failed ones are retried after
//! increasing delays and finally become dead letters, and the room continues.

mod dispatcher;
mod payload;
mod signature;
mod unread;

pub use dispatcher::{Dispatcher, WebhookConfig};
pub use signature::Secrets;
pub use unread::{UnreadConfig, UnreadTeller};

pub(crate) use crate::db::UNREAD;
use crate::db::{REPORT_DECIDED, REPORT_OPENED};
use parlor_domain::REMINDER;

/// The types of webhooks.
pub const KINDS: [&str; 15] = [
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
    UNREAD,
    REPORT_OPENED,
    REPORT_DECIDED,
    REMINDER,
];
