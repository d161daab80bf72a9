//! Moves a whole deployment from one database into another one.
//!
//! Table after table, in batches in the order of the primary keys. The target
//! keeps how far it is in a table of its own, `copy_progress`, written in the
//! same transaction as each batch: whatever ends a copy, the next one goes on
//! behind the last batch. At the end all of both databases is read again and
//! compared. Only then that table goes: while it is there, the target is not
//! a whole database, and no server starts on it.

mod bind;
mod checksum;
mod postgres;
mod progress;
mod queries;
mod run;
mod side;
mod sqlite;
mod tables;
mod value;

use super::{DatabaseUrl, OpenError};

pub use checksum::Checksum;
pub(crate) use progress::Progress;
pub use run::copy;
pub(crate) use side::{Side, SideConn};

/// What became of a copy: a row for each table.
#[derive(Clone, Debug)]
pub struct Copied {
    pub tables: Vec<CopiedRows>,
}

impl Copied {
    /// Whether both databases hold the same.
    pub fn is_identical(&self) -> bool {
        self.tables.iter().all(|table| table.verdict == Verdict::Same)
    }

    /// The names of the tables that came out so.
    pub fn with(&self, verdict: Verdict) -> Vec<&'static str> {
        let such = self.tables.iter().filter(|table| table.verdict == verdict);
        such.map(|table| table.table).collect()
    }
}

/// One table on both sides.
#[derive(Clone, Debug)]
pub struct CopiedRows {
    pub table: &'static str,
    pub source: Checksum,
    pub target: Checksum,
    /// NUL characters that became U+FFFD.
    pub replaced: i64,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    /// The source is not any more what was copied.
    SourceChanged,
    /// The target does not hold what was copied.
    TargetDiffers,
}

impl Verdict {
    fn of(copied: Checksum, source: Checksum, target: Checksum) -> Self {
        if target != copied {
            Self::TargetDiffers
        } else if source != copied {
            Self::SourceChanged
        } else {
            Self::Same
        }
    }
}

/// Why nothing, or not everything, was copied. Its text is one line for the
/// operator.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("--from and --to are the same database")]
    Same,
    #[error("the database {database} was not made by parlor")]
    NoParlor { database: String },
    #[error(
        "the database {database} was written by an older version of parlor: bring it up to date with \
         `parlor migrate` first"
    )]
    Older { database: String },
    #[error(
        "the database {database} was written by a newer version of parlor (migration {version}): \
         copy it with that version"
    )]
    Newer { database: String, version: String },
    #[error("{nodes} servers are running on the database {database}: stop them first")]
    InUse { database: String, nodes: i64 },
    #[error(
        "{count} submissions of applications wait in the database {database}: run a server on it \
         until they are carried out"
    )]
    Submissions { database: String, count: i64 },
    #[error(
        "the database {database} has data already (in {table}): copy into an empty one, or one \
         whose copy was not finished"
    )]
    NotEmpty { database: String, table: &'static str },
    #[error(
        "the database {database} has an unfinished copy of another source, {source_name}: go on \
         with that one, or make the database anew"
    )]
    OtherSource { database: String, source_name: String },
    #[error(
        "the database {database} has an unfinished copy that another version of parlor began: \
         continue that one, or start with an empty database"
    )]
    OtherVersion { database: String },
    #[error("another copy into the database {database} is running")]
    Another { database: String },
    #[error("the database {database}: {error}")]
    Failed { database: String, error: diesel::result::Error },
    #[error("reading the source panicked")]
    Panicked,
}

/// Whether a database is there and as this version of parlor needs it. Nothing of it is
/// changed, and a server may be running on it. Gives the name and version of what runs
/// it, such as `PostgreSQL 15.8`. Blocking.
///
/// # Errors
/// It cannot be opened, or was made by somebody else, or by another version.
pub fn check_migrated(url: &DatabaseUrl) -> Result<String, CopyError> {
    let mut side = Side::look_at(url)?;
    side.check_migrated()?;
    side.product()
}

/// Whether a copy into this database has begun and is not finished. Blocking;
/// on a thread of its own, because whoever calls may be inside a runtime.
pub(crate) fn is_unfinished(url: &DatabaseUrl) -> Result<bool, CopyError> {
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| Side::open(url)?.has_progress());
        asking.join().unwrap_or(Err(CopyError::Panicked))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_side_that_is_not_what_was_copied_is_named() {
        let sum = |rows| Checksum::stored(rows, &format!("{rows:064x}")).expect("good");
        assert_eq!(Verdict::of(sum(1), sum(1), sum(1)), Verdict::Same);
        assert_eq!(Verdict::of(sum(1), sum(2), sum(1)), Verdict::SourceChanged);
        assert_eq!(Verdict::of(sum(1), sum(1), sum(2)), Verdict::TargetDiffers);
        assert_eq!(Verdict::of(sum(1), sum(2), sum(2)), Verdict::TargetDiffers);
    }
}
