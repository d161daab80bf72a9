//! Which messages are being written, and when their writers were last known to be there.

use parlor_macros::each_backend;

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
    use parlor_domain::{MessageId, Timestamp};

    use crate::{backend::Conn, schema::streams};

    pub fn begin(conn: &mut Conn, id: MessageId, at: Timestamp) -> QueryResult<()> {
        diesel::insert_into(streams::table)
            .values((streams::message_id.eq(id.0), streams::heard_at.eq(at.0)))
            .execute(conn)
            .map(drop)
    }

    pub fn end(conn: &mut Conn, id: MessageId) -> QueryResult<()> {
        diesel::delete(streams::table.find(id.0)).execute(conn).map(drop)
    }
}
