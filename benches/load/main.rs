//! The load bench: starts the release server, talks to it as many users would,
//! and says how fast it is, while checking that it keeps its promises.
//!
//! ```text
//! cargo bench --bench load                        # all scenarios
//! cargo bench --bench load -- ack fanout          # some of them
//! cargo bench --bench load -- --json --repeat 5   # medians of five, one JSON object per line
//! cargo bench --bench load -- compare --repeat 3  # next to the limits and to other servers
//! cargo bench --bench load -- --tls --deflate     # as it is spoken over the net
//! ```
//!
//! Each case gets a server process and a data directory of its own. The client
//! is one thread with epoll and the smallest frame reader that is still exact,
//! so that on a small machine the server is what is measured; the client's own
//! CPU time is in the report. Every acknowledgement and every delivery is
//! checked: a `seq` that is missing or comes twice fails the run.
//!
//! To add a scenario: a module in `scenarios/` that gives [`Case`]s, and a line
//! in `scenarios::ALL`. `chat` knows senders, readers and their pace; `swarm`
//! (with `connection`, `transport`, `inflate`) knows sockets and nothing of
//! Parlor, `wire` and `join` know Parlor's frames.
//! `limits` and `peers` are what [`Comparison`]s set it against.
//!
//! [`Case`]: scenarios::Case
//! [`Comparison`]: scenarios::compare::Comparison

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to who runs it")]
#![expect(clippy::disallowed_methods, reason = "they are rules of the server")]

mod arguments;
mod audit;
mod broadcast;
mod chance;
mod chat;
mod closed;
mod connection;
mod drive;
mod epoll;
mod fill;
mod frame;
mod handler;
mod inflate;
mod join;
mod limits;
mod machine;
mod options;
mod outbox;
mod peers;
mod process;
mod report;
mod rest;
mod returning;
mod scenarios;
mod stats;
mod swarm;
mod terms;
mod tls;
mod token;
mod transport;
mod wire;

use std::process::ExitCode;

use arguments::{Parsed, Plan};
use limits::bare;
use report::Report;

/// A bench ends at the first thing that is wrong, and says what in one line.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(bare::SUBCOMMAND) {
        return exit_code(bare::serve(&arguments.next().unwrap_or_default()));
    }
    let plan = match Plan::parse(std::env::args().skip(1)) {
        Ok(Parsed::Run(plan)) => plan,
        Ok(Parsed::Show(text)) => {
            println!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("load: {problem}");
            return ExitCode::from(2);
        }
    };
    exit_code(run(&plan))
}

fn exit_code(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("load: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(Plan { scenarios, comparisons, options }: &Plan) -> Result<()> {
    machine::raise_open_files()?;
    let mut report = Report::new(options);
    report.note(&machine::describe(options)?);
    for scenario in scenarios {
        for case in (scenario.cases)() {
            let mut runs = Vec::new();
            for run in 1..=options.repeat {
                eprintln!("{}, {}: run {run} of {}", scenario.name, case.name, options.repeat);
                let measured = (case.run)(options);
                runs.push(measured.map_err(|e| format!("{}, {}: {e}", scenario.name, case.name))?);
            }
            report.add(scenario.name, scenario.about, &case.name, &runs)?;
        }
    }
    for comparison in comparisons {
        comparison.run(options, &mut report)?;
    }
    report.verdict()
}
