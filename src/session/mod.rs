//! One actor per WebSocket: what a client says goes in here, what it is told
//! goes out here.
//!
//! A session owns its socket after the upgrade (`upgrade`): what comes in
//! (`inbound`) is handed to the actor as `ws::Message`, and frames go out from
//! a bounded queue of shared bytes (`send_queue`, `link`) straight to the socket.
//! The sessions of one worker thread share a `hub`, which knows who of them
//! hears which room; it is pure, and `mailbox` carries it out. No database here: a session only talks to the
//! ChatServer.

mod actor;
mod driver;
mod heartbeat;
mod hub;
mod inbound;
mod link;
mod mailbox;
mod phase;
mod send_queue;
mod socket_request;
mod to_chat;
mod upgrade;
mod worker;

pub use heartbeat::HeartbeatConfig;
#[cfg(test)]
pub(crate) use hub::{Hub, Outlet, Queue};
#[cfg(test)]
pub(crate) use send_queue::SendQueueLimits;
pub use upgrade::{UpgradeRequest, upgrade};
pub use worker::{SessionCount, SessionSettings, Worker};
