//! PostgreSQL: several lanes of writes, and several nodes.
//!
//! There is no libpq: writes go through diesel-async's blocking wrapper, so
//! that the same functions serve both databases.

mod connect;
pub(crate) mod copying;
pub(super) mod life;
mod locks;
pub(super) mod open;
mod stalled;

use diesel::{Connection, RunQueryDsl, sql_types};
use diesel_async::{AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper};

use super::{Concern, Happened, Queued, Recorded, rows::standing::StandingRow};
use parlor_domain::{MessageId, RoomKey, UserKey};

pub(super) use connect::Manager;
pub use connect::PostgresUrl;
use connect::Shared;
pub(super) use connect::connect_guarded;
pub(super) use life::Guard;

/// The blocking connection that writes.
pub type Conn = AsyncConnectionWrapper<AsyncPgConnection, Shared>;

/// The connection that reads, from async code.
pub(crate) type AsyncConn = AsyncPgConnection;

/// Other nodes may change members of the same rooms.
pub(crate) const SHARES_ROOMS: bool = true;

/// Runs `run` in one transaction that first locks what these writes decide
/// about, so that what it reads is still true when it writes.
///
/// READ COMMITTED is enough: each statement after the locks sees all that was
/// committed by those who had them before. The locks are taken in one order
/// everywhere, so that two transactions never wait for each other.
pub(crate) fn transaction<T>(
    conn: &mut Conn,
    writes: &[Queued],
    run: impl FnOnce(&mut Conn) -> diesel::QueryResult<T>,
) -> diesel::QueryResult<T> {
    conn.transaction(|conn| {
        let mut concerns: Vec<Concern> = writes.iter().flat_map(Queued::concerns).collect();
        look_up(conn, &mut concerns)?;
        take(conn, &locks::Locks::of(&concerns))?;
        run(conn)
    })
}

/// Finds the rooms and users that are known by what belongs to them.
fn look_up(conn: &mut Conn, concerns: &mut Vec<Concern>) -> diesel::QueryResult<()> {
    use diesel::{ExpressionMethods, QueryDsl};

    use super::schema::{messages, refresh_tokens};

    let (mut changed, mut refreshed) = (Vec::new(), Vec::new());
    for concern in &*concerns {
        match concern {
            Concern::RoomOf(MessageId(id)) => changed.push(*id),
            Concern::UserOf(hash) => refreshed.push(hash.to_vec()),
            Concern::Room(_) | Concern::User(_) | Concern::Name(_) | Concern::Everything => {}
        }
    }
    if !changed.is_empty() {
        let rooms = messages::table.filter(messages::id.eq_any(changed)).select(messages::room_key);
        let rooms = rooms.load::<i64>(conn)?;
        concerns.extend(rooms.into_iter().map(|room| Concern::Room(RoomKey(room))));
    }
    if !refreshed.is_empty() {
        let users = refresh_tokens::table
            .filter(refresh_tokens::hash.eq_any(refreshed))
            .select(refresh_tokens::user_key);
        let users = users.load::<i64>(conn)?;
        concerns.extend(users.into_iter().map(|user| Concern::User(UserKey(user))));
    }
    Ok(())
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
pub(crate) fn advance_heads(
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
pub(crate) fn standings(
    conn: &mut Conn,
    places: &[(i64, i64)],
) -> diesel::QueryResult<Vec<StandingRow>> {
    let (rooms, users): (Vec<i64>, Vec<i64>) = places.iter().copied().unzip();
    diesel::sql_query(
        "SELECT m.room_key, m.user_key, m.role, m.muted_until, m.blocked, m.peer_deleted, r.kind,
                r.rules
         FROM unnest($1, $2) AS place (room, member)
         JOIN members m ON m.room_key = place.room AND m.user_key = place.member
         JOIN rooms r ON r.key = m.room_key",
    )
    .bind::<sql_types::Array<sql_types::BigInt>, _>(rooms)
    .bind::<sql_types::Array<sql_types::BigInt>, _>(users)
    .load(conn)
}

/// Writes down for the other nodes what was done.
pub(crate) fn record(
    conn: &mut Conn,
    happened: Vec<Happened>,
) -> diesel::QueryResult<Option<Recorded>> {
    use diesel::ExpressionMethods;

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
