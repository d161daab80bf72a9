//! The tables of the index, and connections to them.

use std::path::Path;

use diesel::{
    Connection, QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection,
    r2d2::CustomizeConnection, sql_types::Text,
};

use super::{super::Conn, Number};
use crate::{
    sqlite::reclaim::{SHRINKS, Size},
    words,
};
use parlor_domain::{Life, limits::READ_CACHE_KIB};

/// Changes with the tables here; and with the words, see [`words::VERSION`].
const VERSION: i64 = 3_000 + words::VERSION;

/// The words come as they are to be found, with spaces between them: for
/// `ascii` everything beyond ASCII is part of a word. What is said when and
/// where lies beside them, because the text index gives nothing back.
const TABLES: &str = "
    CREATE VIRTUAL TABLE words USING fts5(
        text, files, place, content='', contentless_delete=1, tokenize='ascii', prefix='2 3');
    INSERT INTO words(words, rank) VALUES ('deletemerge', 1);
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY NOT NULL, room_key BIGINT NOT NULL, seq BIGINT NOT NULL,
        created_at BIGINT NOT NULL);
    CREATE INDEX entries_room ON entries (room_key, seq);
    CREATE TABLE rooms (
        room_key INTEGER PRIMARY KEY NOT NULL, upto BIGINT NOT NULL, floor BIGINT NOT NULL);
    -- By how much ids are ahead of the times of their messages at the most,
    -- whether words of what was taken out still lie in the file, and of which
    -- life of the database they are.
    CREATE TABLE notes (
        ahead_ms BIGINT NOT NULL, has_removed BIGINT NOT NULL, life TEXT NOT NULL);";

const DROP_TABLES: &str = "DROP TABLE IF EXISTS words; DROP TABLE IF EXISTS cursors;
    DROP TABLE IF EXISTS entries; DROP TABLE IF EXISTS rooms; DROP TABLE IF EXISTS notes;";

/// What is deleted is overwritten: its words do not lie in the file. The log
/// goes into it every 16 MiB, because the disk is then waited for, by the writer
/// of the messages, too.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 16777216;";

#[derive(QueryableByName)]
struct Note {
    #[diesel(sql_type = Text)]
    value: String,
}

/// With so many KiB of page cache.
pub(in crate::search::file) fn connect(path: &Path, cache_kib: i64) -> Result<Conn, String> {
    let mut conn = Conn::establish(&path.to_string_lossy()).map_err(|error| error.to_string())?;
    let describe = |error: diesel::result::Error| error.to_string();
    conn.batch_execute("PRAGMA busy_timeout = 5000").map_err(describe)?;
    if Size::of(&mut conn).map_err(describe)?.is_empty() {
        conn.batch_execute(SHRINKS).map_err(describe)?;
    }
    conn.batch_execute(&format!("{PRAGMAS} PRAGMA cache_size = -{cache_kib};"))
        .map_err(describe)?;
    Ok(conn)
}

/// What the connections that search are set to.
#[derive(Debug)]
pub(super) struct Looking;

impl CustomizeConnection<Conn, diesel::r2d2::Error> for Looking {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        let pragmas = format!("PRAGMA query_only = ON; PRAGMA cache_size = -{READ_CACHE_KIB};");
        conn.batch_execute(&pragmas).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Makes the tables, if they are not there. Says whether what is there belongs
/// to this life of the database: after a restore the index knows what is gone,
/// and lacks what is back, and the positions do not tell.
pub(super) fn prepare(conn: &mut Conn, life: &Life) -> QueryResult<bool> {
    let version = diesel::sql_query("SELECT user_version AS value FROM pragma_user_version")
        .get_result::<Number>(conn)?
        .value;
    if version == VERSION {
        // It has what it should have, as far as one can see.
        conn.batch_execute("SELECT * FROM notes; SELECT rowid FROM words LIMIT 1")?;
        let note = diesel::sql_query("SELECT life AS value FROM notes").get_result::<Note>(conn)?;
        return Ok(note.value == life.as_str());
    }
    conn.immediate_transaction(|conn| {
        conn.batch_execute(&format!("{DROP_TABLES} {TABLES} PRAGMA user_version = {VERSION};"))?;
        diesel::sql_query("INSERT INTO notes VALUES (0, 0, ?)")
            .bind::<Text, _>(life.as_str())
            .execute(conn)
            .map(|_| true)
    })
}
