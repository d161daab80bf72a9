//! What is measured. Each module gives the cases of one or two scenarios.

mod ack;
pub mod compare;
mod connect;
mod fanout;
mod idle;
mod memory;
mod mixed;
mod restart;
mod rooms;
mod slow;
mod soak;
mod store;
mod storm;
mod streams;
mod tail;
mod threads;

use parlor_benches::database::Database;

use crate::{
    Result,
    audit::Findings,
    chat::{Chat, Pace, Part, Tally},
    drive::{Span, drive},
    join::{Seat, join, unsubscribe},
    machine::require_open_files,
    options::Options,
    process::Server,
    report::{Measured, Metric},
    rest::create_rooms,
    stats::Histogram,
    swarm::Swarm,
};

pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    pub cases: fn() -> Vec<Case>,
    /// Whether it runs only if named, because it takes minutes.
    pub on_request: bool,
}

/// One row of a scenario's table.
pub struct Case {
    pub name: String,
    pub run: Box<Run>,
}

/// Measures once, against a server of its own.
type Run = dyn Fn(&Options) -> Result<Measured>;

impl Case {
    fn new(name: impl Into<String>, run: impl Fn(&Options) -> Result<Measured> + 'static) -> Self {
        Case { name: name.into(), run: Box::new(run) }
    }
}

pub const ALL: &[Scenario] = &[
    Scenario {
        name: "ack",
        about: "durable messages, each sender in a room of its own, one message under way each",
        cases: ack::own_rooms,
        on_request: false,
    },
    Scenario {
        name: "ack-one-room",
        about: "the same, all senders into one room that nobody is subscribed to",
        cases: ack::one_room,
        on_request: false,
    },
    Scenario {
        name: "fanout",
        about: "one sender into a room of many readers",
        cases: fanout::cases,
        on_request: false,
    },
    Scenario {
        name: "rooms",
        about: "2,000 rooms of 5, one of each sends",
        cases: rooms::cases,
        on_request: false,
    },
    Scenario {
        name: "tail",
        about: "one sender and one reader, 20 messages/s: is any of them late?",
        cases: tail::cases,
        on_request: false,
    },
    Scenario {
        name: "mixed",
        about: "people: a message every 20 s each, and read marks by those who look",
        cases: mixed::cases,
        on_request: false,
    },
    Scenario {
        name: "streams",
        about: "answers of models: messages that are read while they are written",
        cases: streams::cases,
        on_request: true,
    },
    Scenario {
        name: "slow",
        about: "a room whose sender knows no pause, and readers that stop reading",
        cases: slow::cases,
        on_request: false,
    },
    Scenario {
        name: "storm",
        about: "all clients drop at once and come back at once, while messages go on",
        cases: storm::cases,
        on_request: false,
    },
    Scenario {
        name: "restart",
        about: "the server ends and starts again on the same data, all clients resume",
        cases: restart::cases,
        on_request: false,
    },
    Scenario {
        name: "connect",
        about: "a person in 1, 1,000 and 10,000 rooms connects, and comes back",
        cases: connect::cases,
        on_request: false,
    },
    Scenario {
        name: "idle",
        about: "memory of connections that only answer pings, each in a room of its own",
        cases: idle::cases,
        on_request: false,
    },
    Scenario {
        name: "threads",
        about: "what each kind of the server's threads takes for a message",
        cases: threads::cases,
        on_request: true,
    },
    Scenario {
        name: "memory",
        about: "memory after 1,500 logins, and with 100 answers that nobody reads",
        cases: memory::cases,
        on_request: true,
    },
    Scenario {
        name: "store",
        about: "a page of history, and the server's start, with few and with many messages",
        cases: store::cases,
        on_request: true,
    },
    Scenario {
        name: "soak",
        about: "people come and go (with --seconds 1800): does memory grow?",
        cases: soak::cases,
        on_request: true,
    },
];

/// More than any scenario needs, where the defaults protect a deployment.
const SETTINGS: &[(&str, &str)] =
    &[("PARLOR_CONNECTIONS_PER_USER", "100000"), ("PARLOR_ROOMS_PER_USER", "100000")];

/// Runs `measure` against a fresh server, on the database that the options name; a
/// failure tells what the server logged last.
fn with_server(
    options: &Options,
    settings: &[(&str, &str)],
    measure: impl FnOnce(&mut Server) -> Result<Measured>,
) -> Result<Measured> {
    let database = options.postgres.then(Database::create).transpose()?;
    with_server_on(options, database, settings, measure)
}

/// The same on a database that is not its own.
fn with_server_on(
    options: &Options,
    database: Option<Database>,
    settings: &[(&str, &str)],
    measure: impl FnOnce(&mut Server) -> Result<Measured>,
) -> Result<Measured> {
    let mut server = Server::start(options, database, &[SETTINGS, settings].concat())?;
    measure(&mut server).map_err(|problem| server.explain(problem))
}

/// What a scenario of messages gives.
struct Outcome {
    span: Span,
    /// Of the measured stretch.
    tally: Tally,
    ack_latency: Histogram,
    delivery_latency: Histogram,
    findings: Findings,
    resident_kib: u64,
    /// Messages that came compressed, in all.
    compressed: u64,
}

/// Makes the rooms, seats everybody and lets them talk.
fn converse(
    options: &Options,
    server: &Server,
    pace: Pace,
    rooms: &[String],
    parts: &[Part],
) -> Result<Outcome> {
    let (mut swarm, mut chat) = assemble(options, server, pace, rooms, parts)?;
    let (span, tally) = drive(&mut swarm, server, &mut chat, options)?;
    outcome(server, &swarm, chat, span, tally)
}

/// Makes the rooms and seats everybody: connection `n` is `user-n`'s.
fn assemble(
    options: &Options,
    server: &Server,
    pace: Pace,
    rooms: &[String],
    parts: &[Part],
) -> Result<(Swarm, Chat)> {
    require_open_files(parts.len())?;
    let owned: Vec<_> = rooms.iter().map(|room| ("owner".to_string(), room.clone())).collect();
    create_rooms(server, "public", &owned)?;
    let seat = |(index, part): (usize, &Part)| Seat {
        user: format!("user-{index}"),
        room: rooms[part.room].clone(),
    };
    let seats: Vec<Seat> = parts.iter().enumerate().map(seat).collect();
    let mut swarm = Swarm::new(server.carrier())?;
    let heads = join(&mut swarm, server, &seats)?;
    for (connection, part) in parts.iter().enumerate().filter(|(_, part)| !part.reads) {
        unsubscribe(&mut swarm, connection, &rooms[part.room])?;
    }
    Ok((swarm, Chat::new(pace, options.content, rooms, parts, &heads)))
}

fn outcome(
    server: &Server,
    swarm: &Swarm,
    chat: Chat,
    span: Span,
    tally: Tally,
) -> Result<Outcome> {
    Ok(Outcome {
        span,
        tally,
        findings: chat.findings(),
        resident_kib: server.resident_kib()?,
        compressed: swarm.compressed(),
        ack_latency: chat.ack_latency,
        delivery_latency: chat.delivery_latency,
    })
}

/// A metric of the report.
fn metric(key: &'static str, heading: &'static str, value: f64, decimals: usize) -> Metric {
    Metric { key, heading, value, decimals }
}

/// The columns that every scenario of messages ends with.
fn costs(outcome: &Outcome) -> Vec<Metric> {
    let database = outcome.span.database_cpu_seconds / outcome.span.seconds;
    vec![
        metric("server_cores", "server CPU, cores", outcome.span.server_cores(), 2),
        metric("database_cores", "PostgreSQL's CPU, cores", database, 2),
        metric("client_cores", "client CPU, cores", outcome.span.client_cores(), 2),
        metric("resident_mib", "RSS MiB", outcome.resident_kib as f64 / 1024.0, 1),
        metric("acked", "acked", outcome.tally.acked as f64, 0),
        metric("delivered", "delivered", outcome.tally.delivered as f64, 0),
        metric("compressed", "came compressed", outcome.compressed as f64, 0),
    ]
}
