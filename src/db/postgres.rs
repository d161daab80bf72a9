//! PostgreSQL: several lanes of writes, and several nodes.
//!
//! There is no libpq: writes go through diesel-async's blocking wrapper, so
//! that the same functions serve both databases.

mod connect;
mod copying;
pub(super) mod life;
mod locks;
pub(super) mod open;
mod stalled;

use diesel::{Connection, RunQueryDsl, sql_types};
use diesel_async::{AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper};

use super::{Recorded, Write, WriteResult, feed, rows::standing::StandingRow};

pub(super) use connect::Manager;
pub use connect::PostgresUrl;
use connect::Shared;
pub(super) use connect::connect_guarded;
pub(super) use life::Guard;

#[path = "copy/queries.rs"]
pub(in crate::db) mod copy;
#[path = "select.rs"]
pub(in crate::db) mod select;
#[path = "write/mod.rs"]
pub(in crate::db) mod write;

/// The blocking connection that writes.
pub(in crate::db) type Conn = AsyncConnectionWrapper<AsyncPgConnection, Shared>;

/// The connection that reads, from async code.
pub(in crate::db) type AsyncConn = AsyncPgConnection;

/// Other nodes may change members of the same rooms.
pub(in crate::db) const SHARES_ROOMS: bool = true;

/// Runs `run` in one transaction that first locks what these writes decide
/// about, so that what it reads is still true when it writes.
///
/// READ COMMITTED is enough: each statement after the locks sees all that was
/// committed by those who had them before. The locks are taken in one order
/// everywhere, so that two transactions never wait for each other.
pub(in crate::db) fn transaction<T>(
    conn: &mut Conn,
    writes: &[Write],
    run: impl FnOnce(&mut Conn) -> diesel::QueryResult<T>,
) -> diesel::QueryResult<T> {
    conn.transaction(|conn| {
        let changed = locks::changed_messages(writes);
        let rooms = if changed.is_empty() { Vec::new() } else { rooms_of(conn, &changed)? };
        let refreshed = locks::refreshed(writes);
        let users = if refreshed.is_empty() { Vec::new() } else { users_of(conn, &refreshed)? };
        take(conn, &locks::Locks::of(writes, &rooms, &users))?;
        run(conn)
    })
}

/// The rooms of messages; a message never goes to another one.
fn rooms_of(conn: &mut Conn, messages: &[i64]) -> diesel::QueryResult<Vec<i64>> {
    use diesel::{ExpressionMethods, QueryDsl};

    use super::schema::messages::dsl;
    dsl::messages.filter(dsl::id.eq_any(messages)).select(dsl::room_key).load(conn)
}

/// The users of refresh tokens; a token never goes to another one.
fn users_of(conn: &mut Conn, refreshed: &[&[u8]]) -> diesel::QueryResult<Vec<i64>> {
    use diesel::{ExpressionMethods, QueryDsl};

    use super::schema::refresh_tokens::dsl;
    dsl::refresh_tokens.filter(dsl::hash.eq_any(refreshed)).select(dsl::user_key).load(conn)
}

fn take(conn: &mut Conn, locks: &locks::Locks) -> diesel::QueryResult<()> {
    let whole = if locks.whole { "pg_advisory_xact_lock" } else { "pg_advisory_xact_lock_shared" };
    let keys = if locks.whole { &[] } else { locks.keys.as_slice() };
    // One after the other, in this order.
    diesel::sql_query(format!(
        "SELECT {whole}({}) UNION ALL SELECT pg_advisory_xact_lock(key) FROM unnest($1) AS key",
        locks::WHOLE
    ))
    .bind::<sql_types::Array<sql_types::BigInt>, _>(keys)
    .execute(conn)
    .map(drop)
}

#[derive(diesel::QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = sql_types::BigInt)]
    room: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    last: i64,
}

/// Moves the heads of rooms on, each by a number of events; gives the number
/// and where each that is there is now. In one round trip.
pub(in crate::db) fn advance_heads(
    conn: &mut Conn,
    counts: &[(i64, i64)],
) -> diesel::QueryResult<Vec<(i64, i64, parlor_domain::Seq)>> {
    let (rooms, counts): (Vec<i64>, Vec<i64>) = counts.iter().copied().unzip();
    let rows = diesel::sql_query(
        "UPDATE room_heads h SET last_seq = h.last_seq + moved.count
         FROM unnest($1, $2) AS moved (room, count) WHERE h.room_key = moved.room
         RETURNING h.room_key AS room, moved.count AS count, h.last_seq AS last",
    )
    .bind::<sql_types::Array<sql_types::BigInt>, _>(rooms)
    .bind::<sql_types::Array<sql_types::BigInt>, _>(counts)
    .load::<HeadRow>(conn)?;
    let head = |row: HeadRow| (row.room, row.count, parlor_domain::Seq(row.last));
    Ok(rows.into_iter().map(head).collect())
}

/// How users stand in rooms, each of them in one: those who are members. The
/// pairs themselves are looked up, because all users in all rooms of a batch
/// would be many times as many.
pub(in crate::db) fn standings(
    conn: &mut Conn,
    places: &[(i64, i64)],
) -> diesel::QueryResult<Vec<StandingRow>> {
    let (rooms, users): (Vec<i64>, Vec<i64>) = places.iter().copied().unzip();
    diesel::sql_query(
        "SELECT m.room_key, m.user_key, m.role, m.muted_until, m.blocked, m.peer_deleted, r.kind
         FROM unnest($1, $2) AS place (room, member)
         JOIN members m ON m.room_key = place.room AND m.user_key = place.member
         JOIN rooms r ON r.key = m.room_key",
    )
    .bind::<sql_types::Array<sql_types::BigInt>, _>(rooms)
    .bind::<sql_types::Array<sql_types::BigInt>, _>(users)
    .load(conn)
}

/// Writes down for the other nodes what was done.
pub(in crate::db) fn record(
    conn: &mut Conn,
    writes: &[Write],
    results: &[WriteResult],
) -> diesel::QueryResult<Option<Recorded>> {
    use diesel::ExpressionMethods;

    let happened = feed::happened(writes, results);
    if happened.is_empty() {
        return Ok(None);
    }
    let items = serde_json::to_string(&happened)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let id = diesel::insert_into(super::schema::feed::table)
        .values(super::schema::feed::items.eq(items))
        .returning(super::schema::feed::id)
        .get_result(conn)?;
    Ok(Some(Recorded { id, happened }))
}
