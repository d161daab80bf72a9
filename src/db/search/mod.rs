//! Full-text search, in a database file of its own.
//!
//! The index lies beside the database and has its own write lock, so that
//! indexing never waits for a group commit nor holds one up. It has no text,
//! only words, and is made from the messages: it can be deleted at any time.
//! What it finds is looked up among the messages that can be seen, so an
//! entry that is out of date shows nobody anything.

mod index;
mod indexer;
mod query;

pub use index::{Highlights, Hit, SearchIndex, Sort, Wanted};
pub use query::SearchQuery;
