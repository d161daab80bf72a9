//! The file with the index, and looking into it.

mod tables;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    r2d2::{ConnectionManager, Pool},
    sql_types::{BigInt, Double, Text},
};

pub(super) use tables::connect;
use tables::{Looking, prepare};

use super::{
    super::{Hit, Sort, Wanted},
    Conn, store,
};
use crate::sqlite::reclaim::Size;
use parlor_domain::{
    Life, MessageId, MessageIds, RoomKey, Timestamp,
    limits::{READ_CACHE_KIB, SEARCH_CONNECTIONS, SEARCH_PLACES},
};

type Connections = Pool<ConnectionManager<Conn>>;

/// The index; clones share its connections.
#[derive(Clone)]
pub(crate) struct FileIndex {
    pub(super) path: PathBuf,
    life: Life,
    /// `None` as long as it could not be opened.
    pool: Arc<RwLock<Option<Connections>>>,
    is_broken: Arc<AtomicBool>,
}

#[derive(QueryableByName)]
struct HitRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    /// The less, the better.
    #[diesel(sql_type = Double)]
    score: f64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

impl FileIndex {
    /// Opens the index beside a database; makes it, if it is not there, is an
    /// older one, of another life of the database, or none at all. Blocking.
    pub fn open(database: &Path, life: &Life) -> Self {
        let path = path_of(database);
        let (pool, is_broken) = (Arc::default(), Arc::default());
        let index = Self { path, life: life.clone(), pool, is_broken };
        if let Err(error) = index.open_or_renew() {
            log::error!("the search index cannot be opened: {error}");
        }
        index
    }

    /// Opens what is there, or else makes a new one in its place.
    pub(super) fn open_or_renew(&self) -> Result<(), String> {
        let opened = self.try_open().or_else(|error| {
            log::warn!("the search index is rebuilt: {error}");
            self.renew()
        });
        opened.map(|pool| self.set(Some(pool)))
    }

    fn set(&self, pool: Option<Connections>) {
        self.is_broken.store(false, Ordering::Relaxed);
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = pool;
    }

    fn try_open(&self) -> Result<Connections, String> {
        let mut conn = connect(&self.path, READ_CACHE_KIB)?;
        let size = Size::of(&mut conn).map_err(|error| error.to_string())?;
        if !size.shrinks() {
            return Err("its file cannot become smaller".to_owned());
        }
        if !prepare(&mut conn, &self.life).map_err(|error| error.to_string())? {
            return Err("it is of another life of the database".to_owned());
        }
        Pool::builder()
            .max_size(SEARCH_CONNECTIONS)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(1))
            .connection_customizer(Box::new(Looking))
            .build(ConnectionManager::new(self.path.to_string_lossy()))
            .map_err(|error| error.to_string())
    }

    fn renew(&self) -> Result<Connections, String> {
        self.set(None);
        for end in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(format!("{}: {error}", path.to_string_lossy()));
                }
                _ => {}
            }
        }
        self.try_open()
    }

    /// Makes a new one in the place of one that is broken.
    pub(super) fn make_anew(&self) -> Result<(), String> {
        let pool = self.renew()?;
        self.set(Some(pool));
        Ok(())
    }

    /// Whether a search has found that it is broken.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }

    /// Blocking: the ids of what was found, and whether there is more.
    pub fn find(&self, wanted: &Wanted) -> Result<(Vec<Hit>, bool), String> {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner).clone();
        let pool = pool.ok_or("there is no index yet")?;
        let mut conn = pool.get().map_err(|error| error.to_string())?;
        let found = look_up(&mut conn, wanted).map_err(|error| error.to_string());
        if found.as_ref().is_err_and(|error| means_broken(error)) {
            self.is_broken.store(true, Ordering::Relaxed);
        }
        let rows = found?;
        let hits = rows.iter().map(|row| Hit { message: MessageId(row.id), rank: -row.score });
        let limit = usize::try_from(wanted.limit).unwrap_or(0);
        Ok((hits.take(limit).collect(), rows.len() > limit))
    }
}

/// `x.search.db` beside `x.db`; beside a file of any other name, that name
/// with `.search` added, so that no two databases share an index.
fn path_of(database: &Path) -> PathBuf {
    if database.extension().is_some_and(|extension| extension == "db") {
        return database.with_extension("search.db");
    }
    let mut path = database.as_os_str().to_owned();
    path.push(".search");
    path.into()
}

fn look_up(conn: &mut Conn, wanted: &Wanted) -> QueryResult<Vec<HitRow>> {
    let order = match wanted.sort {
        Sort::Rank => "score, id DESC",
        Sort::Newest => "id DESC",
    };
    // A few rooms are found with the words; of very many each would cost a
    // look for every message found.
    let few = (wanted.rooms.len() <= SEARCH_PLACES).then_some(&wanted.rooms[..]);
    let matching = wanted.query.to_fts5(few, wanted.sender);
    let rooms = room_list(&wanted.rooms);
    let (from, to) = wanted.times();
    let (first, last) = ids_between(conn, wanted.from, wanted.to)?;
    diesel::sql_query(format!(
        "SELECT words.rowid AS id, bm25(words, 1.0, 1.0, 0.0) AS score
         FROM words CROSS JOIN entries ON entries.id = words.rowid
         WHERE words MATCH ? AND words.rowid >= ? AND words.rowid < ?
           AND entries.created_at >= ? AND entries.created_at < ?
           AND entries.room_key IN (SELECT value FROM json_each(?))
         ORDER BY {order} LIMIT ? OFFSET ?"
    ))
    .bind::<Text, _>(matching)
    .bind::<BigInt, _>(first)
    .bind::<BigInt, _>(last)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(to)
    .bind::<Text, _>(rooms)
    .bind::<BigInt, _>(wanted.limit + 1)
    .bind::<BigInt, _>(wanted.offset)
    .load::<HitRow>(conn)
}

fn room_list(rooms: &[RoomKey]) -> String {
    let keys: Vec<i64> = rooms.iter().map(|room| room.0).collect();
    serde_json::to_string(&keys).expect("numbers are JSON")
}

/// The ids that messages of a time can have: never one from before it, and
/// none from after it, but for how far a wrong clock has once put them ahead.
/// The times themselves decide; ids are what the text index is ordered by.
fn ids_between(
    conn: &mut Conn,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> QueryResult<(i64, i64)> {
    let first = from.map_or(0, |from| MessageIds::first_at(from).0);
    let Some(to) = to else { return Ok((first, i64::MAX)) };
    let ahead =
        diesel::sql_query("SELECT ahead_ms AS value FROM notes").get_result::<Number>(conn)?;
    let latest = Timestamp(to.0.saturating_add(ahead.value).saturating_add(store::AHEAD_STEP_MS));
    Ok((first, MessageIds::first_at(latest).0))
}

/// Whether an error of SQLite says that the file is not what it was, or is
/// gone: then trying again does not help.
pub(super) fn means_broken(error: &str) -> bool {
    const BROKEN: [&str; 6] = [
        "malformed",
        "not a database",
        "no such table",
        "no such column",
        "readonly database",
        "corrupt",
    ];
    BROKEN.iter().any(|what| error.contains(what))
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::{
        super::super::changed::{Changed, Said},
        *,
    };
    use crate::SearchQuery;

    fn wanted(query: &str) -> Wanted {
        Wanted {
            query: SearchQuery::parse(query).expect(query),
            rooms: vec![RoomKey(1)],
            sender: None,
            from: None,
            to: None,
            sort: Sort::Rank,
            offset: 0,
            limit: 10,
        }
    }

    fn open(database: &Path) -> FileIndex {
        FileIndex::open(database, &Life::from_stored("one"))
    }

    #[test]
    fn an_index_of_another_life_of_the_database_is_made_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("test.db");
        let index = open(&path);
        put(&index, 1_800_000_000_000, 1_800_000_000_000);
        let found = |index: &FileIndex| index.find(&wanted("needle")).expect("looked").0.len();
        assert_eq!(found(&index), 1);
        assert_eq!(found(&open(&path)), 1, "the same life");
        // A restored database has less, and more, than what was indexed.
        let restored = FileIndex::open(&path, &Life::from_stored("other"));
        assert_eq!(found(&restored), 0);
        let bytes = fs::read(&restored.path).expect("it is there");
        assert!(!bytes.windows(6).any(|part| part == b"needle"));
    }

    #[test]
    fn every_database_has_an_index_of_its_own() {
        for (database, index) in [
            ("data/parlor.db", "data/parlor.search.db"),
            ("chat.sqlite3", "chat.sqlite3.search"),
            ("x.sqlite", "x.sqlite.search"),
        ] {
            assert_eq!(path_of(Path::new(database)), Path::new(index));
        }
    }

    #[test]
    fn an_index_of_another_version_is_made_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("test.db");
        let index = open(&path);
        let mut conn = connect(&index.path, READ_CACHE_KIB).expect("connected");
        conn.batch_execute("PRAGMA user_version = 999; DROP TABLE words").expect("broken");
        open(&path).find(&wanted("x")).expect("it is there");
        // Also one that only says that it is of this one.
        conn.batch_execute("DROP TABLE words").expect("broken");
        open(&path).find(&wanted("x")).expect("it is there again");
    }

    /// What was said at a time, under an id of perhaps another.
    fn put(index: &FileIndex, id_time: i64, created_at: i64) {
        let mut conn = connect(&index.path, READ_CACHE_KIB).expect("connected");
        let id = MessageIds::first_at(Timestamp(id_time)).0;
        let said = Some(Said { content: "needle".to_owned(), attachments: None });
        let (seq, sender) = (id, 1);
        let message = Changed { id, seq, changed_seq: seq, sender, created_at, said };
        store::put(&mut conn, 1, &message).expect("put");
    }

    #[test]
    fn times_are_those_of_messages_also_after_a_clock_was_wrong() {
        const DAY: i64 = 86_400_000;
        let dir = tempfile::tempdir().expect("a directory");
        let index = open(&dir.path().join("test.db"));
        let now = 1_800_000_000_000;
        put(&index, now, now);
        let between = |from: i64, to: Option<i64>| {
            let (from, to) = (Some(Timestamp(from)), to.map(Timestamp));
            index.find(&Wanted { from, to, ..wanted("needle") }).expect("looked").0.len()
        };
        assert_eq!((between(now, Some(now + 1)), between(now + 1, None)), (1, 0));
        assert_eq!((between(now - DAY, Some(now)), between(now, None)), (0, 1));
        // A thousand days ahead for a moment; ids stay there.
        put(&index, now + 1_000 * DAY, now + 1_000 * DAY);
        put(&index, now + 1_000 * DAY + 1, now + DAY);
        assert_eq!(between(now + 1, Some(now + 2 * DAY)), 1);
        assert_eq!(between(now, Some(now + 2 * DAY)), 2);
        assert_eq!(between(now + 2 * DAY, None), 1);
        assert_eq!(between(now + 2 * DAY, Some(now + 500 * DAY)), 0);
    }

    #[test]
    fn very_many_rooms_are_searched_as_few_are() {
        let dir = tempfile::tempdir().expect("a directory");
        let index = open(&dir.path().join("test.db"));
        put(&index, 1_800_000_000_000, 1_800_000_000_000);
        let find = |rooms: std::ops::Range<i64>| {
            let rooms = rooms.map(RoomKey).collect();
            index.find(&Wanted { rooms, ..wanted("needle") }).expect("looked").0.len()
        };
        assert_eq!((find(0..10_000), find(2..10_000), find(0..3), find(2..4)), (1, 0, 1, 0));
    }

    #[test]
    fn garbage_is_made_anew_and_what_cannot_be_is_no_reason_not_to_start() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("test.db");
        fs::write(dir.path().join("test.search.db"), "garbage ".repeat(1_000)).expect("written");
        open(&path).find(&wanted("x")).expect("it is there");
        let path = dir.path().join("other.db");
        fs::create_dir_all(dir.path().join("other.search.db/full")).expect("made");
        let index = open(&path);
        assert!(index.find(&wanted("x")).is_err());
        fs::remove_dir_all(&index.path).expect("removed");
        index.open_or_renew().expect("now it can");
        index.find(&wanted("x")).expect("it is there");
    }
}
