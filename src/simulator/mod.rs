//! A deterministic simulator of the ordering core.
//!
//! Some nodes, their clients, a database and Redis live in a virtual time;
//! delay, loss, repetition and faults all follow from one seed. What decides
//! is the real code: [`Timeline`](crate::chat::Timeline) merges what several
//! nodes commit to a room, [`Hub`](crate::session::Hub) merges replay and live
//! for each session and queues what it is told, [`FeedCursor`](crate::nodes::FeedCursor) hands each row on once,
//! [`Watch`](crate::nodes::Watch) says which nodes have gone, and [`Lanes`](crate::nodes::Lanes) in which order what
//! applications submit is carried out.
//!
//! `PARLOR_SIM_SCHEDULES` is how many schedules are run, `PARLOR_SIM_SEED` the
//! first one's seed. One schedule alone is told step by step.

#![expect(clippy::print_stdout, reason = "a schedule that failed is told")]

mod client;
mod database;
mod faults;
mod hub;
mod node;
mod presence;
mod random;
mod submissions;
mod world;

use std::{env, fmt::Display, time::Instant};

use world::World;

/// Milliseconds of the virtual time.
type At = u64;
type RoomNo = usize;
type NodeNo = usize;
type ClientNo = usize;

/// Schedules of a usual run: some ten seconds.
const SCHEDULES: u64 = 500;

#[expect(clippy::disallowed_methods, reason = "the environment says what is run")]
fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}"))
    })
}

/// Runs one schedule after the other; the first that fails is told.
fn run_all<E: Display>(test: &str, run: impl Fn(u64, bool) -> Result<usize, E>) {
    let schedules = number("PARLOR_SIM_SCHEDULES", SCHEDULES);
    let first = number("PARLOR_SIM_SEED", 1);
    let began = Instant::now();
    let mut steps = 0;
    for seed in first..first + schedules {
        match run(seed, schedules == 1) {
            Ok(more) => steps += more,
            Err(why) => panic!(
                "seed {seed} fails {why}\nreplay it: PARLOR_SIM_SCHEDULES=1 PARLOR_SIM_SEED={seed} \
                 cargo test --lib simulator::{test} -- --nocapture"
            ),
        }
    }
    println!("{schedules} schedules from seed {first}, {steps} steps in {:?}", began.elapsed());
}

#[test]
fn every_event_is_told_once_and_in_order_whatever_happens() {
    run_all("every_event", |seed, traces| World::new(seed, traces).run());
}

#[test]
fn what_is_submitted_is_done_once_and_in_order_whoever_leads() {
    run_all("what_is_submitted", submissions::run);
}

#[test]
fn nobody_is_shown_who_is_not_there() {
    run_all("nobody", presence::run);
}
