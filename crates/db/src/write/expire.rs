//! What is kept for a time only: inboxes, keys of publications, ids of users
//! who were deleted.

use parlor_domain::{Timestamp, limits::PURGE_ROWS};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, Written, on};

/// Deletes a bounded number of events and keys that are too old.
#[derive(Clone, Copy, Debug)]
pub struct Expire {
    pub inbox_before: Timestamp,
    pub keys_before: Timestamp,
    /// Deleted users of before are not known by their ids any more.
    pub ids_before: Timestamp,
}

impl Write for Expire {
    /// Whether there are more.
    type Outcome = bool;

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<bool> {
        on!(conn, expire, self)
    }

    fn effects(&self, _: &bool, _: &mut Effects) {}
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{inbox, publications},
        write::user::backend as user,
    };

    /// Deletes some of what is too old.
    pub(super) fn expire(conn: &mut Conn, expire: &Expire) -> Written<bool> {
        let Expire { inbox_before, keys_before, ids_before } = expire;
        user::forget_ids(conn, *ids_before)?;
        let old = inbox::table
            .filter(inbox::created_at.lt(inbox_before.0))
            .order(inbox::created_at)
            .limit(PURGE_ROWS)
            .select((inbox::user_key, inbox::inbox_seq))
            .load::<(i64, i64)>(conn)?;
        for (user, seq) in &old {
            diesel::delete(inbox::table.find((user, seq))).execute(conn)?;
        }
        let keys = publications::table
            .filter(publications::created_at.lt(keys_before.0))
            .order(publications::created_at)
            .limit(PURGE_ROWS)
            .select(publications::key)
            .load::<String>(conn)?;
        diesel::delete(publications::table.filter(publications::key.eq_any(&keys)))
            .execute(conn)?;
        let full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows >= PURGE_ROWS);
        Ok(full(old.len()) || full(keys.len()))
    }
}
