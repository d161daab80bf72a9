//! Side by side: ours, the limits and other servers, in turn in one run, so
//! that what the machine does meanwhile happens to all of them.
//!
//! These take minutes and are only run when named.

mod acks;
mod fanout;
mod idle;
mod sqlite;

use parlor_benches::database::Database;

use super::Case;
use crate::{
    Result,
    options::Options,
    peers::Peer,
    report::{Measured, Metric, Report},
};

pub struct Comparison {
    pub name: &'static str,
    pub about: &'static str,
    run: fn(&Comparison, &Options, &mut Report) -> Result<()>,
}

impl Comparison {
    pub fn run(&self, options: &Options, report: &mut Report) -> Result<()> {
        (self.run)(self, options, report)
    }
}

pub const ALL: &[Comparison] = &[
    Comparison {
        name: "compare",
        about: "fan-out of one room, the same bytes a frame, next to a bare broadcast server and \
                to others; the ratios are Parlor's number divided by the row's",
        run: fanout::compare,
    },
    Comparison {
        name: "compare-idle",
        about: "memory of idle connections, next to the same; Parlor's are each in a room of \
                their own, the others' all in one",
        run: idle::compare,
    },
    Comparison {
        name: "compare-acks",
        about: "stored and acknowledged messages next to Centrifugo, each sender in a room of its \
                own, one message under way each",
        run: acks::compare,
    },
    Comparison {
        name: "compare-postgres",
        about: "fan-out of one room as in `compare`, Parlor and Centrifugo on PostgreSQL",
        run: fanout::compare_on_postgres,
    },
    Comparison {
        name: "compare-sqlite",
        about: "durable messages next to prepared INSERTs on a bare connection; the ratios are \
                the row's rows/s divided by those of the insert with so many rows a commit",
        run: sqlite::compare,
    },
];

/// One row of a comparison's table.
struct Row {
    case: Case,
    /// None for our own server.
    peer: Option<&'static Peer>,
    runs: Vec<Measured>,
}

impl Row {
    fn new(case: Case) -> Self {
        Row { case, peer: None, runs: Vec::new() }
    }

    /// Whether it is another's program, which is left out if it fails.
    fn optional(&self) -> bool {
        self.peer.is_some_and(|peer| !peer.ours)
    }
}

/// What servers stand on.
#[derive(Clone, Copy, PartialEq)]
enum Store {
    /// What each brings along.
    Own,
    Postgres,
}

impl Store {
    /// A new one, if it is not the server's own.
    fn database(self) -> Result<Option<Database>> {
        Ok(match self {
            Store::Own => None,
            Store::Postgres => Some(Database::create()?),
        })
    }

    fn of_parlor(self) -> &'static str {
        match self {
            Store::Own => "SQLite",
            Store::Postgres => "PostgreSQL",
        }
    }

    fn of_centrifugo(self) -> &'static str {
        match self {
            Store::Own => "memory (not durable)",
            Store::Postgres => "PostgreSQL",
        }
    }
}

/// Those that there are. Says what PostgreSQL it is, or that there is none.
fn stores(report: &Report) -> Result<Vec<Store>> {
    let Some(postgres) = Database::describe()? else {
        report.note("no PostgreSQL is there (scripts/with-services), and it is left out");
        return Ok(vec![Store::Own]);
    };
    report.note(&postgres);
    Ok(vec![Store::Own, Store::Postgres])
}

/// Those of them that are there and wanted. Says who is not.
fn wanted(peers: &'static [Peer], options: &Options, report: &Report) -> Vec<&'static Peer> {
    let wanted = |peer: &&Peer| {
        options.against.is_empty() || options.against.iter().any(|name| name == peer.name)
    };
    let (there, missing): (Vec<_>, Vec<_>) =
        peers.iter().filter(wanted).partition(|peer| peer.installed());
    for peer in missing {
        report.note(&format!("{} is not installed (benches/peers/setup) and left out", peer.name));
    }
    there
}

/// Measures all rows in turn, and that as often as is wanted.
fn measure(
    comparison: &Comparison,
    options: &Options,
    report: &Report,
    rows: &mut Vec<Row>,
) -> Result<()> {
    for round in 1..=options.repeat {
        let mut index = 0;
        while let Some(row) = rows.get_mut(index) {
            let title = format!("{}, {}", comparison.name, row.case.name);
            eprintln!("{title}: run {round} of {}", options.repeat);
            match (row.case.run)(options) {
                Ok(measured) => row.runs.push(measured),
                Err(problem) if row.optional() => {
                    report.note(&format!("{title}: left out, {problem}"));
                    rows.remove(index);
                    continue;
                }
                Err(problem) => return Err(format!("{title}: {problem}").into()),
            }
            index += 1;
        }
    }
    Ok(())
}

/// A column that sets a row in relation to another one.
struct Ratio {
    key: &'static str,
    heading: &'static str,
    /// The metric that is compared.
    of: &'static str,
    /// From the base's number and the row's own.
    value: fn(f64, f64) -> f64,
}

/// Adds the column to every row, from the runs of the same round.
fn relate(rows: &mut [Row], base: &[f64], ratio: &Ratio) {
    for row in rows {
        for (run, base) in row.runs.iter_mut().zip(base) {
            let value = (ratio.value)(*base, number(run, ratio.of));
            run.metrics.push(Metric { key: ratio.key, heading: ratio.heading, value, decimals: 2 });
        }
    }
}

fn numbers(row: &Row, key: &str) -> Vec<f64> {
    row.runs.iter().map(|run| number(run, key)).collect()
}

fn number(run: &Measured, key: &str) -> f64 {
    run.metrics.iter().find(|metric| metric.key == key).map_or(f64::NAN, |metric| metric.value)
}

fn tell(comparison: &Comparison, report: &mut Report, rows: &[Row]) -> Result<()> {
    for row in rows {
        report.add(comparison.name, comparison.about, &row.case.name, &row.runs)?;
    }
    Ok(())
}
