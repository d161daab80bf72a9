//! Connections, as administration sees them.

use std::{net::IpAddr, sync::Arc};

use super::SessionId;
use parlor_domain::{RoomKey, Status, Timestamp, UserId, UserKey};

/// What is good no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A token, by its `jti`, or all of a sign-in, by its revocation id.
    Token(Arc<str>),
    /// All tokens of a user.
    User(UserId),
    /// Those of a user that were issued up to a time, but for one sign-in's,
    /// by its revocation id. Who has come back since goes on.
    Before { user: UserId, upto: Timestamp, keeps: Option<Arc<str>> },
    /// The user may not come back.
    Banned(UserId),
}

/// Which connections are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    All,
    /// Those that hear a room.
    Room(RoomKey),
    User(UserKey),
}

/// An open connection, as administration sees it.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: SessionId,
    pub user: UserId,
    pub device_id: Option<Arc<str>>,
    pub address: Option<IpAddr>,
    pub connected_at: Timestamp,
    pub status: Status,
    /// How many rooms it hears.
    pub rooms: usize,
}
