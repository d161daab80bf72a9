//! Keeps the index up to date, behind the writer.

#![expect(clippy::disallowed_methods, reason = "it sleeps on a thread of its own")]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use diesel::{
    ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, QueryableByName,
    RunQueryDsl, connection::SimpleConnection, sql_types::BigInt,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    super::{changed::sqlite::changed, pace::rest, progress::Progress},
    Conn,
    index::{FileIndex, connect, means_broken},
    store::{self, Known},
};
use crate::{
    schema::{messages, room_heads, rooms},
    sqlite::reclaim::{Reclaimer, Step},
};
use parlor_domain::{
    MessageId, MessageIds,
    limits::{
        READ_CACHE_KIB, SEARCH_AGAIN, SEARCH_CACHE_KIB, SEARCH_LOOK, SEARCH_LOOK_SHARE,
        SEARCH_MERGE, SEARCH_MERGE_SHARE, SEARCH_ROUND,
    },
};
use parlor_process::{clock, metrics::metrics};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// Indexes on a thread of its own for as long as the process lives.
pub(crate) fn keep_up(index: FileIndex, database: PathBuf) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("search".to_owned());
    thread.spawn(move || {
        give_way();
        let mut logged = String::new();
        loop {
            // Opened anew after a failure, whatever it was.
            let ended = Indexer::open(&index, &database).and_then(Indexer::run);
            let Err(error) = ended else { continue };
            // A failure that stays is logged once.
            if error != logged {
                log::error!("the search index failed: {error}");
            }
            if means_broken(&error) || index.is_broken() || is_gone(&index.path) {
                match index.make_anew() {
                    Ok(()) => log::warn!("the search index is rebuilt"),
                    Err(error) => log::debug!("the search index cannot be rebuilt: {error}"),
                }
            }
            logged = error;
            sleep(SEARCH_AGAIN);
        }
    })?;
    Ok(())
}

/// Where there are not enough cores for all, messages go first: a few seconds
/// later is soon enough to be found.
fn give_way() {
    // Linux has a priority for each thread; elsewhere it is the process's.
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "setpriority(2)")]
    // SAFETY: takes three numbers (setpriority(2)).
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) } != 0 {
        log::debug!("the search keeps its priority: {}", std::io::Error::last_os_error());
    }
}

fn is_gone(path: &Path) -> bool {
    inode(path).is_none()
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// The thread's state: one connection to each of the two files.
struct Indexer {
    index: FileIndex,
    messages: Conn,
    words: Conn,
    /// The file that was opened: another may take its place.
    inode: Option<(u64, u64)>,
    known: FxHashMap<i64, Known>,
    /// The newest message that was seen.
    newest: i64,
    /// When all rooms are looked at next.
    look: Instant,
    /// Words of what was taken out are still in the file.
    has_removed: bool,
    /// Whether a merge is under way, and when there may be another.
    is_merging: bool,
    merge: Instant,
    /// What this merge has taken so far.
    merge_took: Duration,
    reclaimer: Reclaimer,
    /// What was taken out may have left something free in the file.
    may_shrink: bool,
    /// The log has what the file is to be cut off by.
    has_shrunk: bool,
}

/// What the messages' database says of a room.
struct Room {
    key: i64,
    floor: i64,
    head: i64,
}

impl Indexer {
    fn open(index: &FileIndex, database: &Path) -> Result<Self, String> {
        let describe = |error: diesel::result::Error| error.to_string();
        if is_gone(&index.path) {
            return Err("its file is gone".to_owned());
        }
        let mut messages = connect(database, READ_CACHE_KIB)?;
        messages.batch_execute("PRAGMA query_only = ON").map_err(describe)?;
        let mut words = connect(&index.path, SEARCH_CACHE_KIB)?;
        store::set_up(&mut words).map_err(describe)?;
        let newest = messages::table.order(messages::id.desc()).select(messages::id);
        let newest = newest.first::<i64>(&mut messages).optional().map_err(describe)?;
        let has_removed = store::has_removed(&mut words).map_err(describe)?;
        let known = store::known(&mut words).map_err(describe)?.into_iter().collect();
        Ok(Self {
            inode: inode(&index.path),
            index: index.clone(),
            messages,
            words,
            known,
            newest: newest.unwrap_or(0),
            look: Instant::now(),
            has_removed,
            is_merging: false,
            merge: Instant::now(),
            merge_took: Duration::ZERO,
            reclaimer: Reclaimer::default(),
            may_shrink: true,
            has_shrunk: false,
        })
    }

    fn run(mut self) -> Result<(), String> {
        let describe = |error: diesel::result::Error| error.to_string();
        let mut seen = None;
        loop {
            if self.index.is_broken() || inode(&self.index.path) != self.inode {
                return Err("its file is gone, broken, or another one".to_owned());
            }
            // Cheap, and changes with every commit of another connection.
            let version =
                diesel::sql_query("SELECT data_version AS value FROM pragma_data_version")
                    .get_result::<Number>(&mut self.messages)
                    .map_err(describe)?
                    .value;
            let is_new = seen != Some(version);
            let (began, mut busy) = (Instant::now(), false);
            if is_new {
                busy = self.index_new().map_err(describe)?;
            }
            // What changed is found by looking at the rooms; once more behind
            // the last commit.
            if !busy && Instant::now() >= self.look && is_new {
                self.look_at_rooms().map_err(describe)?;
                seen = Some(version);
            }
            let has_tidied = !busy
                && (self.merge_if_due().map_err(describe)?
                    || self.shrink_if_due().map_err(describe)?);
            if !has_tidied {
                let behind = if busy { self.behind() } else { Duration::ZERO };
                metrics().search_lag.set(behind.as_secs_f64());
                sleep(rest(began.elapsed(), behind));
            }
        }
    }

    /// How old the newest message is that was indexed.
    fn behind(&self) -> Duration {
        let said = MessageIds::time_of(MessageId(self.newest));
        Duration::from_millis((clock::now().0 - said.0).try_into().unwrap_or(0))
    }

    /// New messages, by their ids, which rise in the order of the commits;
    /// says whether there may be more.
    fn index_new(&mut self) -> QueryResult<bool> {
        let rows = messages::table
            .filter(messages::id.gt(self.newest))
            .order(messages::id)
            .limit(SEARCH_ROUND)
            .select((messages::id, messages::room_key))
            .load::<(i64, i64)>(&mut self.messages)?;
        let Some((newest, _)) = rows.last() else { return Ok(false) };
        self.newest = *newest;
        let keys: BTreeSet<i64> = rows.iter().map(|(_, room)| *room).collect();
        let mut of_rooms = Vec::with_capacity(keys.len());
        for key in keys {
            of_rooms.extend(self.room(key)?);
        }
        self.catch_up(of_rooms)?;
        Ok(i64::try_from(rows.len()).is_ok_and(|count| count >= SEARCH_ROUND))
    }

    fn room(&mut self, key: i64) -> QueryResult<Option<Room>> {
        let row = rooms::table
            .inner_join(room_heads::table.on(room_heads::room_key.eq(rooms::key)))
            .filter(rooms::key.eq(key))
            .filter(rooms::id.is_not_null())
            .select((rooms::floor_seq, room_heads::last_seq))
            .first::<(i64, i64)>(&mut self.messages)
            .optional()?;
        Ok(row.map(|(floor, head)| Room { key, floor, head }))
    }

    /// Whatever is not in the index as it should be: changes, and what was
    /// said while nobody indexed; and what is, and should not be. Costs by the
    /// number of rooms, and is done the more seldom the longer it takes.
    fn look_at_rooms(&mut self) -> QueryResult<()> {
        let began = Instant::now();
        let living = rooms::table
            .inner_join(room_heads::table.on(room_heads::room_key.eq(rooms::key)))
            .filter(rooms::id.is_not_null())
            .select((rooms::key, rooms::floor_seq, room_heads::last_seq))
            .load::<(i64, i64, i64)>(&mut self.messages)?;
        let took = began.elapsed();
        let there: FxHashSet<i64> = living.iter().map(|(key, ..)| *key).collect();
        let gone: Vec<i64> =
            self.known.keys().filter(|key| !there.contains(key)).copied().collect();
        for room in gone {
            self.remove_upto(room, i64::MAX)?;
            store::forget_room(&mut self.words, room)?;
            self.known.remove(&room);
        }
        let rooms = living.into_iter().map(|(key, floor, head)| Room { key, floor, head });
        self.catch_up(rooms.collect())?;
        self.look = Instant::now() + SEARCH_LOOK.max(took * SEARCH_LOOK_SHARE);
        Ok(())
    }

    fn catch_up(&mut self, mut rooms: Vec<Room>) -> QueryResult<()> {
        for room in &rooms {
            self.mend(room)?;
        }
        rooms.retain(|room| self.upto(room.key) < room.head);
        let mut progress = Progress::begins(Instant::now());
        while !rooms.is_empty() {
            self.index_some(&mut rooms)?;
            let left = || Ok(rooms.iter().map(|room| room.head - self.upto(room.key)).sum());
            progress.goes_on(Instant::now(), left)?;
        }
        progress.ended(Instant::now());
        Ok(())
    }

    fn upto(&self, room: i64) -> i64 {
        self.known.get(&room).map_or(0, |known| known.upto)
    }

    /// Takes out what is no more in a room's timeline.
    fn mend(&mut self, &Room { key, floor, head }: &Room) -> QueryResult<()> {
        let mut known = self.known.get(&key).copied().unwrap_or_default();
        if known.upto > head {
            // An older database was put in the place of the one that was
            // indexed.
            self.remove_upto(key, i64::MAX)?;
            known = Known { upto: 0, floor };
            self.set_known(key, known)?;
        }
        if known.floor < floor {
            self.remove_upto(key, floor)?;
            known.floor = floor;
            self.set_known(key, known)?;
        }
        Ok(())
    }

    /// Some messages of these rooms in one transaction, however few there are
    /// in each; leaves the rooms that have more. After a failure all is opened
    /// anew, and what is known is read again.
    fn index_some(&mut self, rooms: &mut Vec<Room>) -> QueryResult<()> {
        let Self { messages, words, known, .. } = self;
        let removed = words.immediate_transaction(|words| {
            let (mut count, mut removed) = (0, false);
            while count < SEARCH_ROUND
                && let Some(Room { key, floor, head }) = rooms.last()
            {
                let known = known.entry(*key).or_default();
                let (changes, more) = changed(messages, *key, (known.upto, *head), *floor)?;
                for message in &changes {
                    removed |= store::put(words, *key, message)?;
                }
                known.upto = match changes.last() {
                    Some(last) if more => last.changed_seq,
                    _ => *head,
                };
                store::set_known(words, *key, *known)?;
                count += i64::try_from(changes.len()).unwrap_or(SEARCH_ROUND);
                if !more {
                    rooms.pop();
                }
            }
            QueryResult::Ok(removed)
        })?;
        if removed { self.note_removed(true) } else { Ok(()) }
    }

    fn set_known(&mut self, room: i64, known: Known) -> QueryResult<()> {
        store::set_known(&mut self.words, room, known)?;
        self.known.insert(room, known);
        Ok(())
    }

    /// Bit by bit, so that the lock is never held for long.
    fn remove_upto(&mut self, room: i64, upto: i64) -> QueryResult<()> {
        loop {
            let removed =
                self.words.immediate_transaction(|conn| store::remove_upto(conn, room, upto))?;
            if removed == 0 {
                return Ok(());
            }
            self.note_removed(true)?;
        }
    }

    fn note_removed(&mut self, has_removed: bool) -> QueryResult<()> {
        if self.has_removed != has_removed {
            store::set_has_removed(&mut self.words, has_removed)?;
            self.has_removed = has_removed;
        }
        Ok(())
    }

    /// A step of taking out the words of what was removed, if nothing else is
    /// to be done; says whether it did one.
    fn merge_if_due(&mut self) -> QueryResult<bool> {
        if !self.is_merging && (!self.has_removed || Instant::now() < self.merge) {
            return Ok(false);
        }
        let is_first = !self.is_merging;
        let began = Instant::now();
        if is_first {
            self.merge_took = Duration::ZERO;
        }
        self.is_merging = store::merge_some(&mut self.words, is_first)?;
        self.merge_took += began.elapsed();
        if !self.is_merging {
            self.note_removed(false)?;
            self.merge = Instant::now() + SEARCH_MERGE.max(self.merge_took * SEARCH_MERGE_SHARE);
            // What was overwritten is not to lie in the log, either.
            self.words.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
            self.may_shrink = true;
        }
        Ok(true)
    }

    /// A step of giving back to the disk what is free in the file, and a rest; says
    /// whether it did one.
    fn shrink_if_due(&mut self) -> QueryResult<bool> {
        if !self.may_shrink {
            return Ok(false);
        }
        match self.reclaimer.step(&mut self.words)? {
            Step::Freed { rest, .. } => {
                self.has_shrunk = true;
                sleep(rest);
                Ok(true)
            }
            Step::Idle => {
                self.may_shrink = false;
                if std::mem::take(&mut self.has_shrunk) {
                    self.words.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
                }
                Ok(false)
            }
        }
    }
}
