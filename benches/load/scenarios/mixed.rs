//! What people do: now and then someone writes, and who looks at the room
//! marks it as read a moment later.
//!
//! Typing notices join here once the protocol has them: an action like the
//! two below, some seconds before each message.

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range, time::Duration};

use serde_json::{Value, json};

use super::{Case, Outcome, assemble, costs, metric, outcome, with_server};
use crate::{
    Result,
    chance::Chance,
    chat::{Chat, Pace, Part},
    drive::{Scene, drive},
    frame,
    handler::Handler,
    options::Options,
    process::Server,
    report::Measured,
    stats::{Histogram, now_ns},
    swarm::Swarm,
};

const ROOMS: usize = 100;
const PEOPLE: usize = 1_000;
/// Between two messages of one person: 20 s on average, 50 messages/s in all.
const PAUSE: Range<Duration> = Duration::from_secs(10)..Duration::from_secs(30);
/// From a message to the read mark.
const READING: Range<Duration> = Duration::from_millis(500)..Duration::from_secs(3);
/// The others have the room in the background.
const ONE_LOOKS_IN: usize = 3;
const READ_ID: &str = "read.";

pub fn cases() -> Vec<Case> {
    vec![Case::new("1,000 people in 100 rooms", |options| {
        with_server(options, &[], |server| run(options, server))
    })]
}

fn run(options: &Options, server: &mut Server) -> Result<Measured> {
    let rooms: Vec<String> = (0..ROOMS).map(|room| format!("room-{room}")).collect();
    let part = |person| Part { room: person % ROOMS, sends: true, reads: true };
    let parts: Vec<Part> = (0..PEOPLE).map(part).collect();
    let (mut swarm, chat) = assemble(options, server, Pace::Free, &rooms, &parts)?;
    let mut scene = Mixed::new(chat, &rooms);
    let (span, tally) = drive(&mut swarm, server, &mut scene, options)?;
    let Mixed { chat, marks, mark_latency, receipt_latency, .. } = scene;
    let outcome = outcome(server, &swarm, chat, span, tally)?;
    Ok(measured(&outcome, marks, &mark_latency, &receipt_latency))
}

fn measured(outcome: &Outcome, marks: u64, mark: &Histogram, receipt: &Histogram) -> Measured {
    let (ack, delivery) = (&outcome.ack_latency, &outcome.delivery_latency);
    let seconds = outcome.span.seconds;
    let cpu = outcome.span.server_cpu_seconds / seconds * 100.0;
    let mut metrics = vec![
        metric("messages_per_s", "messages/s", outcome.tally.acked as f64 / seconds, 1),
        metric("marks_per_s", "read marks/s", marks as f64 / seconds, 1),
        metric("ack_p50_ms", "ack p50 ms", ack.quantile_ms(0.50), 2),
        metric("ack_p99_ms", "ack p99 ms", ack.quantile_ms(0.99), 2),
        metric("delivery_p50_ms", "delivery p50 ms", delivery.quantile_ms(0.50), 2),
        metric("delivery_p99_ms", "delivery p99 ms", delivery.quantile_ms(0.99), 2),
        metric("mark_p50_ms", "mark ack p50 ms", mark.quantile_ms(0.50), 2),
        metric("mark_p99_ms", "mark ack p99 ms", mark.quantile_ms(0.99), 2),
        metric("receipt_p50_ms", "receipt p50 ms", receipt.quantile_ms(0.50), 2),
        metric("receipt_p99_ms", "receipt p99 ms", receipt.quantile_ms(0.99), 2),
        metric("server_cpu_percent", "server CPU % of a core", cpu, 1),
    ];
    metrics.extend(costs(outcome));
    Measured { metrics, findings: outcome.findings }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Say,
    MarkRead,
}

/// The last read mark of a person: what it said, and when.
#[derive(Clone, Copy, Default)]
struct Mark {
    /// One is to be made.
    planned: bool,
    seq: u64,
    at: u64,
}

struct Mixed {
    chat: Chat,
    rooms: Vec<String>,
    chance: Chance,
    /// What is to be done when by whom, the earliest first.
    plan: BinaryHeap<Reverse<(u64, usize, Action)>>,
    /// By connection.
    last: Vec<Mark>,
    /// Marks acked while measuring.
    marks: u64,
    mark_latency: Histogram,
    /// From the mark to each member who is told.
    receipt_latency: Histogram,
}

impl Mixed {
    fn new(chat: Chat, rooms: &[String]) -> Self {
        let (mut chance, now) = (Chance::new(1), now_ns());
        let first = |person| {
            let at = now + chance.time_ns(Duration::ZERO..(PAUSE.start + PAUSE.end) / 2);
            Reverse((at, person, Action::Say))
        };
        Mixed {
            plan: (0..PEOPLE).map(first).collect(),
            chat,
            rooms: rooms.to_vec(),
            chance,
            last: vec![Mark::default(); PEOPLE],
            marks: 0,
            mark_latency: Histogram::new(),
            receipt_latency: Histogram::new(),
        }
    }

    fn mark_read(&mut self, swarm: &mut Swarm, person: usize, now: u64) -> Result<()> {
        let seq = self.chat.last_seq(person);
        self.last[person] = Mark { planned: false, seq, at: now };
        let command = json!({
            "type": "message.read",
            "id": format!("{READ_ID}{now}"),
            "data": { "room_id": self.rooms[person % ROOMS], "seq": seq },
        });
        frame::push(swarm.unsent(person), frame::TEXT, command.to_string().as_bytes());
        swarm.flush(person)
    }

    fn marked(&mut self, text: &[u8], now: u64) -> Result<()> {
        let ack: Value = serde_json::from_slice(text)?;
        let id = ack["id"].as_str().and_then(|id| id.strip_prefix(READ_ID));
        let at: u64 = id.unwrap_or_default().parse()?;
        if self.chat.measuring() {
            self.marks += 1;
            self.mark_latency.record(now.saturating_sub(at));
        }
        Ok(())
    }

    fn told(&mut self, text: &[u8], now: u64) -> Result<()> {
        let event: Value = serde_json::from_slice(text)?;
        for receipt in event["data"]["receipts"].as_array().into_iter().flatten() {
            let person = receipt["user_id"].as_str().and_then(|id| id.strip_prefix("user-"));
            let person: usize = person.unwrap_or_default().parse()?;
            let mark = self.last[person];
            if self.chat.measuring() && receipt["read_seq"] == mark.seq {
                self.receipt_latency.record(now.saturating_sub(mark.at));
            }
        }
        Ok(())
    }
}

impl Handler for Mixed {
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()> {
        if text.starts_with(br#"{"type":"ack","id":"read."#) {
            return self.marked(text, now);
        }
        if text.starts_with(br#"{"type":"receipts""#) {
            return self.told(text, now);
        }
        let before = self.chat.last_seq(from);
        self.chat.text(from, text, now, reply)?;
        // By room, not by number: each room has some who look.
        let looks = (from / ROOMS).is_multiple_of(ONE_LOOKS_IN);
        if looks && self.chat.last_seq(from) != before && !self.last[from].planned {
            self.last[from].planned = true;
            let at = now + self.chance.time_ns(READING);
            self.plan.push(Reverse((at, from, Action::MarkRead)));
        }
        Ok(())
    }
}

impl Scene for Mixed {
    fn chat(&mut self) -> &mut Chat {
        &mut self.chat
    }

    fn turn(&mut self, swarm: &mut Swarm, now: u64) -> Result<()> {
        while let Some(&Reverse((at, person, action))) = self.plan.peek()
            && at <= now
        {
            self.plan.pop();
            match action {
                Action::MarkRead => self.mark_read(swarm, person, now)?,
                Action::Say if self.chat.sending() => {
                    self.chat.send(swarm, person, now)?;
                    let next = now + self.chance.time_ns(PAUSE);
                    self.plan.push(Reverse((next, person, Action::Say)));
                }
                Action::Say => {}
            }
        }
        Ok(())
    }
}
