//! What administrators did.

use parlor_domain::AuditEntry;
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, Written, on};

impl Write for AuditEntry {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, record, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, RunQueryDsl};

    use super::*;
    use crate::{backend::Conn, schema::audit};

    pub fn record(conn: &mut Conn, entry: &AuditEntry) -> Written<()> {
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
        Ok(())
    }
}
