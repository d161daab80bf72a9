//! Connections: what they are called, what they say of themselves, and how
//! administration sees them.

use std::{net::IpAddr, sync::Arc};

use crate::protocol::Close;
use parlor_domain::{RoomId, RoomKey, Status, Timestamp, User, UserId, UserKey};

/// One connection, for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// One HTTP worker thread; its sessions are reached through its hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkerId(pub usize);

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionRef {
    pub id: SessionId,
    pub worker: WorkerId,
}

/// The client's own label for a request, at most 64 bytes.
pub type RequestId = Box<str>;

/// A session has authenticated.
///
/// The answer is `session.ready` on its socket, or a close.
#[derive(Debug)]
pub struct Connect {
    pub session: SessionRef,
    pub user: User,
    pub roles: Vec<Arc<str>>,
    pub role_context: Option<Arc<str>>,
    /// The token's `jti`.
    pub token_id: Option<Arc<str>>,
    /// The revocation id of its sign-in.
    pub sign_in: Option<Arc<str>>,
    /// When it was issued, if it says so.
    pub issued_at: Option<Timestamp>,
    /// Nothing is live until the session says what it has.
    pub resume: bool,
    /// A public room to join at once.
    pub join: Option<RoomId>,
    pub origin: Origin,
    pub is_valid: IsValid,
}

/// Asks whether what a session was let in with is still valid, and what to
/// close it with if not. What is revoked while a session is on its way here
/// finds no connection to end; so it is asked again on arrival.
pub struct IsValid(pub Box<dyn Fn() -> Result<(), Close> + Send>);

impl std::fmt::Debug for IsValid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IsValid")
    }
}

/// A session has ended, for whatever reason. Said exactly once for each
/// [`Connect`].
#[derive(Debug)]
pub struct Disconnect {
    pub session: SessionRef,
}

/// A session goes on with another token.
#[derive(Debug)]
pub struct Renewed {
    pub session: SessionRef,
    pub roles: Vec<Arc<str>>,
    pub role_context: Option<Arc<str>>,
    pub token_id: Option<Arc<str>>,
    pub sign_in: Option<Arc<str>>,
    pub issued_at: Option<Timestamp>,
    pub is_valid: IsValid,
}

/// Where a connection comes from, as administration sees it.
#[derive(Clone, Debug)]
pub struct Origin {
    pub device_id: Option<Arc<str>>,
    pub address: Option<IpAddr>,
    pub connected_at: Timestamp,
}

/// What is no longer valid.
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
