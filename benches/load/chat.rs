//! Senders and readers: who sends when, and what has come of it.

use std::collections::VecDeque;

pub use crate::terms::{Pace, Part, Tally};

use crate::{
    Result,
    audit::{Acks, Deliveries, Findings},
    handler::Handler,
    outbox::Outbox,
    stats::Histogram,
    swarm::Swarm,
    wire::{Composer, Incoming, excerpt, is_unavailable},
};

pub struct Chat {
    parts: Vec<Part>,
    rooms: Vec<Room>,
    senders: Vec<usize>,
    /// By connection; only senders have one.
    composers: Vec<Option<Composer>>,
    pace: Pace,
    /// For [`Pace::Window`]: readers that each message still has to reach,
    /// the oldest first, and the `seq` of that one.
    window: VecDeque<u64>,
    window_seq: u64,
    next_sender: usize,
    sending: bool,
    measuring: bool,
    pub tally: Tally,
    pub ack_latency: Histogram,
    pub delivery_latency: Histogram,
    acks: Acks,
    deliveries: Deliveries,
    /// By connection.
    aside: Vec<bool>,
    /// Where connections end and come back.
    outbox: Option<Outbox>,
}

#[derive(Clone, Copy)]
struct Room {
    readers: u64,
    /// Those of them that were set aside.
    aside: u64,
}

impl Chat {
    /// `parts` and `heads` (see `join`) go by connection, `rooms` has the names.
    pub fn new(
        pace: Pace,
        content_bytes: usize,
        rooms: &[String],
        parts: &[Part],
        heads: &[u64],
    ) -> Self {
        let of_room = |room| parts.iter().zip(heads).filter(move |(part, _)| part.room == room);
        let readers = |room| of_room(room).filter(|(part, _)| part.reads).count() as u64;
        let head = |room| of_room(room).map(|(_, head)| *head).max().unwrap_or(0);
        let room_heads: Vec<u64> = (0..rooms.len()).map(head).collect();
        let senders: Vec<usize> = (0..parts.len()).filter(|&i| parts[i].sends).collect();
        let composer =
            |part: &Part| part.sends.then(|| Composer::new(&rooms[part.room], content_bytes));
        Chat {
            composers: parts.iter().map(composer).collect(),
            rooms: (0..rooms.len()).map(|room| Room { readers: readers(room), aside: 0 }).collect(),
            window: VecDeque::new(),
            window_seq: room_heads[parts[senders[0]].room] + 1,
            parts: parts.to_vec(),
            senders,
            pace,
            next_sender: 0,
            sending: false,
            measuring: false,
            tally: Tally::default(),
            ack_latency: Histogram::new(),
            delivery_latency: Histogram::new(),
            acks: Acks::new(heads, &room_heads),
            deliveries: Deliveries::new(heads),
            aside: vec![false; parts.len()],
            outbox: None,
        }
    }

    /// From here on each message is kept until its ack: see [`Chat::release`].
    pub fn keep_unacked(&mut self) {
        self.outbox = Some(Outbox::default());
    }

    /// What `connection` sends waits for [`Chat::release`].
    pub fn hold(&mut self, connection: usize) {
        if let Some(outbox) = self.outbox.as_mut().filter(|_| self.parts[connection].sends) {
            outbox.hold(connection);
        }
    }

    /// Sends again all that `connection` has no ack for, under the same names.
    pub fn release(&mut self, connection: usize, out: &mut Vec<u8>) {
        if let Some(outbox) = self.outbox.as_mut().filter(|_| self.parts[connection].sends) {
            outbox.release(connection, out);
        }
    }

    /// A window does not wait for this reader, and how late it is does not
    /// count. What comes to it is checked like all else.
    pub fn set_aside(&mut self, connection: usize) {
        self.aside[connection] = true;
        self.rooms[self.parts[connection].room].aside += 1;
    }

    /// The `seq` that the connection has.
    pub fn last_seq(&self, connection: usize) -> u64 {
        self.deliveries.last(connection)
    }

    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Goes on at another pace, with the latencies of that alone. All of what
    /// was sent before must have arrived.
    pub fn change_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.window_seq += self.window.drain(..).len() as u64;
        (self.ack_latency, self.delivery_latency) = (Histogram::new(), Histogram::new());
    }

    /// Sends the first messages; from here on the pace decides.
    pub fn start(&mut self, swarm: &mut Swarm, now: u64) -> Result<()> {
        self.sending = true;
        if matches!(self.pace, Pace::Closed) {
            for index in 0..self.senders.len() {
                self.send(swarm, self.senders[index], now)?;
            }
        }
        self.fill_window(swarm, now)
    }

    /// Sends no more; what is under way still arrives.
    pub fn finish(&mut self) {
        self.sending = false;
    }

    /// Whether latencies are recorded.
    pub fn measure(&mut self, measuring: bool) {
        self.measuring = measuring;
    }

    pub fn measuring(&self) -> bool {
        self.measuring
    }

    pub fn sending(&self) -> bool {
        self.sending
    }

    /// For [`Pace::Window`]: sends as much as there is room for.
    pub fn fill_window(&mut self, swarm: &mut Swarm, now: u64) -> Result<()> {
        let Pace::Window(size) = self.pace else { return Ok(()) };
        let sender = self.senders[0];
        let before = self.tally.sent;
        while self.sending
            && self.window.len() < size
            && self.tally.sent - self.tally.acked < size as u64
        {
            let Room { readers, aside } = self.rooms[self.parts[sender].room];
            self.window.push_back(readers - aside);
            self.compose(sender, now, swarm.unsent(sender));
        }
        if self.tally.sent == before { Ok(()) } else { swarm.flush(sender) }
    }

    /// For [`Pace::Rate`]: sends the message that was due at `due`. Latency
    /// counts from there, so that a client or server that is late shows.
    pub fn send_due(&mut self, swarm: &mut Swarm, due: u64) -> Result<()> {
        let sender = self.senders[self.next_sender];
        self.next_sender = (self.next_sender + 1) % self.senders.len();
        self.send(swarm, sender, due)
    }

    pub fn send(&mut self, swarm: &mut Swarm, sender: usize, now: u64) -> Result<()> {
        self.compose(sender, now, swarm.unsent(sender));
        swarm.flush(sender)
    }

    fn compose(&mut self, sender: usize, now: u64, out: &mut Vec<u8>) {
        if let Some(composer) = &mut self.composers[sender] {
            let start = out.len();
            composer.compose(now, out);
            if let Some(outbox) = &mut self.outbox {
                outbox.keep(sender, now, out, start);
            }
            self.tally.sent += 1;
            self.tally.expected += self.rooms[self.parts[sender].room].readers;
        }
    }

    fn acked(&mut self, from: usize, sent_at: u64, seq: u64, now: u64, reply: &mut Vec<u8>) {
        self.tally.acked += 1;
        self.acks.got(from, self.parts[from].room, seq);
        if let Some(outbox) = &mut self.outbox {
            outbox.acked(from, sent_at);
        }
        if self.measuring {
            self.ack_latency.record(now.saturating_sub(sent_at));
        }
        if self.sending && matches!(self.pace, Pace::Closed) {
            self.compose(from, now, reply);
        }
    }

    fn delivered(&mut self, to: usize, sent_at: u64, seq: u64, now: u64) {
        if !self.deliveries.got(to, seq) {
            return;
        }
        self.tally.delivered += 1;
        if self.aside[to] {
            self.tally.aside += 1;
            return;
        }
        if self.measuring {
            self.delivery_latency.record(now.saturating_sub(sent_at));
        }
        let place = seq.checked_sub(self.window_seq).map(|place| place as usize);
        if let Some(waiting) = place.and_then(|place| self.window.get_mut(place)) {
            *waiting = waiting.saturating_sub(1);
            while self.window.front() == Some(&0) {
                self.window.pop_front();
                self.window_seq += 1;
            }
        }
    }

    /// Whether all that was sent has been acked and delivered. What was left
    /// out in the middle will not come any more, and is not waited for.
    pub fn settled(&self) -> bool {
        let Tally { sent, acked, expected, delivered, .. } = self.tally;
        acked >= sent && delivered + self.deliveries.findings().gaps >= expected
    }

    /// Moves as long as anything arrives.
    pub fn progress(&self) -> u64 {
        self.tally.acked + self.tally.delivered
    }

    /// Where it stands, for the message about a stall.
    pub fn standing(&self) -> String {
        let Tally { sent, acked, expected, delivered, .. } = self.tally;
        let Findings { gaps, repeats } = self.findings();
        format!(
            "{acked} of {sent} messages acked, {delivered} of {expected} deliveries arrived, \
             gaps={gaps} repeats={repeats}"
        )
    }

    /// What the checks have found. Complete once [`Chat::settled`].
    pub fn findings(&self) -> Findings {
        let mut findings = self.acks.findings();
        findings.add(&self.deliveries.findings());
        findings
    }
}

impl Handler for Chat {
    #[inline]
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()> {
        match Incoming::read(text)? {
            Incoming::Message { sent_at, seq } => self.delivered(from, sent_at, seq, now),
            Incoming::Ack { sent_at, seq } => self.acked(from, sent_at, seq, now, reply),
            // Of a server that is about to end: it is sent again, see `release`.
            Incoming::Error(error) if self.outbox.is_some() && is_unavailable(error) => {}
            Incoming::Error(error) => {
                return Err(format!("a message was refused: {}", excerpt(error)).into());
            }
            Incoming::Other => {}
        }
        Ok(())
    }
}
