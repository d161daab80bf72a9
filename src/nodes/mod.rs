//! Several nodes on one database.
//!
//! PostgreSQL is the truth: each batch leaves a row in the feed, in its own
//! transaction, and every node reads the feed once in a while. Redis makes it
//! fast: what was committed is also published, as a hint. A hint may come
//! late, twice, out of order or never; what it says is told once, in the
//! order of the positions, because the rooms' timelines and the feed's
//! numbers say what has been told.
//!
//! - `lease` keeps this node's number, and looks which other nodes are there.
//! - `follower` reads the feed, hears the hints, and hands on what is new.
//! - `bus` publishes what this node has committed, and subscribes to the
//!   rooms and users that it has readers for.
//! - `presence` knows who is there on any node.
//! - `services` takes events of other programs from a stream.

mod bus;
mod event;
mod feed;
mod follower;
mod health;
mod lease;
mod link;
mod message;
mod presence;
mod recent;
mod services;

pub use bus::{Bus, BusHandle};
#[cfg(test)]
pub(crate) use feed::Feed;
pub use follower::{Follower, Hooks, Started};
pub use health::Health;
#[cfg(test)]
pub(crate) use lease::Watch;
pub use lease::{Lease, Node};
pub use link::{RedisUrl, UrlError};
pub use services::Services;
