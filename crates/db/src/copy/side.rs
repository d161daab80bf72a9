//! One of the two databases of a copy.

use std::{path::Path, time::Instant};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query,
    sql_types::Text,
};

use super::{
    CopyError,
    progress::Progress,
    queries,
    tables::CopiedTable,
    value::{Row, Value},
};
use crate::{
    DatabaseUrl,
    open::{self, Refused, lock, lock::FileLock},
    postgres, sqlite,
};
use parlor_domain::limits::{COPY_LEASE_POLL, COPY_ROWS, NODE_LEASE, POSTGRES_RESPONSE_TIMEOUT};

/// An open connection, and what it is called before the operator.
pub(crate) struct Side {
    pub conn: SideConn,
    pub name: String,
    /// Of a file; held for as long as it is copied.
    _lock: Option<FileLock>,
}

#[derive(QueryableByName)]
struct Product {
    #[diesel(sql_type = Text)]
    name: String,
}

pub(crate) enum SideConn {
    Sqlite(Box<sqlite::Conn>),
    Postgres(Box<postgres::Conn>),
}

/// Asks the database in its own dialect.
macro_rules! ask {
    ($side:expr, $function:ident ( $($argument:expr),* )) => {
        match &mut $side.conn {
            SideConn::Sqlite(conn) => queries::sqlite::$function(conn, $($argument),*),
            SideConn::Postgres(conn) => queries::postgres::$function(conn, $($argument),*),
        }
    };
}

impl Side {
    /// Opens a database that is there, to read it only.
    pub fn source(url: &DatabaseUrl) -> Result<Self, CopyError> {
        let mut side = Self::target(url)?;
        if let SideConn::Sqlite(conn) = &mut side.conn {
            let only = conn.batch_execute("PRAGMA query_only = ON");
            only.map_err(|error| CopyError::Failed { database: side.name.clone(), error })?;
        }
        Ok(side)
    }

    /// Opens a database that is there, and migrated, to write to it.
    pub fn target(url: &DatabaseUrl) -> Result<Self, CopyError> {
        // A file that is not there is to be told as that.
        if let Some(path) = url.file() {
            whole_path(path).map_err(|refused| CopyError::Open(refused.of(url)))?;
        }
        let lock = lock(url)?;
        Ok(Self { _lock: lock, ..Self::open(url)? })
    }

    /// Opens it beside whoever has it.
    pub fn open(url: &DatabaseUrl) -> Result<Self, CopyError> {
        let refused = |refused: Refused| CopyError::Open(refused.of(url));
        let (conn, name) = match url {
            DatabaseUrl::Sqlite(path) => {
                let file = whole_path(path).map_err(refused)?;
                let conn =
                    sqlite::connect::establish(path).map_err(Refused::Open).map_err(refused)?;
                (SideConn::Sqlite(Box::new(conn)), file)
            }
            DatabaseUrl::Postgres(server) => {
                let conn = postgres::connect::establish(server, POSTGRES_RESPONSE_TIMEOUT);
                let conn = conn.map_err(Refused::Open).map_err(refused)?;
                (SideConn::Postgres(Box::new(conn)), server.to_string())
            }
        };
        Ok(Self { conn, name, _lock: None })
    }

    /// Opens it to look at it: a file, which may be anybody's, stays as it is.
    pub fn look_at(url: &DatabaseUrl) -> Result<Self, CopyError> {
        let DatabaseUrl::Sqlite(path) = url else { return Self::open(url) };
        let refused = |refused: Refused| CopyError::Open(refused.of(url));
        let name = whole_path(path).map_err(refused)?;
        let conn = sqlite::connect::look_at(path).map_err(Refused::Open).map_err(refused)?;
        Ok(Self { conn: SideConn::Sqlite(Box::new(conn)), name, _lock: None })
    }

    /// Nothing is migrated here: what is read stays as it is.
    pub fn check_migrated(&mut self) -> Result<(), CopyError> {
        let applied = ask!(self, applied_migrations())
            .map_err(|_| CopyError::NoParlor { database: self.name.clone() })?;
        let known = match &self.conn {
            SideConn::Sqlite(_) => open::sqlite::known_migrations(),
            SideConn::Postgres(_) => open::postgres::known_migrations(),
        };
        let database = || self.name.clone();
        if let Some(newer) = applied.iter().find(|version| !known.contains(version)) {
            return Err(CopyError::Newer { database: database(), version: newer.clone() });
        }
        match known.iter().find(|version| !applied.contains(version)) {
            Some(_) => Err(CopyError::Older { database: database() }),
            None => Ok(()),
        }
    }

    /// What runs it, and which version.
    pub fn product(&mut self) -> Result<String, CopyError> {
        let product = match &mut self.conn {
            SideConn::Sqlite(conn) => {
                sql_query("SELECT 'SQLite ' || sqlite_version() AS name").get_result(&mut **conn)
            }
            SideConn::Postgres(conn) => sql_query(
                "SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)
                     AS name",
            )
            .get_result(&mut **conn),
        };
        self.tell(|_| product.map(|Product { name }| name))
    }

    /// What can be known of servers that still run on it. One that was ended
    /// a moment ago may still have its lease, which is waited for.
    #[expect(clippy::disallowed_methods, reason = "a copy has no actors")]
    pub fn check_unused(&mut self) -> Result<(), CopyError> {
        let asked = Instant::now();
        loop {
            match self.tell(|side| ask!(side, live_nodes()))? {
                0 => return Ok(()),
                nodes if asked.elapsed() > NODE_LEASE => {
                    return Err(CopyError::InUse { database: self.name.clone(), nodes });
                }
                _ => std::thread::sleep(COPY_LEASE_POLL),
            }
        }
    }

    /// What waits there is no part of the copy.
    pub fn check_no_submissions(&mut self) -> Result<(), CopyError> {
        match self.tell(|side| ask!(side, waiting_submissions()))? {
            0 => Ok(()),
            count => Err(CopyError::Submissions { database: self.name.clone(), count }),
        }
    }

    pub fn page(
        &mut self,
        table: &CopiedTable,
        after: Option<&[Value]>,
    ) -> Result<Vec<Row>, CopyError> {
        self.tell(|side| ask!(side, page(table, after, COPY_ROWS)))
    }

    pub fn is_empty(&mut self, table: &CopiedTable) -> Result<bool, CopyError> {
        self.tell(|side| ask!(side, page(table, None, 1))).map(|rows| rows.is_empty())
    }

    /// Whether a copy into it has begun and is not finished.
    pub fn has_progress(&mut self) -> Result<bool, CopyError> {
        self.tell(|side| ask!(side, has_progress()))
    }

    pub fn begin(&mut self, source: &str, tables: &[CopiedTable]) -> Result<(), CopyError> {
        self.tell(|side| ask!(side, begin(source, tables)))
    }

    /// The source and the table of each row.
    pub fn progress(&mut self) -> Result<Vec<(String, String, Progress)>, CopyError> {
        self.tell(|side| ask!(side, progress()))
    }

    pub fn store(
        &mut self,
        table: &CopiedTable,
        rows: Vec<Row>,
        before: &Progress,
        after: &Progress,
    ) -> Result<(), CopyError> {
        match self.tell(|side| ask!(side, store(table, rows, before, after)))? {
            true => Ok(()),
            false => Err(CopyError::Another { database: self.name.clone() }),
        }
    }

    pub fn sequence(&mut self, table: &CopiedTable) -> Result<Option<i64>, CopyError> {
        self.tell(|side| ask!(side, sequence(table)))
    }

    pub fn set_sequence(&mut self, table: &CopiedTable, last: i64) -> Result<(), CopyError> {
        self.tell(|side| ask!(side, set_sequence(table, last)))
    }

    /// The life that its positions belong to.
    pub fn carried(&mut self) -> Result<(String, i64), CopyError> {
        self.tell(|side| ask!(side, carried()))
    }

    pub fn finish(&mut self, carried: &(String, i64)) -> Result<(), CopyError> {
        self.tell(|side| ask!(side, finish(carried)))
    }

    /// An error with the database's name.
    fn tell<T>(&mut self, query: impl FnOnce(&mut Self) -> QueryResult<T>) -> Result<T, CopyError> {
        let answer = query(self);
        answer.map_err(|error| CopyError::Failed { database: self.name.clone(), error })
    }
}

/// Whether both are one file, also under two names.
pub(super) fn are_one_file(from: &DatabaseUrl, to: &DatabaseUrl) -> bool {
    let whole = |url: &DatabaseUrl| std::fs::canonicalize(url.file()?).ok();
    whole(from).is_some_and(|from| whole(to) == Some(from))
}

/// The file's path from the root, which is what the target knows its source
/// by. SQLite would make a file that is not there.
fn whole_path(path: &Path) -> Result<String, Refused> {
    let whole = std::fs::canonicalize(path).map_err(|error| Refused::Open(error.to_string()))?;
    Ok(whole.display().to_string())
}
