//! On PostgreSQL: one call of a function of the database, one round trip.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    sql_types::{BigInt, Bool, Nullable},
};
use parlor_domain::{ClientId, MessageId, RoomKey, Seq, StoredMessage, Timestamp};

use super::{Decided, NewMessage, Stored};
use crate::{
    Effects, Recorded, WriteError,
    postgres::{
        Conn,
        statement::{Statement, Value},
    },
    write::{Write, postgres::Locks},
};

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Bool)]
    repeats: bool,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    room: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    stored_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    feed_id: Option<i64>,
}

/// Stores messages inside the transaction of a batch, which has the locks.
pub(crate) fn store_messages(conn: &mut Conn, messages: &[&NewMessage]) -> QueryResult<Decided> {
    call(conn, messages, &[], false).map(|(decided, _)| decided)
}

/// Stores them in a transaction of their own, the locks and the row of the feed
/// included: one round trip.
pub(crate) fn commit_messages(
    conn: &mut Conn,
    messages: &[&NewMessage],
) -> QueryResult<Option<(Decided, Option<Recorded>)>> {
    let concerns: Vec<_> = messages.iter().flat_map(|message| message.concerns()).collect();
    let (decided, feed_id) = call(conn, messages, &Locks::of(&concerns).keys, true)?;
    let mut effects = Effects::new(true, false);
    for (message, decided) in messages.iter().zip(&decided) {
        if let Some(Ok(StoredMessage { seq, duplicate: false, .. })) = decided {
            effects.position(message.room, *seq);
        }
    }
    let recorded = feed_id.map(|id| Recorded { id, happened: effects.into_happened() });
    Ok(Some((decided, recorded)))
}

fn call(
    conn: &mut Conn,
    messages: &[&NewMessage],
    locks: &[i64],
    records: bool,
) -> QueryResult<(Decided, Option<i64>)> {
    let numbers =
        |of: fn(&NewMessage) -> i64| messages.iter().map(|one| of(one)).collect::<Vec<_>>();
    let (ids, rooms) = (numbers(|one| one.id.0), numbers(|one| one.room.0));
    let (senders, times) = (numbers(|one| one.sender.0), numbers(|one| one.created_at.0));
    let client_ids = messages.iter().map(|one| one.client_id.as_ref().map(ClientId::as_str));
    let values = [
        Value::Numbers(locks),
        Value::Numbers(&ids),
        Value::Numbers(&rooms),
        Value::Numbers(&senders),
        Value::Flags(messages.iter().map(|one| one.by_admin).collect()),
        Value::Optionals(client_ids.collect()),
        Value::Texts(messages.iter().map(|one| &*one.content).collect()),
        Value::Numbers(&times),
        Value::Flag(records),
    ];
    let sql = "SELECT * FROM parlor_store_messages($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let rows = Statement { sql, values: &values }.load::<StoredRow>(conn)?;
    let feed_id = rows.iter().find_map(|row| row.feed_id);
    let mut decided = vec![None; messages.len()];
    for row in rows {
        let place = usize::try_from(row.place - 1).ok();
        if let Some((place, message)) = place.and_then(|at| Some((at, messages.get(at)?))) {
            decided[place] = Some(stored(message, &row));
        }
    }
    Ok((decided, feed_id))
}

fn stored(message: &NewMessage, row: &StoredRow) -> Stored {
    if RoomKey(row.room) != message.room {
        return Err(WriteError::ClientIdElsewhere);
    }
    let (id, seq, created_at) = (MessageId(row.id), Seq(row.seq), Timestamp(row.stored_at));
    Ok(StoredMessage { id, seq, created_at, duplicate: row.repeats })
}
