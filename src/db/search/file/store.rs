//! What is written into the file of the index.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    sql_types::{BigInt, Text},
};

use super::{
    super::query::{room_word, sender_word},
    Conn,
    changed::Changed,
};
use crate::{
    domain::{MessageId, MessageIds, RoomKey, UserKey},
    limits::SEARCH_BATCH,
};

/// How far ids are ahead is told in steps of this, so that it is seldom
/// written.
pub(super) const AHEAD_STEP_MS: i64 = 60_000;

/// How far a room is in the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Up to which change.
    pub upto: i64,
    /// Up to which position its messages have been taken out again.
    pub floor: i64,
}

#[derive(QueryableByName)]
struct KnownRow {
    #[diesel(sql_type = BigInt)]
    room_key: i64,
    #[diesel(sql_type = BigInt)]
    upto: i64,
    #[diesel(sql_type = BigInt)]
    floor: i64,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

pub(super) fn known(conn: &mut Conn) -> QueryResult<Vec<(i64, Known)>> {
    let rows =
        diesel::sql_query("SELECT room_key, upto, floor FROM rooms").load::<KnownRow>(conn)?;
    let known = |KnownRow { room_key, upto, floor }| (room_key, Known { upto, floor });
    Ok(rows.into_iter().map(known).collect())
}

pub(super) fn set_known(
    conn: &mut Conn,
    room: i64,
    Known { upto, floor }: Known,
) -> QueryResult<()> {
    diesel::sql_query("INSERT OR REPLACE INTO rooms (room_key, upto, floor) VALUES (?, ?, ?)")
        .bind::<BigInt, _>(room)
        .bind::<BigInt, _>(upto)
        .bind::<BigInt, _>(floor)
        .execute(conn)
        .map(drop)
}

pub(super) fn forget_room(conn: &mut Conn, room: i64) -> QueryResult<()> {
    let row = diesel::sql_query("DELETE FROM rooms WHERE room_key = ?");
    row.bind::<BigInt, _>(room).execute(conn).map(drop)
}

/// Puts a message in, or takes it out if there is nothing to find; says
/// whether its old words were taken out.
pub(super) fn put(conn: &mut Conn, room: i64, message: &Changed) -> QueryResult<bool> {
    let Changed { id, seq, changed_seq: _, sender, created_at, said: _ } = message;
    let document = message.document();
    let was_there = remove(conn, *id)?;
    if document.is_empty() {
        return Ok(was_there);
    }
    let (place, who) = (room_word(RoomKey(room)), sender_word(UserKey(*sender)));
    diesel::sql_query("INSERT INTO words (rowid, text, files, place) VALUES (?, ?, ?, ?)")
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(document.text.join(" "))
        .bind::<Text, _>(document.files.join(" "))
        .bind::<Text, _>(format!("{place} {who}"))
        .execute(conn)?;
    diesel::sql_query("INSERT INTO entries (id, room_key, seq, created_at) VALUES (?, ?, ?, ?)")
        .bind::<BigInt, _>(id)
        .bind::<BigInt, _>(room)
        .bind::<BigInt, _>(seq)
        .bind::<BigInt, _>(created_at)
        .execute(conn)?;
    let ahead = MessageIds::time_of(MessageId(*id)).0 - created_at;
    if ahead > AHEAD_STEP_MS {
        raise_ahead(conn, ahead)?;
    }
    Ok(was_there)
}

fn raise_ahead(conn: &mut Conn, ahead: i64) -> QueryResult<()> {
    let row = diesel::sql_query("UPDATE notes SET ahead_ms = ? WHERE ahead_ms < ?");
    row.bind::<BigInt, _>(ahead).bind::<BigInt, _>(ahead).execute(conn).map(drop)
}

fn remove(conn: &mut Conn, id: i64) -> QueryResult<bool> {
    let entry = diesel::sql_query("DELETE FROM entries WHERE id = ?");
    if entry.bind::<BigInt, _>(id).execute(conn)? == 0 {
        return Ok(false);
    }
    let words = diesel::sql_query("DELETE FROM words WHERE rowid = ?");
    words.bind::<BigInt, _>(id).execute(conn)?;
    Ok(true)
}

/// Takes some of a room's messages up to a position out; says how many.
pub(super) fn remove_upto(conn: &mut Conn, room: i64, upto: i64) -> QueryResult<usize> {
    let rows = diesel::sql_query("SELECT id FROM entries WHERE room_key = ? AND seq <= ? LIMIT ?")
        .bind::<BigInt, _>(room)
        .bind::<BigInt, _>(upto)
        .bind::<BigInt, _>(SEARCH_BATCH)
        .load::<Id>(conn)?;
    for row in &rows {
        remove(conn, row.id)?;
    }
    Ok(rows.len())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// Whether words of what was taken out still lie in the file.
pub(super) fn has_removed(conn: &mut Conn) -> QueryResult<bool> {
    let row = diesel::sql_query("SELECT has_removed AS value FROM notes");
    Ok(row.get_result::<Number>(conn)?.value != 0)
}

pub(super) fn set_has_removed(conn: &mut Conn, has_removed: bool) -> QueryResult<()> {
    let row = diesel::sql_query("UPDATE notes SET has_removed = ?");
    row.bind::<BigInt, _>(i64::from(has_removed)).execute(conn).map(drop)
}

fn total_changes(conn: &mut Conn) -> QueryResult<i64> {
    let row = diesel::sql_query("SELECT total_changes() AS value");
    Ok(row.get_result::<Number>(conn)?.value)
}

/// Pages written in one step of a merge: some 2 MiB.
const MERGE_PAGES: i64 = 500;

/// One step of writing the text index anew without what was taken out, whose
/// words are in it until then (<https://sqlite.org/fts5.html> section 6.8);
/// says whether there is more to do.
pub(super) fn merge_some(conn: &mut Conn, is_first: bool) -> QueryResult<bool> {
    let before = total_changes(conn)?;
    let pages = if is_first { -MERGE_PAGES } else { MERGE_PAGES };
    diesel::sql_query("INSERT INTO words (words, rank) VALUES ('merge', ?)")
        .bind::<BigInt, _>(pages)
        .execute(conn)?;
    // The command itself counts as one.
    Ok(is_first || total_changes(conn)? - before >= 2)
}
