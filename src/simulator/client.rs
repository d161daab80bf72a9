//! A client: what it has been told, and what it makes of it.

use super::{
    ClientNo, RoomNo,
    database::{State, What},
    world::{Event, Place, Query, World},
};
use parlor_websocket::Frame;

pub(super) struct Client {
    pub room: RoomNo,
    /// Where it is connected, and as which session.
    pub at: Option<(Place, u64)>,
    /// It has been told where its room stands.
    pub is_attached: bool,
    /// The newest position it knows.
    pub seq: i64,
    pub state: State,
    has_state: bool,
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
        let state = State::default();
        Self { room, at: None, is_attached: false, seq: 0, state, has_state: false }
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
            return self.after(wait, Event::Connect(client));
        };
        self.sessions += 1;
        let session = self.sessions;
        let one = &mut self.clients[client];
        (one.at, one.is_attached) = (Some((place, session)), false);
        let resumes = one.has_state && self.random.happens(800);
        let since = resumes.then_some(self.clients[client].seq);
        self.trace(|_| format!("c{client} connects to n{node}, has {since:?}"));
        self.session_began(place, client, session);
        self.ask(place, Query::Arrival { client, session, since });
    }

    /// The connection ends; the client comes back.
    pub fn disconnect(&mut self, client: ClientNo) {
        let one = &mut self.clients[client];
        if let Some((place, session)) = one.at.take() {
            self.trace(|_| format!("c{client} is disconnected"));
            self.session_ended(place, client, session);
            let wait = self.random.ms(1, 2_000);
            self.after(wait, Event::Connect(client));
        }
    }

    /// The client has read how the room was when it went up to `head`.
    pub fn starts_anew(&mut self, client: ClientNo, head: i64) {
        let one = &mut self.clients[client];
        one.state = self.database.rooms[one.room].snapshot(head);
        (one.seq, one.has_state) = (head, true);
    }

    /// It asked for events from `since` on, which it may have had before.
    pub fn goes_back(&mut self, client: ClientNo, since: i64) {
        if self.clients[client].seq > since {
            self.starts_anew(client, since);
        }
    }

    pub fn receive(&mut self, client: ClientNo, frame: &Frame) {
        let text = frame.payload().to_owned();
        self.trace(|_| format!("c{client} gets {text}"));
        if let Err(why) = self.take_in(client, &text) {
            self.break_with(format!("c{client} gets {text}: {why}"));
        }
    }

    fn take_in(&mut self, client: ClientNo, text: &str) -> Result<(), String> {
        let one = &mut self.clients[client];
        let room = &self.database.rooms[one.room];
        let mut words = text.split(' ');
        let number = |word: Option<&str>| word.and_then(|word| word.parse::<i64>().ok());
        let seq = number(words.next()).ok_or("no position")?;
        let kind = words.next().unwrap_or_default();
        let of = number(words.next()).ok_or("no message")?;
        if seq > room.head() {
            return Err("it is not committed".to_owned());
        }
        if seq <= one.seq {
            return Err(format!("it was told up to {} already", one.seq));
        }
        if let Some(gap) = (one.seq + 1..seq).find(|seq| !room.is_subsumed(*seq)) {
            return Err(format!("{gap} is missing before it"));
        }
        if kind == "created" && one.state.messages.contains_key(&of) {
            return Err("it has been created before".to_owned());
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
        let fresh = room.snapshot(room.head());
        if one.state != fresh {
            let (seq, head) = (one.seq, room.head());
            self.break_with(format!("c{client} is at {seq} of {head}, and lacks something"));
        }
    }
}
