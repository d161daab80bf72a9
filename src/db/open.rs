//! Opens the database: file, pools, migrations.

use std::path::{Path, PathBuf};

use diesel::{
    Connection, ConnectionError, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource},
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
    sql_types::Text,
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    Reader,
    backend::{Conn, pragmas},
};
use crate::limits::WRITE_CACHE_KIB;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The writer's connections.
pub(super) type WriterPool = Pool<ConnectionManager<Conn>>;

/// An open database whose schema is up to date.
pub struct Database {
    pub(super) writers: WriterPool,
    pub(super) checkpoints: WriterPool,
    pub reader: Reader,
}

/// Why the database cannot be used. Its text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the database {path}: {cause}")]
    Open { path: PathBuf, cause: String },
    #[error(
        "the database {path} was written by a newer version of parlor (migration {version}); \
         run that version, or restore a backup"
    )]
    Newer { path: PathBuf, version: String },
    #[error("cannot bring the database {path} up to date: {cause}")]
    Migrate { path: PathBuf, cause: String },
}

/// Brings the schema up to date; gives the names of the migrations that ran.
///
/// Blocking: call it before the actors start.
pub fn migrate(path: &Path) -> Result<Vec<String>, OpenError> {
    let open = |cause: String| OpenError::Open { path: path.to_owned(), cause };
    let failed = |cause: String| OpenError::Migrate { path: path.to_owned(), cause };
    let mut conn = establish(path).map_err(open)?;
    // SQLite opens a file it cannot write without a word; this says it now.
    conn.batch_execute("BEGIN IMMEDIATE; COMMIT").map_err(|error| open(error.to_string()))?;
    let known = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)
        .map_err(|error| failed(error.to_string()))?
        .iter()
        .map(|migration| migration.name().version().as_owned())
        .collect::<Vec<_>>();
    let applied = conn.applied_migrations().map_err(|error| failed(error.to_string()))?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(version)) {
        return Err(OpenError::Newer { path: path.to_owned(), version: newer.to_string() });
    }
    let ran = conn.run_pending_migrations(MIGRATIONS).map_err(|error| failed(error.to_string()))?;
    Ok(ran.iter().map(ToString::to_string).collect())
}

fn establish(path: &Path) -> Result<Conn, String> {
    let mut conn = Conn::establish(&path.to_string_lossy()).map_err(|error| match error {
        ConnectionError::BadConnection(cause) => cause,
        other => other.to_string(),
    })?;
    conn.batch_execute(&pragmas(WRITE_CACHE_KIB)).map_err(|error| error.to_string())?;
    Ok(conn)
}

impl Database {
    /// Opens the database file, makes it if it is not there, and migrates it.
    ///
    /// Blocking: call it before the actors start.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        migrate(path)?;
        let open = |cause: String| OpenError::Open { path: path.to_owned(), cause };
        // One lane: a second writer only waits for the first one's lock
        // (measured: 52 thousand rows a second with two, 72 with one).
        let writers = pool_of_one(path).map_err(open)?;
        let checkpoints = pool_of_one(path).map_err(open)?;
        let mut conn = writers.get().map_err(|error| open(error.to_string()))?;
        check_wal(&mut conn).map_err(open)?;
        drop(conn);
        Ok(Self { writers, checkpoints, reader: Reader::new(path) })
    }
}

fn pool_of_one(path: &Path) -> Result<WriterPool, String> {
    Pool::builder()
        .max_size(1)
        .test_on_check_out(false)
        .connection_customizer(Box::new(Pragmas))
        .build(ConnectionManager::new(path.to_string_lossy()))
        .map_err(|error| error.to_string())
}

#[derive(Debug)]
struct Pragmas;

impl CustomizeConnection<Conn, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(&pragmas(WRITE_CACHE_KIB)).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Some file systems have no shared memory: SQLite then silently stays in
/// another mode, in which reads and writes block each other.
fn check_wal(conn: &mut Conn) -> Result<(), String> {
    #[derive(QueryableByName)]
    struct Mode {
        #[diesel(sql_type = Text)]
        journal_mode: String,
    }
    let mode = diesel::sql_query("PRAGMA journal_mode")
        .get_result::<Mode>(conn)
        .map_err(|error| error.to_string())?;
    if mode.journal_mode == "wal" {
        Ok(())
    } else {
        Err(format!("its file system allows no write-ahead log (mode {})", mode.journal_mode))
    }
}
