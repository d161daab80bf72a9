//! How fast one message reaches many, and what it costs.
//!
//! All get the same: readers that only read, one more connection that sends,
//! and texts of the same length. What they do for it differs. Parlor's messages
//! are numbered and on disk before anyone sees them; the others pass them on.

use std::{cell::Cell, rc::Rc};

use super::{
    super::with_server_on, Case, Comparison, Ratio, Row, Store, measure, numbers, relate, stores,
    tell, wanted,
};
use crate::{
    Result,
    audit::Findings,
    broadcast::{Broadcast, Outcome},
    chat::Pace,
    join::{Seat, join, unsubscribe},
    machine::require_open_files,
    options::Options,
    peers::{self, CENTRIFUGO, Parlor, Peer, Process, ROOM, Role, seat},
    process::Server,
    report::{Measured, Report},
    rest::create_rooms,
    scenarios::metric,
    swarm::Swarm,
};

const READERS: &[usize] = &[100, 1_000, 5_000];
/// Where a database takes part in each message, and not in each delivery.
const READERS_ON_POSTGRES: &[usize] = &[100, 1_000];
/// As in the scenario `fanout`.
const WINDOW: usize = 32;
const MODERATE: u32 = 40;

const RATIOS: [Ratio; 3] = [
    Ratio {
        key: "parlor_ratio_deliveries",
        heading: "Parlor ÷ it: deliveries/s",
        of: "deliveries_per_s",
        value: |parlor, own| parlor / own,
    },
    Ratio {
        key: "parlor_ratio_per_cpu",
        heading: "per CPU s",
        of: "deliveries_per_cpu_s",
        value: |parlor, own| parlor / own,
    },
    Ratio {
        key: "parlor_ratio_p99",
        heading: "p99",
        of: "delivery_p99_ms",
        value: |parlor, own| parlor / own,
    },
];

pub fn compare(comparison: &Comparison, options: &Options, report: &mut Report) -> Result<()> {
    let competitors = wanted(peers::ALL, options, report);
    compare_on(Store::Own, competitors, READERS, comparison, options, report)
}

pub fn compare_on_postgres(
    comparison: &Comparison,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    if !stores(report)?.contains(&Store::Postgres) {
        return Ok(());
    }
    let competitors = wanted(&[CENTRIFUGO], options, report);
    compare_on(Store::Postgres, competitors, READERS_ON_POSTGRES, comparison, options, report)
}

fn compare_on(
    store: Store,
    mut competitors: Vec<&'static Peer>,
    readers: &[usize],
    comparison: &Comparison,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let wanted = |size: &&usize| options.readers.is_empty() || options.readers.contains(size);
    for &readers in readers.iter().filter(wanted) {
        for pace in [Pace::Window(WINDOW), Pace::Rate(MODERATE)] {
            let mut rows = rows(store, &competitors, readers, pace);
            measure(comparison, options, report, &mut rows)?;
            // Who has failed once is not tried with the next load.
            competitors = rows.iter().filter_map(|row| row.peer).collect();
            for ratio in RATIOS {
                let parlor = numbers(&rows[0], ratio.of);
                relate(&mut rows, &parlor, &ratio);
            }
            tell(comparison, report, &rows)?;
        }
    }
    Ok(())
}

/// Parlor comes first: its event is what it is, and the others' frames are
/// made as long.
fn rows(store: Store, competitors: &[&'static Peer], readers: usize, pace: Pace) -> Vec<Row> {
    let load = match pace {
        Pace::Rate(rate) => format!("{readers} readers, {rate} messages/s"),
        _ => format!("{readers} readers, saturated"),
    };
    let event_bytes = Rc::new(Cell::new(0));
    let learned = event_bytes.clone();
    let mut rows = vec![Row::new(Case::new(format!("{load}: parlor"), move |options| {
        with_server_on(options, store.database()?, &[], |server| {
            let outcome = parlor(options, server, readers, pace)?;
            learned.set(outcome.frame_bytes);
            let resident_kib = server.resident_kib()?;
            Ok(Measured { findings: outcome.findings, ..measured(&outcome, resident_kib) })
        })
    }))];
    for &peer in competitors {
        let event_bytes = event_bytes.clone();
        let case = Case::new(format!("{load}: {}", peer.name), move |options| {
            let process = Process::start(options, peer, store.database()?)?;
            let process = process.ok_or("not installed")?;
            let outcome = other(options, &process, peer, readers, pace, event_bytes.get())
                .map_err(|problem| process.explain(problem))?;
            Ok(measured(&outcome, process.resident_kib()))
        });
        rows.push(Row { peer: Some(peer), ..Row::new(case) });
    }
    rows
}

fn parlor(options: &Options, server: &Server, readers: usize, pace: Pace) -> Result<Outcome> {
    require_open_files(readers + 1)?;
    create_rooms(server, "public", &[("owner".into(), ROOM.into())])?;
    let seats: Vec<Seat> =
        (0..=readers).map(|i| Seat { user: format!("user-{i}"), room: ROOM.into() }).collect();
    let mut swarm = Swarm::new(server.carrier())?;
    join(&mut swarm, server, &seats)?;
    unsubscribe(&mut swarm, readers, ROOM)?;
    Broadcast::new(&mut Parlor, 0, readers, pace).run(&mut swarm, server, options)
}

fn other(
    options: &Options,
    process: &Process,
    peer: &Peer,
    readers: usize,
    pace: Pace,
    event_bytes: usize,
) -> Result<Outcome> {
    require_open_files(readers + 1)?;
    let mut dialect = (peer.dialect)();
    let mut roles = vec![Role::Reader; readers];
    roles.push(Role::Sender);
    let mut swarm = Swarm::new(dialect.carrier())?;
    seat(&mut swarm, process.address(), &mut *dialect, &roles)?;
    Broadcast::new(&mut *dialect, event_bytes, readers, pace).run(&mut swarm, process, options)
}

/// Only Parlor's findings are findings: what others lose is a number.
fn measured(outcome: &Outcome, resident_kib: u64) -> Measured {
    let delivered = outcome.delivered.max(1) as f64;
    let (span, latency) = (&outcome.span, &outcome.latency);
    let (server, database) = (span.server_cpu_seconds, span.database_cpu_seconds);
    let metrics = vec![
        metric("deliveries_per_s", "deliveries/s", delivered / span.seconds, 0),
        metric("deliveries_per_cpu_s", "deliveries/CPU s", delivered / (server + database), 0),
        metric("server_us_per_delivery", "server µs/delivery", server * 1e6 / delivered, 2),
        metric("database_us_per_delivery", "database µs", database * 1e6 / delivered, 2),
        metric("delivery_p50_ms", "p50 ms", latency.quantile_ms(0.50), 2),
        metric("delivery_p99_ms", "p99 ms", latency.quantile_ms(0.99), 2),
        metric("server_cores", "server CPU, cores", span.server_cores(), 2),
        metric("client_cores", "client CPU, cores", span.client_cores(), 2),
        metric("resident_mib", "RSS MiB", resident_kib as f64 / 1024.0, 1),
        metric("frame_bytes", "bytes/text", outcome.frame_bytes as f64, 0),
        metric("lost", "lost", outcome.findings.gaps as f64, 0),
    ];
    Measured { metrics, findings: Findings::default() }
}
