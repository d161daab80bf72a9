//! How many messages are stored and acknowledged, next to Centrifugo.
//!
//! Both get the same content from the same client, each sender into a room of
//! its own. On PostgreSQL both have it stored there when they answer.
//! Centrifugo's own store is its memory, which ends with it; Parlor's is SQLite,
//! which waits for the disk.

use super::{
    super::with_server_on, Case, Comparison, Ratio, Row, Store, measure, numbers, relate, stores,
    tell, wanted,
};
use crate::{
    Result,
    audit::Findings,
    closed::{Closed, Outcome},
    join::{Seat, join},
    options::Options,
    peers::{CENTRIFUGO, Centrifugo, Dialect, Parlor, Process, Role, own_room, seat},
    process::Server,
    report::{Measured, Report},
    rest::create_rooms,
    scenarios::metric,
    swarm::Swarm,
};

const SENDERS: [usize; 2] = [1, 64];

const RATIOS: [Ratio; 2] = [
    Ratio {
        key: "parlor_ratio_acks",
        heading: "Parlor ÷ it: acks/s",
        of: "acks_per_s",
        value: |parlor, own| parlor / own,
    },
    Ratio {
        key: "parlor_ratio_per_cpu",
        heading: "per CPU s, database included",
        of: "cpu_us_per_ack",
        value: |parlor, own| own / parlor,
    },
];

pub fn compare(comparison: &Comparison, options: &Options, report: &mut Report) -> Result<()> {
    let peers = wanted(&[CENTRIFUGO], options, report);
    for store in stores(report)? {
        for senders in SENDERS {
            let unit = if senders == 1 { "sender" } else { "senders" };
            let load = format!("{senders} {unit}");
            let mut rows = vec![Row::new(Case::new(
                format!("{load}: parlor, {}", store.of_parlor()),
                move |options| {
                    with_server_on(options, store.database()?, &[], |server| {
                        parlor(options, server, senders)
                    })
                },
            ))];
            for &peer in &peers {
                let name = format!("{load}: {}, {}", peer.name, store.of_centrifugo());
                let case = Case::new(name, move |options| centrifugo(options, store, senders));
                rows.push(Row { peer: Some(peer), ..Row::new(case) });
            }
            measure(comparison, options, report, &mut rows)?;
            for ratio in RATIOS {
                let parlor = numbers(&rows[0], ratio.of);
                relate(&mut rows, &parlor, &ratio);
            }
            tell(comparison, report, &rows)?;
        }
    }
    Ok(())
}

fn parlor(options: &Options, server: &Server, senders: usize) -> Result<Measured> {
    let seat = |number| Seat { user: format!("user-{number}"), room: own_room(number) };
    let seats: Vec<Seat> = (0..senders).map(seat).collect();
    let rooms: Vec<_> = seats.iter().map(|seat| (seat.user.clone(), seat.room.clone())).collect();
    create_rooms(server, "private", &rooms)?;
    let mut swarm = Swarm::new(server.carrier())?;
    join(&mut swarm, server, &seats)?;
    let outcome = Closed::new(&mut Parlor, senders).run(&mut swarm, server, options)?;
    Ok(Measured { findings: outcome.findings, ..measured(&outcome) })
}

fn centrifugo(options: &Options, store: Store, senders: usize) -> Result<Measured> {
    let process = Process::start(options, &CENTRIFUGO, store.database()?)?;
    let process = process.ok_or("not installed")?;
    let mut dialect = Centrifugo { own_channels: true };
    let mut swarm = Swarm::new(dialect.carrier())?;
    let roles = vec![Role::Sender; senders];
    seat(&mut swarm, process.address(), &mut dialect, &roles)
        .and_then(|()| Closed::new(&mut dialect, senders).run(&mut swarm, &process, options))
        .map(|outcome| measured(&outcome))
        .map_err(|problem| process.explain(problem))
}

/// Only Parlor's findings are findings: what others lose is a number.
fn measured(outcome: &Outcome) -> Measured {
    let Outcome { span, answered, latency, findings } = outcome;
    let acks = (*answered).max(1) as f64;
    let (server, database) = (span.server_cpu_seconds, span.database_cpu_seconds);
    let metrics = vec![
        metric("acks_per_s", "acks/s", acks / span.seconds, 0),
        metric("ack_p50_ms", "p50 ms", latency.quantile_ms(0.50), 2),
        metric("ack_p99_ms", "p99 ms", latency.quantile_ms(0.99), 2),
        metric("server_us_per_ack", "server µs/ack", server * 1e6 / acks, 1),
        metric("database_us_per_ack", "database µs/ack", database * 1e6 / acks, 1),
        metric("cpu_us_per_ack", "both µs/ack", (server + database) * 1e6 / acks, 1),
        metric("server_cores", "server CPU, cores", span.server_cores(), 2),
        metric("client_cores", "client CPU, cores", span.client_cores(), 2),
        metric("lost", "lost", findings.gaps as f64, 0),
    ];
    Measured { metrics, findings: Findings::default() }
}
