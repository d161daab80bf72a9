//! The server goes and comes again: how long everybody is away, and whether
//! all that was acked is there.
//!
//! Messages go on being written meanwhile. Who has no ack sends again under
//! the same name once back, so that the audit knows of every `seq`: one that
//! was acked and is lost would be given twice, or be missed by a reader.

use std::time::{Duration, Instant};

use super::{Case, assemble, metric, with_server};
use crate::{
    Result,
    chat::{Pace, Part},
    drive::Run,
    options::Options,
    process::Server,
    report::Measured,
    returning::Returning,
};

const ROOMS: usize = 50;
const CLIENTS: usize = 5_000;
/// Of all rooms together.
const RATE: u32 = 100;
/// The server itself gives up draining after 10 s.
const STOP_MAX: Duration = Duration::from_secs(15);

#[derive(Clone, Copy, PartialEq)]
enum By {
    Term,
    Kill,
}

pub fn cases() -> Vec<Case> {
    let case = |name, by| {
        Case::new(name, move |options: &Options| {
            with_server(options, &[], |server| run(options, server, by))
        })
    };
    vec![case("5,000 clients, SIGTERM", By::Term), case("5,000 clients, kill -9", By::Kill)]
}

fn run(options: &Options, server: &mut Server, by: By) -> Result<Measured> {
    let rooms: Vec<String> = (0..ROOMS).map(|room| format!("room-{room}")).collect();
    let part = |index| Part { room: index % ROOMS, sends: index < ROOMS, reads: true };
    let parts: Vec<Part> = (0..CLIENTS).map(part).collect();
    let (mut swarm, chat) = assemble(options, server, Pace::Rate(RATE), &rooms, &parts)?;
    let mut scene = Returning::new(chat, server, &rooms, &parts)?;
    let mut run = Run::start(&mut swarm, &mut scene)?;
    run.lasting(&mut scene, options.warm_up)?;

    let begin = Instant::now();
    end(&mut run, &mut scene, server, by)?;
    let stopped = begin.elapsed();
    run.until(&mut scene, |scene| scene.away == CLIENTS)?;
    let start = Instant::now();
    server.start_again()?;
    let started = start.elapsed();
    scene.moved_to(server.address());
    let listening = Instant::now();
    scene.all_come(run.swarm)?;
    run.until(&mut scene, |scene| scene.away == 0)?;
    let (all_live, outage) = (listening.elapsed(), begin.elapsed());
    run.lasting(&mut scene, options.measured)?;
    run.settle(&mut scene)?;

    let time = &scene.resume_time;
    let told = scene.ends.get(&1001).copied().unwrap_or(0);
    let metrics = vec![
        metric("stop_s", "stop s", stopped.as_secs_f64(), 2),
        metric("start_s", "start s", started.as_secs_f64(), 2),
        metric("all_live_s", "all live s after it listens", all_live.as_secs_f64(), 2),
        metric("outage_s", "outage s", outage.as_secs_f64(), 2),
        metric("resume_p50_ms", "resume p50 ms", time.quantile_ms(0.50), 1),
        metric("resume_p99_ms", "resume p99 ms", time.quantile_ms(0.99), 1),
        metric("replayed", "replayed", scene.replayed as f64, 0),
        metric("retries", "retries", scene.retried as f64, 0),
        metric("closed_1001", "closed with 1001", told as f64, 0),
        metric("server_cpu_s", "server CPU s since start", server.cpu_ns() as f64 / 1e9, 2),
        metric("acked", "acked", scene.chat.tally.acked as f64, 0),
        metric("delivered", "delivered", scene.chat.tally.delivered as f64, 0),
    ];
    Ok(Measured { metrics, findings: scene.chat.findings() })
}

fn end(run: &mut Run, scene: &mut Returning, server: &mut Server, by: By) -> Result<()> {
    if by == By::Kill {
        return server.kill();
    }
    server.terminate()?;
    let deadline = Instant::now() + STOP_MAX;
    while !server.has_ended()? {
        if Instant::now() > deadline {
            return Err(format!("the server has not stopped {STOP_MAX:?} after SIGTERM").into());
        }
        run.lasting(scene, Duration::from_millis(5))?;
    }
    Ok(())
}
