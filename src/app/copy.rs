//! `parlor copy`: moves a deployment to another database and reports the
//! result.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use super::{Failure, output, progress::Progress};
use crate::{
    cli::CopyArgs,
    config,
    db::{self, Copied, CopyError, Verdict},
};

/// How often the log says how far it is, where nobody looks.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

pub(super) fn copy(args: CopyArgs) -> Result<(), Failure> {
    let from = config::copy_url("--from (PARLOR_COPY_FROM)", &args.from)?;
    let to = config::copy_url("--to (PARLOR_COPY_TO)", &args.to)?;
    let begun = Instant::now();
    let (mut logged, mut progress) = (begun, Progress::default());
    let copied = db::copy(&from, &to, |table, rows| {
        let is_seen = progress.show(|| format!("copying {table}: {rows} rows"));
        if !is_seen && logged.elapsed() >= PROGRESS_EVERY {
            logged = Instant::now();
            log::info!("copying {table}: {rows} rows");
        }
    });
    progress.clear();
    let copied = copied.map_err(|error| match error {
        CopyError::Same => Failure::value(error),
        error => Failure::environment(error),
    })?;
    output::answer(&shown(&copied))?;
    let unlike = |verdict, why| match copied.with(verdict) {
        tables if tables.is_empty() => Ok(()),
        tables => Err(Failure::environment(format!("{why} (in {})", tables.join(", ")))),
    };
    unlike(
        Verdict::TargetDiffers,
        "the target differs from what was copied into it: something else wrote to it; recreate it \
         and copy again",
    )?;
    unlike(
        Verdict::SourceChanged,
        "the source changed during the copy: stop its servers, recreate the target and copy again",
    )?;
    output::answer(&format!("copied {from} to {to}: {}\n", summary(&copied, begun.elapsed())))
}

/// A line for each table. Checksums are compared whole; their first digits
/// are enough to look at.
fn shown(copied: &Copied) -> String {
    let mut text = format!(
        "{:<15} {:>12} {:>12} {:<16} {:<16} {:>8}\n",
        "table", "source rows", "target rows", "source checksum", "target checksum", "replaced"
    );
    for row in &copied.tables {
        let (source, target) = (row.source.to_string(), row.target.to_string());
        let verdict = match row.verdict {
            Verdict::Same => "",
            Verdict::SourceChanged => "  the source changed",
            Verdict::TargetDiffers => "  the target differs",
        };
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{:<15} {:>12} {:>12} {source:.16} {target:.16} {:>8}{verdict}",
            row.table, row.source.rows, row.target.rows, row.replaced
        );
    }
    text
}

fn summary(copied: &Copied, took: Duration) -> String {
    let rows: i64 = copied.tables.iter().map(|table| table.target.rows).sum();
    let replaced: i64 = copied.tables.iter().map(|table| table.replaced).sum();
    let mut text = format!("{rows} rows, identical on both sides, in {:.1} s", took.as_secs_f64());
    if replaced > 0 {
        let _ = write!(text, "; {replaced} NUL characters replaced by U+FFFD");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Checksum, CopiedRows};

    #[test]
    fn every_table_is_a_line_that_says_what_is_wrong_with_it() {
        let row = |table, verdict| CopiedRows {
            table,
            source: Checksum::default(),
            target: Checksum::default(),
            replaced: 7,
            verdict,
        };
        let tables = vec![
            row("users", Verdict::Same),
            row("rooms", Verdict::SourceChanged),
            row("messages", Verdict::TargetDiffers),
        ];
        let copied = Copied { tables };
        let text = shown(&copied);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("users") && lines[1].ends_with("       7"), "{text}");
        assert!(lines[2].ends_with("the source changed"), "{text}");
        assert!(lines[3].ends_with("the target differs"), "{text}");
        assert!(summary(&copied, Duration::from_secs(2)).contains("21 NUL"));
    }
}
