//! What the ChatServer says to the other nodes, and hears from them.

use std::sync::Arc;

use actix::Recipient;
use tokio::sync::oneshot;

use super::StreamPart;
use crate::{
    db::{Happened, Recorded},
    limiter::Spender,
};
use parlor_domain::{RoomKey, Seq, Status, Timestamp, User, UserKey};
use parlor_websocket::Frame;

/// What one node has to say to the others: of one batch, or of what is never
/// stored.
#[derive(actix::Message, Debug, Default)]
#[rtype(result = "()")]
pub struct ToNodes {
    /// What was committed, as the feed has it.
    pub recorded: Vec<Recorded>,
    /// The events of it, as they were told here.
    pub events: Vec<(RoomKey, Seq, Frame)>,
    pub ephemeral: Vec<Ephemeral>,
    /// Of messages that are being written.
    pub streams: Vec<StreamPart>,
    pub presence: Vec<NodePresence>,
    /// Who wants to know how users are, on all nodes.
    pub asked: Vec<AskedNodes>,
    /// What was used of limits here.
    pub spent: Vec<(Spender, u32)>,
    /// Rooms and users that this node wants to hear of, or no more.
    pub interest: Interest,
}

impl ToNodes {
    fn is_empty(&self) -> bool {
        let Self { recorded, events, ephemeral, streams, presence, asked, spent, interest } = self;
        recorded.is_empty()
            && events.is_empty()
            && ephemeral.is_empty()
            && streams.is_empty()
            && presence.is_empty()
            && asked.is_empty()
            && spent.is_empty()
            && *interest == Interest::default()
    }
}

/// Rooms and users that a node has readers for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Interest {
    pub rooms: Vec<(RoomKey, bool)>,
    pub users: Vec<(UserKey, bool)>,
}

/// Something that is told and not kept: who types, who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ephemeral {
    pub rooms: Vec<RoomKey>,
    /// Whom it is about, and who is not told.
    pub user: UserKey,
    /// Who is not told either: whom that user has blocked.
    pub blocked: Arc<[UserKey]>,
    pub frame: Frame,
}

/// How a user is on one node; told as what all nodes together say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePresence {
    pub user: User,
    /// Where others see them.
    pub rooms: Vec<RoomKey>,
    pub status: Status,
    pub last_seen: Option<Timestamp>,
    /// Who is not told.
    pub blocked: Arc<[UserKey]>,
}

/// A question how users are, on all nodes.
#[derive(Debug)]
pub struct AskedNodes {
    /// With what is known of them here.
    pub users: Vec<(UserKey, Status)>,
    pub answer: oneshot::Sender<Vec<(UserKey, Status)>>,
}

/// What another node has said, or the feed.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct FromNodes(pub Vec<FromNode>);

/// One thing that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromNode {
    Event {
        room: RoomKey,
        seq: Seq,
        frame: Frame,
    },
    Happened(Happened),
    Ephemeral(Ephemeral),
    Stream(StreamPart),
    /// How a user is on all nodes together.
    Presence(NodePresence),
    /// This node's own number, from now on.
    Number(u8),
    /// All who are here are to be announced again.
    Announce,
    /// These rooms are listened to from now on: what was said before has to be
    /// looked for.
    Subscribed(Vec<RoomKey>),
    /// More was missed than the feed keeps: all who are here come back, and
    /// read.
    MissedTooMuch,
}

/// The way to the other nodes.
#[derive(Default)]
pub(super) struct Nodes {
    bus: Option<Recipient<ToNodes>>,
    outgoing: ToNodes,
}

impl Nodes {
    /// `None`: there are no other nodes, or they read the feed only.
    pub fn new(bus: Option<Recipient<ToNodes>>) -> Self {
        Self { bus, outgoing: ToNodes::default() }
    }

    pub fn has_others(&self) -> bool {
        self.bus.is_some()
    }

    pub fn tell_event(&mut self, room: RoomKey, seq: Seq, frame: &Frame) {
        if self.bus.is_some() {
            self.outgoing.events.push((room, seq, frame.clone()));
        }
    }

    pub fn tell_ephemeral(
        &mut self,
        rooms: Vec<RoomKey>,
        user: UserKey,
        blocked: Arc<[UserKey]>,
        frame: &Frame,
    ) {
        if self.bus.is_some() {
            let frame = frame.clone();
            self.outgoing.ephemeral.push(Ephemeral { rooms, user, blocked, frame });
            self.send();
        }
    }

    /// They leave with the end of the look at all of them.
    pub fn tell_streams(&mut self, parts: impl IntoIterator<Item = StreamPart>) {
        if self.bus.is_some() {
            self.outgoing.streams.extend(parts);
            self.send();
        }
    }

    pub fn tell_presence(&mut self, presence: NodePresence) {
        self.outgoing.presence.push(presence);
        self.send();
    }

    pub fn ask(&mut self, asked: AskedNodes) {
        self.outgoing.asked.push(asked);
        self.send();
    }

    pub fn tell_interest(&mut self, interest: Interest) {
        if interest != Interest::default() {
            self.outgoing.interest = interest;
            self.send();
        }
    }

    /// A batch has been settled: all of it is said at once.
    pub fn committed(&mut self, recorded: Vec<Recorded>) {
        self.outgoing.recorded = recorded;
        self.send();
    }

    fn send(&mut self) {
        let Some(bus) = &self.bus else { return };
        if !self.outgoing.is_empty() {
            // The bus only queues, and drops hints past its bound.
            bus.do_send(std::mem::take(&mut self.outgoing));
        }
    }
}
