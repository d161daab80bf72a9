//! The database: the truth.
//!
//! Everything that changes it is a [`Write`] and goes through the [`Writer`],
//! which commits all that waits in one transaction (group commit); the work
//! is done by `DbWorker`s on threads of their own with blocking diesel and
//! r2d2. Everything that only reads is a method of [`Reader`], on
//! diesel-async. No other module knows SQL, and this one knows no actor but
//! its own, no wire and no session.

mod attachment;
mod audit;
mod backend;
mod ban;
mod batch;
mod checkpointer;
mod commands;
mod direct;
mod erase;
mod former;
mod identity;
mod member;
mod message;
mod open;
mod outbox;
mod publish;
mod reader;
mod receipt;
mod refresh;
mod room;
mod schema;
mod search;
mod submit;
mod user;
mod worker;
mod writer;

#[cfg(test)]
mod tests;

pub use commands::*;
pub use open::{Database, OpenError, migrate};
pub use outbox::OutboxTargets;
pub use reader::{Arrival, Audited, Backlog, Letter, Missed, ReadError, Reader, Replay, Trim};
pub use search::{Highlights, Hit, SearchIndex, SearchQuery, Sort, Wanted};
pub use submit::submit;
pub use writer::{Idle, Writer};
