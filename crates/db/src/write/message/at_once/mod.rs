//! Plain messages stored together, as each database does it fastest.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use super::{NewMessage, Stored};

/// What became of messages of which no two have the same sender and `client_id`;
/// `None` where more has to be looked up to say so.
pub(crate) type Decided = Vec<Option<Stored>>;
