//! The index in a table of PostgreSQL.

mod index;
mod indexer;

pub(super) use index::TableIndex;
pub(super) use indexer::keep_up;
