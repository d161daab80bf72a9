//! Who is where, and who hears what.
//!
//! The [`ChatServer`] is one actor on a thread of its own. It checks a
//! request against what it knows (members, roles, sessions), hands the change
//! to the database, and only when the transaction has committed answers the
//! sender and tells the room. It never waits: what takes time is a future
//! that comes back to it as a result.
//!
//! Sessions and REST handlers talk to it through its messages; it talks to
//! the sessions of a worker thread through one [`Deliver`] per batch.

mod access;
mod answer;
mod connections;
mod crowds;
mod error;
mod fanout;
mod handlers;
mod hold;
mod messages;
mod nodes;
mod operation;
mod presence;
mod purges;
mod restrictions;
mod room;
mod server;
mod session;
mod timeline;
mod typing;

pub use access::Access;
pub use connections::{Connected, Connection, Ended};
pub use error::ChatError;
pub use fanout::{CatchUp, CatchUpKind, CatchUpRoom, Deliver, Item, Replayed};
pub use handlers::{Audience, Leaving, MemberAdded, adder};
pub use messages::*;
pub use nodes::{AskedNodes, Ephemeral, FromNode, FromNodes, Interest, NodePresence, ToNodes};
pub use operation::{AnyOperation, Anywhere, Asked, Operation, Place, Shown};
pub use room::RoomSeen;
pub use server::{ChatServer, ChatSettings, Unfinished};
pub use session::Origin;
#[cfg(test)]
pub(crate) use timeline::Timeline;
