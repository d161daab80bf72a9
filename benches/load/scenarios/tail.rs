//! Whether a message in a quiet room is ever late.
//!
//! The sender is subscribed, so that its ack and its own message follow each
//! other on one connection. A server that lets the kernel hold back the second
//! until the first is acknowledged (Nagle's algorithm against delayed acks)
//! shows here with 40 ms, and under load nowhere as clearly.

use super::{Case, Outcome, converse, costs, metric, with_server};
use crate::{
    chat::{Pace, Part},
    report::Measured,
};

const RATE: u32 = 20;

pub fn cases() -> Vec<Case> {
    let rooms = ["quiet".to_string()];
    let parts =
        [Part { room: 0, sends: true, reads: true }, Part { room: 0, sends: false, reads: true }];
    vec![Case::new("20 messages/s", move |options| {
        with_server(options, &[], |server| {
            let outcome = converse(options, server, Pace::Rate(RATE), &rooms, &parts)?;
            Ok(measured(&outcome))
        })
    })]
}

fn measured(outcome: &Outcome) -> Measured {
    let (ack, delivery) = (&outcome.ack_latency, &outcome.delivery_latency);
    let mut metrics = vec![
        metric("ack_p50_ms", "ack p50 ms", ack.quantile_ms(0.50), 2),
        metric("ack_p99_ms", "ack p99 ms", ack.quantile_ms(0.99), 2),
        metric("ack_max_ms", "ack max ms", ack.max_ms(), 2),
        metric("delivery_p50_ms", "delivery p50 ms", delivery.quantile_ms(0.50), 2),
        metric("delivery_p99_ms", "delivery p99 ms", delivery.quantile_ms(0.99), 2),
        metric("delivery_max_ms", "delivery max ms", delivery.max_ms(), 2),
    ];
    metrics.extend(costs(outcome));
    Measured { metrics, findings: outcome.findings }
}
