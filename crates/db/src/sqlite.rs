//! The embedded database: SQLite, one file, one lane of writes.

use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

pub(super) use mark::Marker;

use super::{Happened, Queued, Recorded, rows::standing::StandingRow, write::timeline};
use parlor_domain::{RoomKey, Seq};

pub(super) mod checkpointer;
pub(crate) mod copying;
pub(super) mod life;
pub(super) mod lock;
mod mark;
pub(super) mod open;
pub(super) mod place;

/// The blocking connection that writes.
pub type Conn = diesel::SqliteConnection;

/// The connection that reads, from async code.
pub(crate) type AsyncConn = SyncConnectionWrapper<diesel::SqliteConnection>;

/// One node has the file: what its ChatServer knows of members is true.
pub(crate) const SHARES_ROOMS: bool = false;

/// What every connection is set to. WAL lets reads go on beside a write;
/// `synchronous=FULL` makes a commit durable before it is answered.
pub(super) fn pragmas(cache_kib: i64) -> String {
    format!(
        "PRAGMA busy_timeout = {};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = {};
         PRAGMA wal_autocheckpoint = 16384;
         PRAGMA journal_size_limit = 67108864;",
        parlor_domain::limits::DATABASE_BUSY_TIMEOUT.as_millis(),
        // Negative: in KiB (https://sqlite.org/pragma.html#pragma_cache_size).
        -cache_kib,
    )
}

/// Runs `run` in one transaction that holds the write lock from its start,
/// so that what it reads is still true when it writes.
pub(crate) fn transaction<T>(
    conn: &mut Conn,
    _: &[Queued],
    run: impl FnOnce(&mut Conn) -> diesel::QueryResult<T>,
) -> diesel::QueryResult<T> {
    conn.immediate_transaction(run)
}

/// Moves the heads of rooms on, each by a number of events; gives the number
/// and where each that is there is now. One prepared statement a room.
pub(crate) fn advance_heads(
    conn: &mut Conn,
    counts: &[(i64, i64)],
) -> diesel::QueryResult<Vec<(i64, i64, Seq)>> {
    let mut heads = Vec::with_capacity(counts.len());
    for (room, count) in counts {
        if let Some(last) = timeline::sqlite::advance_head(conn, RoomKey(*room), *count)? {
            heads.push((*room, *count, last));
        }
    }
    Ok(heads)
}

/// Nobody is looked up where no rooms are shared.
pub(crate) fn standings(_: &mut Conn, _: &[(i64, i64)]) -> diesel::QueryResult<Vec<StandingRow>> {
    Ok(Vec::new())
}

/// There are no other nodes to tell.
pub(crate) fn record(_: &mut Conn, _: Vec<Happened>) -> diesel::QueryResult<Option<Recorded>> {
    Ok(None)
}
