//! How many messages a second become durable, and how long a sender waits.
//!
//! A closed loop: each sender has one message under way and sends the next
//! when the ack has come. So the load grows with the number of senders, as
//! group commit needs it, and never runs away from the server.

use super::{Case, Outcome, converse, costs, metric, with_server};
use crate::{
    chat::{Pace, Part},
    report::{Measured, grouped},
};

const SENDERS: [usize; 4] = [1, 16, 256, 2_048];

/// Each sender is alone in a room: it gets the ack and its own message back,
/// and fan-out to others does not blur the picture.
pub fn own_rooms() -> Vec<Case> {
    SENDERS.into_iter().map(own_room_case).collect()
}

pub fn own_room_case(senders: usize) -> Case {
    let part = |room| Part { room, sends: true, reads: true };
    case(senders, senders, (0..senders).map(part).collect())
}

/// All send into one room, and none is subscribed: the one counter of a room
/// under the heaviest load, again without fan-out.
pub fn one_room() -> Vec<Case> {
    SENDERS.into_iter().map(one_room_case).collect()
}

pub fn one_room_case(senders: usize) -> Case {
    case(senders, 1, vec![Part { room: 0, sends: true, reads: false }; senders])
}

fn case(senders: usize, rooms: usize, parts: Vec<Part>) -> Case {
    let name =
        if senders == 1 { "1 sender".into() } else { format!("{} senders", grouped(senders)) };
    let rooms: Vec<String> = (0..rooms).map(|room| format!("room-{room}")).collect();
    Case::new(name, move |options| {
        with_server(options, &[], |server| {
            let outcome = converse(options, server, Pace::Closed, &rooms, &parts)?;
            Ok(measured(&outcome))
        })
    })
}

fn measured(outcome: &Outcome) -> Measured {
    let acked = outcome.tally.acked.max(1) as f64;
    let mut metrics = vec![
        metric("acks_per_s", "acks/s", acked / outcome.span.seconds, 0),
        metric("ack_p50_ms", "p50 ms", outcome.ack_latency.quantile_ms(0.50), 2),
        metric("ack_p99_ms", "p99 ms", outcome.ack_latency.quantile_ms(0.99), 2),
        metric("ack_max_ms", "max ms", outcome.ack_latency.max_ms(), 2),
        metric(
            "server_us_per_ack",
            "server µs/ack",
            outcome.span.server_cpu_seconds * 1e6 / acked,
            1,
        ),
    ];
    metrics.extend(costs(outcome));
    Measured { metrics, findings: outcome.findings }
}
