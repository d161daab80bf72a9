//! How fast a room's message reaches all of its readers, and what it costs.

use super::{Case, Outcome, converse, costs, metric, with_server};
use crate::{
    chat::{Pace, Part},
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
        case("1,000 readers, 40 messages/s", 1_000, Pace::Rate(MODERATE)),
    ]
}

/// The sender is unsubscribed, so that the readers alone are counted.
fn case(name: &str, readers: usize, pace: Pace) -> Case {
    let rooms = ["lobby".to_string()];
    let mut parts = vec![Part { room: 0, sends: false, reads: true }; readers];
    parts.push(Part { room: 0, sends: true, reads: false });
    Case::new(name, move |options| {
        with_server(options, &[], |server| {
            let outcome = converse(options, server, pace, &rooms, &parts)?;
            Ok(measured(&outcome))
        })
    })
}

fn measured(outcome: &Outcome) -> Measured {
    let delivered = outcome.tally.delivered.max(1) as f64;
    let per_delivery = outcome.span.server_cpu_seconds * 1e6 / delivered;
    let latency = &outcome.delivery_latency;
    let mut metrics = vec![
        metric("deliveries_per_s", "deliveries/s", delivered / outcome.span.seconds, 0),
        metric("server_us_per_delivery", "server µs/delivery", per_delivery, 2),
        metric("delivery_p50_ms", "p50 ms", latency.quantile_ms(0.50), 2),
        metric("delivery_p99_ms", "p99 ms", latency.quantile_ms(0.99), 2),
        metric("delivery_max_ms", "max ms", latency.max_ms(), 2),
    ];
    metrics.extend(costs(outcome));
    Measured { metrics, findings: outcome.findings }
}
