//! Everybody loses the connection at once and is back at once: a load
//! balancer that fails over, a network that comes back.

use std::time::Instant;

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
/// Of all rooms together: 10,000 deliveries/s, and so something to miss.
const RATE: u32 = 100;

pub fn cases() -> Vec<Case> {
    vec![Case::new("5,000 clients", |options| {
        with_server(options, &[], |server| run(options, server))
    })]
}

/// One more in each room, who stays, sends all the while.
fn run(options: &Options, server: &mut Server) -> Result<Measured> {
    let rooms: Vec<String> = (0..ROOMS).map(|room| format!("room-{room}")).collect();
    let part = |index| Part { room: index % ROOMS, sends: index >= CLIENTS, reads: true };
    let parts: Vec<Part> = (0..CLIENTS + ROOMS).map(part).collect();
    let (mut swarm, chat) = assemble(options, server, Pace::Rate(RATE), &rooms, &parts)?;
    let mut scene = Returning::new(chat, server, &rooms, &parts)?;
    let mut run = Run::start(&mut swarm, &mut scene)?;
    run.lasting(&mut scene, options.warm_up)?;
    let before = server.resident_kib()?;

    let begin = Instant::now();
    let (span, _) = run.measure(&mut scene, server, |run, scene| {
        (0..CLIENTS).for_each(|client| scene.leave(run.swarm, client));
        scene.all_come(run.swarm)?;
        run.until(scene, |scene| scene.away == 0)
    })?;
    let all_live = begin.elapsed();
    let after = server.resident_kib()?;
    run.lasting(&mut scene, options.measured)?;
    run.settle(&mut scene)?;

    let time = &scene.resume_time;
    let mib = |kib: u64| kib as f64 / 1024.0;
    let metrics = vec![
        metric("all_live_s", "all live s", all_live.as_secs_f64(), 2),
        metric("resume_p50_ms", "resume p50 ms", time.quantile_ms(0.50), 1),
        metric("resume_p99_ms", "resume p99 ms", time.quantile_ms(0.99), 1),
        metric("resume_max_ms", "max ms", time.max_ms(), 1),
        metric("replayed", "replayed", scene.replayed as f64, 0),
        metric("retries", "retries", scene.retried as f64, 0),
        metric("server_cpu_s", "server CPU s", span.server_cpu_seconds, 2),
        metric("client_cpu_s", "client CPU s", span.client_cpu_seconds, 2),
        metric("resident_before_mib", "RSS before MiB", mib(before), 1),
        metric("resident_after_mib", "after MiB", mib(after), 1),
        metric("delivered", "delivered", scene.chat.tally.delivered as f64, 0),
    ];
    Ok(Measured { metrics, findings: scene.chat.findings() })
}
