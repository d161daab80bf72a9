//! What a thread's root tells of its replies.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
    dsl::{count_star, max},
};

use super::{advance_head, select};
use crate::{
    db::{backend::Conn, schema::messages},
    domain::{Message, MessageId, RoomKey},
};

/// Counts a root's replies anew; the change takes a `seq`. Gives the root as
/// it is then; `None` if it cannot be seen any more.
pub(super) fn refresh(conn: &mut Conn, root: MessageId) -> QueryResult<Option<Message>> {
    let room = messages::table.find(root.0).select(messages::room_key);
    let Some(room) = room.first::<i64>(conn).optional()? else { return Ok(None) };
    let (count, last) = messages::table
        .filter(messages::thread_id.eq(root.0))
        .filter(messages::deleted_at.is_null())
        .select((count_star(), max(messages::id)))
        .first::<(i64, Option<i64>)>(conn)?;
    let Some(seq) = advance_head(conn, RoomKey(room), 1)? else { return Ok(None) };
    diesel::update(messages::table.find(root.0))
        .set((
            messages::changed_seq.eq(seq.0),
            messages::thread_count.eq(Some(count)),
            messages::thread_last.eq(last),
        ))
        .execute(conn)?;
    select::find(conn, root)
}
