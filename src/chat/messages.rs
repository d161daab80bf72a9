//! The ChatServer's public face: what others may say to it.
//!
//! REST handlers and sessions say the same [`Request`]; only where the answer
//! goes differs. So a rule holds the same way through both doors.

use std::sync::Arc;

use actix::{Context, Recipient};
use tokio::sync::oneshot;

use super::{
    AnyOperation, ChatError, ChatServer, Ended, Operation, Origin, fanout::Deliver,
    operation::Pending,
};
use crate::protocol::{Close, ReadMarkView, StoredMessageView};
use parlor_domain::{Epoch, RoomId, Seq, StoredMessage, Timestamp, User, UserId, UserKey};

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

/// A worker thread is there; from now on it gets its share of every batch.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct RegisterWorker {
    pub id: WorkerId,
    pub hub: Recipient<Deliver>,
}

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
    pub is_good: IsGood,
}

/// Asks whether what a session was let in with is still good, and what to
/// close it with if not. What is revoked while a session is on its way here
/// finds no connection to end; so it is asked again on arrival.
pub struct IsGood(pub Box<dyn Fn() -> Result<(), Close> + Send>);

impl std::fmt::Debug for IsGood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IsGood")
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
    pub is_good: IsGood,
}

/// What the sessions of one worker thread have to say, in order: one message
/// for all that came together.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct FromSessions(pub Vec<FromSession>);

/// What a session says.
#[derive(Debug)]
pub enum FromSession {
    Connect(Connect),
    Request(Request),
    Renewed(Renewed),
    Disconnect(Disconnect),
}

impl From<Connect> for FromSession {
    fn from(connect: Connect) -> Self {
        Self::Connect(connect)
    }
}

impl From<Request> for FromSession {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Renewed> for FromSession {
    fn from(renewed: Renewed) -> Self {
        Self::Renewed(renewed)
    }
}

impl From<Disconnect> for FromSession {
    fn from(disconnect: Disconnect) -> Self {
        Self::Disconnect(disconnect)
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Requester {
    pub user: User,
    /// May do what a room's owner may.
    pub is_admin: bool,
    /// Speaks for the application: may publish events.
    pub is_service: bool,
}

impl Requester {
    /// Nobody in particular: a look-up on behalf of the server itself.
    pub fn nobody() -> Self {
        Self { is_admin: false, is_service: false, ..Self::system() }
    }

    /// The server itself, which may ask anything.
    pub fn system() -> Self {
        let id = UserId::from_stored("");
        let user = User { key: UserKey(0), id, name: "".into() };
        Self { user, is_admin: true, is_service: true }
    }
}

/// Asks the ChatServer for something.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct Request {
    pub from: Requester,
    pub(super) what: Box<dyn AnyOperation>,
}

impl Request {
    pub fn new<O: Operation>(from: Requester, operation: O, reply: ReplyTo<O::Answer>) -> Self {
        Self { from, what: Box::new(Pending { operation, reply }) }
    }
}

/// Looks at what the ChatServer knows, or has it do something that needs no
/// operation; also while it takes no requests, because what is revoked then
/// must end all the same.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Look(pub(super) Box<Looking>);

type Looking = dyn FnOnce(&mut ChatServer, &mut Context<ChatServer>) + Send;

impl Look {
    pub fn new(
        look: impl FnOnce(&mut ChatServer, &mut Context<ChatServer>) + Send + 'static,
    ) -> Self {
        Self(Box::new(look))
    }

    /// Ends the connections of tokens that are good no more.
    pub fn end(ended: Ended) -> Self {
        Self::new(move |server, _| server.end_revoked(&ended))
    }
}

/// Where the answer goes.
#[derive(Debug)]
pub enum ReplyTo<A> {
    /// As an `ack` or `error` frame, in order with the session's events.
    Session { session: SessionRef, id: Option<RequestId> },
    /// To a REST handler that waits.
    Caller(oneshot::Sender<Result<A, ChatError>>),
}

/// The client's own label for a request, at most 64 bytes.
pub type RequestId = Box<str>;

/// A user's own read mark in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMark {
    pub room: RoomId,
    pub read_seq: Seq,
    pub unread: i64,
    pub mentions: i64,
    pub last_seq: Seq,
    pub epoch: Epoch,
}

/// Stop taking requests, let what was accepted be committed and acked, tell
/// every session to go. Answered when nothing is in flight any more.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct Drain;

/// A worker needs a page of what one of its sessions has missed. Answered
/// with [`Item::Replayed`](super::Item::Replayed).
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct ReadReplay {
    pub session: SessionRef,
    pub room: parlor_domain::RoomKey,
    /// The last position the session has.
    pub since: Seq,
    /// It never said that it has that: it gets what is kept.
    pub kept: bool,
}

/// A session has taken the rooms that it was told of, and can be told of more.
/// Answered with [`Item::Rooms`](super::Item::Rooms).
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct ReadRooms {
    pub session: SessionRef,
}

impl<'a> From<&'a ReadMark> for ReadMarkView<'a> {
    fn from(ReadMark { room, read_seq, unread, mentions, last_seq, epoch }: &'a ReadMark) -> Self {
        Self {
            room_id: room.as_str(),
            read_seq: read_seq.0,
            unread: *unread,
            mentions: *mentions,
            last_seq: last_seq.0,
            epoch: epoch.as_str(),
        }
    }
}

impl From<&StoredMessage> for StoredMessageView {
    fn from(StoredMessage { id, seq, created_at, duplicate }: &StoredMessage) -> Self {
        Self {
            message_id: id.0.to_string(),
            seq: seq.0,
            created_at: created_at.to_rfc3339(),
            duplicate: *duplicate,
        }
    }
}
