//! The sessions of a node: the real [`Gate`] and [`CatchUps`], with what
//! `session::hub` does around them.

use std::sync::Arc;

use super::{
    At, ClientNo, RoomNo,
    client::frame,
    database::Page,
    node::Said,
    world::{Event, Place, World},
};
use crate::{
    chat::SessionId,
    chat::{CatchUp, CatchUpKind, CatchUpRoom},
    session::{CatchUps, Gate, Offer, Passed},
};
use parlor_domain::{Bounds, Life, Room, RoomKey, RoomKind, RoomOverview, Seq};
use parlor_websocket::Frame;

/// More missed events than are replayed: the session starts anew.
const REPLAY_EVENTS: usize = 150;

/// What the ChatServer says to the hub.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Event { room: RoomNo, seq: Seq, frame: Frame },
    Missed { room: RoomNo, after: Seq, upto: Seq, frames: Vec<(Seq, Frame)> },
    CatchUp { client: ClientNo, session: u64, room: i64, since: Seq, head: Seq, asked: bool },
    Replayed { client: ClientNo, session: u64, since: i64, page: Option<Page> },
}

pub(super) struct Session {
    id: u64,
    pub gate: Option<Gate>,
    catch_ups: CatchUps,
    /// When its queue is empty again.
    full_until: At,
}

fn overview(room: i64, last_seq: Seq) -> RoomOverview {
    let room = Arc::new(Room::sample(room, RoomKind::Public));
    let epoch = Life::from_stored("of the simulator").epoch_of(room.key);
    RoomOverview {
        room,
        last_seq,
        epoch,
        member_count: 1,
        state: None,
        peer: None,
        last_message: None,
    }
}

impl World {
    pub fn session_began(&mut self, place: Place, client: ClientNo, id: u64) {
        let session = Session { id, gate: None, catch_ups: CatchUps::default(), full_until: 0 };
        self.nodes[place.node].hub.insert(client, session);
    }

    pub fn session_ended(&mut self, place: Place, client: ClientNo, id: u64) {
        let node = &mut self.nodes[place.node];
        if node.life == place.life && node.hub.get(&client).is_some_and(|one| one.id == id) {
            node.hub.remove(&client);
            node.sessions.remove(&client);
        }
    }

    fn session(&mut self, place: Place, client: ClientNo, id: u64) -> Option<&mut Session> {
        self.nodes[place.node].hub.get_mut(&client).filter(|one| one.id == id)
    }

    /// Whoever hears a room on a node, with a gate.
    fn readers(&self, place: Place, room: RoomNo) -> Vec<ClientNo> {
        let all = &self.nodes[place.node].hub;
        let hears = |client: &ClientNo| self.clients[*client].room == room;
        let gated = all.iter().filter(|(_, session)| session.gate.is_some());
        gated.map(|(client, _)| *client).filter(hears).collect()
    }

    pub fn hub_apply(&mut self, place: Place, item: Item) {
        match item {
            Item::Event { room, seq, frame } => {
                for client in self.readers(place, room) {
                    self.offer(place, client, seq, &frame);
                }
            }
            Item::Missed { room, after, upto, frames } => {
                for client in self.readers(place, room) {
                    self.missed(place, client, after, upto, &frames);
                }
            }
            Item::CatchUp { client, session, room, since, head, asked } => {
                let Some(one) = self.session(place, client, session) else { return };
                if asked || one.gate.is_none() {
                    one.gate = Some(Gate::new(since, head));
                }
                let room =
                    CatchUpRoom { overview: overview(room, head), since, kept: false, asked, head };
                let kind = match asked {
                    true => CatchUpKind::Subscribe { id: None },
                    false => CatchUpKind::Quiet,
                };
                let session_id = SessionId(session);
                one.catch_ups.push(Arc::new(CatchUp {
                    session: session_id,
                    kind,
                    rooms: vec![room],
                }));
                self.clients[client].is_attached = true;
                if asked {
                    self.goes_back(client, since.0);
                }
                self.continue_catch_up(place, client, session);
            }
            Item::Replayed { client, session, since, page } => {
                self.replayed(place, client, session, since, page);
            }
        }
    }

    fn offer(&mut self, place: Place, client: ClientNo, seq: Seq, frame: &Frame) {
        let (joined, has_no_room) = (self.random.happens(500), self.random.happens(300));
        let now = self.now;
        let Some(one) = self.nodes[place.node].hub.get_mut(&client) else { return };
        let (id, Some(gate)) = (one.id, &mut one.gate) else { return };
        let offer = match joined && gate.pass(seq, seq) {
            true => Offer::Deliver,
            false => gate.offer(seq, frame),
        };
        match offer {
            Offer::Deliver if has_no_room && one.full_until > now => {
                gate.rewind(Seq(seq.0 - 1));
                self.fall_behind(place, client, id);
            }
            Offer::Deliver => self.send(client, frame),
            Offer::Keep => {}
            Offer::Gap => self.fall_behind(place, client, id),
        }
    }

    fn missed(
        &mut self,
        place: Place,
        client: ClientNo,
        after: Seq,
        upto: Seq,
        frames: &[(Seq, Frame)],
    ) {
        let Some(one) = self.nodes[place.node].hub.get_mut(&client) else { return };
        let (id, Some(gate)) = (one.id, &mut one.gate) else { return };
        match gate.pass_read(after, upto) {
            Passed::After(at) => {
                for (_, frame) in frames.iter().filter(|(seq, _)| *seq > at) {
                    self.send(client, frame);
                }
            }
            Passed::Nothing => {}
            Passed::Gap => self.fall_behind(place, client, id),
        }
    }

    /// To the socket; at times it takes a while until it has left.
    fn send(&mut self, client: ClientNo, frame: &Frame) {
        let Some((place, session)) = self.clients[client].at else { return };
        self.receive(client, frame);
        if self.random.happens(50) {
            let full_until = self.now + self.random.ms(1, 300);
            if let Some(one) = self.session(place, client, session) {
                one.full_until = full_until;
            }
        }
    }

    fn continue_catch_up(&mut self, place: Place, client: ClientNo, id: u64) {
        let now = self.now;
        loop {
            let Some(one) = self.session(place, client, id) else { return };
            if one.catch_ups.is_empty() || one.catch_ups.is_reading() {
                return;
            }
            if one.catch_ups.room().is_none() {
                one.catch_ups.complete();
                continue;
            }
            match &one.gate {
                Some(gate) if !gate.is_live() && one.full_until > now => {
                    let wait = one.full_until - now;
                    let said = Said::Drained { client, session: id };
                    return self.after(wait, Event::At(place, said));
                }
                Some(gate) if !gate.is_live() => {
                    let since = gate.at();
                    one.catch_ups.reading_began(since);
                    return self.read_page(place, client, id, since);
                }
                gate => {
                    let at = gate.as_ref().map_or(Seq::ZERO, Gate::at);
                    one.catch_ups.room_done(at);
                }
            }
        }
    }

    pub fn drained(&mut self, place: Place, client: ClientNo, session: u64) {
        self.continue_catch_up(place, client, session);
    }

    fn fall_behind(&mut self, place: Place, client: ClientNo, session: u64) {
        let room = key(self.clients[client].room);
        if let Some(one) = self.session(place, client, session) {
            one.catch_ups.push_behind(room);
            self.continue_catch_up(place, client, session);
        }
    }

    fn read_page(&mut self, place: Place, client: ClientNo, session: u64, since: Seq) {
        let wait = self.random.ms(0, 3);
        let since = since.0;
        self.after(wait, Event::At(place, Said::ReadReplay { client, session, since }));
    }

    fn replayed(
        &mut self,
        place: Place,
        client: ClientNo,
        session: u64,
        since: i64,
        page: Option<Page>,
    ) {
        let room = key(self.clients[client].room);
        let Some(one) = self.session(place, client, session) else { return };
        if !one.catch_ups.page_came(room, Seq(since)) {
            return;
        }
        let was_asked = one.catch_ups.was_asked();
        // One that has subscribed anew meanwhile needs another page.
        let is_wanted = |gate: &&mut Gate| !gate.is_live() && gate.at().0 == since;
        let Some(gate) = one.gate.as_mut().filter(is_wanted) else {
            return self.continue_catch_up(place, client, session);
        };
        let Some(page) = page else { return self.disconnect(client) };
        let head = page.bounds.head;
        let bounds = Bounds { start: Seq::ZERO, floor: Seq(page.bounds.floor), last: Seq(head) };
        let is_served = bounds.can_serve(Seq(since), REPLAY_EVENTS);
        if !is_served && !was_asked {
            return self.disconnect(client);
        }
        let follow = match is_served {
            true => gate.replayed(Seq(page.upto)),
            false => gate.restart(Seq(head)),
        };
        if !is_served {
            self.trace(|_| format!("c{client} starts anew at {head}"));
            self.starts_anew(client, head);
        }
        let missed = page.missed.iter().filter(|_| is_served);
        let read = missed.map(|(seq, what)| frame(*seq, *what, Some(since)));
        for frame in read.chain(follow) {
            self.send(client, &frame);
        }
        self.continue_catch_up(place, client, session);
    }
}

fn key(room: RoomNo) -> RoomKey {
    RoomKey(super::database::key(room))
}
