//! Puts messages into a database, in seconds where the server would take
//! minutes. Only while no server runs on it.

use std::path::Path;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query, sql_types::BigInt,
};

use crate::Result;

/// Rows of one transaction.
const CHUNK: u64 = 200_000;
/// One message of so many goes into the other rooms in turn, so that the rows
/// of a room are not neighbours, as they are not in service.
pub const OTHERS_EVERY: u64 = 10;

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = BigInt)]
    key: i64,
}

/// Messages `1..=count`, by one sender: nine of ten in `rooms[0]`, the others
/// in the rest. The rooms and the sender must be there; the rooms are empty.
pub fn fill(database: &Path, rooms: &[String], sender: &str, count: u64) -> Result<()> {
    let mut db = SqliteConnection::establish(&database.to_string_lossy())?;
    // Nothing to lose if this is cut short. The journal stays what it is.
    db.batch_execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    let keys = rooms.iter().map(|room| key(&mut db, "rooms", room));
    let keys = keys.collect::<Result<Vec<i64>>>()?;
    let sender = key(&mut db, "users", sender)?;
    let mut from = 1;
    while from <= count {
        let to = count.min(from + CHUNK - 1);
        db.batch_execute(&chunk(&keys, sender, from, to))?;
        from = to + 1;
    }
    db.batch_execute(
        "INSERT OR REPLACE INTO room_heads (room_key, last_seq) \
         SELECT room_key, max(seq) FROM messages GROUP BY room_key; \
         PRAGMA wal_checkpoint(TRUNCATE);",
    )?;
    Ok(())
}

/// Makes `user`, who must be there, a member of so many rooms more.
pub fn fill_rooms(database: &Path, user: &str, count: u64) -> Result<()> {
    let mut db = SqliteConnection::establish(&database.to_string_lossy())?;
    let user = key(&mut db, "users", user)?;
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
    );
    if count == 0 {
        return Ok(());
    }
    db.batch_execute(&format!(
        "BEGIN IMMEDIATE;
         INSERT INTO rooms (key, id, kind, title, created_at, member_count) {numbers}
             SELECT 1000000 + i, printf('team:%05d', i), 'private', 'Team number ' || i,
                 1700000000000 + i, 1 FROM n;
         INSERT INTO room_heads (room_key, last_seq) {numbers} SELECT 1000000 + i, 0 FROM n;
         INSERT INTO members (room_key, user_key, role, joined_at, unread_after) {numbers}
             SELECT 1000000 + i, {user}, 'owner', 1700000000000, 0 FROM n;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);"
    ))?;
    Ok(())
}

/// The rows are computed by SQLite itself: nothing crosses over.
fn chunk(keys: &[i64], sender: i64, from: u64, to: u64) -> String {
    let (main, others) = (keys[0], &keys[1..]);
    let (count, every) = (others.len(), OTHERS_EVERY);
    // Rooms that are made at the same time have keys in any order.
    let other: String =
        others.iter().enumerate().map(|(index, key)| format!(" WHEN {index} THEN {key}")).collect();
    format!(
        "BEGIN IMMEDIATE;
         WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}),
         placed(i, room, seq) AS (SELECT i,
             CASE WHEN i % {every} THEN {main} ELSE CASE (i / {every} - 1) % {count}{other} END END,
             CASE WHEN i % {every} THEN i - i / {every} ELSE (i / {every} - 1) / {count} + 1 END
             FROM n)
         INSERT INTO messages
             (id, room_key, seq, changed_seq, sender_key, client_id, content, created_at)
         SELECT i, room, seq, seq, {sender}, printf('fill-%012d', i),
             'message ' || i || ' the quick brown fox jumps over the lazy dog, and again the quick \
brown fox', 1700000000000 + i FROM placed;
         COMMIT;"
    )
}

/// The key of what has this public id.
fn key(db: &mut SqliteConnection, table: &str, id: &str) -> Result<i64> {
    let query = format!("SELECT key FROM {table} WHERE id = '{id}'");
    let row: Key = sql_query(query).get_result(db).map_err(|e| format!("{table} {id}: {e}"))?;
    Ok(row.key)
}
