//! On SQLite: a statement a message, which costs no round trip.

use diesel::{
    Connection, QueryResult,
    result::{DatabaseErrorKind::UniqueViolation, Error::DatabaseError},
};

use super::{Decided, NewMessage};
use crate::{Recorded, WriteError, sqlite::Conn, write::message::sqlite::insert_fresh};

/// Repeats of what is stored already are rare, so messages are first stored as if
/// there were none. If the database finds one, nothing of that has happened.
/// What may not be written now may have been stored before.
pub(crate) fn store_messages(conn: &mut Conn, messages: &[&NewMessage]) -> QueryResult<Decided> {
    match conn.transaction(|conn| insert_fresh(conn, messages)) {
        Err(DatabaseError(UniqueViolation, _)) => Ok(vec![None; messages.len()]),
        stored => {
            let is_final = |stored: &_| !matches!(stored, Err(WriteError::Denied(_)));
            Ok(stored?.into_iter().map(|stored| Some(stored).filter(is_final)).collect())
        }
    }
}

/// A transaction costs no round trips.
pub(crate) fn commit_messages(
    _: &mut Conn,
    _: &[&NewMessage],
) -> QueryResult<Option<(Decided, Option<Recorded>)>> {
    Ok(None)
}
