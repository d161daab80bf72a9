//! Which database the queries are compiled against.
//!
//! The queries are plain functions over [`Conn`] and [`AsyncConn`] in the
//! portable part of diesel's language. Another backend mounts the same query
//! files a second time under its own pair of types (`#[path]`), so that each
//! is type-checked against both and none is written twice.

use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

/// The blocking connection that writes.
pub(super) type Conn = diesel::SqliteConnection;

/// The connection that reads, from async code.
pub(super) type AsyncConn = SyncConnectionWrapper<diesel::SqliteConnection>;

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
        crate::limits::DATABASE_BUSY_TIMEOUT.as_millis(),
        // Negative: in KiB (https://sqlite.org/pragma.html#pragma_cache_size).
        -cache_kib,
    )
}

/// Runs `write` in one transaction that holds the write lock from its start,
/// so that what it reads is still true when it writes.
pub(super) fn transaction<T>(
    conn: &mut Conn,
    write: impl FnOnce(&mut Conn) -> diesel::QueryResult<T>,
) -> diesel::QueryResult<T> {
    conn.immediate_transaction(write)
}
