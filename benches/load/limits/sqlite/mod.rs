//! The rows that SQLite itself takes: one thread, one connection, one prepared
//! `INSERT`, and nothing between it and the disk.
//!
//! Messages alone are written: where the server also moves each room's head on
//! and looks for repetitions, that is its own cost and shows in the ratio.

mod database;

use std::{path::Path, time::Instant};

use crate::{
    Result,
    options::Options,
    stats::{Histogram, clock_ns, now_ns},
    wire::{CONTENT_BYTES, digits},
};
use database::{Database, Statement};

/// Those who send in the cases of many senders, here as there.
pub const SENDERS: usize = 256;

/// What each of the server's connections is set to (`crates/db/src/sqlite.rs`, and
/// the cache of the one that writes).
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000;
     PRAGMA journal_mode = WAL;
     PRAGMA synchronous = FULL;
     PRAGMA foreign_keys = ON;
     PRAGMA temp_store = MEMORY;
     PRAGMA cache_size = -16384;
     PRAGMA wal_autocheckpoint = 16384;
     PRAGMA journal_size_limit = 67108864;";
const SCHEMA: &str = include_str!("../../../../migrations/sqlite/00000000000001_init/up.sql");
const INSERT: &str = "INSERT INTO messages \
     (id, room_key, seq, changed_seq, sender_key, client_id, content, created_at) \
     VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)";
/// The server's ids are about as long and rise as well.
const FIRST_ID: i64 = 7_265_384_921_038_848;

/// Where the messages go. Each touches other pages of the indexes.
#[derive(Clone, Copy, PartialEq)]
pub enum Rooms {
    /// Every sender's into a room of its own.
    Own,
    /// All into one.
    One,
}

/// What a measured stretch of inserts has given.
pub struct Inserted {
    pub rows: u64,
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// Of whole transactions, the commit with them.
    pub latency: Histogram,
}

/// Inserts on a fresh database next to where the servers' are, `batch` rows a
/// transaction.
pub fn measure(options: &Options, rooms: Rooms, batch: usize) -> Result<Inserted> {
    let directory = tempfile::Builder::new().prefix("load-raw-").tempdir_in(&options.data_root)?;
    let database = open(&directory.path().join("raw.db"))?;
    let mut inserts = Inserts::new(&database, rooms)?;
    let warm_until = Instant::now() + options.warm_up;
    while Instant::now() < warm_until {
        inserts.transaction(batch)?;
    }
    let mut latency = Histogram::new();
    let (begin, cpu) = (Instant::now(), clock_ns(libc::CLOCK_THREAD_CPUTIME_ID));
    let before = inserts.rows;
    while begin.elapsed() < options.measured {
        let start = now_ns();
        inserts.transaction(batch)?;
        latency.record(now_ns() - start);
    }
    let cpu = clock_ns(libc::CLOCK_THREAD_CPUTIME_ID) - cpu;
    Ok(Inserted {
        rows: inserts.rows - before,
        seconds: begin.elapsed().as_secs_f64(),
        cpu_seconds: cpu as f64 / 1e9,
        latency,
    })
}

fn open(path: &Path) -> Result<Database> {
    let database = Database::open(path)?;
    database.execute(PRAGMAS)?;
    database.execute(SCHEMA)?;
    Ok(database)
}

/// The prepared statements, and what the next row is.
struct Inserts<'a> {
    begin: Statement<'a>,
    insert: Statement<'a>,
    commit: Statement<'a>,
    rooms: Rooms,
    rows: u64,
    content: String,
}

impl<'a> Inserts<'a> {
    fn new(database: &'a Database, rooms: Rooms) -> Result<Self> {
        Ok(Inserts {
            // The write lock at once, as the server takes it.
            begin: database.prepare("BEGIN IMMEDIATE")?,
            insert: database.prepare(INSERT)?,
            commit: database.prepare("COMMIT")?,
            rooms,
            rows: 0,
            content: "the quick brown fox ".chars().cycle().take(CONTENT_BYTES).collect(),
        })
    }

    fn transaction(&mut self, batch: usize) -> Result<()> {
        self.begin.run()?;
        for _ in 0..batch {
            self.row()?;
        }
        self.commit.run()
    }

    /// The senders take turns, and each counts its own messages.
    fn row(&mut self) -> Result<()> {
        let senders = SENDERS as u64;
        let (sender, count) = (self.rows % senders + 1, self.rows / senders + 1);
        let (room, seq) = match self.rooms {
            Rooms::Own => (sender, count),
            Rooms::One => (1, self.rows + 1),
        };
        let client_id = digits(count);
        let id = FIRST_ID + self.rows as i64;
        let numbers =
            [(1, id), (2, room as i64), (3, seq as i64), (4, sender as i64), (7, id >> 12)];
        for (place, value) in numbers {
            self.insert.bind_number(place, value)?;
        }
        self.insert.run_with_texts(&[(5, &client_id), (6, self.content.as_bytes())])?;
        self.rows += 1;
        Ok(())
    }
}
