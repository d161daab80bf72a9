//! A client: what it has been told, and what it makes of it.

use std::rc::Rc;

use serde_json::Value;

use super::{
    ClientNo, RoomNo,
    database::{State, What},
    hub::Socket,
    world::{Place, World},
};
use crate::chat::SessionId;
use parlor_websocket::Frame;

#[derive(Default)]
pub(super) struct Client {
    pub room: RoomNo,
    /// Where it is connected.
    pub at: Option<(Place, Rc<Socket>)>,
    /// It has been told where its room stands.
    pub is_attached: bool,
    /// The newest position it knows.
    pub seq: i64,
    pub state: State,
    has_state: bool,
    /// The positions that it has asked from and has no answer to, and whether
    /// it has been told again what it had.
    asked: Vec<(i64, bool)>,
    /// Something is missing before this event. The answer has to say why.
    beyond_gap: Option<i64>,
}

/// An event on its way to a client.
pub(super) fn frame(seq: i64, what: What, since: Option<i64>) -> Frame {
    let (kind, of) = match (what, since) {
        (What::Changed(message), Some(since)) if message > since => ("created", message),
        (What::Changed(message), _) => ("changed", message),
        (What::Created, _) => ("created", seq),
        (What::Event, _) => ("event", seq),
        (What::Cleared(upto), _) => ("cleared", upto),
    };
    let text = format!("{seq} {kind} {of}");
    Frame::text(|payload| payload.extend_from_slice(text.as_bytes()))
}

impl Client {
    pub fn new(room: RoomNo) -> Self {
        Self { room, ..Self::default() }
    }

    pub fn is_at(&self, place: Place, session: u64) -> bool {
        self.at.as_ref().is_some_and(|(at, socket)| *at == place && socket.session() == session)
    }
}

impl World {
    /// A client connects to some node, mostly with what it has.
    pub fn connect(&mut self, client: ClientNo) {
        if self.clients[client].at.is_some() {
            return;
        }
        let node = self.random.below(self.nodes.len());
        let Some(place) = self.serving(node) else {
            let wait = self.random.ms(10, 500);
            return self.after(wait, move |world| world.connect(client));
        };
        self.sessions += 1;
        let session = self.sessions;
        let socket = Socket::new(session, self.random.ms(0, 1 << 60));
        self.nodes[place.node].hub.attach(socket.clone());
        let one = &mut self.clients[client];
        (one.at, one.is_attached) = (Some((place, socket)), false);
        let resumes = one.has_state && self.random.happens(800);
        let since = resumes.then_some(self.clients[client].seq);
        self.trace(|_| format!("c{client} connects to n{node}, has {since:?}"));
        self.subscribe(client, since);
    }

    /// It wants to hear its room, from the position that it has if any.
    pub fn subscribe(&mut self, client: ClientNo, since: Option<i64>) {
        let one = &mut self.clients[client];
        let Some((place, socket)) = &one.at else { return };
        let (place, session, room) = (*place, socket.session(), one.room);
        one.asked.extend(since.map(|since| (since, false)));
        let read = move |world: &mut Self| world.database.rooms[room].head();
        self.ask(place, read, move |world, head| {
            world.arrived(place, client, session, since, head);
        });
    }

    /// The connection ends; the client comes back.
    pub fn disconnect(&mut self, client: ClientNo) {
        let one = &mut self.clients[client];
        if let Some((place, socket)) = one.at.take() {
            one.asked.clear();
            one.beyond_gap = None;
            self.trace(|_| format!("c{client} is disconnected"));
            let node = &mut self.nodes[place.node];
            if node.life == place.life {
                node.hub.detach(SessionId(socket.session()));
                node.sessions.remove(&client);
            }
            let wait = self.random.ms(1, 2_000);
            self.after(wait, move |world| world.connect(client));
        }
    }

    /// The client has read how the room was when it went up to `head`.
    pub fn starts_anew(&mut self, client: ClientNo, head: i64) {
        let one = &mut self.clients[client];
        one.state = self.database.rooms[one.room].snapshot(head);
        (one.seq, one.has_state) = (head, true);
    }

    pub fn receive(&mut self, client: ClientNo, text: &str) {
        self.trace(|_| format!("c{client} gets {text}"));
        let taken = match text.starts_with('{') {
            true => self.take_answer(client, text),
            false => self.take_in(client, text),
        };
        if let Err(why) = taken {
            self.break_with(format!("c{client} gets {text}: {why}"));
        }
    }

    /// What came of its question: of all there is, or of its room before that.
    fn take_answer(&mut self, client: ClientNo, text: &str) -> Result<(), String> {
        let answer: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let one = &mut self.clients[client];
        let from = answer["id"].as_str().and_then(|id| id.parse().ok());
        let asked = one.asked.iter().position(|(since, _)| Some(*since) == from);
        let asked = asked.ok_or("it has not asked for that")?;
        if answer["type"] == "ack" {
            one.asked.remove(asked);
        }
        let data = &answer["data"];
        let of_room = match data["rooms"].as_object() {
            Some(rooms) => rooms.values().next(),
            None => Some(data),
        };
        let Some(of_room) = of_room else { return Ok(()) };
        let last_seq = of_room["last_seq"].as_i64().ok_or("no position")?;
        let beyond_gap = one.beyond_gap.take();
        if of_room["resync"] == true {
            let head = last_seq.max(beyond_gap.unwrap_or(one.seq));
            self.starts_anew(client, head);
            return Ok(());
        }
        if let Some(seq) = beyond_gap {
            return Err(format!("it was told of {seq} behind {}, with a gap", one.seq));
        }
        let room = &self.database.rooms[one.room];
        if let Some(gap) = (one.seq + 1..=last_seq).find(|seq| !room.is_subsumed(*seq)) {
            return Err(format!("{gap} is missing"));
        }
        one.seq = one.seq.max(last_seq);
        Ok(())
    }

    fn take_in(&mut self, client: ClientNo, text: &str) -> Result<(), String> {
        let mut words = text.split(' ');
        let number = |word: Option<&str>| word.and_then(|word| word.parse::<i64>().ok());
        let seq = number(words.next()).ok_or("no position")?;
        let kind = words.next().unwrap_or_default();
        let of = number(words.next()).ok_or("no message")?;
        let one = &mut self.clients[client];
        if seq > self.database.rooms[one.room].head() {
            return Err("it is not committed".to_owned());
        }
        let newest = one.beyond_gap.unwrap_or(one.seq);
        // It has asked for events from there on, and had some of them.
        let mut asked = one.asked.iter_mut().filter(|(since, is_again)| *since < seq && !is_again);
        if seq <= newest {
            // Of two from the same position it is the first that is answered now.
            let asked =
                asked.rev().max().ok_or_else(|| format!("it was told up to {newest} already"))?;
            asked.1 = true;
            let since = asked.0;
            one.beyond_gap = None;
            self.starts_anew(client, since);
        } else if kind == "created" && one.state.messages.contains_key(&of) {
            asked.find(|(since, _)| *since < of).ok_or("it has been created before")?;
        }
        let one = &mut self.clients[client];
        let room = &self.database.rooms[one.room];
        if let Some(gap) = (one.seq + 1..seq).find(|seq| !room.is_subsumed(*seq)) {
            if one.asked.is_empty() {
                return Err(format!("{gap} is missing before it"));
            }
            one.beyond_gap = Some(seq);
            return Ok(());
        }
        let what = match kind {
            "event" => What::Event,
            "cleared" => What::Cleared(of),
            _ => What::Changed(of),
        };
        one.seq = seq;
        one.state.apply(seq, what);
        Ok(())
    }

    pub fn check_client_at_end(&mut self, client: ClientNo) {
        let one = &self.clients[client];
        let room = &self.database.rooms[one.room];
        if one.at.is_none() || !one.is_attached {
            return self.break_with(format!("c{client} has not come back"));
        }
        if !one.asked.is_empty() {
            return self.break_with(format!("c{client} is not answered"));
        }
        let fresh = room.snapshot(room.head());
        if one.state != fresh {
            let (seq, head) = (one.seq, room.head());
            self.break_with(format!("c{client} is at {seq} of {head}, and lacks something"));
        }
    }
}
