//! What administrators did.

use diesel::{ExpressionMethods, QueryResult, RunQueryDsl};

use super::{AuditEntry, Conn, WriteResult, Written, schema::audit};

pub(super) fn record(conn: &mut Conn, entry: &AuditEntry) -> QueryResult<WriteResult> {
    let AuditEntry { at, actor, action, target, detail } = entry;
    diesel::insert_into(audit::table)
        .values((
            audit::at.eq(at.0),
            audit::actor.eq(&**actor),
            audit::action.eq(&**action),
            audit::target.eq(&**target),
            audit::detail.eq(&**detail),
        ))
        .execute(conn)?;
    Ok(Ok(Written::Done))
}
