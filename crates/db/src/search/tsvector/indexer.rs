//! Fills the table, behind the writers: on one of the nodes at a time.

#![expect(clippy::disallowed_methods, reason = "it sleeps on a thread of its own")]

use std::{
    collections::BTreeSet,
    thread::sleep,
    time::{Duration, Instant},
};

use diesel::{
    Connection, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult,
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    dsl::sql,
    sql_types::{BigInt, Bool, Double},
};

use super::{
    super::{
        changed::{Changed, postgres::changed},
        document::Document,
        pace::rest,
    },
    Conn,
};
use crate::{
    feed::Happened,
    postgres::{
        Guard, Manager, PostgresUrl,
        statement::{Statement, Value},
    },
    schema::{feed, room_heads, rooms},
    words,
};
use parlor_domain::limits::{SEARCH_FORGET, SEARCH_SCAN};
use parlor_process::log_throttle::LogThrottleByText;

/// Whoever has this lock fills the table; it goes with the connection.
const LOCK: i64 = 7_232_422;

/// How long another node waits before it asks for the lock again.
const TURN: Duration = Duration::from_secs(5);

/// What is looked at in one step.
const ROWS: i64 = 1_000;
/// Words of so many bytes are sent at once.
const ROWS_BYTES: usize = 512 * 1024;

/// Places behind this one are all the same (PostgreSQL 17 documentation,
/// section 12.11).
const PLACES: usize = 16_383;
/// Between the text and the names of files, so that no phrase is in both.
const GAP: usize = 2;

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = Bool)]
    got: bool,
}

#[derive(QueryableByName)]
struct Unindexed {
    #[diesel(sql_type = BigInt)]
    room_key: i64,
}

static FAILED: LogThrottleByText = LogThrottleByText::new();

/// Indexes for as long as the process lives.
pub(crate) fn keep_up(url: PostgresUrl, guard: Guard) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("search".to_owned());
    thread.spawn(move || {
        loop {
            // Connected anew after a failure, whatever it was.
            if let Err(error) = run(&url, &guard)
                && let Some(times) = FAILED.again(&error)
            {
                log::error!("the search index failed: {error}{times}");
            }
            sleep(TURN);
        }
    })?;
    Ok(())
}

fn run(url: &PostgresUrl, guard: &Guard) -> Result<(), String> {
    let manager = Manager::new(url.clone(), guard.clone());
    let made = r2d2::ManageConnection::connect(&manager).map_err(|error| error.to_string())?;
    let mut conn = made.conn;
    conn.batch_execute("SET statement_timeout = '6s'").map_err(|error| error.to_string())?;
    let is_ours = diesel::sql_query(format!("SELECT pg_try_advisory_lock({LOCK}) AS got"))
        .get_result::<Got>(&mut conn)
        .map_err(|error| error.to_string())?
        .got;
    if !is_ours {
        return Ok(());
    }
    check_version(&mut conn).map_err(|error| error.to_string())?;
    let now = Instant::now();
    Indexer { conn, at: 0, scan: now, forget: now }.run().map_err(|error| error.to_string())
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Words that were found by other rules are forgotten, and found anew.
fn check_version(conn: &mut Conn) -> QueryResult<()> {
    conn.transaction(|conn| {
        let rows = diesel::sql_query("SELECT version FROM search_version").load::<Version>(conn)?;
        if rows.iter().any(|row| row.version == words::VERSION) {
            return Ok(());
        }
        let version = words::VERSION;
        conn.batch_execute(&format!(
            "TRUNCATE message_words, indexed_rooms, search_version;
             INSERT INTO search_version VALUES ({version})"
        ))
    })
}

struct Indexer {
    conn: Conn,
    /// How far the feed has been read.
    at: i64,
    /// When all rooms are looked at next: for what the feed does not say any
    /// more.
    scan: Instant,
    /// When it is looked for rooms that were deleted, cleared or trimmed.
    forget: Instant,
}

impl Indexer {
    fn run(mut self) -> QueryResult<()> {
        loop {
            let began = Instant::now();
            let (mut rooms, behind) = self.moved()?;
            if Instant::now() >= self.forget {
                self.forget_gone()?;
                self.forget = Instant::now() + SEARCH_FORGET;
            }
            if Instant::now() >= self.scan {
                let unindexed = self.unindexed_rooms()?;
                // As many as one scan finds are done before the next.
                if unindexed.len() < usize::try_from(ROWS).unwrap_or(0) {
                    self.scan = Instant::now() + SEARCH_SCAN;
                }
                rooms.extend(unindexed);
            }
            for room in rooms {
                while self.step(room)? {}
            }
            sleep(rest(began.elapsed(), behind));
        }
    }

    /// The rooms in which something was said since the last look, and how long ago
    /// the last of it was, if there is more.
    fn moved(&mut self) -> QueryResult<(BTreeSet<i64>, Duration)> {
        let age = sql::<Double>("extract(epoch FROM clock_timestamp() - at)::float8");
        let rows = feed::table
            .filter(feed::id.gt(self.at))
            .order(feed::id)
            .limit(ROWS)
            .select((feed::id, feed::items, age))
            .load::<(i64, String, f64)>(&mut self.conn)?;
        let has_more = i64::try_from(rows.len()).is_ok_and(|rows| rows >= ROWS);
        let last = rows.last().filter(|_| has_more).map_or(0.0, |(.., age)| *age);
        let behind = Duration::try_from_secs_f64(last).unwrap_or_default();
        let mut rooms = BTreeSet::new();
        for (id, items, _) in rows {
            self.at = id;
            let happened: Vec<Happened> = serde_json::from_str(&items).unwrap_or_default();
            rooms.extend(happened.iter().filter_map(|one| match one {
                Happened::Head { room, .. } if *room > 0 => Some(*room),
                _ => None,
            }));
        }
        Ok((rooms, behind))
    }

    fn unindexed_rooms(&mut self) -> QueryResult<Vec<i64>> {
        let rows = diesel::sql_query(format!(
            "SELECT h.room_key FROM room_heads h LEFT JOIN indexed_rooms i USING (room_key)
             WHERE h.last_seq > coalesce(i.upto, 0) LIMIT {ROWS}"
        ))
        .load::<Unindexed>(&mut self.conn)?;
        Ok(rows.into_iter().map(|row| row.room_key).collect())
    }

    /// What cannot be seen any more has no words.
    fn forget_gone(&mut self) -> QueryResult<()> {
        let gone = diesel::sql_query(format!(
            "SELECT i.room_key, r.id IS NULL AS is_gone, coalesce(r.floor_seq, 0) AS floor
             FROM indexed_rooms i LEFT JOIN rooms r ON r.key = i.room_key
             WHERE r.id IS NULL OR r.floor_seq > i.floor LIMIT {ROWS}"
        ))
        .load::<Gone>(&mut self.conn)?;
        for Gone { room_key, is_gone, floor } in gone {
            let upto = if is_gone { i64::MAX } else { floor };
            while self.remove_some(room_key, upto)? > 0 {}
            let done = if is_gone {
                "DELETE FROM indexed_rooms WHERE room_key = $1 AND $2 >= 0"
            } else {
                "UPDATE indexed_rooms SET floor = $2 WHERE room_key = $1"
            };
            diesel::sql_query(done)
                .bind::<BigInt, _>(room_key)
                .bind::<BigInt, _>(floor)
                .execute(&mut self.conn)?;
        }
        Ok(())
    }

    fn remove_some(&mut self, room: i64, upto: i64) -> QueryResult<usize> {
        diesel::sql_query(format!(
            "DELETE FROM message_words WHERE message_id IN (
                 SELECT message_id FROM message_words WHERE room_key = $1 AND seq <= $2
                 LIMIT {ROWS})"
        ))
        .bind::<BigInt, _>(room)
        .bind::<BigInt, _>(upto)
        .execute(&mut self.conn)
    }

    /// Indexes some of what changed in a room; says whether there is more.
    fn step(&mut self, room: i64) -> QueryResult<bool> {
        self.conn.transaction(|conn| {
            let living = rooms::table
                .inner_join(room_heads::table.on(room_heads::room_key.eq(rooms::key)))
                .filter(rooms::key.eq(room))
                .filter(rooms::id.is_not_null())
                .select((rooms::floor_seq, room_heads::last_seq));
            let Some((floor, head)) = living.first::<(i64, i64)>(conn).optional()? else {
                return Ok(false);
            };
            let upto = indexed(conn, room)?;
            let (messages, more) = changed(conn, room, (upto, head), floor)?;
            put(conn, room, &messages)?;
            let upto = match messages.last() {
                Some(last) if more => last.changed_seq,
                _ => head,
            };
            diesel::sql_query(
                "INSERT INTO indexed_rooms (room_key, upto) VALUES ($1, $2)
                 ON CONFLICT (room_key) DO UPDATE SET upto = excluded.upto",
            )
            .bind::<BigInt, _>(room)
            .bind::<BigInt, _>(upto)
            .execute(conn)?;
            Ok(more)
        })
    }
}

/// A room of which something is in the index that cannot be seen any more.
#[derive(QueryableByName)]
struct Gone {
    #[diesel(sql_type = BigInt)]
    room_key: i64,
    #[diesel(sql_type = Bool)]
    is_gone: bool,
    #[diesel(sql_type = BigInt)]
    floor: i64,
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

/// Puts messages in, and takes out those of which there is nothing to find.
fn put(conn: &mut Conn, room: i64, messages: &[Changed]) -> QueryResult<()> {
    let mut rows = Rows::default();
    for message in messages {
        rows.add(message);
        if rows.bytes >= ROWS_BYTES {
            std::mem::take(&mut rows).store(conn, room)?;
        }
    }
    rows.store(conn, room)
}

/// What one statement writes: a round trip for each message was most of what it
/// cost.
#[derive(Default)]
struct Rows {
    gone: Vec<i64>,
    ids: Vec<i64>,
    seqs: Vec<i64>,
    senders: Vec<i64>,
    times: Vec<i64>,
    vectors: Vec<String>,
    bytes: usize,
}

impl Rows {
    fn add(&mut self, message: &Changed) {
        let document = message.document();
        if document.is_empty() {
            return self.gone.push(message.id);
        }
        self.ids.push(message.id);
        self.seqs.push(message.seq);
        self.senders.push(message.sender);
        self.times.push(message.created_at);
        let vector = vector(&document);
        self.bytes += vector.len();
        self.vectors.push(vector);
    }

    fn store(self, conn: &mut Conn, room: i64) -> QueryResult<()> {
        let Self { gone, ids, seqs, senders, times, vectors, bytes: _ } = self;
        let sql = "WITH gone AS (DELETE FROM message_words WHERE message_id = ANY($1))
             INSERT INTO message_words (message_id, room_key, seq, sender_key, created_at, words)
             SELECT id, ($2)[1], seq, sender, created_at, words::tsvector
             FROM unnest($3, $4, $5, $6, $7) AS new (id, seq, sender, created_at, words)
             ON CONFLICT (message_id) DO UPDATE SET words = excluded.words";
        let values = [
            Value::Numbers(&gone),
            Value::Numbers(&[room]),
            Value::Numbers(&ids),
            Value::Numbers(&seqs),
            Value::Numbers(&senders),
            Value::Numbers(&times),
            Value::Texts(vectors.iter().map(String::as_str).collect()),
        ];
        Statement { sql, values: &values }.execute(conn).map(drop)
    }
}

/// Words with their places, as PostgreSQL reads them. They are letters and
/// digits only, so nothing has to be escaped.
fn vector(document: &Document) -> String {
    let Document { text, files } = document;
    let of_text = text.iter().enumerate().map(|(at, word)| (at + 1, word));
    let behind = text.len() + GAP;
    let of_files = files.iter().enumerate().map(|(at, word)| (behind + at, word));
    let placed = of_text.chain(of_files);
    let placed = placed.map(|(at, word)| format!("'{word}':{}", at.min(PLACES)));
    placed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_placed_one_behind_the_other() {
        let vector = |content| vector(&Document::new(content, None));
        assert_eq!(vector("Grüße, 'you'; DROP"), "'gruße':1 'you':2 'drop':3");
        assert_eq!(vector("上海东"), "'上海':1 '海东':2 '东':3");
        assert_eq!(vector("!?"), "");
        let files = Some(r#"[{"name":"a.pdf"}]"#);
        let both = super::vector(&Document::new("see this", files));
        assert_eq!(both, "'see':1 'this':2 'a':4 'pdf':5");
    }
}
