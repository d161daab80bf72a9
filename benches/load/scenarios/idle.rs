//! What a connection costs in memory that only answers pings.

use std::time::{Duration, Instant};

use super::{Case, metric, with_server};
use crate::{
    Result,
    audit::Findings,
    drive::{Meter, Watch},
    handler::Handler,
    join::{Seat, join},
    machine::require_open_files,
    process::Server,
    report::{Measured, grouped},
    rest::create_rooms,
    swarm::Swarm,
    wire::{Incoming, excerpt},
};

const CONNECTIONS: [usize; 2] = [5_000, 9_000];
/// After these the server has met all it needs once, for any number of
/// connections; the others show what each further one adds.
const FIRST: usize = 1_000;
const REST: Duration = Duration::from_secs(3);
/// Short enough that each connection is pinged while it rests.
const HEARTBEAT: (&str, &str) = ("PARLOR_HEARTBEAT_INTERVAL", "1s");
const POLL: Duration = Duration::from_millis(50);

pub fn cases() -> Vec<Case> {
    let case = |connections| {
        Case::new(format!("{} connections", grouped(connections)), move |options| {
            with_server(options, &[HEARTBEAT], |server| run(server, connections))
        })
    };
    CONNECTIONS.into_iter().map(case).collect()
}

/// The rooms are made by a server that is then started anew: what making them
/// has left in memory is not to be found again by what is measured.
fn run(server: &mut Server, connections: usize) -> Result<Measured> {
    require_open_files(connections)?;
    let seat = |index| Seat { user: format!("user-{index}"), room: format!("room-{index}") };
    let seats: Vec<Seat> = (0..connections).map(seat).collect();
    let rooms: Vec<_> = seats.iter().map(|seat| (seat.user.clone(), seat.room.clone())).collect();
    create_rooms(server, "private", &rooms)?;
    server.restart()?;

    let before = server.resident_kib()?;
    let mut swarm = Swarm::new(server.carrier())?;
    join(&mut swarm, server, &seats[..FIRST])?;
    let at_first = server.resident_kib()?;
    join(&mut swarm, server, &seats[FIRST..])?;
    let connected = server.resident_kib()?;

    let meter = Meter::start(server);
    let pings = rest(&mut swarm, connections)?;
    let span = meter.stop(server);
    let rested = server.resident_kib()?;

    let mib = |kib: u64| kib as f64 / 1024.0;
    let each = |from: u64, to: u64, count: usize| (to as f64 - from as f64) / count as f64;
    let metrics = vec![
        metric("kib_per_connection", "KiB/connection", each(before, rested, connections), 2),
        metric(
            "kib_per_further_connection",
            "KiB/further connection (from 1,000)",
            each(at_first, rested, connections - FIRST),
            2,
        ),
        metric("resident_before_mib", "RSS before MiB", mib(before), 1),
        metric("resident_connected_mib", "connected MiB", mib(connected), 1),
        metric("resident_rested_mib", "after 3 s MiB", mib(rested), 1),
        metric("server_cores", "server CPU, cores", span.server_cores(), 3),
        metric("client_cores", "client CPU, cores", span.client_cores(), 3),
        metric("pings_answered", "pings answered", pings as f64, 0),
    ];
    Ok(Measured { metrics, findings: Findings::default() })
}

/// Lets the connections be for [`REST`], and on until each has been pinged
/// once on average. Gives the number of pings.
fn rest(swarm: &mut Swarm, connections: usize) -> Result<u64> {
    let (begin, before) = (Instant::now(), swarm.pings());
    let mut watch = Watch::new();
    loop {
        swarm.poll(POLL, &mut Quiet)?;
        let pings = swarm.pings() - before;
        if begin.elapsed() >= REST && pings >= connections as u64 {
            return Ok(pings);
        }
        watch.check(pings, || format!("{pings} pings came to {connections} connections"))?;
    }
}

/// Nothing is said here; what is said all the same may only be an event.
struct Quiet;

impl Handler for Quiet {
    fn text(&mut self, _from: usize, text: &[u8], _now: u64, _reply: &mut Vec<u8>) -> Result<()> {
        match Incoming::read(text)? {
            Incoming::Other => Ok(()),
            _ => Err(format!("a frame out of nowhere: {}", excerpt(text)).into()),
        }
    }
}
