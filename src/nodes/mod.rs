//! Several nodes on one database.
//!
//! PostgreSQL is the source of truth: each batch leaves a row in the feed, in
//! its own transaction, and every node reads the feed periodically. Redis makes
//! it fast: what was committed is also published, as a hint. A hint may arrive
//! late, twice, out of order or never; its content is still delivered once, in
//! the order of the positions, because the rooms' timelines and the feed's
//! numbers record what has been delivered.
//!
//! - `lease` keeps this node's number, and watches which other nodes are alive.
//! - `follower` reads the feed, receives the hints, and passes on what is new.
//! - `bus` publishes what this node has committed, and subscribes to the
//!   rooms and users that it has readers for.
//! - `presence` knows who is online on any node.
//! - `services` takes events of other programs from a stream, `service_channel` from a
//!   channel, `submissions` what applications say in transactions of their own; all come
//!   in by `door`.

mod bus;
mod door;
mod event;
mod examination;
mod feed_cursor;
mod follower;
mod health;
mod lanes;
mod lease;
mod message;
mod presence;
mod recent;
mod redis_connection;
mod service_channel;
mod services;
mod submissions;

pub use bus::{Bus, BusHandle};
pub use door::Door;
pub use examination::{Examined, examine};
#[cfg(test)]
pub(crate) use feed_cursor::FeedCursor;
pub use follower::{Follower, Hooks, Started};
pub use health::Health;
#[cfg(test)]
pub(crate) use lanes::Lanes;
#[cfg(test)]
pub(crate) use lease::Watch;
pub use lease::{Lease, Node};
pub use redis_connection::{RedisUrl, UrlError};
pub use service_channel::ServiceChannel;
pub use services::Services;
pub use submissions::Submissions;
