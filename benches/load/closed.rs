//! Senders with one message under way each, on any server that answers.
//!
//! Each is alone in a room, and gets the answer and its own message back. Like
//! `broadcast` this reads nothing of a server's frames but its own stamp and
//! whether they are the answer, so that the client's share of the work is the
//! same next to every server.

use std::time::{Duration, Instant};

use crate::{
    Result,
    audit::Findings,
    drive::{Meter, Span, Watch, Watched, exact_wakeups},
    handler::Handler,
    options::Options,
    peers::{Answering, Template, stamp},
    stats::{Histogram, now_ns},
    swarm::Swarm,
};

const POLL: Duration = Duration::from_millis(5);

pub struct Closed<'a> {
    dialect: &'a mut dyn Answering,
    senders: Vec<Sender>,
    sending: bool,
    measuring: bool,
    answered: u64,
    heard: u64,
    latency: Histogram,
    findings: Findings,
}

struct Sender {
    template: Template,
    sent_at: u64,
    waits: bool,
    /// Messages sent, and the count of the last one that came back.
    sent: u64,
    last: u64,
}

/// What a measured stretch has given.
pub struct Outcome {
    pub span: Span,
    pub answered: u64,
    pub latency: Histogram,
    pub findings: Findings,
}

impl<'a> Closed<'a> {
    /// Connections `0..senders` send, each into its own room.
    pub fn new(dialect: &'a mut dyn Answering, senders: usize) -> Self {
        let sender = |number| Sender {
            template: Template::new(&dialect.say(number)),
            sent_at: 0,
            waits: false,
            sent: 0,
            last: 0,
        };
        Closed {
            senders: (0..senders).map(sender).collect(),
            dialect,
            sending: true,
            measuring: false,
            answered: 0,
            heard: 0,
            latency: Histogram::new(),
            findings: Findings::default(),
        }
    }

    /// Warms up, measures, and lets all arrive.
    pub fn run(
        mut self,
        swarm: &mut Swarm,
        server: &impl Watched,
        options: &Options,
    ) -> Result<Outcome> {
        exact_wakeups()?;
        for number in 0..self.senders.len() {
            self.senders[number].send(now_ns(), swarm.unsent(number));
            swarm.flush(number)?;
        }
        self.go_on(swarm, Some(options.warm_up))?;
        self.measuring = true;
        let (meter, before) = (Meter::start(server), self.answered);
        self.go_on(swarm, Some(options.measured))?;
        let (span, after) = (meter.stop(server), self.answered);
        (self.measuring, self.sending) = (false, false);
        self.go_on(swarm, None)?;
        let Closed { latency, findings, .. } = self;
        Ok(Outcome { span, answered: after - before, latency, findings })
    }

    /// For so long, or until nothing is under way.
    fn go_on(&mut self, swarm: &mut Swarm, length: Option<Duration>) -> Result<()> {
        let (began, mut watch) = (Instant::now(), Watch::new());
        let done = |closed: &Self| match length {
            Some(length) => began.elapsed() >= length,
            None => closed.senders.iter().all(|sender| !sender.waits && sender.last == sender.sent),
        };
        while !done(self) {
            swarm.poll(POLL, self)?;
            watch.check(self.answered + self.heard, || {
                format!("{} messages answered, {} came back", self.answered, self.heard)
            })?;
        }
        Ok(())
    }
}

impl Sender {
    fn send(&mut self, now: u64, out: &mut Vec<u8>) {
        self.template.compose(now, out);
        (self.sent_at, self.waits) = (now, true);
        self.sent += 1;
    }
}

impl Handler for Closed<'_> {
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()> {
        let sender = &mut self.senders[from];
        if let Some((_, count)) = stamp(text) {
            self.heard += 1;
            self.findings.repeats += u64::from(count <= sender.last);
            self.findings.gaps += count.saturating_sub(sender.last + 1);
            sender.last = count.max(sender.last);
        } else if self.dialect.is_answer(text) {
            self.answered += 1;
            sender.waits = false;
            if self.measuring {
                self.latency.record(now.saturating_sub(sender.sent_at));
            }
            if self.sending {
                sender.send(now, reply);
            }
        } else {
            self.dialect.hear(from, text, reply)?;
        }
        Ok(())
    }
}
