//! The index in a file, with FTS5.

mod index;
mod indexer;
mod schema;
mod store;

use crate::sqlite::Conn;

pub(super) use index::FileIndex;
pub(super) use indexer::keep_up;
