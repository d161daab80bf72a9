//! What each kind of the server's threads takes for a message that is stored, and
//! for one that is delivered: where one process ends, however many cores there
//! are, is what fills one of its single threads.

use std::collections::BTreeMap;

use super::{Case, assemble, metric, outcome, with_server};
use crate::{
    Result,
    chat::{Pace, Part},
    drive::Run,
    options::Options,
    process::Server,
    report::{Measured, Metric, grouped},
};

/// The names that the server gives its threads; all others together are the rest.
const KINDS: [(&str, &str); 4] = [
    ("chat", "ChatServer µs"),
    ("db", "database thread µs"),
    ("worker", "workers µs"),
    ("search", "search µs"),
];

pub fn cases() -> Vec<Case> {
    let own_room = |room| Part { room, sends: true, reads: true };
    let mut cases: Vec<Case> = [256, 2_048]
        .into_iter()
        .map(|senders| {
            let parts = (0..senders).map(own_room).collect();
            let name = format!("an ack, {} senders", grouped(senders));
            case(name, senders, Pace::Closed, parts)
        })
        .collect();
    cases.extend([100, 1_000, 5_000].map(|readers| {
        let mut parts = vec![Part { room: 0, sends: false, reads: true }; readers];
        parts.push(Part { room: 0, sends: true, reads: false });
        let name = format!("a message into {}", grouped(readers));
        case(name, 1, Pace::Window(32), parts)
    }));
    cases
}

fn case(name: String, rooms: usize, pace: Pace, parts: Vec<Part>) -> Case {
    let rooms: Vec<String> = (0..rooms).map(|room| format!("room-{room}")).collect();
    Case::new(name, move |options| {
        with_server(options, &[], |server| measure(options, server, pace, &rooms, &parts))
    })
}

fn measure(
    options: &Options,
    server: &Server,
    pace: Pace,
    rooms: &[String],
    parts: &[Part],
) -> Result<Measured> {
    let (mut swarm, mut chat) = assemble(options, server, pace, rooms, parts)?;
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    let mut run = Run::start(&mut swarm, &mut chat)?;
    run.lasting(&mut chat, options.warm_up)?;
    let (span, tally) = run.measure(&mut chat, server, |run, chat| {
        before = server.thread_cpu_ns()?;
        run.lasting(chat, options.measured)?;
        after = server.thread_cpu_ns()?;
        Ok(())
    })?;
    run.settle(&mut chat)?;
    let outcome = outcome(server, &swarm, chat, span, tally)?;
    let count = outcome.tally.acked.max(1) as f64;
    let took = |name: &str| {
        let of = |readings: &BTreeMap<String, u64>| readings.get(name).copied().unwrap_or(0);
        of(&after).saturating_sub(of(&before)) as f64 / 1e3 / count
    };
    let mut metrics = vec![metric("per_s", "messages/s", count / outcome.span.seconds, 0)];
    let mut rest = outcome.span.server_cpu_seconds * 1e6 / count;
    let kinds: Vec<Metric> =
        KINDS.map(|(kind, heading)| metric(kind, heading, took(kind), 1)).into();
    rest -= kinds.iter().map(|kind| kind.value).sum::<f64>();
    metrics.extend(kinds);
    metrics.push(metric("rest", "others µs", rest, 1));
    metrics.push(metric("server_cores", "server CPU, cores", outcome.span.server_cores(), 2));
    Ok(Measured { metrics, findings: outcome.findings })
}
