//! Everything that can be asked for: an operation is one file, with its
//! request, who may do it, how it is written, what others are told of it, and
//! its answer. What few of them share has a file beside theirs (`change`,
//! `rules`, `signal`). `frames` lists them for the socket, `rest::calls` for
//! REST: a line there is the route and its description.

pub mod ban;
mod begin;
pub mod block;
pub mod blocklist;
mod change;
pub mod clear;
pub mod command;
pub mod delivered;
pub mod device;
pub mod direct;
pub mod disconnect;
pub mod draft;
pub mod edit;
pub mod frames;
pub mod freeze;
mod history;
pub mod import;
pub mod join;
pub mod leave;
pub mod mark;
pub mod mark_unread;
pub mod member;
pub mod members;
pub mod pin;
pub mod preferences;
pub mod present;
pub mod publish;
pub mod quiet;
pub mod reaction;
pub mod read_all;
pub mod report;
pub mod retention;
pub mod room;
mod rules;
pub mod saved;
pub mod scheduled;
mod screen;
pub mod send;
mod signal;
pub mod slow_mode;
pub mod stream;
pub mod subscribe;
#[cfg(test)]
mod tests;
pub mod thread;
pub mod transfer;
pub mod users;

use crate::chat::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};

/// The header of REST by which sending again does nothing again; a field of this
/// name is read from it.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
