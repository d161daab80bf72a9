//! The key under which something is published once.

use parlor_domain::{PublicationKey, Seq, Timestamp, User};
use parlor_macros::each_backend;

use crate::db::Concern;

/// A key is its publisher's own, and may be used in several places. The stream
/// of services is one publisher, beside those over REST.
pub(super) fn placed(
    key: Option<PublicationKey>,
    by: &User,
    place: &str,
) -> Option<PublicationKey> {
    key.map(|key| key.at(&format!("by {} {place}", by.key.0)))
}

/// What is published under one key at the same time is published once.
pub(super) fn named(key: Option<&PublicationKey>) -> Option<Concern> {
    key.map(|key| Concern::name("publication", key.as_str()))
}

#[each_backend]
pub(super) mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

    use super::{PublicationKey, Seq, Timestamp};
    use parlor_db::{backend::Conn, schema::publications};

    /// The place under which a key was published before.
    pub fn published(conn: &mut Conn, key: Option<&PublicationKey>) -> QueryResult<Option<Seq>> {
        let Some(key) = key else { return Ok(None) };
        let known = publications::table.find(key.as_str()).select(publications::position);
        known.first::<i64>(conn).optional().map(|known| known.map(Seq))
    }

    pub fn remember(
        conn: &mut Conn,
        key: Option<&PublicationKey>,
        position: Seq,
        at: Timestamp,
    ) -> QueryResult<()> {
        let Some(key) = key else { return Ok(()) };
        diesel::insert_into(publications::table)
            .values((
                publications::key.eq(key.as_str()),
                publications::position.eq(position.0),
                publications::created_at.eq(at.0),
            ))
            .execute(conn)
            .map(drop)
    }
}
