//! Full-text search, behind the write path.
//!
//! Beside SQLite the index is a file of its own with its own write lock, so
//! that indexing never waits for a group commit nor holds one up; on
//! PostgreSQL it is a table that one of the nodes fills. It has no text, only
//! words, and is made from the messages: it can be deleted at any time. What
//! it finds is looked up among the messages that can be seen, so an entry
//! that is out of date shows nobody anything.

mod file;
mod highlight;
mod query;
mod tsvector;

use super::DatabaseUrl;
use crate::domain::{MessageId, RoomKey, UserKey};

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

/// Where the words are in a message: ranges of characters.
pub type Highlights = (MessageId, Vec<(usize, usize)>);

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
    /// it up to date from now on, on a thread of its own. Blocking.
    pub fn start(database: &DatabaseUrl) -> Result<Self, String> {
        let kind = match database {
            DatabaseUrl::Sqlite(path) => {
                let index = file::FileIndex::open(path)?;
                index.keep_up(path.clone()).map_err(|error| error.to_string())?;
                Kind::File(index)
            }
            DatabaseUrl::Postgres(url) => {
                let index = tsvector::TableIndex::open(url)?;
                tsvector::keep_up(url.clone()).map_err(|error| error.to_string())?;
                Kind::Tsvector(index)
            }
        };
        Ok(Self(kind))
    }

    /// Blocking: the ids of what was found, and whether there is more.
    pub fn find(&self, wanted: &Wanted) -> Result<(Vec<Hit>, bool), String> {
        match &self.0 {
            Kind::File(index) => index.find(wanted),
            Kind::Tsvector(index) => index.find(wanted),
        }
    }

    /// Blocking: where in these texts the words are, as ranges of characters.
    pub fn highlights(
        &self,
        query: &SearchQuery,
        texts: &[(MessageId, String)],
    ) -> Result<Vec<Highlights>, String> {
        highlight::highlights(query, texts)
    }
}
