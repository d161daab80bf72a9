//! What writes do otherwise on SQLite.

use diesel::QueryResult;

use super::{Queued, timeline};
use crate::{Happened, Recorded, rows::standing::StandingRow, sqlite::Conn};
use parlor_domain::{RoomKey, Seq};

/// One node has the file: what its ChatServer knows of members is true.
pub(crate) const SHARES_ROOMS: bool = false;

/// Runs `run` in one transaction that holds the write lock from its start,
/// so that what it reads is still true when it writes.
pub(crate) fn transaction<T>(
    conn: &mut Conn,
    _: &[&Queued],
    run: impl FnOnce(&mut Conn) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.immediate_transaction(run)
}

/// Moves the heads of rooms on, each by a number of events; gives the number
/// and where each that is there is now. One prepared statement a room.
pub(crate) fn advance_heads(
    conn: &mut Conn,
    counts: &[(i64, i64)],
) -> QueryResult<Vec<(i64, i64, Seq)>> {
    let mut heads = Vec::with_capacity(counts.len());
    for (room, count) in counts {
        if let Some(last) = timeline::sqlite::advance_head(conn, RoomKey(*room), *count)? {
            heads.push((*room, *count, last));
        }
    }
    Ok(heads)
}

/// Nobody is looked up where no rooms are shared.
pub(crate) fn standings(_: &mut Conn, _: &[(i64, i64)]) -> QueryResult<Vec<StandingRow>> {
    Ok(Vec::new())
}

/// There are no other nodes to tell.
pub(crate) fn record(_: &mut Conn, _: Vec<Happened>) -> QueryResult<Option<Recorded>> {
    Ok(None)
}
