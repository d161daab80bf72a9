//! The copy itself, step by step.

use std::{collections::HashMap, thread};

use super::{
    Checksum, Copied, CopiedRows, CopyError, Verdict,
    progress::Progress,
    side::{self, Side},
    tables::{self, CopiedTable},
    value::Row,
};
use crate::{DatabaseUrl, migrate, open::leave_life};

/// Copies everything of a database into another one, and compares both.
///
/// It may be ended at any time, and goes on where it was when it is called
/// again. `told` hears of each batch: the table, and its rows so far.
/// Blocking: not from within a runtime.
///
/// # Errors
/// What is refused, before anything is written; and a database that fails.
/// Two databases that differ at the end are no error here: [`Copied`] says
/// so, and the target stays marked as unfinished.
pub fn copy(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    mut report: impl FnMut(&str, i64),
) -> Result<Copied, CopyError> {
    let tables = tables::all();
    // Before the first of them is locked.
    if side::are_one_file(from, to) {
        return Err(CopyError::Same);
    }
    let mut source = Side::source(from)?;
    source.check_migrated()?;
    source.check_unused()?;
    source.check_no_submissions()?;
    migrate(to)?;
    let mut target = Side::target(to)?;
    target.check_unused()?;
    if source.name == target.name {
        return Err(CopyError::Same);
    }
    let mut progress = take_up(&source.name, &mut target, &tables)?;
    for table in &tables {
        let of_table = progress.entry(table.name).or_default();
        copy_table(&mut source, &mut target, table, of_table, &mut report)?;
        if let Some(last) = source.sequence(table)? {
            target.set_sequence(table, last)?;
        }
    }
    let copied = compare(&mut source, &mut target, &tables, &progress)?;
    if copied.is_identical() {
        let carried = source.carried()?;
        leave(from);
        target.finish(&carried)?;
    }
    Ok(copied)
}

/// Two databases that both go on would give the same positions to different
/// things: the life goes on in the target, and a server that starts on the
/// source again begins a new one. A source that cannot be written to cannot
/// be served either.
fn leave(source: &DatabaseUrl) {
    if let Err(error) = leave_life(source) {
        log::warn!("the source stays as it is, begin a new epoch there before you use it: {error}");
    }
}

/// How far an earlier copy came; begins one in a target without data.
fn take_up(
    source: &str,
    target: &mut Side,
    tables: &[CopiedTable],
) -> Result<HashMap<&'static str, Progress>, CopyError> {
    if !target.has_progress()? {
        for table in tables {
            if !target.is_empty(table)? {
                return Err(CopyError::NotEmpty {
                    database: target.name.clone(),
                    table: table.name,
                });
            }
        }
        target.begin(source, tables)?;
    }
    let mut known = HashMap::new();
    for (of, name, progress) in target.progress()? {
        if of != source {
            return Err(CopyError::OtherSource { database: target.name.clone(), source_name: of });
        }
        if let Some(table) = tables.iter().find(|table| table.name == name) {
            known.insert(table.name, progress);
        }
    }
    if known.len() == tables.len() {
        Ok(known)
    } else {
        Err(CopyError::OtherVersion { database: target.name.clone() })
    }
}

fn copy_table(
    source: &mut Side,
    target: &mut Side,
    table: &CopiedTable,
    progress: &mut Progress,
    report: &mut impl FnMut(&str, i64),
) -> Result<(), CopyError> {
    let mut buffer = Vec::new();
    loop {
        let mut rows = source.page(table, progress.last_key.as_deref())?;
        let Some(last) = rows.last() else { return Ok(()) };
        let mut after = progress.clone();
        after.last_key = Some(last.key(&table.key));
        for row in &mut rows {
            after.replaced += row.replace_nul();
            after.copied.add(row, &mut buffer);
        }
        target.store(table, rows, progress, &after)?;
        *progress = after;
        report(table.name, progress.copied.rows);
    }
}

/// Reads all of both again, at the same time.
fn compare(
    source: &mut Side,
    target: &mut Side,
    tables: &[CopiedTable],
    progress: &HashMap<&'static str, Progress>,
) -> Result<Copied, CopyError> {
    let (of_source, of_target) = thread::scope(|scope| {
        let reading = scope.spawn(|| checksums(source, tables));
        let of_target = checksums(target, tables);
        (reading.join().unwrap_or(Err(CopyError::Panicked)), of_target)
    });
    let sums = tables.iter().zip(of_source?.into_iter().zip(of_target?));
    let compared = sums.map(|(table, (source, target))| {
        let Progress { copied, replaced, .. } =
            progress.get(table.name).cloned().unwrap_or_default();
        CopiedRows {
            table: table.name,
            source,
            target,
            replaced,
            verdict: Verdict::of(copied, source, target),
        }
    });
    Ok(Copied { tables: compared.collect() })
}

fn checksums(side: &mut Side, tables: &[CopiedTable]) -> Result<Vec<Checksum>, CopyError> {
    tables.iter().map(|table| checksum(side, table)).collect()
}

fn checksum(side: &mut Side, table: &CopiedTable) -> Result<Checksum, CopyError> {
    let mut checksum = Checksum::default();
    let mut buffer = Vec::new();
    let mut after = None;
    loop {
        let mut rows = side.page(table, after.as_deref())?;
        let Some(last) = rows.last() else { return Ok(checksum) };
        after = Some(last.key(&table.key));
        for row in &mut rows {
            Row::replace_nul(row);
            checksum.add(row, &mut buffer);
        }
    }
}
