//! Hours of ordinary life in a smaller time: people come and go, and memory
//! must not grow. Run it with `--seconds 1200`.

use std::time::{Duration, Instant};

use super::{Case, assemble, metric, with_server};
use crate::{
    Result,
    chance::Chance,
    chat::{Chat, Pace, Part},
    drive::{Run, Scene},
    options::Options,
    process::Server,
    report::Measured,
    returning::Returning,
    swarm::{End, Handler, Swarm},
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
const SAMPLES_MIN: u32 = 20;

pub fn cases() -> Vec<Case> {
    vec![Case::new("1,000 connections", |options| {
        with_server(options, &[], |server| run(options, server))
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
    let (span, _) = run.measure(&mut scene, server, |run, scene| {
        let begin = Instant::now();
        while begin.elapsed() < options.measured {
            run.lasting(scene, every)?;
            samples.push((begin.elapsed().as_secs_f64(), server.resident_kib()? as f64));
        }
        Ok(())
    })?;
    scene.ends = true;
    scene.people.all_come(run.swarm)?;
    run.until(&mut scene, |scene| scene.people.away == 0)?;
    run.settle(&mut scene)?;

    let people = &scene.people;
    let resident = |quarter: usize| samples[(samples.len() - 1) * quarter / 4].1 / 1024.0;
    let metrics = vec![
        metric("resident_start_mib", "RSS at start MiB", resident(0), 1),
        metric("resident_quarter_mib", "at 1/4", resident(1), 1),
        metric("resident_half_mib", "at 1/2", resident(2), 1),
        metric("resident_three_quarters_mib", "at 3/4", resident(3), 1),
        metric("resident_end_mib", "at the end", resident(4), 1),
        metric("slope_kib_per_min", "slope KiB/min", slope(&samples) * 60.0, 1),
        metric("seconds", "seconds", span.seconds, 0),
        metric("returns", "returns", people.resumed as f64, 0),
        metric("replayed", "replayed", people.replayed as f64, 0),
        metric("ended", "ended by the server", people.ends.values().sum::<u64>() as f64, 0),
        metric("server_cores", "server CPU, cores", span.server_cores(), 2),
        metric("client_cores", "client CPU, cores", span.client_cores(), 2),
        metric("ack_p99_ms", "ack p99 ms", people.chat.ack_latency.quantile_ms(0.99), 2),
        metric("acked", "acked", people.chat.tally.acked as f64, 0),
        metric("delivered", "delivered", people.chat.tally.delivered as f64, 0),
    ];
    Ok(Measured { metrics, findings: people.chat.findings() })
}

/// KiB per second by least squares, without the first quarter: allocators and
/// caches fill then.
fn slope(samples: &[(f64, f64)]) -> f64 {
    let samples = &samples[samples.len() / 4..];
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
