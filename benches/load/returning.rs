//! A chat whose people lose their connections, and come back for what they
//! have missed.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::{Value, json};

use crate::{
    Result,
    chat::{Chat, Part},
    drive::Scene,
    frame,
    handler::{End, Handler},
    process::Server,
    stats::{Histogram, now_ns},
    swarm::Swarm,
    wire::excerpt,
};

/// Who is refused tries again after this; a client in the field waits longer.
const RETRY_NS: u64 = 100_000_000;
const RESUME: &str = "resume";

pub struct Returning {
    pub chat: Chat,
    /// By connection.
    rooms: Vec<String>,
    tokens: Vec<String>,
    states: Vec<State>,
    address: SocketAddr,
    /// Whether who ends without having left comes back by itself.
    pub persistent: bool,
    /// Who comes back by itself, and when; the earliest first.
    retries: Vec<(u64, usize)>,
    /// Connections that are not live.
    pub away: usize,
    pub resumed: u64,
    pub retried: u64,
    pub replayed: u64,
    /// From the start of the connection to the end of the replay.
    pub resume_time: Histogram,
    /// How often connections have ended with which code; 0 for none.
    pub ends: BTreeMap<u16, u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Live,
    Away,
    /// Has begun to connect at this time.
    Coming(u64),
}

impl Returning {
    /// `chat` as `assemble` gives it.
    pub fn new(mut chat: Chat, server: &Server, rooms: &[String], parts: &[Part]) -> Result<Self> {
        chat.keep_unacked();
        let tokens = (0..parts.len()).map(|user| server.token(&format!("user-{user}")));
        Ok(Returning {
            chat,
            rooms: parts.iter().map(|part| rooms[part.room].clone()).collect(),
            tokens: tokens.collect::<Result<_>>()?,
            states: vec![State::Live; parts.len()],
            address: server.address(),
            persistent: false,
            retries: Vec::new(),
            away: 0,
            resumed: 0,
            retried: 0,
            replayed: 0,
            resume_time: Histogram::new(),
            ends: BTreeMap::new(),
        })
    }

    /// A server that was started again listens elsewhere.
    pub fn moved_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    pub fn is_live(&self, connection: usize) -> bool {
        self.states[connection] == State::Live
    }

    /// Drops a connection as it is, with what is under way in it.
    pub fn leave(&mut self, swarm: &mut Swarm, connection: usize) {
        swarm.close(connection);
        self.gone(connection);
    }

    /// Starts to come back.
    pub fn come(&mut self, swarm: &mut Swarm, connection: usize) -> Result<()> {
        self.states[connection] = State::Coming(now_ns());
        swarm.reopen(connection, self.address, "/ws?resume=1", &self.tokens[connection])
    }

    /// All who are away start to come back, and do so until they are live.
    pub fn all_come(&mut self, swarm: &mut Swarm) -> Result<()> {
        self.persistent = true;
        for connection in 0..self.states.len() {
            if self.states[connection] == State::Away {
                self.come(swarm, connection)?;
            }
        }
        Ok(())
    }

    fn gone(&mut self, connection: usize) {
        if self.states[connection] == State::Live {
            self.away += 1;
        }
        self.states[connection] = State::Away;
        self.chat.hold(connection);
    }

    fn resume(&self, from: usize, reply: &mut Vec<u8>) {
        let mut rooms = serde_json::Map::new();
        rooms.insert(self.rooms[from].clone(), json!(self.chat.last_seq(from)));
        let command = json!({ "type": "session.resume", "id": RESUME, "data": { "rooms": rooms } });
        frame::push(reply, frame::TEXT, command.to_string().as_bytes());
    }

    /// A resync is no loss by the protocol, but here the server is told to
    /// keep enough: it must serve what was missed.
    fn resumed(&mut self, from: usize, text: &[u8], begun: u64, now: u64) -> Result<()> {
        let ack: Value = serde_json::from_slice(text)?;
        let room = &ack["data"]["rooms"][&self.rooms[from]];
        if room["resync"] != false {
            return Err(format!("no resume: {}", excerpt(text)).into());
        }
        let last = room["last_seq"].as_u64().unwrap_or(u64::MAX);
        if last != self.chat.last_seq(from) {
            let had = self.chat.last_seq(from);
            return Err(format!("replayed up to {had}: {}", excerpt(text)).into());
        }
        self.replayed += room["replayed"].as_u64().unwrap_or(0);
        self.resumed += 1;
        self.away -= 1;
        self.states[from] = State::Live;
        self.resume_time.record(now.saturating_sub(begun));
        Ok(())
    }
}

impl Handler for Returning {
    #[inline]
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()> {
        let State::Coming(begun) = self.states[from] else {
            return self.chat.text(from, text, now, reply);
        };
        if text.starts_with(br#"{"type":"session.ready""#) {
            self.resume(from, reply);
        } else if text.starts_with(br#"{"type":"ack","id":"resume""#) {
            self.resumed(from, text, begun, now)?;
            self.chat.release(from, reply);
        } else {
            self.chat.text(from, text, now, reply)?;
        }
        Ok(())
    }

    fn ended(&mut self, from: usize, end: &End) -> Result<()> {
        *self.ends.entry(end.code.unwrap_or(0)).or_default() += 1;
        self.gone(from);
        if self.persistent {
            self.retried += 1;
            self.retries.push((now_ns() + RETRY_NS, from));
        }
        Ok(())
    }
}

impl Scene for Returning {
    fn chat(&mut self) -> &mut Chat {
        &mut self.chat
    }

    fn turn(&mut self, swarm: &mut Swarm, now: u64) -> Result<()> {
        let due = self.retries.partition_point(|(at, _)| *at <= now);
        let due: Vec<_> = self.retries.drain(..due).collect();
        due.into_iter().try_for_each(|(_, connection)| self.come(swarm, connection))
    }

    /// Trying again is no progress.
    fn moved(&mut self) -> u64 {
        self.chat.progress() + self.resumed + self.away as u64
    }
}
