//! Many small rooms at once, where a message costs more than its deliveries.

use super::{Case, Outcome, converse, costs, metric, with_server};
use crate::{
    chat::{Pace, Part},
    report::Measured,
};

const ROOMS: usize = 2_000;
const READERS: usize = 5;
/// Of all rooms together: each says something every two seconds.
const MODERATE: u32 = 1_000;

pub fn cases() -> Vec<Case> {
    vec![
        case("1,000 messages/s", Pace::Rate(MODERATE)),
        // Each room has one message under way.
        case("saturated", Pace::Closed),
    ]
}

/// The first of a room's readers sends, and hears itself as in any chat.
fn case(name: &str, pace: Pace) -> Case {
    let rooms: Vec<String> = (0..ROOMS).map(|room| format!("room-{room}")).collect();
    let part = |index| Part { room: index / READERS, sends: index % READERS == 0, reads: true };
    let parts: Vec<Part> = (0..ROOMS * READERS).map(part).collect();
    Case::new(name, move |options| {
        with_server(options, &[], |server| {
            Ok(measured(&converse(options, server, pace, &rooms, &parts)?))
        })
    })
}

fn measured(outcome: &Outcome) -> Measured {
    let (ack, delivery) = (&outcome.ack_latency, &outcome.delivery_latency);
    let seconds = outcome.span.seconds;
    let (acked, delivered) = (outcome.tally.acked as f64, outcome.tally.delivered as f64);
    let per_message = outcome.span.server_cpu_seconds * 1e6 / acked.max(1.0);
    let mut metrics = vec![
        metric("acks_per_s", "acks/s", acked / seconds, 0),
        metric("deliveries_per_s", "deliveries/s", delivered / seconds, 0),
        metric("server_us_per_message", "server µs/message", per_message, 1),
        metric("ack_p50_ms", "ack p50 ms", ack.quantile_ms(0.50), 2),
        metric("ack_p99_ms", "ack p99 ms", ack.quantile_ms(0.99), 2),
        metric("delivery_p50_ms", "delivery p50 ms", delivery.quantile_ms(0.50), 2),
        metric("delivery_p99_ms", "delivery p99 ms", delivery.quantile_ms(0.99), 2),
        metric("delivery_max_ms", "delivery max ms", delivery.max_ms(), 2),
    ];
    metrics.extend(costs(outcome));
    Measured { metrics, findings: outcome.findings }
}
