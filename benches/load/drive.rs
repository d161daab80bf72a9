//! The course of a measurement: warm up, measure, let all arrive.

use std::time::{Duration, Instant};

use parlor_benches::database::Database;

use crate::{
    Result,
    chat::{Chat, Pace, Tally},
    epoll::checked,
    handler::Handler,
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
    pub fn check(&mut self, progress: u64, standing: impl FnOnce() -> String) -> Result<()> {
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
    /// 0 where the server's database is within it.
    pub database_cpu_seconds: f64,
    pub client_cpu_seconds: f64,
}

/// A server whose CPU time can be read: ours, or one next to it.
pub trait Watched {
    /// Of all its threads and processes so far.
    fn cpu_ns(&self) -> u64;

    /// If it is on one that is not within it.
    fn database(&self) -> Option<&Database>;
}

impl Watched for Server {
    fn cpu_ns(&self) -> u64 {
        Server::cpu_ns(self)
    }

    fn database(&self) -> Option<&Database> {
        Server::database(self)
    }
}

/// The readings at the start of a [`Span`].
pub struct Meter {
    now: u64,
    server: u64,
    /// In seconds.
    database: f64,
    client: u64,
}

impl Meter {
    pub fn start(server: &impl Watched) -> Self {
        Meter {
            now: now_ns(),
            server: server.cpu_ns(),
            database: server.database().map_or(0.0, Database::cpu),
            client: clock_ns(libc::CLOCK_PROCESS_CPUTIME_ID),
        }
    }

    pub fn stop(&self, server: &impl Watched) -> Span {
        let end = Meter::start(server);
        let seconds = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e9;
        Span {
            seconds: seconds(self.now, end.now),
            server_cpu_seconds: seconds(self.server, end.server),
            database_cpu_seconds: end.database - self.database,
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

/// A chat, alone or with something around it.
pub trait Scene: Handler {
    fn chat(&mut self) -> &mut Chat;

    /// Called after every wait, at least each [`POLL`].
    fn turn(&mut self, _swarm: &mut Swarm, _now: u64) -> Result<()> {
        Ok(())
    }

    /// Moves as long as anything goes on.
    fn moved(&mut self) -> u64 {
        self.chat().progress()
    }
}

impl Scene for Chat {
    fn chat(&mut self) -> &mut Chat {
        self
    }
}

/// Runs `scene` and gives the measured stretch with what happened in it.
pub fn drive(
    swarm: &mut Swarm,
    server: &Server,
    scene: &mut impl Scene,
    options: &Options,
) -> Result<(Span, Tally)> {
    let mut run = Run::start(swarm, scene)?;
    run.lasting(scene, options.warm_up)?;
    let measured = run.measure(scene, server, |run, scene| run.lasting(scene, options.measured))?;
    run.settle(scene)?;
    Ok(measured)
}

/// A chat under way.
pub struct Run<'a> {
    pub swarm: &'a mut Swarm,
    watch: Watch,
    /// When the last message of a [`Pace::Rate`] was due.
    due: u64,
    interval: Duration,
}

impl<'a> Run<'a> {
    pub fn start(swarm: &'a mut Swarm, scene: &mut impl Scene) -> Result<Self> {
        exact_wakeups()?;
        let mut run = Run { swarm, watch: Watch::new(), due: now_ns(), interval: Duration::ZERO };
        if let Pace::Rate(per_second) = scene.chat().pace() {
            run.interval = Duration::from_secs(1) / per_second;
            run.swarm.tick_every(run.interval)?;
        }
        scene.chat().start(run.swarm, now_ns())?;
        Ok(run)
    }

    /// Records what happens in `stretch`, and what it costs.
    pub fn measure<S: Scene>(
        &mut self,
        scene: &mut S,
        server: &Server,
        stretch: impl FnOnce(&mut Self, &mut S) -> Result<()>,
    ) -> Result<(Span, Tally)> {
        scene.chat().measure(true);
        let (meter, before) = (Meter::start(server), scene.chat().tally);
        stretch(self, scene)?;
        let (span, after) = (meter.stop(server), scene.chat().tally);
        scene.chat().measure(false);
        Ok((span, after.since(&before)))
    }

    pub fn lasting(&mut self, scene: &mut impl Scene, length: Duration) -> Result<()> {
        let end = Instant::now() + length;
        self.until(scene, |_| Instant::now() >= end)
    }

    /// Goes on until `done`, or until nothing moves any more.
    pub fn until<S: Scene>(
        &mut self,
        scene: &mut S,
        mut done: impl FnMut(&mut S) -> bool,
    ) -> Result<()> {
        while !done(scene) {
            self.turn(scene)?;
        }
        Ok(())
    }

    /// Sends no more and waits until all has arrived.
    pub fn settle(&mut self, scene: &mut impl Scene) -> Result<()> {
        scene.chat().finish();
        self.interval = Duration::ZERO;
        self.swarm.tick_every(Duration::ZERO)?;
        self.until(scene, |scene| scene.chat().settled())
    }

    fn turn(&mut self, scene: &mut impl Scene) -> Result<()> {
        let ticks = self.swarm.poll(POLL, scene)?;
        if !self.interval.is_zero() {
            for _ in 0..ticks {
                self.due += self.interval.as_nanos() as u64;
                scene.chat().send_due(self.swarm, self.due)?;
            }
        }
        scene.chat().fill_window(self.swarm, now_ns())?;
        scene.turn(self.swarm, now_ns())?;
        self.watch.check(scene.moved(), || scene.chat().standing())
    }
}

/// Without this the kernel may let a wait end 50 µs late to save power.
#[expect(unsafe_code, reason = "prctl(2)")]
pub fn exact_wakeups() -> Result<()> {
    // SAFETY: sets a number of this thread.
    checked(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) })?;
    Ok(())
}
