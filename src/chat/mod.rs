//! Who is where, and who hears what.
//!
//! The [`ChatServer`] is one actor on a thread of its own. It checks a
//! request against what it knows (members, roles, sessions), hands the change
//! to the database, and only when the transaction has committed answers the
//! sender and tells the room. It never waits: what takes time is a future
//! that comes back to it as a result.
//!
//! What it knows is `state`, which is pure; what it does is `server`, a file
//! per concern. The files beside them are what others say to it
//! ([`FromSessions`], [`FromNodes`], [`Look`]) and hear of it: it talks to the
//! sessions of a worker thread through one [`Deliver`] per turn.

mod access;
mod blocklists;
mod connection;
mod deliver;
mod error;
mod nodes;
mod server;
mod state;
mod stream;

pub use access::{Access, Requester, Via};
pub use blocklists::ReadyLists;
pub use connection::*;
pub use deliver::{CatchUp, CatchUpKind, CatchUpRoom, Deliver, Item, Replayed};
pub use error::ChatError;
pub use nodes::{AskedNodes, Ephemeral, FromNode, FromNodes, Interest, NodePresence, ToNodes};
pub use server::{
    AnyOperation, Anywhere, Asked, ChatServer, ChatSettings, Decision, Drain, FromSession,
    FromSessions, Leaving, Look, MemberAdded, Operation, Place, ReadMark, ReadReplay, ReadRooms,
    RegisterWorker, ReplyTo, Request, Shown, Unfinished, adder,
};
#[cfg(test)]
pub(crate) use state::timeline::Timeline;
pub use state::{
    own::Own,
    questions::Line,
    rooms::RoomSeen,
    streams::{Append, Unsaid},
};
pub use stream::{StreamNews, StreamPart};
