//! The index in a table of PostgreSQL.

mod index;
mod indexer;
mod rows;

use crate::postgres::Conn;

pub(super) use index::TableIndex;
pub(super) use indexer::keep_up;
