//! What is written into the file of the index.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    sql_types::{BigInt, Text},
};

use super::{
    super::{
        changed::Changed,
        query::{room_word, sender_word},
    },
    Conn,
    schema::{entries, rooms, words},
};
use parlor_domain::{
    MessageId, MessageIds, RoomKey, UserKey,
    limits::{SEARCH_AUTOMERGE, SEARCH_BATCH, SEARCH_HASH_BYTES},
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

/// Sets what the text index does by itself.
pub(super) fn set_up(conn: &mut Conn) -> QueryResult<()> {
    for (setting, value) in [("hashsize", SEARCH_HASH_BYTES), ("automerge", SEARCH_AUTOMERGE)] {
        diesel::sql_query("INSERT INTO words(words, rank) VALUES (?, ?)")
            .bind::<Text, _>(setting)
            .bind::<BigInt, _>(value)
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn known(conn: &mut Conn) -> QueryResult<Vec<(i64, Known)>> {
    let rows = rooms::table
        .select((rooms::room_key, rooms::upto, rooms::floor))
        .load::<(i64, i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(room, upto, floor)| (room, Known { upto, floor })).collect())
}

pub(super) fn set_known(
    conn: &mut Conn,
    room: i64,
    Known { upto, floor }: Known,
) -> QueryResult<()> {
    let row = (rooms::room_key.eq(room), rooms::upto.eq(upto), rooms::floor.eq(floor));
    diesel::replace_into(rooms::table).values(row).execute(conn).map(drop)
}

pub(super) fn forget_room(conn: &mut Conn, room: i64) -> QueryResult<()> {
    diesel::delete(rooms::table.find(room)).execute(conn).map(drop)
}

/// Puts a message in, or takes it out if there is nothing to find; says
/// whether its old words were taken out.
pub(super) fn put(conn: &mut Conn, room: i64, message: &Changed) -> QueryResult<bool> {
    let Changed { id, seq, changed_seq: _, sender, created_at, said: _ } = message;
    let document = message.document();
    if document.is_empty() {
        return remove(conn, *id);
    }
    let (place, who) = (room_word(RoomKey(room)), sender_word(UserKey(*sender)));
    let entry = (
        entries::id.eq(id),
        entries::room_key.eq(room),
        entries::seq.eq(seq),
        entries::created_at.eq(created_at),
    );
    let is_new = diesel::insert_or_ignore_into(entries::table).values(entry).execute(conn)? == 1;
    if !is_new {
        diesel::delete(words::table.find(id)).execute(conn)?;
    }
    diesel::insert_into(words::table)
        .values((
            words::rowid.eq(id),
            words::text.eq(document.text.join(" ")),
            words::files.eq(document.files.join(" ")),
            words::place.eq(format!("{place} {who}")),
        ))
        .execute(conn)?;
    let ahead = MessageIds::time_of(MessageId(*id)).0 - created_at;
    if ahead > AHEAD_STEP_MS {
        raise_ahead(conn, ahead)?;
    }
    Ok(!is_new)
}

fn raise_ahead(conn: &mut Conn, ahead: i64) -> QueryResult<()> {
    let row = diesel::sql_query("UPDATE notes SET ahead_ms = ? WHERE ahead_ms < ?");
    row.bind::<BigInt, _>(ahead).bind::<BigInt, _>(ahead).execute(conn).map(drop)
}

fn remove(conn: &mut Conn, id: i64) -> QueryResult<bool> {
    if diesel::delete(entries::table.find(id)).execute(conn)? == 0 {
        return Ok(false);
    }
    diesel::delete(words::table.find(id)).execute(conn)?;
    Ok(true)
}

/// Takes some of a room's messages up to a position out; says how many.
pub(super) fn remove_upto(conn: &mut Conn, room: i64, upto: i64) -> QueryResult<usize> {
    let ids = entries::table
        .filter(entries::room_key.eq(room).and(entries::seq.le(upto)))
        .limit(SEARCH_BATCH)
        .select(entries::id)
        .load::<i64>(conn)?;
    for id in &ids {
        remove(conn, *id)?;
    }
    Ok(ids.len())
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
