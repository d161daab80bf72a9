//! How the connections to the file are made.

use std::path::Path;

use diesel::{
    Connection, ConnectionError, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
    sql_types::Text,
};

use super::{
    Conn, busy_timeout, pragmas,
    reclaim::{SHRINKS, Size},
};
use parlor_domain::limits::WRITE_CACHE_KIB;

/// The writer's connections.
pub(crate) type WriterPool = Pool<ConnectionManager<Conn>>;

fn opened(name: &str) -> Result<Conn, String> {
    let mut conn = Conn::establish(name).map_err(|error| match error {
        ConnectionError::BadConnection(cause) => cause,
        other => other.to_string(),
    })?;
    conn.batch_execute(&busy_timeout()).map_err(|error| error.to_string())?;
    Ok(conn)
}

/// One that changes nothing of the file, nor what is beside it
/// (<https://sqlite.org/uri.html>).
pub(crate) fn look_at(path: &Path) -> Result<Conn, String> {
    let name = path.to_string_lossy();
    // Where there is no log nobody writes, and SQLite would leave an empty one.
    let how = match Path::new(&format!("{name}-wal")).exists() {
        true => "mode=ro",
        false => "mode=ro&immutable=1",
    };
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    opened(&format!("file:{name}?{how}"))
}

pub(crate) fn establish(path: &Path) -> Result<Conn, String> {
    let mut conn = opened(&path.to_string_lossy())?;
    let describe = |error: diesel::result::Error| error.to_string();
    if Size::of(&mut conn).map_err(describe)?.is_empty() {
        conn.batch_execute(SHRINKS).map_err(describe)?;
    }
    conn.batch_execute(&pragmas(WRITE_CACHE_KIB)).map_err(describe)?;
    Ok(conn)
}

/// The connection for writes, and the one for checkpoints.
pub(crate) fn pools(path: &Path) -> Result<(WriterPool, WriterPool), String> {
    // One lane: a second writer only waits for the first one's lock
    // (measured: 52 thousand rows a second with two, 72 with one).
    let writes = pool_of_one(path)?;
    let checkpoints = pool_of_one(path)?;
    let mut conn = writes.get().map_err(|error| error.to_string())?;
    check_wal(&mut conn)?;
    if !Size::of(&mut conn).map_err(|error| error.to_string())?.shrinks() {
        log::info!(
            "the file of the database stays as large as it is, whatever is deleted: it was made \
             by a version before; `parlor compact` changes that, while no server runs"
        );
    }
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
