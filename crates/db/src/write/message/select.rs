//! Reads whole messages inside a transaction.

use parlor_domain::{Message, MessageId};
use parlor_macros::each_backend;

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        rows::message::{MessageRow, assemble, columns, quote_columns, quoted_ids, visible},
        schema::messages,
    };

    /// A message that can be seen, as it is now.
    pub fn find(conn: &mut Conn, id: MessageId) -> QueryResult<Option<Message>> {
        let query = visible().filter(messages::id.eq(id.0)).select(columns());
        let Some(row) = query.first::<MessageRow>(conn).optional()? else { return Ok(None) };
        let rows = vec![row];
        let ids = quoted_ids(&rows);
        let quotes = if ids.is_empty() {
            Vec::new()
        } else {
            visible().filter(messages::id.eq_any(ids)).select(quote_columns()).load(conn)?
        };
        Ok(assemble(rows, quotes).pop())
    }
}
