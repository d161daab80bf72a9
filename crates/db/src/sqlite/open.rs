//! Opens the file.

use std::path::Path;

use diesel::{
    Connection, ConnectionError, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource},
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
    sql_types::Text,
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, pragmas};
use crate::open::{Refused, has_old_reactions};
use crate::write::message::sqlite::unify_reactions;
use parlor_domain::limits::WRITE_CACHE_KIB;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The writer's connections.
pub(crate) type WriterPool = Pool<ConnectionManager<Conn>>;

pub(crate) fn migrate(path: &Path) -> Result<Vec<String>, Refused> {
    let failed = |error: &dyn std::fmt::Display| Refused::Migrate(error.to_string());
    let mut conn = establish(path).map_err(Refused::Open)?;
    // SQLite opens a file it cannot write without a word; this says it now.
    conn.batch_execute("BEGIN IMMEDIATE; COMMIT")
        .map_err(|error| Refused::Open(error.to_string()))?;
    let known = known_migrations();
    let applied = conn.applied_migrations().map_err(|error| failed(&error))?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(&version.to_string())) {
        return Err(Refused::Newer(newer.to_string()));
    }
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    if has_old_reactions(&applied) {
        conn.immediate_transaction(unify_reactions).map_err(|error| failed(&error))?;
    }
    let ran = conn.run_pending_migrations(MIGRATIONS).map_err(|error| failed(&error))?;
    Ok(ran.iter().map(ToString::to_string).collect())
}

/// The versions of all migrations that this executable has.
pub(crate) fn known_migrations() -> Vec<String> {
    let known = MigrationSource::<Sqlite>::migrations(&MIGRATIONS);
    let known = known.expect("they were read when this was compiled");
    known.iter().map(|migration| migration.name().version().to_string()).collect()
}

pub(crate) fn establish(path: &Path) -> Result<Conn, String> {
    let mut conn = Conn::establish(&path.to_string_lossy()).map_err(|error| match error {
        ConnectionError::BadConnection(cause) => cause,
        other => other.to_string(),
    })?;
    conn.batch_execute(&pragmas(WRITE_CACHE_KIB)).map_err(|error| error.to_string())?;
    Ok(conn)
}

/// The connection for writes, and the one for checkpoints.
pub(crate) fn pools(path: &Path) -> Result<(WriterPool, WriterPool), Refused> {
    // One lane: a second writer only waits for the first one's lock
    // (measured: 52 thousand rows a second with two, 72 with one).
    let writes = pool_of_one(path).map_err(Refused::Open)?;
    let checkpoints = pool_of_one(path).map_err(Refused::Open)?;
    let mut conn = writes.get().map_err(|error| Refused::Open(error.to_string()))?;
    check_wal(&mut conn).map_err(Refused::Open)?;
    drop(conn);
    Ok((writes, checkpoints))
}

fn pool_of_one(path: &Path) -> Result<WriterPool, String> {
    Pool::builder()
        .max_size(1)
        // Kept for good: the last one to close would take the log with it.
        .max_lifetime(None)
        .idle_timeout(None)
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
