//! What writes do otherwise on PostgreSQL.

mod locks;

use diesel::{
    Connection, ExpressionMethods, QueryDsl, QueryResult, QueryableByName, RunQueryDsl, sql_types,
};

use super::{Concern, Queued};
use crate::{
    Happened, Recorded,
    postgres::{
        Conn,
        statement::{Statement, Value},
    },
    rows::standing::StandingRow,
    schema::{feed, messages, refresh_tokens, submissions},
};
use parlor_domain::{MessageId, RoomKey, Seq, UserId, UserKey};

pub(crate) use self::locks::{Locks, WHOLE};

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
    writes: &[&Queued],
    run: impl FnOnce(&mut Conn) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.transaction(|conn| {
        let mut concerns: Vec<Concern> = writes.iter().flat_map(|write| write.concerns()).collect();
        look_up(conn, &mut concerns)?;
        take(conn, &Locks::of(&concerns))?;
        run(conn)
    })
}

/// Finds the rooms and users that are known by what belongs to them.
fn look_up(conn: &mut Conn, concerns: &mut Vec<Concern>) -> QueryResult<()> {
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

fn take(conn: &mut Conn, locks: &Locks) -> QueryResult<()> {
    // One after the other, in this order.
    let (sql, keys) = if locks.whole {
        ("SELECT pg_advisory_xact_lock(0), cardinality($1)", &[][..])
    } else {
        (
            "SELECT pg_advisory_xact_lock_shared(0)
             UNION ALL SELECT pg_advisory_xact_lock(key) FROM unnest($1) AS key",
            &locks.keys[..],
        )
    };
    Statement { sql, values: &[Value::Numbers(keys)] }.execute(conn).map(drop)
}

#[derive(QueryableByName)]
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
) -> QueryResult<Vec<(i64, i64, Seq)>> {
    let (rooms, counts): (Vec<i64>, Vec<i64>) = counts.iter().copied().unzip();
    let sql = "UPDATE room_heads h SET last_seq = h.last_seq + moved.count
         FROM unnest($1, $2) AS moved (room, count) WHERE h.room_key = moved.room
         RETURNING h.room_key AS room, moved.count AS count, h.last_seq AS last";
    let values = [Value::Numbers(&rooms), Value::Numbers(&counts)];
    let rows = Statement { sql, values: &values }.load::<HeadRow>(conn)?;
    let head = |row: HeadRow| (row.room, row.count, Seq(row.last));
    Ok(rows.into_iter().map(head).collect())
}

/// How users stand in rooms, each of them in one: those who are members. The
/// pairs themselves are looked up, because all users in all rooms of a batch
/// would be many times as many.
pub(crate) fn standings(conn: &mut Conn, places: &[(i64, i64)]) -> QueryResult<Vec<StandingRow>> {
    let (rooms, users): (Vec<i64>, Vec<i64>) = places.iter().copied().unzip();
    let sql =
        "SELECT m.room_key, m.user_key, m.role, m.muted_until, m.blocked, m.peer_deleted, r.kind,
                r.rules
         FROM unnest($1, $2) AS place (room, member)
         JOIN members m ON m.room_key = place.room AND m.user_key = place.member
         JOIN rooms r ON r.key = m.room_key";
    Statement { sql, values: &[Value::Numbers(&rooms), Value::Numbers(&users)] }.load(conn)
}

/// Writes down for the other nodes what was done.
pub(crate) fn record(conn: &mut Conn, happened: Vec<Happened>) -> QueryResult<Option<Recorded>> {
    if happened.is_empty() {
        return Ok(None);
    }
    let items = serde_json::to_string(&happened)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let id = diesel::insert_into(feed::table)
        .values(feed::items.eq(items))
        .returning(feed::id)
        .get_result(conn)?;
    Ok(Some(Recorded { id, happened }))
}

/// What the application has submitted for somebody who is deleted is not said any more:
/// least of all by who takes their id next.
pub(crate) fn forget_submissions(conn: &mut Conn, sender: &UserId) -> QueryResult<()> {
    let theirs = submissions::table.filter(submissions::sender.eq(sender.as_str()));
    diesel::delete(theirs).execute(conn).map(drop)
}
