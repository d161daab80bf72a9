//! What the ChatServer says to the other nodes, and hears from them.

use actix::Recipient;

use crate::{
    db::{Happened, Recorded},
    domain::{RoomKey, Seq, UserKey},
    websocket::Frame,
};

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
    /// Rooms and users that this node wants to hear of, or no more.
    pub interest: Interest,
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
    pub frame: Frame,
}

/// What another node has said, or the feed.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct FromNodes(pub Vec<FromNode>);

/// One thing that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromNode {
    Event { room: RoomKey, seq: Seq, frame: Frame },
    Happened(Happened),
    Ephemeral(Ephemeral),
    /// These rooms are heard from now on: what was said before has to be
    /// looked for.
    Heard(Vec<RoomKey>),
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

    pub fn tell_ephemeral(&mut self, rooms: Vec<RoomKey>, user: UserKey, frame: &Frame) {
        if self.bus.is_some() {
            self.outgoing.ephemeral.push(Ephemeral { rooms, user, frame: frame.clone() });
            self.send();
        }
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
        let ToNodes { recorded, events, ephemeral, interest } = &self.outgoing;
        let has_interest = *interest != Interest::default();
        if !recorded.is_empty() || !events.is_empty() || !ephemeral.is_empty() || has_interest {
            // The bus only queues, and drops hints past its bound.
            bus.do_send(std::mem::take(&mut self.outgoing));
        }
    }
}
