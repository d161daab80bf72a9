//! The file with the index, and looking into it.

use std::path::{Path, PathBuf};

use diesel::{
    Connection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, Pool},
    sql_types::{BigInt, Double, Text},
};

use super::query::{SearchQuery, range};
use crate::{
    db::backend::Conn,
    domain::{MessageId, RoomKey, UserKey},
    limits::SEARCH_CONNECTIONS,
};

/// Changes with the tokenizer or the columns: an older index is made anew.
const VERSION: i64 = 1;

/// Words without their accents. The text itself is not kept.
const TABLE: &str = "CREATE VIRTUAL TABLE words USING fts5(
    text, place, content='', contentless_delete=1,
    tokenize=\"unicode61 remove_diacritics 2\", prefix='2 3')";

const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;";

/// How what is found is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The best first.
    Rank,
    Newest,
}

/// A message that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    pub message: MessageId,
    /// The more the better.
    pub rank: f64,
}

/// Where the words are in a message: ranges of characters.
pub type Highlights = (MessageId, Vec<(usize, usize)>);

/// The index; clones share its connections.
#[derive(Clone)]
pub struct SearchIndex {
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

#[derive(QueryableByName)]
struct Marked {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    text: String,
}

/// What is looked for, and where.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub query: SearchQuery,
    pub rooms: Vec<RoomKey>,
    pub sender: Option<UserKey>,
    pub from: Option<MessageId>,
    pub to: Option<MessageId>,
    pub sort: Sort,
    pub offset: i64,
    pub limit: i64,
}

/// Around a word that was looked for; neither can be in a text.
const BEGIN: char = '\u{e000}';
const END: char = '\u{e001}';

impl SearchIndex {
    /// Opens the index beside a database; makes it, if it is not there or is
    /// an older one. Blocking.
    pub fn open(database: &Path) -> Result<Self, String> {
        let path = database.with_extension("search.db");
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

    /// Blocking: where in these texts the words are, as ranges of characters.
    ///
    /// FTS5 itself says so, of a table in memory with these few texts: what
    /// is shown is then what was found.
    pub fn highlights(
        &self,
        query: &SearchQuery,
        texts: &[(MessageId, String)],
    ) -> Result<Vec<Highlights>, String> {
        let told = |error: diesel::result::Error| error.to_string();
        let mut conn = Conn::establish(":memory:").map_err(|error| error.to_string())?;
        conn.batch_execute(
            "CREATE VIRTUAL TABLE texts USING fts5(
                 text, tokenize=\"unicode61 remove_diacritics 2\")",
        )
        .map_err(told)?;
        for (id, text) in texts {
            diesel::sql_query("INSERT INTO texts (rowid, text) VALUES (?, ?)")
                .bind::<BigInt, _>(id.0)
                .bind::<Text, _>(text.replace([BEGIN, END, '\0'], " "))
                .execute(&mut conn)
                .map_err(told)?;
        }
        let marked = diesel::sql_query(format!(
            "SELECT rowid AS id, highlight(texts, 0, '{BEGIN}', '{END}') AS text
             FROM texts WHERE texts MATCH ?"
        ))
        .bind::<Text, _>(query.words())
        .load::<Marked>(&mut conn)
        .map_err(told)?;
        Ok(marked.into_iter().map(|row| (MessageId(row.id), ranges(&row.text))).collect())
    }
}

/// The ranges between the marks, counted in characters without them.
fn ranges(marked: &str) -> Vec<(usize, usize)> {
    let (mut ranges, mut at, mut begin) = (Vec::new(), 0, 0);
    for c in marked.chars() {
        match c {
            BEGIN => begin = at,
            END => ranges.push((begin, at)),
            _ => at += 1,
        }
    }
    ranges
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
    fn words_are_shown_where_they_are_also_with_accents() {
        let dir = tempfile::tempdir().expect("a directory");
        let index = SearchIndex::open(&dir.path().join("test.db")).expect("opened");
        let query = SearchQuery::parse("cafe gruss*").expect("good");
        let texts = [(MessageId(1), "Ein Café, viele Grüße! Grusskarte".to_owned())];
        let found = index.highlights(&query, &texts).expect("found");
        assert_eq!(found, [(MessageId(1), vec![(4, 8), (23, 33)])]);
    }

    #[test]
    fn an_index_of_another_version_is_made_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("test.db");
        let index = SearchIndex::open(&path).expect("opened");
        let mut conn = connect(&index.path).expect("connected");
        conn.batch_execute("PRAGMA user_version = 999; DROP TABLE words").expect("broken");
        SearchIndex::open(&path).expect("opened again");
        conn.batch_execute("SELECT * FROM words").expect("it is there");
    }
}
