//! A copy of the embedded database, also while a server writes to it.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use diesel::{QueryResult, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};

use crate::{
    CopyError, DatabaseUrl,
    copy::{Side, SideConn},
    sqlite::{
        self,
        reclaim::{SHRINKS, Size},
    },
};

/// Why there is no backup. Its text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Database(#[from] CopyError),
    #[error(
        "only the embedded database is backed up here: of PostgreSQL take a dump, with pg_dump"
    )]
    NotAFile,
    #[error("cannot write the backup {0}: {1}")]
    Output(String, io::Error),
}

fn copy_into(conn: &mut sqlite::Conn, file: &Path) -> QueryResult<()> {
    // Changes nothing in the file that is there, and the copy can become smaller.
    if !Size::of(conn)?.shrinks() {
        conn.batch_execute(SHRINKS)?;
    }
    // One read transaction: `.backup` starts over with each write.
    sql_query("VACUUM INTO ?").bind::<Text, _>(file.to_string_lossy()).execute(conn).map(drop)
}

/// Writes all that was acknowledged until now into one file, which is there whole or
/// not at all; gives its bytes. Writes go on meanwhile, and the log of the database
/// grows until it is done.
///
/// # Errors
/// A database that cannot be read, a file that cannot be written.
pub fn backup(database: &DatabaseUrl, file: &Path) -> Result<u64, BackupError> {
    if database.file().is_none() {
        return Err(BackupError::NotAFile);
    }
    let mut side = Side::open(database)?;
    let SideConn::Sqlite(conn) = &mut side.conn else { return Err(BackupError::NotAFile) };
    let output = |error| BackupError::Output(file.display().to_string(), error);
    let part = file.with_extension("part");
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(output(error)),
        _ => {}
    }
    copy_into(conn, &part)
        .map_err(|error| CopyError::Failed { database: side.name.clone(), error })?;
    let bytes = || -> io::Result<u64> {
        let written = File::open(&part)?;
        written.sync_all()?;
        fs::rename(&part, file)?;
        File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(written.metadata()?.len())
    };
    bytes().map_err(output)
}
