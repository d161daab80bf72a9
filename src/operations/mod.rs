//! Everything that can be asked for: an operation is one file, with its
//! request, who may do it, how it is written, what others are told of it, and
//! its answer. `frames` and `calls` list them: forgetting any part does not
//! compile.

pub(crate) mod ban;
pub mod calls;
mod change;
mod direct;
mod edit;
pub mod frames;
mod join;
mod leave;
mod mark;
mod member;
mod pin;
mod present;
mod reaction;
mod room;
mod transfer;

use crate::chat::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
