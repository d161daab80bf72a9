//! How fast a room's message reaches all of its readers, and what it costs.

use super::{Case, Outcome, assemble, converse, costs, metric, outcome, with_server};
use crate::{
    chat::{Pace, Part},
    drive::drive,
    report::Measured,
};

/// Messages under way at once when saturated. Far below the 256 frames that
/// may wait for one reader, so that none is taken for slow.
const WINDOW: usize = 32;
/// A lively room, and a load that leaves the machine time to be idle, so that
/// latency is the server's own and not that of a queue.
const MODERATE: u32 = 40;

pub fn cases() -> Vec<Case> {
    vec![
        case("100 readers, saturated", 100, Pace::Window(WINDOW)),
        case("1,000 readers, saturated", 1_000, Pace::Window(WINDOW)),
        case("5,000 readers, saturated", 5_000, Pace::Window(WINDOW)),
        case("1,000 readers, 40 messages/s", 1_000, Pace::Rate(MODERATE)),
        half_load("1,000 readers, half load", 1_000),
    ]
}

fn case(name: &str, readers: usize, pace: Pace) -> Case {
    let (rooms, parts) = lobby(readers);
    Case::new(name, move |options| {
        with_server(options, &[], |server| {
            let outcome = converse(options, server, pace, &rooms, &parts)?;
            Ok(measured(&outcome))
        })
    })
}

/// Latency is told at half of what this server can do on this machine now:
/// a fixed rate would be idleness for one and a queue for another.
fn half_load(name: &str, readers: usize) -> Case {
    let (rooms, parts) = lobby(readers);
    Case::new(name, move |options| {
        with_server(options, &[], |server| {
            let saturated = Pace::Window(WINDOW);
            let (mut swarm, mut chat) = assemble(options, server, saturated, &rooms, &parts)?;
            let (span, tally) = drive(&mut swarm, server, &mut chat, options)?;
            let messages = tally.delivered as f64 / readers as f64 / span.seconds;
            chat.change_pace(Pace::Rate(((messages / 2.0).round() as u32).max(1)));
            let (span, tally) = drive(&mut swarm, server, &mut chat, options)?;
            Ok(measured(&outcome(server, &swarm, chat, span, tally)?))
        })
    })
}

/// The sender is unsubscribed, so that the readers alone are counted.
fn lobby(readers: usize) -> ([String; 1], Vec<Part>) {
    let mut parts = vec![Part { room: 0, sends: false, reads: true }; readers];
    parts.push(Part { room: 0, sends: true, reads: false });
    (["lobby".to_string()], parts)
}

fn measured(outcome: &Outcome) -> Measured {
    let delivered = outcome.tally.delivered.max(1) as f64;
    let per_delivery = outcome.span.server_cpu_seconds * 1e6 / delivered;
    let latency = &outcome.delivery_latency;
    let mut metrics = vec![
        metric(
            "messages_per_s",
            "messages/s",
            outcome.tally.acked as f64 / outcome.span.seconds,
            1,
        ),
        metric("deliveries_per_s", "deliveries/s", delivered / outcome.span.seconds, 0),
        metric("server_us_per_delivery", "server µs/delivery", per_delivery, 2),
        metric("delivery_p50_ms", "p50 ms", latency.quantile_ms(0.50), 2),
        metric("delivery_p99_ms", "p99 ms", latency.quantile_ms(0.99), 2),
        metric("delivery_max_ms", "max ms", latency.max_ms(), 2),
    ];
    metrics.extend(costs(outcome));
    Measured { metrics, findings: outcome.findings }
}
