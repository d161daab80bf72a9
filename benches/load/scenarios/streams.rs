//! Answers of models: many messages that are read while they are written.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Case, metric, with_server};
use crate::{
    Result,
    audit::Findings,
    drive::{Meter, Watch, exact_wakeups},
    frame,
    handler::Handler,
    join::{Seat, join},
    options::Options,
    process::Server,
    report::Measured,
    rest::create_rooms,
    stats::{Histogram, now_ns},
    swarm::Swarm,
    wire::{STAMP, after_stamp, excerpt, number},
};

const STREAMS: usize = 200;
const READERS_PER_ROOM: usize = 50;
/// Rooms that each reader is in.
const ROOMS_PER_READER: usize = 20;
const READERS: usize = STREAMS * READERS_PER_ROOM / ROOMS_PER_READER;
/// What a fast model says a second, in pieces of some six bytes.
const TOKENS_PER_SECOND: u32 = 50;
/// Tokens after which an answer ends and the next one begins: a long one.
const TOKENS: u64 = 500;
const POLL: Duration = Duration::from_millis(2);

pub fn cases() -> Vec<Case> {
    vec![Case::new("200 at 50 tokens/s, 50 readers each", |options| {
        with_server(options, &[], |server| run(options, server))
    })]
}

fn run(options: &Options, server: &Server) -> Result<Measured> {
    let rooms: Vec<String> = (0..STREAMS).map(|room| format!("room-{room}")).collect();
    let owned: Vec<_> = rooms.iter().map(|room| ("owner".to_string(), room.clone())).collect();
    create_rooms(server, "public", &owned)?;
    let mut swarm = Swarm::new(server.carrier())?;
    let seat = |user: String, room: usize| Seat { user, room: rooms[room].clone() };
    let writers = (0..STREAMS).map(|n| seat(format!("writer-{n}"), n));
    let readers = (0..READERS).map(|n| seat(format!("reader-{n}"), n % STREAMS));
    join(&mut swarm, server, &writers.chain(readers).collect::<Vec<_>>())?;
    let mut scene = Streams::new(rooms);
    for reader in 0..READERS {
        let next = scene.next_join(reader)?;
        frame::push(swarm.unsent(STREAMS + reader), frame::TEXT, &next);
        swarm.flush(STREAMS + reader)?;
    }
    exact_wakeups()?;
    let mut watch = Watch::new();
    while scene.joined < READERS * (ROOMS_PER_READER - 1) {
        swarm.poll(POLL, &mut scene)?;
        watch.check(scene.joined as u64, || format!("{} joined", scene.joined))?;
    }
    for writer in 0..STREAMS {
        scene.begin(&mut swarm, writer)?;
    }
    swarm.tick_every(Duration::from_secs(1) / TOKENS_PER_SECOND)?;
    let mut lasting = |scene: &mut Streams, length: Duration| -> Result<()> {
        let end = now_ns() + length.as_nanos() as u64;
        while now_ns() < end {
            let ticks = swarm.poll(POLL, scene)?;
            for _ in 0..ticks {
                scene.say(&mut swarm)?;
            }
        }
        Ok(())
    };
    lasting(&mut scene, options.warm_up)?;
    (scene.latency, scene.tokens, scene.deltas) = (Histogram::new(), 0, 0);
    let meter = Meter::start(server);
    lasting(&mut scene, options.measured)?;
    let span = meter.stop(server);
    let of = &scene.latency;
    Ok(Measured {
        metrics: vec![
            metric("tokens_per_s", "tokens/s", scene.tokens as f64 / span.seconds, 0),
            metric("deltas_per_s", "deltas/s", scene.deltas as f64 / span.seconds, 0),
            metric("p50_ms", "p50 ms", of.quantile_ms(0.50), 1),
            metric("p99_ms", "p99 ms", of.quantile_ms(0.99), 1),
            metric("max_ms", "max ms", of.max_ms(), 1),
            metric("server_cores", "server CPU, cores", span.server_cores(), 2),
            metric("client_cores", "client CPU, cores", span.client_cores(), 2),
        ],
        findings: Findings { gaps: scene.gaps, repeats: scene.repeats },
    })
}

/// One answer after the other of each writer.
struct Streams {
    rooms: Vec<String>,
    joined: usize,
    rooms_of: Vec<usize>,
    /// By writer: the message that is being written, and its tokens so far.
    open: Vec<Option<(String, u64)>>,
    /// By reader and room: how many characters of which message came.
    came: Vec<Vec<(u64, u64)>>,
    latency: Histogram,
    tokens: u64,
    deltas: u64,
    gaps: u64,
    repeats: u64,
}

impl Streams {
    fn new(rooms: Vec<String>) -> Self {
        Self {
            joined: 0,
            rooms_of: vec![1; READERS],
            open: vec![None; rooms.len()],
            came: vec![vec![(0, 0); rooms.len()]; READERS],
            rooms,
            latency: Histogram::new(),
            tokens: 0,
            deltas: 0,
            gaps: 0,
            repeats: 0,
        }
    }

    /// Each reader is in one room by now, and comes into the others one after the other.
    fn next_join(&mut self, reader: usize) -> Result<Vec<u8>> {
        let step = self.rooms_of[reader];
        self.rooms_of[reader] += 1;
        let room = &self.rooms[(reader + step * (STREAMS / ROOMS_PER_READER)) % STREAMS];
        let join = json!({"type": "room.join", "id": "join", "data": {"room_id": room}});
        Ok(serde_json::to_vec(&join)?)
    }

    fn begin(&mut self, swarm: &mut Swarm, writer: usize) -> Result<()> {
        let start = json!({"room_id": self.rooms[writer]});
        put(swarm, writer, &json!({"type": "message.start", "id": "start", "data": start}))
    }

    /// The next token of each: the time, so that its readers know how old it is.
    fn say(&mut self, swarm: &mut Swarm) -> Result<()> {
        for writer in 0..STREAMS {
            let Some((message, tokens)) = &mut self.open[writer] else { continue };
            *tokens += 1;
            self.tokens += 1;
            let is_last = *tokens >= TOKENS;
            let text = format!("{}{} ", char::from(STAMP), now_ns());
            let more = json!({"message_id": message, "text": text});
            put(swarm, writer, &json!({"type": "message.append", "data": more}))?;
            if is_last {
                let end = json!({"message_id": message});
                self.open[writer] = None;
                put(swarm, writer, &json!({"type": "message.finish", "data": end}))?;
                self.begin(swarm, writer)?;
            }
        }
        Ok(())
    }

    fn delta(&mut self, reader: usize, text: &[u8], now: u64) -> Result<()> {
        let delta: Value = serde_json::from_slice(text)?;
        let data = &delta["data"];
        let room: usize = number_of(&delta["room_id"], "room-")?;
        let message: u64 = number_of(&data["message_id"], "")?;
        let piece = data["text"].as_str().unwrap_or_default();
        let offset = data["offset"].as_u64().unwrap_or(u64::MAX);
        let came = &mut self.came[reader][room];
        if came.0 != message {
            *came = (message, 0);
        }
        self.gaps += u64::from(offset > came.1);
        self.repeats += u64::from(offset < came.1);
        came.1 = offset + piece.chars().count() as u64;
        self.deltas += 1;
        // The oldest of its tokens.
        if let Some(at) = after_stamp(piece.as_bytes()).and_then(number) {
            self.latency.record(now.saturating_sub(at));
        }
        Ok(())
    }
}

fn number_of<N: std::str::FromStr>(value: &Value, prefix: &str) -> Result<N> {
    let number = value.as_str().and_then(|text| text.strip_prefix(prefix)?.parse().ok());
    Ok(number.ok_or_else(|| format!("not a number: {value}"))?)
}

fn put(swarm: &mut Swarm, connection: usize, frame: &Value) -> Result<()> {
    frame::push(swarm.unsent(connection), frame::TEXT, frame.to_string().as_bytes());
    swarm.flush(connection)
}

impl Handler for Streams {
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()> {
        let reader = from.checked_sub(STREAMS);
        if text.starts_with(br#"{"type":"message.delta""#) {
            // Writers hear their own rooms, too; they are no readers.
            return reader.map_or(Ok(()), |reader| self.delta(reader, text, now));
        }
        if text.starts_with(br#"{"type":"ack","id":"start""#) {
            let ack: Value = serde_json::from_slice(text)?;
            let id = ack["data"]["message_id"].as_str().unwrap_or_default();
            self.open[from] = Some((id.to_owned(), 0));
        } else if text.starts_with(br#"{"type":"ack","id":"join""#) {
            self.joined += 1;
            let reader = from - STREAMS;
            if self.rooms_of[reader] < ROOMS_PER_READER {
                let next = self.next_join(reader)?;
                frame::push(reply, frame::TEXT, &next);
            }
        } else if text.starts_with(br#"{"type":"error""#) {
            return Err(excerpt(text).into());
        }
        Ok(())
    }
}
