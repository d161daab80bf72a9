//! The ChatServer's public face: what others may say to it.
//!
//! REST handlers and sessions say the same [`Request`]; only where the answer
//! goes differs. So a rule holds the same way through both doors.

use actix::Recipient;
use tokio::sync::oneshot;

use super::{ChatServer, Request};
use crate::chat::{Connect, Deliver, Disconnect, Ended, Renewed, SessionId, WorkerId};
use parlor_domain::{RoomKey, Seq};

/// A worker thread is there; from now on it gets its share of every batch.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct RegisterWorker {
    pub id: WorkerId,
    pub hub: Recipient<Deliver>,
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

/// Looks at what the ChatServer knows, has it do something that needs no
/// operation, or go on with what was waited for; also while it takes no
/// requests, because what is revoked then must end all the same.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Look(pub(super) Box<dyn FnOnce(&mut ChatServer) + Send>);

impl Look {
    pub fn new(look: impl FnOnce(&mut ChatServer) + Send + 'static) -> Self {
        Self(Box::new(look))
    }

    /// Ends the connections of tokens that are good no more.
    pub fn end(ended: Ended) -> Self {
        Self::new(move |server| server.end_revoked(&ended))
    }
}

/// Stop taking requests, let what was accepted be committed and acked, tell
/// every session to go. Answered when nothing is in flight any more.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct Drain(pub oneshot::Sender<()>);

/// A worker needs a page of what one of its sessions has missed. Answered
/// with [`Item::Replayed`](crate::chat::Item::Replayed).
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct ReadReplay {
    pub session: SessionId,
    pub room: RoomKey,
    /// The last position the session has.
    pub since: Seq,
    /// It never said that it has that: it gets what is kept.
    pub kept: bool,
}

/// A session has taken the rooms that it was told of, and can be told of more.
/// Answered with [`Item::Rooms`](crate::chat::Item::Rooms).
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct ReadRooms {
    pub session: SessionId,
}
