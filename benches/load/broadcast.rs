//! One sender and many readers, on any server that can be told to broadcast.
//!
//! Unlike `chat` this reads nothing of a server's frames but the stamp that the
//! sender has put into its message, so that the client's share of the work is
//! the same next to every server, and every server is checked the same way.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    Result,
    audit::Findings,
    chat::Pace,
    drive::{Meter, Span, Watch, Watched, exact_wakeups},
    handler::Handler,
    options::Options,
    peers::{Dialect, Template, stamp},
    stats::{Histogram, now_ns},
    swarm::Swarm,
};

const POLL: Duration = Duration::from_millis(5);
/// How long what is under way at the end may take to arrive.
const SETTLE: Duration = Duration::from_secs(60);

pub struct Broadcast<'a> {
    dialect: &'a mut dyn Dialect,
    template: Template,
    pace: Pace,
    /// The count of the last message that each reader has.
    last: Vec<u64>,
    /// Readers that each message still has to reach, the oldest first, and
    /// the count of that one.
    window: VecDeque<usize>,
    window_count: u64,
    sent: u64,
    delivered: u64,
    lost: u64,
    repeated: u64,
    frame_bytes: usize,
    measuring: bool,
    latency: Histogram,
}

/// What a measured stretch has given.
pub struct Outcome {
    pub span: Span,
    pub delivered: u64,
    pub latency: Histogram,
    /// Of the last text that a reader got.
    pub frame_bytes: usize,
    pub findings: Findings,
}

impl<'a> Broadcast<'a> {
    /// Connections `0..readers` read, and the next one sends them texts of
    /// `bytes` bytes.
    pub fn new(dialect: &'a mut dyn Dialect, bytes: usize, readers: usize, pace: Pace) -> Self {
        Broadcast {
            template: Template::new(&dialect.message(bytes)),
            dialect,
            pace,
            last: vec![0; readers],
            window: VecDeque::new(),
            window_count: 1,
            sent: 0,
            delivered: 0,
            lost: 0,
            repeated: 0,
            frame_bytes: 0,
            measuring: false,
            latency: Histogram::new(),
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
        let mut course = Course { swarm, watch: Watch::new(), due: now_ns(), interval: 0 };
        if let Pace::Rate(per_second) = self.pace {
            let interval = Duration::from_secs(1) / per_second;
            course.interval = interval.as_nanos() as u64;
            course.swarm.tick_every(interval)?;
        }
        course.until(&mut self, options.warm_up)?;
        self.measuring = true;
        let (meter, before) = (Meter::start(server), self.delivered);
        course.until(&mut self, options.measured)?;
        let (span, after) = (meter.stop(server), self.delivered);
        self.measuring = false;
        course.swarm.tick_every(Duration::ZERO)?;
        course.settle(&mut self)?;
        Ok(Outcome {
            span,
            delivered: after - before,
            latency: self.latency,
            frame_bytes: self.frame_bytes,
            findings: Findings { gaps: self.lost, repeats: self.repeated },
        })
    }

    /// Keeps the window full; one is done when every reader has it, so that
    /// no server can buy throughput with readers that fall behind.
    fn fill_window(&mut self, swarm: &mut Swarm) -> Result<()> {
        let Pace::Window(size) = self.pace else { return Ok(()) };
        if self.window.len() >= size {
            return Ok(());
        }
        while self.window.len() < size {
            self.compose(swarm, now_ns());
        }
        swarm.flush(self.last.len())
    }

    fn compose(&mut self, swarm: &mut Swarm, now: u64) {
        self.template.compose(now, swarm.unsent(self.last.len()));
        self.window.push_back(self.last.len());
        self.sent += 1;
    }

    #[inline]
    fn got(&mut self, reader: usize, sent_at: u64, count: u64, now: u64) {
        let last = &mut self.last[reader];
        if count <= *last {
            self.repeated += 1;
            return;
        }
        let missed = *last + 1..count;
        *last = count;
        self.delivered += 1;
        self.lost += missed.end - missed.start;
        // What was left out will not come any more, and is not waited for.
        missed.for_each(|count| self.reached(count));
        self.reached(count);
        if self.measuring {
            self.latency.record(now.saturating_sub(sent_at));
        }
    }

    #[inline]
    fn reached(&mut self, count: u64) {
        let place = count.wrapping_sub(self.window_count) as usize;
        if let Some(waiting) = self.window.get_mut(place) {
            *waiting -= 1;
            while self.window.front() == Some(&0) {
                self.window.pop_front();
                self.window_count += 1;
            }
        }
    }

    fn standing(&self) -> String {
        let (readers, Broadcast { sent, delivered, lost, .. }) = (self.last.len(), self);
        format!("{sent} messages sent to {readers} readers, {delivered} delivered, {lost} lost")
    }
}

impl Handler for Broadcast<'_> {
    #[inline]
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()> {
        match stamp(text) {
            Some((sent_at, count)) if from < self.last.len() => {
                self.frame_bytes = text.len();
                self.got(from, sent_at, count, now);
            }
            // Some servers cannot leave the sender out.
            Some(_) => {}
            None => drop(self.dialect.hear(from, text, reply)?),
        }
        Ok(())
    }
}

struct Course<'a> {
    swarm: &'a mut Swarm,
    watch: Watch,
    /// When the last message of a [`Pace::Rate`] was due.
    due: u64,
    /// In nanoseconds; 0 without a rate.
    interval: u64,
}

impl Course<'_> {
    fn until(&mut self, broadcast: &mut Broadcast, length: Duration) -> Result<()> {
        let end = Instant::now() + length;
        while Instant::now() < end {
            let ticks = self.turn(broadcast)?;
            for _ in 0..ticks {
                // Latency counts from here, so that who is late shows.
                self.due += self.interval;
                broadcast.compose(self.swarm, self.due);
            }
            if ticks > 0 {
                self.swarm.flush(broadcast.last.len())?;
            }
            broadcast.fill_window(self.swarm)?;
        }
        Ok(())
    }

    fn settle(&mut self, broadcast: &mut Broadcast) -> Result<()> {
        let end = Instant::now() + SETTLE;
        while !broadcast.window.is_empty() {
            self.turn(broadcast)?;
            if Instant::now() > end {
                return Err(format!("not done in {SETTLE:?}: {}", broadcast.standing()).into());
            }
        }
        Ok(())
    }

    fn turn(&mut self, broadcast: &mut Broadcast) -> Result<u64> {
        let ticks = self.swarm.poll(POLL, broadcast)?;
        self.watch.check(broadcast.delivered, || broadcast.standing())?;
        Ok(ticks)
    }
}
