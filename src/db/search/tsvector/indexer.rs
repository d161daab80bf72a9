//! Fills the table, behind the writers: on one of the nodes at a time.

use std::{
    collections::BTreeSet,
    thread::sleep,
    time::{Duration, Instant},
};

use diesel::{
    BoolExpressionMethods, Connection, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Bool, Text},
};

use super::super::query::words;
use crate::{
    db::{
        feed::Happened,
        postgres::{Conn, Manager, PostgresUrl},
        schema::{feed, messages, room_heads},
    },
    limits::{SEARCH_BATCH, SEARCH_IDLE, SEARCH_SCAN},
};

/// Whoever has this lock fills the table; it goes with the connection.
const LOCK: i64 = 7_232_422;

/// How long another node waits before it asks for the lock again.
const TURN: Duration = Duration::from_secs(5);

/// What is looked at in one step.
const ROWS: i64 = 1_000;

/// A word may be no longer (PostgreSQL 17 documentation, section 12.11).
const WORD_BYTES: usize = 2_046;
/// Places behind this one are all the same.
const PLACES: usize = 16_383;

type Row = (i64, i64, String, i64, Option<i64>);

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = Bool)]
    got: bool,
}

#[derive(QueryableByName)]
struct Behind {
    #[diesel(sql_type = BigInt)]
    room_key: i64,
}

/// Indexes for as long as the process lives.
pub(in crate::db) fn keep_up(url: PostgresUrl) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("search".to_owned());
    thread.spawn(move || {
        loop {
            // Connected anew after a failure, whatever it was.
            if let Err(error) = run(&url) {
                log::error!("the index of the search failed: {error}");
            }
            sleep(TURN);
        }
    })?;
    Ok(())
}

fn run(url: &PostgresUrl) -> Result<(), String> {
    let mut conn = r2d2::ManageConnection::connect(&Manager::new(url.clone()))
        .map_err(|error| error.to_string())?;
    conn.batch_execute("SET statement_timeout = '6s'").map_err(|error| error.to_string())?;
    let is_ours = diesel::sql_query(format!("SELECT pg_try_advisory_lock({LOCK}) AS got"))
        .get_result::<Got>(&mut conn)
        .map_err(|error| error.to_string())?
        .got;
    if !is_ours {
        return Ok(());
    }
    Indexer { conn, at: 0, scan: Instant::now() }.run().map_err(|error| error.to_string())
}

struct Indexer {
    conn: Conn,
    /// How far the feed has been read.
    at: i64,
    /// When all rooms are looked at next: for what the feed does not say any
    /// more.
    scan: Instant,
}

impl Indexer {
    fn run(mut self) -> QueryResult<()> {
        loop {
            let mut rooms = self.moved()?;
            if Instant::now() >= self.scan {
                self.forget_gone()?;
                let behind = self.behind()?;
                // As many as one scan finds are done before the next.
                if behind.len() < usize::try_from(ROWS).unwrap_or(0) {
                    self.scan = Instant::now() + SEARCH_SCAN;
                }
                rooms.extend(behind);
            }
            let idle = rooms.is_empty();
            for room in rooms {
                while self.step(room)? {}
            }
            if idle {
                sleep(SEARCH_IDLE);
            }
        }
    }

    /// The rooms in which something was said since the last look.
    fn moved(&mut self) -> QueryResult<BTreeSet<i64>> {
        let rows = feed::table
            .filter(feed::id.gt(self.at))
            .order(feed::id)
            .limit(ROWS)
            .select((feed::id, feed::items))
            .load::<(i64, String)>(&mut self.conn)?;
        let mut rooms = BTreeSet::new();
        for (id, items) in rows {
            self.at = id;
            let happened: Vec<Happened> = serde_json::from_str(&items).unwrap_or_default();
            rooms.extend(happened.iter().filter_map(|one| match one {
                Happened::Head { room, .. } if *room > 0 => Some(*room),
                _ => None,
            }));
        }
        Ok(rooms)
    }

    fn behind(&mut self) -> QueryResult<Vec<i64>> {
        let rows = diesel::sql_query(format!(
            "SELECT h.room_key FROM room_heads h LEFT JOIN indexed_rooms i USING (room_key)
             WHERE h.last_seq > coalesce(i.upto, 0) LIMIT {ROWS}"
        ))
        .load::<Behind>(&mut self.conn)?;
        Ok(rows.into_iter().map(|row| row.room_key).collect())
    }

    /// What is no message any more has no words.
    fn forget_gone(&mut self) -> QueryResult<()> {
        self.conn.batch_execute(
            "DELETE FROM message_words w WHERE message_id IN (
                 SELECT w.message_id FROM message_words w
                 LEFT JOIN messages m ON m.id = w.message_id WHERE m.id IS NULL LIMIT 10000)",
        )
    }

    /// Indexes some of what changed in a room; says whether there is more.
    fn step(&mut self, room: i64) -> QueryResult<bool> {
        self.conn.transaction(|conn| {
            let head = room_heads::table.find(room).select(room_heads::last_seq);
            let Some(head) = head.first::<i64>(conn).optional()? else { return Ok(false) };
            let upto = indexed(conn, room)?;
            let mut rows = changed(conn, room, upto, head)?;
            let limit = usize::try_from(SEARCH_BATCH).unwrap_or(0);
            let more = rows.len() > limit;
            rows.truncate(limit);
            for row in &rows {
                put(conn, room, row)?;
            }
            let upto = match rows.last() {
                Some(last) if more => last.3,
                _ => head,
            };
            diesel::sql_query(
                "INSERT INTO indexed_rooms VALUES ($1, $2)
                 ON CONFLICT (room_key) DO UPDATE SET upto = excluded.upto",
            )
            .bind::<BigInt, _>(room)
            .bind::<BigInt, _>(upto)
            .execute(conn)?;
            Ok(more)
        })
    }
}

#[derive(QueryableByName)]
struct Upto {
    #[diesel(sql_type = BigInt)]
    upto: i64,
}

fn indexed(conn: &mut Conn, room: i64) -> QueryResult<i64> {
    let rows = diesel::sql_query("SELECT upto FROM indexed_rooms WHERE room_key = $1")
        .bind::<BigInt, _>(room)
        .load::<Upto>(conn)?;
    Ok(rows.first().map_or(0, |row| row.upto))
}

/// What was said or changed, by the position of that; one more than is
/// indexed in a step.
fn changed(conn: &mut Conn, room: i64, after: i64, upto: i64) -> QueryResult<Vec<Row>> {
    let of_room = || messages::table.filter(messages::room_key.eq(room));
    let columns = (
        messages::id,
        messages::sender_key,
        messages::content,
        messages::changed_seq,
        messages::deleted_at,
    );
    let mut rows = of_room()
        .filter(messages::seq.gt(after).and(messages::seq.le(upto)))
        .filter(messages::changed_seq.eq(messages::seq))
        .order(messages::seq)
        .limit(SEARCH_BATCH + 1)
        .select(columns)
        .load::<Row>(conn)?;
    let later = of_room()
        .filter(messages::changed_seq.gt(after).and(messages::changed_seq.le(upto)))
        .filter(messages::changed_seq.gt(messages::seq))
        .order(messages::changed_seq)
        .limit(SEARCH_BATCH + 1)
        .select(columns)
        .load::<Row>(conn)?;
    rows.extend(later);
    rows.sort_by_key(|row| row.3);
    Ok(rows)
}

fn put(conn: &mut Conn, room: i64, (id, sender, content, _, deleted): &Row) -> QueryResult<()> {
    let vector = if deleted.is_some() { String::new() } else { vector(content) };
    if vector.is_empty() {
        return diesel::sql_query("DELETE FROM message_words WHERE message_id = $1")
            .bind::<BigInt, _>(id)
            .execute(conn)
            .map(drop);
    }
    diesel::sql_query(
        "INSERT INTO message_words VALUES ($1, $2, $3, $4::tsvector)
         ON CONFLICT (message_id) DO UPDATE SET words = excluded.words",
    )
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(room)
    .bind::<BigInt, _>(sender)
    .bind::<Text, _>(vector)
    .execute(conn)
    .map(drop)
}

/// Words with their places, as PostgreSQL reads them. They are letters and
/// digits only, so nothing has to be escaped.
fn vector(content: &str) -> String {
    let words = words(content);
    let short = words.iter().enumerate().filter(|(_, word)| word.len() <= WORD_BYTES);
    let placed = short.map(|(place, word)| format!("'{word}':{}", (place + 1).min(PLACES)));
    placed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_placed_one_behind_the_other() {
        assert_eq!(vector("Grüße, 'you'; DROP"), "'gruße':1 'you':2 'drop':3");
        assert_eq!(vector("!?"), "");
    }
}
