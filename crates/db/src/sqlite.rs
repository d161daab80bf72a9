//! The embedded database: SQLite, one file, one lane of writes.

use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

pub(crate) mod checkpointer;
pub(crate) mod connect;
pub(crate) mod mark;
pub(crate) mod place;
pub(crate) mod reclaim;

/// The blocking connection that writes.
pub type Conn = diesel::SqliteConnection;

/// The connection that reads, from async code.
pub(crate) type AsyncConn = SyncConnectionWrapper<diesel::SqliteConnection>;

/// How long it waits for the locks of other connections.
fn busy_timeout() -> String {
    let timeout = parlor_domain::limits::DATABASE_BUSY_TIMEOUT.as_millis();
    format!("PRAGMA busy_timeout = {timeout};")
}

/// What every connection is set to. WAL lets reads go on beside a write;
/// `synchronous=FULL` makes a commit durable before it is answered.
pub(super) fn pragmas(cache_kib: i64) -> String {
    format!(
        "{}
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = {};
         PRAGMA wal_autocheckpoint = 16384;
         PRAGMA journal_size_limit = 67108864;",
        busy_timeout(),
        // Negative: in KiB (https://sqlite.org/pragma.html#pragma_cache_size).
        -cache_kib,
    )
}
