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
    sql_types::{BigInt, Bool},
};

use super::{
    super::{changed::postgres::changed, pace::rest, progress::Progress},
    Conn,
    rows::put,
};
use crate::{
    feed::{FeedPosition, Happened, LookRow, PageRow},
    postgres::{Guard, Manager, PostgresUrl},
    schema::{room_heads, rooms},
    words,
};
use parlor_domain::limits::{FEED_PAGE, SEARCH_FORGET, SEARCH_SCAN};
use parlor_process::{log_throttle::LogThrottleByText, metrics::metrics};

/// Whoever has this lock fills the table; it goes with the connection.
const LOCK: i64 = 7_232_422;

/// How long another node waits before it asks for the lock again.
const TURN: Duration = Duration::from_secs(5);

/// What is looked at in one step.
const ROWS: i64 = 1_000;
/// Rooms of which the feed is read in one round, if there are that many.
const ROOMS: usize = 1_000;

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = Bool)]
    got: bool,
}

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = BigInt)]
    value: i64,
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
    Indexer::begin(conn).and_then(Indexer::run).map_err(|error| error.to_string())
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
    /// How far the feed has been read: not stored, because what was said before it
    /// began is found by looking at all rooms.
    position: FeedPosition,
    /// When all rooms are looked at next: for what the feed does not say any
    /// more.
    scan: Instant,
    /// When it is looked for rooms that were deleted, cleared or trimmed.
    forget: Instant,
    /// Of a scan that found more than it took.
    progress: Option<Progress>,
}

impl Indexer {
    fn begin(mut conn: Conn) -> QueryResult<Self> {
        let position = FeedPosition::look().get_result::<LookRow>(&mut conn)?.into();
        let now = Instant::now();
        Ok(Self { conn, position, scan: now, forget: now, progress: None })
    }

    fn run(mut self) -> QueryResult<()> {
        loop {
            sleep(self.round()?);
        }
    }

    /// Indexes what is new, and gives how long to rest.
    fn round(&mut self) -> QueryResult<Duration> {
        let began = Instant::now();
        let (mut rooms, behind) = self.moved()?;
        metrics().search_lag.set(behind.as_secs_f64());
        if Instant::now() >= self.forget {
            self.forget_gone()?;
            self.forget = Instant::now() + SEARCH_FORGET;
        }
        let mut has_more = false;
        if Instant::now() >= self.scan {
            let unindexed = self.unindexed_rooms()?;
            // As many as one scan finds are done before the next.
            has_more = unindexed.len() >= usize::try_from(ROWS).unwrap_or(0);
            if !has_more {
                self.scan = Instant::now() + SEARCH_SCAN;
            }
            rooms.extend(unindexed);
        }
        let mut progress = self.progress.take().unwrap_or_else(|| Progress::begins(began));
        for room in rooms {
            while self.step(room)? {
                progress.goes_on(Instant::now(), || self.left())?;
            }
            progress.goes_on(Instant::now(), || self.left())?;
        }
        // The next round goes on with what one scan has not found.
        if has_more {
            self.progress = Some(progress);
        } else {
            progress.ended(Instant::now());
        }
        Ok(rest(began.elapsed(), behind))
    }

    /// Rooms in which something was committed since the last look, and how old what is
    /// left to the next round may be.
    fn moved(&mut self) -> QueryResult<(BTreeSet<i64>, Duration)> {
        let mut rooms = BTreeSet::new();
        loop {
            let from = self.position.clone();
            let found = from.query(FEED_PAGE).get_result::<PageRow>(&mut self.conn)?;
            let page = from.page(found, FEED_PAGE);
            self.position = page.next;
            let happened = page.rows.into_iter().flat_map(|row| row.happened);
            rooms.extend(happened.filter_map(|one| match one {
                Happened::Head { room, .. } if room > 0 => Some(room),
                _ => None,
            }));
            if page.is_last {
                return Ok((rooms, Duration::ZERO));
            }
            if rooms.len() >= ROOMS {
                return Ok((rooms, page.age));
            }
        }
    }

    /// How many changes of rooms are not indexed.
    fn left(&mut self) -> QueryResult<i64> {
        let left = diesel::sql_query(
            "SELECT coalesce(sum(h.last_seq - coalesce(i.upto, 0)), 0)::bigint AS value
             FROM room_heads h LEFT JOIN indexed_rooms i USING (room_key)
             WHERE h.last_seq > coalesce(i.upto, 0)",
        );
        Ok(left.get_result::<Left>(&mut self.conn)?.value)
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

#[cfg(test)]
mod tests;
