//! Full-text search, behind the write path.
//!
//! Beside SQLite the index is a file of its own with its own write lock, so
//! that indexing never waits for a group commit nor holds one up; on
//! PostgreSQL it is a table that one of the nodes fills. It has no text, only
//! words, which are found here and not by the database ([`words`](crate::words)), so that
//! both find the same. It is made from the messages: it can be deleted at any
//! time. What it finds is looked up among the messages that can be seen, so
//! an entry that is out of date shows nobody anything.

mod changed;
mod document;
mod file;
mod highlight;
mod pace;
mod progress;
mod query;
mod term;
mod tsvector;

use super::{Database, DatabaseUrl, writers::Writers};
use parlor_domain::{MessageId, RoomKey, Timestamp, UserKey};

pub use query::SearchQuery;

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

/// What is looked for, and where.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub query: SearchQuery,
    pub rooms: Vec<RoomKey>,
    pub sender: Option<UserKey>,
    /// Said at this time or later.
    pub from: Option<Timestamp>,
    /// Said before.
    pub to: Option<Timestamp>,
    pub sort: Sort,
    pub offset: i64,
    pub limit: i64,
}

impl Wanted {
    /// The times between which it was said.
    fn times(&self) -> (i64, i64) {
        (self.from.map_or(i64::MIN, |time| time.0), self.to.map_or(i64::MAX, |time| time.0))
    }
}

/// The index; clones share its connections.
#[derive(Clone)]
pub struct SearchIndex(Kind);

#[derive(Clone)]
enum Kind {
    File(file::FileIndex),
    Tsvector(tsvector::TableIndex),
}

impl SearchIndex {
    /// Opens the index of a database, makes it if it is not there, and keeps
    /// it up to date from now on, on a thread of its own. Beside SQLite one of
    /// another life of the database is made anew; in PostgreSQL none is read
    /// or filled but in the life of the `opened` one. Blocking.
    ///
    /// # Errors
    /// If there can be no such thread. An index that cannot be opened is made
    /// anew as soon as that is possible; until then nothing can be searched,
    /// and all else goes on.
    pub fn start(url: &DatabaseUrl, opened: &Database) -> std::io::Result<Self> {
        let kind = match (url, &opened.writers) {
            (DatabaseUrl::Sqlite(path), _) => {
                let index = file::FileIndex::open(path, opened.reader.life());
                file::keep_up(index.clone(), path.clone())?;
                Kind::File(index)
            }
            (DatabaseUrl::Postgres(url), Writers::Postgres { guard, .. }) => {
                let index = tsvector::TableIndex::open(url, guard, &opened.reader);
                tsvector::keep_up(url.clone(), guard.clone())?;
                Kind::Tsvector(index)
            }
            (DatabaseUrl::Postgres(_), Writers::Sqlite { .. }) => {
                return Err(std::io::Error::other("another database was opened"));
            }
        };
        Ok(Self(kind))
    }

    /// The ids of what was found, and whether there is more.
    pub async fn find(&self, wanted: Wanted) -> Result<(Vec<Hit>, bool), String> {
        match &self.0 {
            Kind::File(index) => {
                let index = index.clone();
                let finding = tokio::task::spawn_blocking(move || index.find(&wanted));
                finding.await.map_err(|error| error.to_string())?
            }
            Kind::Tsvector(index) => {
                let found = index.find(&wanted).await;
                found.map_err(|error| error.to_string())
            }
        }
    }
}
