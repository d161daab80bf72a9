//! Keeps the index up to date, behind the writer.

use std::{path::PathBuf, time::Duration};

use diesel::{
    Connection, ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult,
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Text},
};
use rustc_hash::FxHashMap;

use super::{
    super::query::{room_word, sender_word},
    index::{FileIndex, connect},
};
use crate::{
    db::{schema::messages, sqlite::Conn},
    domain::{RoomKey, UserKey},
    limits::{SEARCH_BATCH, SEARCH_IDLE, SEARCH_OVERLAP},
};

/// A message to be indexed, or to be taken out.
struct Entry {
    id: i64,
    room: i64,
    sender: i64,
    content: String,
    changed_seq: i64,
    changed_at: i64,
    deleted: bool,
}

type Row = (i64, i64, i64, String, i64, Option<i64>, Option<i64>);

fn entry((id, room, sender, content, changed_seq, edited_at, deleted_at): Row) -> Entry {
    let changed_at = edited_at.max(deleted_at).unwrap_or(0);
    let deleted = deleted_at.is_some();
    Entry { id, room, sender, content, changed_seq, changed_at, deleted }
}

macro_rules! columns {
    () => {
        (
            messages::id,
            messages::room_key,
            messages::sender_key,
            messages::content,
            messages::changed_seq,
            messages::edited_at,
            messages::deleted_at,
        )
    };
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// The thread's state: one connection to each of the two files.
struct Indexer {
    messages: Conn,
    index: Conn,
    /// Changes of the last minute that are in the index already, and when
    /// they were made.
    recent: FxHashMap<i64, (i64, i64)>,
}

impl FileIndex {
    /// Indexes on a thread of its own for as long as the process lives: new
    /// messages by their ids, which rise in the order of the commits, and
    /// changed ones by the time of their change.
    pub fn keep_up(&self, database: PathBuf) -> std::io::Result<()> {
        let index = self.path.clone();
        let thread = std::thread::Builder::new().name("search".to_owned());
        thread.spawn(move || {
            loop {
                // Opened anew after a failure, whatever it was.
                let ended = Indexer::open(&database, &index).and_then(|mut indexer| indexer.run());
                if let Err(error) = ended {
                    log::error!("the index of the search failed: {error}");
                }
                std::thread::sleep(Duration::from_secs(5));
            }
        })?;
        Ok(())
    }
}

impl Indexer {
    fn open(database: &std::path::Path, index: &std::path::Path) -> Result<Self, String> {
        let mut messages = connect(database)?;
        messages.batch_execute("PRAGMA query_only = ON").map_err(|error| error.to_string())?;
        Ok(Self { messages, index: connect(index)?, recent: FxHashMap::default() })
    }

    fn run(&mut self) -> Result<(), String> {
        let mut seen = None;
        loop {
            // Cheap, and changes with every commit of another connection.
            let version =
                diesel::sql_query("SELECT data_version AS value FROM pragma_data_version")
                    .get_result::<Number>(&mut self.messages)
                    .map_err(|error| error.to_string())?
                    .value;
            let more = if seen == Some(version) {
                false
            } else {
                self.step().map_err(|error| error.to_string())?
            };
            if !more {
                seen = Some(version);
                std::thread::sleep(SEARCH_IDLE);
            }
        }
    }

    /// Says whether there is more to do.
    fn step(&mut self) -> QueryResult<bool> {
        let new = self.new_messages()?;
        let changed = self.changed_messages()?;
        let is_full = |found: usize| i64::try_from(found).is_ok_and(|found| found >= SEARCH_BATCH);
        let more = is_full(new.len()) || is_full(changed.len());
        if new.is_empty() && changed.is_empty() {
            return Ok(false);
        }
        self.index.transaction(|conn| {
            for entry in new.iter().chain(&changed) {
                put(conn, entry)?;
            }
            if let Some(last) = new.last() {
                set_cursor(conn, "message", last.id)?;
            }
            let latest = changed.iter().map(|entry| entry.changed_at).max();
            if let Some(latest) = latest {
                set_cursor(conn, "change", latest)?;
            }
            QueryResult::Ok(())
        })?;
        for entry in &changed {
            self.recent.insert(entry.id, (entry.changed_seq, entry.changed_at));
        }
        Ok(more)
    }

    fn new_messages(&mut self) -> QueryResult<Vec<Entry>> {
        let after = cursor(&mut self.index, "message")?;
        let rows = messages::table
            .filter(messages::id.gt(after))
            .order(messages::id)
            .limit(SEARCH_BATCH)
            .select(columns!())
            .load::<Row>(&mut self.messages)?;
        Ok(rows.into_iter().map(entry).collect())
    }

    /// A change may commit a little after another that was made later, so the
    /// last minute is looked at again; what is in the index already is not
    /// indexed twice.
    fn changed_messages(&mut self) -> QueryResult<Vec<Entry>> {
        let latest = cursor(&mut self.index, "change")?;
        let overlap = i64::try_from(SEARCH_OVERLAP.as_millis()).unwrap_or(0);
        let since = latest.saturating_sub(overlap);
        self.recent.retain(|_, (_, at)| *at >= since);
        let edited = messages::table
            .filter(messages::edited_at.assume_not_null().ge(since))
            .filter(messages::edited_at.is_not_null())
            .order(messages::edited_at)
            .select(columns!());
        let deleted = messages::table
            .filter(messages::deleted_at.assume_not_null().ge(since))
            .filter(messages::deleted_at.is_not_null())
            .order(messages::deleted_at)
            .select(columns!());
        let mut changed = Vec::new();
        for rows in [
            edited.limit(SEARCH_BATCH + self.known()).load::<Row>(&mut self.messages)?,
            deleted.limit(SEARCH_BATCH + self.known()).load::<Row>(&mut self.messages)?,
        ] {
            let is_new = |entry: &Entry| {
                self.recent.get(&entry.id).is_none_or(|(seq, _)| *seq != entry.changed_seq)
            };
            changed.extend(rows.into_iter().map(entry).filter(is_new));
        }
        Ok(changed)
    }

    fn known(&self) -> i64 {
        i64::try_from(self.recent.len()).unwrap_or(i64::MAX / 2)
    }
}

fn put(conn: &mut Conn, entry: &Entry) -> QueryResult<()> {
    diesel::sql_query("DELETE FROM words WHERE rowid = ?")
        .bind::<BigInt, _>(entry.id)
        .execute(conn)?;
    if entry.deleted || entry.content.is_empty() {
        return Ok(());
    }
    let (room, sender) = (room_word(RoomKey(entry.room)), sender_word(UserKey(entry.sender)));
    diesel::sql_query("INSERT INTO words (rowid, text, place) VALUES (?, ?, ?)")
        .bind::<BigInt, _>(entry.id)
        .bind::<Text, _>(&entry.content)
        .bind::<Text, _>(format!("{room} {sender}"))
        .execute(conn)
        .map(drop)
}

fn cursor(conn: &mut Conn, name: &str) -> QueryResult<i64> {
    let rows = diesel::sql_query("SELECT value FROM cursors WHERE name = ?")
        .bind::<Text, _>(name)
        .load::<Number>(conn)?;
    Ok(rows.first().map_or(0, |row| row.value))
}

fn set_cursor(conn: &mut Conn, name: &str, value: i64) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO cursors (name, value) VALUES (?, ?)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
    )
    .bind::<Text, _>(name)
    .bind::<BigInt, _>(value)
    .execute(conn)
    .map(drop)
}
