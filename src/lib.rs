//! Parlor: the chat backend a product team drops into its own application.
//!
//! # The path of a message
//!
//! 1. [`session`]: a frame comes in on a WebSocket, is parsed once, and
//!    becomes a [`chat::Request`].
//! 2. [`chat`]: the ChatServer checks that the sender may, and hands a
//!    [`db::Write`] to the database.
//! 3. [`db`]: the writer collects what waits; one transaction takes it all,
//!    gives each message its `seq`, and commits.
//! 4. [`chat`]: only now the sender gets its ack, and the event is encoded,
//!    once.
//! 5. [`session`]: each worker thread gets one message for the batch, and its
//!    hub copies a pointer into the queues of the sessions that listen.
//!
//! REST handlers ([`rest`]) take the same way in, by the same requests. The
//! rules of direction between the modules are in docs/ARCHITECTURE.md.

use parlor_db as db;
use parlor_process::{clock, log_throttle, metrics, thread::name_thread};
use parlor_protocol as protocol;

pub mod answers;
pub mod app;
mod assistants;
pub mod attachments;
pub mod auth;
mod backoff;
pub mod callbacks;
pub mod chat;
pub mod cli;
pub mod config;
pub mod error;
mod later;
pub mod limiter;
pub mod nodes;
mod operations;
pub mod outbound;
pub mod places;
pub mod push;
mod remote;
pub mod request_id;
pub mod rest;
pub mod routes;
pub mod session;
#[cfg(test)]
mod simulator;
pub mod transport;
pub mod turns;
pub mod webhooks;
