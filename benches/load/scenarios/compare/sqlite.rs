//! What of SQLite's own speed is left when a message has gone all the way from
//! a sender's socket to the disk and back.

use super::{super::ack, Case, Comparison, Ratio, Row, measure, number, relate, tell};
use crate::{
    Result,
    audit::Findings,
    limits::sqlite::{self, Inserted, Rooms, SENDERS},
    options::Options,
    report::{Measured, Report},
    scenarios::metric,
};

/// Rows a commit. A batch of the server is what has come during the last
/// one, so 256 senders with one message each under way can fill one of 256.
const BATCHES: [usize; 5] = [1, 16, 128, 256, 1_024];
const RATE: &str = "rows_per_s";

/// The raw rates that the others are set against.
const BASES: [(usize, Ratio); 3] = [
    (1, ratio("ratio_raw_1", "÷ raw, 1 a commit")),
    (128, ratio("ratio_raw_128", "÷ raw, 128")),
    (256, ratio("ratio_raw_256", "÷ raw, 256")),
];

const fn ratio(key: &'static str, heading: &'static str) -> Ratio {
    Ratio { key, heading, of: RATE, value: |base, own| own / base }
}

pub fn compare(comparison: &Comparison, options: &Options, report: &mut Report) -> Result<()> {
    for rooms in [Rooms::Own, Rooms::One] {
        let mut rows: Vec<Row> = BATCHES.iter().map(|&batch| raw(rooms, batch)).collect();
        rows.extend([1, SENDERS].map(|senders| parlor(rooms, senders)));
        measure(comparison, options, report, &mut rows)?;
        for (batch, ratio) in &BASES {
            let base = BATCHES.iter().position(|other| other == batch).unwrap_or(0);
            let base: Vec<f64> = rows[base].runs.iter().map(|run| number(run, RATE)).collect();
            relate(&mut rows, &base, ratio);
        }
        tell(comparison, report, &rows)?;
    }
    Ok(())
}

fn place(rooms: Rooms) -> &'static str {
    match rooms {
        Rooms::Own => "own rooms",
        Rooms::One => "one room",
    }
}

fn raw(rooms: Rooms, batch: usize) -> Row {
    let unit = if batch == 1 { "row" } else { "rows" };
    let name = format!("{}: raw, {batch} {unit} a commit", place(rooms));
    Row::new(Case::new(name, move |options| {
        let inserted = sqlite::measure(options, rooms, batch)?;
        Ok(raw_measured(&inserted))
    }))
}

fn raw_measured(inserted: &Inserted) -> Measured {
    let rows = inserted.rows.max(1) as f64;
    let latency = &inserted.latency;
    let metrics = columns(
        rows / inserted.seconds,
        [0.50, 0.99].map(|p| latency.quantile_ms(p)),
        inserted.cpu_seconds * 1e6 / rows,
    );
    Measured { metrics, findings: Findings::default() }
}

/// The scenarios `ack` and `ack-one-room`.
fn parlor(rooms: Rooms, senders: usize) -> Row {
    let unit = if senders == 1 { "sender" } else { "senders" };
    let name = format!("{}: parlor, {senders} {unit}", place(rooms));
    let case = match rooms {
        Rooms::Own => ack::own_room_case(senders),
        Rooms::One => ack::one_room_case(senders),
    };
    Row::new(Case::new(name, move |options| {
        let acked = (case.run)(options)?;
        let metrics = columns(
            number(&acked, "acks_per_s"),
            ["ack_p50_ms", "ack_p99_ms"].map(|key| number(&acked, key)),
            number(&acked, "server_us_per_ack"),
        );
        Ok(Measured { metrics, findings: acked.findings })
    }))
}

fn columns(rate: f64, [p50, p99]: [f64; 2], cpu: f64) -> Vec<crate::report::Metric> {
    vec![
        metric(RATE, "rows/s", rate, 0),
        metric("p50_ms", "commit or ack p50 ms", p50, 2),
        metric("p99_ms", "p99 ms", p99, 2),
        metric("cpu_us_per_row", "CPU µs/row", cpu, 1),
    ]
}
