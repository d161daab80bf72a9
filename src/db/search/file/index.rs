//! The file with the index, and looking into it.

use std::path::{Path, PathBuf};

use diesel::{
    Connection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, Pool},
    sql_types::{BigInt, Double, Text},
};

use super::super::{Hit, Sort, Wanted, query::range};
use crate::{db::sqlite::Conn, domain::MessageId, limits::SEARCH_CONNECTIONS};

/// Changes with the tokenizer or the columns: an older index is made anew.
const VERSION: i64 = 1;

/// Words without their accents. The text itself is not kept.
const TABLE: &str = "CREATE VIRTUAL TABLE words USING fts5(
    text, place, content='', contentless_delete=1,
    tokenize=\"unicode61 remove_diacritics 2\", prefix='2 3')";

const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;";

/// The index; clones share its connections.
#[derive(Clone)]
pub(in crate::db) struct FileIndex {
    pool: Pool<ConnectionManager<Conn>>,
    pub(super) path: PathBuf,
}

#[derive(QueryableByName)]
struct HitRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Double)]
    rank: f64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

impl FileIndex {
    /// Opens the index beside a database; makes it, if it is not there or is
    /// an older one. Blocking.
    pub fn open(database: &Path) -> Result<Self, String> {
        let path = path_of(database);
        let mut conn = connect(&path)?;
        prepare(&mut conn).map_err(|error| error.to_string())?;
        let manager = ConnectionManager::new(path.to_string_lossy());
        let pool = Pool::builder()
            .max_size(SEARCH_CONNECTIONS)
            .min_idle(Some(0))
            .build(manager)
            .map_err(|error| error.to_string())?;
        Ok(Self { pool, path })
    }

    /// Blocking: the ids of what was found, and whether there is more.
    pub fn find(&self, wanted: &Wanted) -> Result<(Vec<Hit>, bool), String> {
        let mut conn = self.pool.get().map_err(|error| error.to_string())?;
        let matching = wanted.query.matching(&wanted.rooms, wanted.sender);
        let (first, last) = range(wanted.from, wanted.to);
        let order = match wanted.sort {
            Sort::Rank => "rank, rowid DESC",
            Sort::Newest => "rowid DESC",
        };
        let rows = diesel::sql_query(format!(
            "SELECT rowid AS id, -bm25(words, 1.0, 0.0) AS rank FROM words
             WHERE words MATCH ? AND rowid >= ? AND rowid < ?
             ORDER BY {order} LIMIT ? OFFSET ?"
        ))
        .bind::<Text, _>(matching)
        .bind::<BigInt, _>(first)
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(wanted.limit + 1)
        .bind::<BigInt, _>(wanted.offset)
        .load::<HitRow>(&mut conn)
        .map_err(|error| error.to_string())?;
        let hits = rows.iter().map(|row| Hit { message: MessageId(row.id), rank: row.rank });
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

pub(super) fn connect(path: &Path) -> Result<Conn, String> {
    let mut conn = Conn::establish(&path.to_string_lossy()).map_err(|error| error.to_string())?;
    conn.batch_execute(PRAGMAS).map_err(|error| error.to_string())?;
    Ok(conn)
}

fn prepare(conn: &mut Conn) -> QueryResult<()> {
    let version = diesel::sql_query("SELECT user_version AS value FROM pragma_user_version")
        .get_result::<Number>(conn)?
        .value;
    if version == VERSION {
        return Ok(());
    }
    conn.batch_execute(&format!(
        "DROP TABLE IF EXISTS words; DROP TABLE IF EXISTS cursors; {TABLE};
         CREATE TABLE cursors (name TEXT PRIMARY KEY NOT NULL, value BIGINT NOT NULL);
         PRAGMA user_version = {VERSION};"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let index = FileIndex::open(&path).expect("opened");
        let mut conn = connect(&index.path).expect("connected");
        conn.batch_execute("PRAGMA user_version = 999; DROP TABLE words").expect("broken");
        FileIndex::open(&path).expect("opened again");
        conn.batch_execute("SELECT * FROM words").expect("it is there");
    }
}
