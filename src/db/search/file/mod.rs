//! The index in a file, with FTS5.

mod index;
mod indexer;

pub(super) use index::FileIndex;
