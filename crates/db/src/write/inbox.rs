//! What comes into a user's inbox.

use parlor_domain::{AppEvent, Seq, UserKey};
use parlor_macros::each_backend;

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::{AppEvent, Seq, UserKey};
    use crate::{backend::Conn, schema::inbox, write::timeline::backend as timeline};

    /// Puts an event into an inbox, which keeps so many; the oldest goes. Gives its place,
    /// and where the inbox began.
    pub fn append(
        conn: &mut Conn,
        user: UserKey,
        event: &AppEvent,
        keep: i64,
    ) -> QueryResult<(Seq, Seq)> {
        let (seq, start) = timeline::advance_inbox(conn, user)?;
        diesel::insert_into(inbox::table)
            .values((
                inbox::user_key.eq(user.0),
                inbox::inbox_seq.eq(seq.0),
                inbox::kind.eq(event.kind.as_str()),
                inbox::data.eq(&*event.data),
                inbox::created_at.eq(event.at.0),
            ))
            .execute(conn)?;
        let full = inbox::table
            .filter(inbox::user_key.eq(user.0))
            .filter(inbox::inbox_seq.le(seq.0 - keep));
        diesel::delete(full).execute(conn)?;
        Ok((seq, start))
    }
}
