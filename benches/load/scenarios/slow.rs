//! Some readers of a room stop reading: do the others notice, and are the
//! slow ones closed, and whole again when they come back?

use std::time::{Duration, Instant};

use super::{Case, assemble, metric, with_server};
use crate::{
    Result,
    chat::{Pace, Part, Tally},
    drive::{Run, Span},
    options::Options,
    process::Server,
    report::Measured,
    returning::Returning,
};

const READERS: usize = 1_000;
const SLOW: usize = 100;
const WINDOW: usize = 32;
/// Megabytes go into the kernel's buffers before the server notices anything:
/// the load lasts until it has, at most this much longer than measured.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);
/// What a slow reader takes each time: some 160 KB a second.
const SIP: usize = 16 * 1024;
/// All that the slow ones can miss is to be replayed.
const SETTINGS: &[(&str, &str)] = &[("PARLOR_REPLAY_EVENTS", "1000000")];

pub fn cases() -> Vec<Case> {
    let case = |name, slow, sips| {
        Case::new(name, move |options: &Options| {
            with_server(options, SETTINGS, |server| run(options, server, slow, sips))
        })
    };
    vec![
        case("1,000 readers, none slow", 0, false),
        // These cannot be told why: no close frame goes through in time.
        case("1,000 readers, 100 do not read", SLOW, false),
        case("1,000 readers, 100 read slowly", SLOW, true),
    ]
}

/// The first readers are the slow ones; the sender is unsubscribed.
fn run(options: &Options, server: &mut Server, slow: usize, sips: bool) -> Result<Measured> {
    let rooms = ["lobby".to_string()];
    let mut parts = vec![Part { room: 0, sends: false, reads: true }; READERS];
    parts.push(Part { room: 0, sends: true, reads: false });
    let (mut swarm, mut chat) = assemble(options, server, Pace::Window(WINDOW), &rooms, &parts)?;
    (0..slow).for_each(|reader| chat.set_aside(reader));
    let mut scene = Returning::new(chat, server, &rooms, &parts)?;
    let mut run = Run::start(&mut swarm, &mut scene)?;
    run.lasting(&mut scene, options.warm_up)?;

    let files = server.open_files()?;
    for reader in 0..slow {
        run.swarm.pause(reader, true)?;
    }
    let mut resident = 0;
    let begin = Instant::now();
    let (span, tally) = run.measure(&mut scene, server, |run, scene| {
        while begin.elapsed() < options.measured
            || (server.open_files()? > files - slow
                && begin.elapsed() < options.measured + PATIENCE)
        {
            run.lasting(scene, LOOK)?;
            for reader in (0..slow).filter(|_| sips) {
                run.swarm.sip(reader, SIP, scene)?;
            }
            resident = resident.max(server.resident_kib()?);
        }
        Ok(())
    })?;
    let dropped = files.saturating_sub(server.open_files()?);
    scene.chat.finish();
    for reader in 0..slow {
        run.swarm.pause(reader, false)?;
    }
    scene.persistent = true;
    run.settle(&mut scene)?;
    run.until(&mut scene, |scene| scene.away == 0)?;

    Ok(measured(&scene, &span, &tally, dropped, resident))
}

fn measured(
    scene: &Returning,
    span: &Span,
    tally: &Tally,
    dropped: usize,
    resident: u64,
) -> Measured {
    let latency = &scene.chat.delivery_latency;
    let ends = |code: u16| scene.ends.get(&code).copied().unwrap_or(0) as f64;
    let per_delivery = span.server_cpu_seconds * 1e6 / tally.delivered.max(1) as f64;
    let metrics = vec![
        metric(
            "deliveries_per_s",
            "deliveries/s to the others",
            (tally.delivered - tally.aside) as f64 / span.seconds,
            0,
        ),
        metric("server_us_per_delivery", "server µs/delivery", per_delivery, 2),
        metric("delivery_p50_ms", "p50 ms", latency.quantile_ms(0.50), 2),
        metric("delivery_p99_ms", "p99 ms", latency.quantile_ms(0.99), 2),
        metric("delivery_max_ms", "max ms", latency.max_ms(), 2),
        metric("load_s", "load s", span.seconds, 1),
        metric("dropped", "sockets dropped meanwhile", dropped as f64, 0),
        metric("closed_4413", "closed with 4413", ends(4413), 0),
        metric("ended_without_code", "ended without a code", ends(0), 0),
        metric("resumed", "resumed", scene.resumed as f64, 0),
        metric("replayed", "replayed", scene.replayed as f64, 0),
        metric("resume_p99_ms", "resume p99 ms", scene.resume_time.quantile_ms(0.99), 1),
        metric("resident_mib", "RSS max MiB", resident as f64 / 1024.0, 1),
        metric("server_cores", "server CPU, cores", span.server_cores(), 2),
        metric("client_cores", "client CPU, cores", span.client_cores(), 2),
    ];
    Measured { metrics, findings: scene.chat.findings() }
}
