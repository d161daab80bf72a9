//! What a connection costs in memory that does nothing.

use std::time::{Duration, Instant};

use super::{
    super::with_server, Case, Comparison, Ratio, Row, measure, numbers, relate, tell, wanted,
};
use crate::{
    Result,
    audit::Findings,
    handler::Handler,
    join::{Seat, join},
    machine::require_open_files,
    options::Options,
    peers::{self, Dialect, Parlor, Peer, Process, Role, seat},
    process::Server,
    report::{Measured, Report},
    rest::create_rooms,
    scenarios::metric,
    swarm::Swarm,
};

const CONNECTIONS: usize = 9_000;
/// For what a server only does afterwards, such as giving memory back.
const REST: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(50);

const RATIO: Ratio = Ratio {
    key: "parlor_ratio_kib",
    heading: "Parlor ÷ it: KiB/connection",
    of: "kib_per_connection",
    value: |parlor, own| parlor / own,
};

pub fn compare(comparison: &Comparison, options: &Options, report: &mut Report) -> Result<()> {
    require_open_files(CONNECTIONS)?;
    let mut rows = vec![Row::new(Case::new("parlor", |options| with_server(options, &[], parlor)))];
    for peer in wanted(peers::ALL, options, report) {
        let case = Case::new(peer.name, move |options| other(options, peer));
        rows.push(Row { peer: Some(peer), ..Row::new(case) });
    }
    measure(comparison, options, report, &mut rows)?;
    let parlor = numbers(&rows[0], RATIO.of);
    relate(&mut rows, &parlor, &RATIO);
    tell(comparison, report, &rows)
}

/// As in the scenario `idle`: what making the rooms leaves in memory is not
/// found again by what is measured.
fn parlor(server: &mut Server) -> Result<Measured> {
    let seat = |index| Seat { user: format!("user-{index}"), room: format!("room-{index}") };
    let seats: Vec<Seat> = (0..CONNECTIONS).map(seat).collect();
    let rooms: Vec<_> = seats.iter().map(|seat| (seat.user.clone(), seat.room.clone())).collect();
    create_rooms(server, "private", &rooms)?;
    server.restart()?;
    let before = server.resident_kib()?;
    let mut swarm = Swarm::new(server.carrier())?;
    join(&mut swarm, server, &seats)?;
    rest(&mut swarm, &mut Parlor)?;
    Ok(measured(before, server.resident_kib()?))
}

fn other(options: &Options, peer: &Peer) -> Result<Measured> {
    let process = Process::start(options, peer, None)?.ok_or("not installed")?;
    let before = process.resident_kib();
    let mut dialect = (peer.dialect)();
    let mut swarm = Swarm::new(dialect.carrier())?;
    let roles = vec![Role::Reader; CONNECTIONS];
    seat(&mut swarm, process.address(), &mut *dialect, &roles)
        .and_then(|()| rest(&mut swarm, &mut *dialect))
        .map_err(|problem| process.explain(problem))?;
    Ok(measured(before, process.resident_kib()))
}

fn rest(swarm: &mut Swarm, dialect: &mut dyn Dialect) -> Result<()> {
    let end = Instant::now() + REST;
    while Instant::now() < end {
        swarm.poll(POLL, &mut Resting(dialect))?;
    }
    Ok(())
}

/// Answers pings, and nothing else comes.
struct Resting<'a>(&'a mut dyn Dialect);

impl Handler for Resting<'_> {
    fn text(&mut self, from: usize, text: &[u8], _now: u64, reply: &mut Vec<u8>) -> Result<()> {
        self.0.hear(from, text, reply).map(drop)
    }
}

fn measured(before: u64, after: u64) -> Measured {
    let mib = |kib: u64| kib as f64 / 1024.0;
    let each = (after as f64 - before as f64) / CONNECTIONS as f64;
    let metrics = vec![
        metric("connections", "connections", CONNECTIONS as f64, 0),
        metric("kib_per_connection", "KiB/connection", each, 2),
        metric("resident_before_mib", "RSS before MiB", mib(before), 1),
        metric("resident_after_mib", "after MiB", mib(after), 1),
    ];
    Measured { metrics, findings: Findings::default() }
}
