//! From the ChatServer to the sessions: one message per worker thread and
//! batch, instead of one per session.
//!
//! A message into a room of a thousand would otherwise be a thousand mailbox
//! sends across threads. Each worker's hub has the links of its own sessions
//! and copies only a pointer into each one's queue. Everything for a session
//! goes this one way, so that answers and events never change places.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::{Duration, Instant},
};

use super::{ChatError, RequestId, SessionId, StreamNews};
use crate::protocol::Close;
use parlor_domain::{MessageId, RoomId, RoomKey, RoomOverview, Seq, Timestamp};
use parlor_websocket::Frame;

/// What one worker's sessions are to be told, in order.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Deliver {
    pub items: Vec<Item>,
    /// Taken off when the items have been handed to the sessions' queues.
    pub backlog: Arc<AtomicUsize>,
    /// When it was said.
    pub at: Instant,
}

/// One thing to tell.
#[derive(Clone, Debug)]
pub enum Item {
    /// A durable event, for the room's subscribers.
    Event {
        room: RoomKey,
        seq: Seq,
        frame: Frame,
    },
    /// What was told late, and had to be read: complete from one position to
    /// another, for the room's subscribers.
    Missed {
        room: RoomKey,
        after: Seq,
        upto: Seq,
        frames: Arc<[(Seq, Frame)]>,
    },
    /// An event without a place in the timeline, for the room's subscribers.
    Notice {
        room: RoomKey,
        frame: Frame,
    },
    /// The same, and one who reads slowly misses it.
    Ephemeral {
        room: RoomKey,
        frame: Frame,
        /// The sessions of who does it; they are not told.
        except: Arc<[SessionId]>,
    },
    /// More of a message that is being written, or how it stands.
    Stream {
        news: Arc<StreamNews>,
        /// What is new, for who has been told all before.
        frame: Option<Frame>,
        at: Timestamp,
    },
    StreamEnded {
        room: RoomKey,
        message: MessageId,
    },
    /// Like an ephemeral one, to the subscribers of any of these rooms, each
    /// once.
    Presence {
        rooms: Arc<[RoomKey]>,
        frame: Frame,
        except: Arc<[SessionId]>,
    },
    /// The answer to one request; `None` if its sender asked for no ack.
    Answer {
        session: SessionId,
        frame: Option<Frame>,
        /// It says that the client did something wrong.
        is_fault: bool,
    },
    /// Anything else for one session.
    Frame {
        session: SessionId,
        frame: Frame,
    },
    /// Some of the session's rooms; `more` follow when it has taken these.
    Rooms {
        session: SessionId,
        frame: Frame,
        more: bool,
    },
    /// The session gets the rooms' events from the given positions on.
    CatchUp(Arc<CatchUp>),
    /// A page of what a session missed after `since`.
    Replayed {
        session: SessionId,
        room: RoomKey,
        since: Seq,
        outcome: Replayed,
    },
    Unsubscribe {
        session: SessionId,
        room: RoomKey,
    },
    /// Nobody gets the room's events any more.
    RoomGone {
        room: RoomKey,
    },
    Close {
        session: SessionId,
        close: Close,
        /// Another reason than the close's own.
        reason: Option<Arc<str>>,
    },
    /// The session's client has to say soon that it is there.
    Probe {
        session: SessionId,
    },
    /// For every session that has been told of its rooms.
    Everyone {
        frame: Frame,
    },
    /// Every session is told to come back later.
    GoAway {
        reason: &'static str,
        /// Over so long a time.
        spread: Duration,
    },
    CloseAll {
        close: Close,
    },
}

/// Rooms that a session attaches to, each from a position.
#[derive(Clone, Debug)]
pub struct CatchUp {
    pub session: SessionId,
    pub kind: CatchUpKind,
    pub rooms: Vec<CatchUpRoom>,
}

impl CatchUp {
    /// Whether somebody waits for an answer.
    pub fn was_asked(&self) -> bool {
        !matches!(self.kind, CatchUpKind::Quiet)
    }
}

/// What is answered when the last room is live.
#[derive(Clone, Debug)]
pub enum CatchUpKind {
    /// Nothing: the session did not ask.
    Quiet,
    Subscribe {
        id: Option<RequestId>,
    },
    Resume {
        id: Option<RequestId>,
        refused: Vec<(RoomId, ChatError)>,
    },
}

#[derive(Clone, Debug)]
pub struct CatchUpRoom {
    pub overview: RoomOverview,
    /// The last position the session has.
    pub since: Seq,
    /// It never said that it has that: it gets what is kept of what came
    /// after it.
    pub kept: bool,
    /// The client named the position itself, and may ask for what it has had
    /// before. Otherwise a room it hears already stays as it is, so that it
    /// gets no event twice.
    pub asked: bool,
    /// The room's head as the ChatServer knows it; nothing is missing if it
    /// equals `since`.
    pub head: Seq,
}

/// What came of reading a page of missed events.
#[derive(Clone, Debug)]
pub enum Replayed {
    /// The events after the position asked for, complete up to `upto`.
    Page { frames: Vec<Frame>, upto: Seq },
    /// The range cannot be served: the session starts anew at the head.
    Resync { overview: Box<RoomOverview> },
    /// The database is away.
    Failed,
}
