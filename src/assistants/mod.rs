//! Rooms as the tools of an assistant, by the Model Context Protocol
//! (<https://modelcontextprotocol.io>): in `parlor mcp` over standard input and output, and
//! in a server over HTTP. An assistant speaks as the user whose token it has, through the
//! REST interface, and may do what that user may.

mod asking;
mod assistant;
mod http;
mod news;
mod speaker;
mod told;
mod tools;
mod unsettled;

pub use self::{
    assistant::Assistant,
    http::{Assistants, Speaking},
    speaker::{Me, Speaker},
};

use crate::remote::Effort;
use parlor_domain::limits::{ASSISTANT_PATIENCE, ASSISTANT_TIMEOUT, ASSISTANT_TRIES};

/// What is done to get an answer for an assistant, which waits for it.
pub const EFFORT: Effort =
    Effort { timeout: ASSISTANT_TIMEOUT, tries: ASSISTANT_TRIES, patience: ASSISTANT_PATIENCE };
