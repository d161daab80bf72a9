//! Where timelines begin, so that no position is ever given twice under one
//! name.

use parlor_domain::{Life, RoomId, RoomKey, Seq, Timestamp, UserKey, limits::RETIRED_BUCKETS};
use parlor_macros::each_backend;
use sha2::{Digest, Sha256};

use crate::life::{Begun, Known, first_seq_of};

/// The inboxes of all deleted users together: not even a bucket is to tell
/// who was there.
const INBOXES: i64 = 0;

/// The bucket of a room's id.
fn bucket_of(room: &RoomId) -> i64 {
    let digest = Sha256::digest(room.as_str());
    let hash = digest.iter().take(7).fold(0, |hash, byte| (hash << 8) | i64::from(*byte));
    1 + hash % RETIRED_BUCKETS
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, sql_query,
        sql_types::BigInt,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{inbox_heads, life, retired_heads, room_heads},
    };

    /// Where a room of this id begins: above what clients may have seen under it.
    pub fn start_of_room(conn: &mut Conn, room: &RoomId) -> QueryResult<Seq> {
        start_above(conn, bucket_of(room))
    }

    /// Where the inbox of a user without one begins.
    pub fn start_of_inbox(conn: &mut Conn) -> QueryResult<Seq> {
        start_above(conn, INBOXES)
    }

    fn start_above(conn: &mut Conn, bucket: i64) -> QueryResult<Seq> {
        let first: i64 = life::table.select(life::first_seq).first(conn)?;
        let retired = retired_heads::table.find(bucket).select(retired_heads::last_seq);
        let retired: Option<i64> = retired.first(conn).optional()?;
        // One above: a client that had all of the old one is not up to date.
        Ok(Seq(retired.map_or(first, |last| first.max(last + 1))))
    }

    /// A room's id is free again.
    pub fn retire_room(conn: &mut Conn, key: RoomKey, id: &RoomId) -> QueryResult<()> {
        let head = room_heads::table.find(key.0).select(room_heads::last_seq);
        match head.first::<i64>(conn).optional()? {
            Some(last) => retire(conn, bucket_of(id), last),
            None => Ok(()),
        }
    }

    /// A user's id is free again.
    pub fn retire_inbox(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
        let head = inbox_heads::table.find(user.0).select(inbox_heads::last_seq);
        match head.first::<i64>(conn).optional()? {
            Some(last) => retire(conn, INBOXES, last),
            None => Ok(()),
        }
    }

    /// One statement: others retire into the same bucket at the same time.
    fn retire(conn: &mut Conn, bucket: i64, last: i64) -> QueryResult<()> {
        sql_query(
            "INSERT INTO retired_heads (bucket, last_seq) VALUES ($1, $2)
             ON CONFLICT (bucket) DO UPDATE SET last_seq = excluded.last_seq
             WHERE retired_heads.last_seq < excluded.last_seq",
        )
        .bind::<BigInt, _>(bucket)
        .bind::<BigInt, _>(last)
        .execute(conn)
        .map(drop)
    }

    /// The life that the database says it is in.
    pub fn known(conn: &mut Conn) -> QueryResult<Known> {
        let row = life::table.select((life::id, life::witness));
        let (id, witness) = row.first::<(String, Option<String>)>(conn)?;
        Ok(Known { life: Life::from_stored(id), witness })
    }

    /// Says by what the database is known from now on.
    pub fn set_witness(conn: &mut Conn, witness: Option<&str>) -> QueryResult<()> {
        diesel::update(life::table).set(life::witness.eq(witness)).execute(conn).map(drop)
    }

    /// Begins a new life: every timeline goes on from where nobody has been, and
    /// what was before is no position any more.
    ///
    /// In a transaction of the caller's.
    pub fn begin(conn: &mut Conn, witness: Option<&str>, now: Timestamp) -> QueryResult<Begun> {
        let before: i64 = life::table.select(life::first_seq).first(conn)?;
        let highest = |last: Option<i64>| last.unwrap_or(0);
        let rooms = room_heads::table.select(diesel::dsl::max(room_heads::last_seq)).first(conn)?;
        let inboxes =
            inbox_heads::table.select(diesel::dsl::max(inbox_heads::last_seq)).first(conn)?;
        let retired =
            retired_heads::table.select(diesel::dsl::max(retired_heads::last_seq)).first(conn)?;
        let there = before.max(highest(rooms)).max(highest(inboxes)).max(highest(retired));
        let first = first_seq_of(there, now);
        let id = format!("{:032x}", rand::random::<u128>());
        diesel::update(life::table)
            .set((life::id.eq(&id), life::first_seq.eq(first), life::witness.eq(witness)))
            .execute(conn)?;
        // Who has read everything has: rooms without news stay easy to tell.
        sql_query(
            "UPDATE members SET unread_after = $1 WHERE unread_after >=
                 (SELECT last_seq FROM room_heads WHERE room_heads.room_key = members.room_key)",
        )
        .bind::<BigInt, _>(first)
        .execute(conn)?;
        let to_first = (room_heads::last_seq.eq(first), room_heads::start_seq.eq(first));
        let rooms = diesel::update(room_heads::table).set(to_first).execute(conn)?;
        let to_first = (inbox_heads::last_seq.eq(first), inbox_heads::start_seq.eq(first));
        let inboxes = diesel::update(inbox_heads::table).set(to_first).execute(conn)?;
        Ok(Begun { life: Life::from_stored(id), timelines: rooms + inboxes })
    }

    /// What another database needs to go on in this life.
    pub fn carried(conn: &mut Conn) -> QueryResult<(String, i64)> {
        life::table.select((life::id, life::first_seq)).first(conn)
    }

    /// Goes on in the life of another database, of which this one is a copy.
    pub fn adopt(conn: &mut Conn, (id, first_seq): &(String, i64)) -> QueryResult<()> {
        diesel::update(life::table)
            .set((life::id.eq(id), life::first_seq.eq(first_seq), life::witness.eq(None::<String>)))
            .execute(conn)
            .map(drop)
    }
}
