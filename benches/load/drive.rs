//! The course of a measurement: warm up, measure, let all arrive.

use std::time::{Duration, Instant};

use crate::{
    Result,
    chat::{Chat, Pace, Tally},
    epoll::checked,
    options::Options,
    process::Server,
    stats::{clock_ns, now_ns},
    swarm::Swarm,
};

/// A server that gives no sign of life for this long has failed.
const STALL: Duration = Duration::from_secs(20);
/// How late a phase may end; nothing that is measured depends on it.
const POLL: Duration = Duration::from_millis(5);

/// Ends a run that makes no progress.
pub struct Watch {
    progress: u64,
    since: Instant,
}

impl Watch {
    pub fn new() -> Self {
        Watch { progress: 0, since: Instant::now() }
    }

    /// `progress` is any number that changes while things go on.
    pub fn check(&mut self, progress: u64, standing: impl Fn() -> String) -> Result<()> {
        if progress != self.progress {
            *self = Watch { progress, since: Instant::now() };
        } else if self.since.elapsed() > STALL {
            return Err(format!("stalled for {} s: {}", STALL.as_secs(), standing()).into());
        }
        Ok(())
    }
}

/// What a stretch of time has cost.
pub struct Span {
    pub seconds: f64,
    pub server_cpu_seconds: f64,
    pub client_cpu_seconds: f64,
}

/// A server whose CPU time can be read: ours, or one next to it.
pub trait Watched {
    /// Of all its threads and processes so far.
    fn cpu_ns(&self) -> u64;
}

impl Watched for Server {
    fn cpu_ns(&self) -> u64 {
        Server::cpu_ns(self)
    }
}

/// The readings at the start of a [`Span`].
pub struct Meter {
    now: u64,
    server: u64,
    client: u64,
}

impl Meter {
    pub fn start(server: &impl Watched) -> Self {
        Meter {
            now: now_ns(),
            server: server.cpu_ns(),
            client: clock_ns(libc::CLOCK_PROCESS_CPUTIME_ID),
        }
    }

    pub fn stop(&self, server: &impl Watched) -> Span {
        let end = Meter::start(server);
        let seconds = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e9;
        Span {
            seconds: seconds(self.now, end.now),
            server_cpu_seconds: seconds(self.server, end.server),
            client_cpu_seconds: seconds(self.client, end.client),
        }
    }
}

impl Span {
    /// Cores the server kept busy.
    pub fn server_cores(&self) -> f64 {
        self.server_cpu_seconds / self.seconds
    }

    pub fn client_cores(&self) -> f64 {
        self.client_cpu_seconds / self.seconds
    }
}

/// Runs `chat` and gives the measured stretch with what happened in it.
pub fn drive(
    swarm: &mut Swarm,
    server: &Server,
    chat: &mut Chat,
    options: &Options,
) -> Result<(Span, Tally)> {
    exact_wakeups()?;
    let mut run = Run { swarm, watch: Watch::new(), due: now_ns(), interval: Duration::ZERO };
    if let Pace::Rate(per_second) = chat.pace() {
        run.interval = Duration::from_secs(1) / per_second;
        run.swarm.tick_every(run.interval)?;
    }
    chat.start(run.swarm, now_ns())?;
    run.until(chat, options.warm_up)?;

    chat.measure(true);
    let (meter, before) = (Meter::start(server), chat.tally);
    run.until(chat, options.measured)?;
    let (span, after) = (meter.stop(server), chat.tally);
    chat.measure(false);

    chat.finish();
    run.swarm.tick_every(Duration::ZERO)?;
    run.interval = Duration::ZERO;
    while !chat.settled() {
        run.turn(chat)?;
    }
    Ok((span, after.since(&before)))
}

struct Run<'a> {
    swarm: &'a mut Swarm,
    watch: Watch,
    /// When the last message of a [`Pace::Rate`] was due.
    due: u64,
    interval: Duration,
}

impl Run<'_> {
    fn until(&mut self, chat: &mut Chat, length: Duration) -> Result<()> {
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.turn(chat)?;
        }
        Ok(())
    }

    fn turn(&mut self, chat: &mut Chat) -> Result<()> {
        let ticks = self.swarm.poll(POLL, chat)?;
        if !self.interval.is_zero() {
            for _ in 0..ticks {
                self.due += self.interval.as_nanos() as u64;
                chat.send_due(self.swarm, self.due)?;
            }
        }
        chat.fill_window(self.swarm, now_ns())?;
        self.watch.check(chat.progress(), || chat.standing())
    }
}

impl Tally {
    fn since(&self, before: &Tally) -> Tally {
        Tally {
            sent: self.sent - before.sent,
            acked: self.acked - before.acked,
            expected: self.expected - before.expected,
            delivered: self.delivered - before.delivered,
        }
    }
}

/// Without this the kernel may let a wait end 50 µs late to save power.
pub fn exact_wakeups() -> Result<()> {
    // SAFETY: sets a number of this thread.
    checked(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) })?;
    Ok(())
}
