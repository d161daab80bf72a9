//! Writes the embedded database anew, without what is free in it.

use std::{fs, path::Path};

use diesel::connection::SimpleConnection;

use crate::{
    CopyError, DatabaseUrl, OpenError,
    copy::{Side, SideConn},
    open::bring_up_to_date,
    sqlite::reclaim::SHRINKS,
};

/// How large the file was, and is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    pub before: u64,
    pub after: u64,
}

/// Writes the file anew, as small as it can be; from then on it becomes smaller by
/// itself, also if it was made by a version that had none of this. Takes free space for
/// two more files of its size, of which one is beside it and one in the folder that
/// `SQLITE_TMPDIR` names, by default `/var/tmp`.
///
/// Blocking: while no server has the database. What is interrupted changes nothing.
///
/// # Errors
/// A database that is in use, that cannot be written, or is none of SQLite.
pub fn compact(database: &DatabaseUrl) -> Result<Compacted, CopyError> {
    let Some(path) = database.file() else {
        let cause = "only the embedded database is compacted: PostgreSQL does it by itself";
        let (database, cause) = (database.to_string(), cause.to_owned());
        return Err(OpenError::Open { database, cause }.into());
    };
    let mut side = Side::target(database)?;
    bring_up_to_date(database)?;
    let SideConn::Sqlite(conn) = &mut side.conn else {
        return Err(CopyError::NoParlor { database: side.name });
    };
    let failed = |error| CopyError::Failed { database: side.name.clone(), error };
    let whole_log = "PRAGMA wal_checkpoint(TRUNCATE)";
    conn.batch_execute(whole_log).map_err(failed)?;
    let before = bytes_of(path);
    // Of any size, so its copy does not go into memory.
    conn.batch_execute(&format!("PRAGMA temp_store = FILE; {SHRINKS} VACUUM; {whole_log}"))
        .map_err(failed)?;
    Ok(Compacted { before, after: bytes_of(path) })
}

fn bytes_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}
