//! Everything that can be asked for: an operation is one file, with its
//! request, who may do it, how it is written, what others are told of it, and
//! its answer. `frames` and `calls` list them: forgetting any part does not
//! compile.

pub mod ban;
pub mod calls;
mod change;
mod direct;
pub mod disconnect;
mod edit;
pub mod frames;
mod history;
mod join;
mod leave;
mod mark;
mod member;
mod pin;
mod present;
pub mod publish;
mod reaction;
pub mod read_all;
mod room;
pub mod send;
pub mod subscribe;
#[cfg(test)]
mod tests;
mod transfer;

use crate::chat::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
