//! Hours of ordinary life in a smaller time: people come and go, log in, read
//! and search, and memory must not grow. Run it with `--seconds 1800`.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::{Case, assemble, metric, with_server};
use crate::{
    Result,
    chance::Chance,
    chat::{Chat, Pace, Part},
    drive::{Run, Scene},
    handler::{End, Handler},
    options::Options,
    process::Server,
    report::{Measured, Metric},
    rest::Rest,
    returning::Returning,
    swarm::Swarm,
};

const ROOMS: usize = 20;
const PRESENT: usize = 1_000;
/// Those who are away at a time; each comes back after [`ABSENT`] /
/// [`CHANGES`] ticks, with that much to be replayed.
const ABSENT: usize = 250;
/// Who leave, and who come, with each tick.
const CHANGES: usize = 10;
const TICK: Duration = Duration::from_secs(1);
/// Of all rooms together.
const RATE: u32 = 50;
const SAMPLE: Duration = Duration::from_secs(10);
/// Samples at least, if the run is short.
const SAMPLES_MIN: u32 = 24;
/// Of the run; in half an hour each is five minutes.
const PARTS: usize = 6;
/// A visitor logs in, reads, asks for what is unread and searches this often.
const VISIT: Duration = Duration::from_secs(1);
const SETTINGS: &[(&str, &str)] = &[("PARLOR_ACCOUNTS", "on"), ("PARLOR_LOGINS_PER_MINUTE", "0")];

pub fn cases() -> Vec<Case> {
    vec![Case::new("1,000 connections", |options| {
        with_server(options, SETTINGS, |server| run(options, server))
    })]
}

/// The first of each room sends, and stays.
fn run(options: &Options, server: &mut Server) -> Result<Measured> {
    let rooms: Vec<String> = (0..ROOMS).map(|room| format!("room-{room}")).collect();
    let part = |index| Part { room: index % ROOMS, sends: index < ROOMS, reads: true };
    let parts: Vec<Part> = (0..PRESENT + ABSENT).map(part).collect();
    let (mut swarm, chat) = assemble(options, server, Pace::Rate(RATE), &rooms, &parts)?;
    let people = Returning::new(chat, server, &rooms, &parts)?;
    let mut scene = Churn::new(people, &mut swarm);
    let mut run = Run::start(&mut swarm, &mut scene)?;
    run.lasting(&mut scene, options.warm_up)?;

    let mut samples = vec![(0.0, server.resident_kib()? as f64)];
    let every = SAMPLE.min(options.measured / SAMPLES_MIN);
    let ends = AtomicBool::new(false);
    let (server, token) = (&*server, server.token("owner")?);
    let mut visitor = Visitor::new(server, token)?;
    let (measured, visits) = std::thread::scope(|threads| {
        let visits = threads.spawn(|| visitor.until(&ends).map_err(|e| e.to_string()));
        let measured = run.measure(&mut scene, server, |run, scene| {
            let begin = Instant::now();
            while begin.elapsed() < options.measured && !visits.is_finished() {
                run.lasting(scene, every)?;
                samples.push((begin.elapsed().as_secs_f64(), server.resident_kib()? as f64));
            }
            Ok(())
        });
        ends.store(true, Ordering::Relaxed);
        (measured, visits.join().unwrap_or_else(|_| Err("the visitor panicked".into())))
    });
    let ((span, _), visits) = (measured?, visits?);
    scene.ends = true;
    scene.people.all_come(run.swarm)?;
    run.until(&mut scene, |scene| scene.people.away == 0)?;
    run.settle(&mut scene)?;

    let people = &scene.people;
    let mut metrics = residents(&samples);
    metrics.extend([
        metric("slope_kib_per_min", "slope KiB/min", slope(&samples) * 60.0, 1),
        metric("seconds", "seconds", span.seconds, 0),
        metric("visits", "visits", visits as f64, 0),
        metric("returns", "returns", people.resumed as f64, 0),
        metric("replayed", "replayed", people.replayed as f64, 0),
        metric("ended", "ended by the server", people.ends.values().sum::<u64>() as f64, 0),
        metric("server_cores", "server CPU, cores", span.server_cores(), 2),
        metric("client_cores", "client CPU, cores", span.client_cores(), 2),
        metric("ack_p99_ms", "ack p99 ms", people.chat.ack_latency.quantile_ms(0.99), 2),
        metric("acked", "acked", people.chat.tally.acked as f64, 0),
        metric("delivered", "delivered", people.chat.tally.delivered as f64, 0),
    ]);
    Ok(Measured { metrics, findings: people.chat.findings() })
}

/// At the start and after each part, in MiB.
fn residents(samples: &[(f64, f64)]) -> Vec<Metric> {
    const COLUMNS: [(&str, &str); PARTS + 1] = [
        ("resident_start_mib", "RSS at start MiB"),
        ("resident_1_mib", "at 1/6"),
        ("resident_2_mib", "at 2/6"),
        ("resident_3_mib", "at 3/6"),
        ("resident_4_mib", "at 4/6"),
        ("resident_5_mib", "at 5/6"),
        ("resident_end_mib", "at the end"),
    ];
    let resident = |part: usize| samples[(samples.len() - 1) * part / PARTS].1 / 1024.0;
    let column = |(part, (key, heading))| metric(key, heading, resident(part), 1);
    COLUMNS.into_iter().enumerate().map(column).collect()
}

/// KiB per second by least squares, without the first part: allocators and
/// caches fill then.
fn slope(samples: &[(f64, f64)]) -> f64 {
    let samples = &samples[samples.len() / PARTS..];
    let count = samples.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| samples.iter().map(value).sum::<f64>() / count;
    let (time, size) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (t, s) in samples {
        covariance += (t - time) * (s - size);
        variance += (t - time) * (t - time);
    }
    if variance > 0.0 { covariance / variance } else { 0.0 }
}

/// Somebody who uses what is not a socket, once a [`VISIT`].
struct Visitor {
    rest: Rest,
    token: String,
}

impl Visitor {
    const CREDENTIALS: &str = r#"{"user_id":"visitor","password":"correct horse"}"#;

    fn new(server: &Server, token: String) -> Result<Self> {
        let mut rest = Rest::connect(server)?;
        rest.post("/api/v1/auth/register", "", Self::CREDENTIALS)?;
        Ok(Visitor { rest, token })
    }

    /// How many visits there were.
    fn until(&mut self, ends: &AtomicBool) -> Result<u64> {
        let (begin, mut visits) = (Instant::now(), 0);
        while !ends.load(Ordering::Relaxed) {
            self.visit()?;
            visits += 1;
            let next = begin + VISIT * visits;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        Ok(visits.into())
    }

    fn visit(&mut self) -> Result<()> {
        let answers = [
            self.rest.post("/api/v1/auth/login", "", Self::CREDENTIALS)?,
            self.rest.get("/api/v1/rooms/room-0/messages?limit=50", &self.token)?,
            self.rest.get("/api/v1/unread", &self.token)?,
            self.rest.get("/api/v1/search?q=quick", &self.token)?,
        ];
        match answers.into_iter().find(|(status, _)| *status != 200) {
            None => Ok(()),
            Some((status, body)) => Err(format!("a visitor was answered {status}: {body}").into()),
        }
    }
}

struct Churn {
    people: Returning,
    chance: Chance,
    /// In the order they left.
    absent: std::collections::VecDeque<usize>,
    next_tick: Instant,
    ends: bool,
}

impl Churn {
    fn new(people: Returning, swarm: &mut Swarm) -> Self {
        let mut churn = Churn {
            people,
            chance: Chance::new(2),
            absent: (PRESENT..PRESENT + ABSENT).collect(),
            next_tick: Instant::now() + TICK,
            ends: false,
        };
        churn.absent.iter().for_each(|&person| churn.people.leave(swarm, person));
        // Whom the server ends comes back; it is told in the report.
        churn.people.persistent = true;
        churn
    }

    fn change(&mut self, swarm: &mut Swarm) -> Result<()> {
        for _ in 0..CHANGES {
            let person = self.chance.below((PRESENT + ABSENT) as u64) as usize;
            if person >= ROOMS && self.people.is_live(person) {
                self.people.leave(swarm, person);
                self.absent.push_back(person);
            }
        }
        while self.absent.len() > ABSENT
            && let Some(person) = self.absent.pop_front()
        {
            self.people.come(swarm, person)?;
        }
        Ok(())
    }
}

impl Handler for Churn {
    #[inline]
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()> {
        self.people.text(from, text, now, reply)
    }

    fn ended(&mut self, from: usize, end: &End) -> Result<()> {
        self.people.ended(from, end)
    }
}

impl Scene for Churn {
    fn chat(&mut self) -> &mut Chat {
        self.people.chat()
    }

    fn turn(&mut self, swarm: &mut Swarm, now: u64) -> Result<()> {
        if !self.ends && Instant::now() >= self.next_tick {
            self.next_tick += TICK;
            self.change(swarm)?;
        }
        self.people.turn(swarm, now)
    }

    fn moved(&mut self) -> u64 {
        self.people.moved()
    }
}
