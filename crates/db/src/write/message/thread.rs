//! What a thread's root tells of its replies.
//!
//! The number is moved by one, not counted anew: a thread may have any number
//! of replies, and the write lane would be held for all of them.

use parlor_domain::{Message, MessageId, RoomKey, UserKey};
use parlor_macros::each_backend;

/// As much of a root as its thread needs.
struct Root {
    id: MessageId,
    room: RoomKey,
    count: i64,
    last: Option<i64>,
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::exists,
    };

    use super::*;
    use crate::{
        backend::Conn,
        rows::message::visible,
        schema::{members, messages},
        write::message::select::backend as select,
        write::timeline::backend as timeline,
    };

    /// The root of the thread that a message of a room is in, or would begin.
    pub fn root_of(
        conn: &mut Conn,
        id: MessageId,
        room: RoomKey,
    ) -> QueryResult<Option<MessageId>> {
        let thread = visible()
            .filter(messages::id.eq(id.0))
            .filter(messages::room_key.eq(room.0))
            .select(messages::thread_id)
            .first::<Option<i64>>(conn)
            .optional()?;
        Ok(thread.map(|root| root.map_or(id, MessageId)))
    }

    /// Where the thread is that a message is in, or would begin, if a user is a member there.
    pub fn of_member(
        conn: &mut Conn,
        id: MessageId,
        user: UserKey,
    ) -> QueryResult<Option<(RoomKey, MessageId)>> {
        let is_member = members::table
            .filter(members::room_key.eq(messages::room_key))
            .filter(members::user_key.eq(user.0));
        let place = visible()
            .filter(messages::id.eq(id.0))
            .filter(exists(is_member))
            .select((messages::room_key, messages::thread_id))
            .first::<(i64, Option<i64>)>(conn)
            .optional()?;
        Ok(place.map(|(room, root)| (RoomKey(room), root.map_or(id, MessageId))))
    }

    /// A root that can be seen.
    fn find(conn: &mut Conn, id: MessageId) -> QueryResult<Option<Root>> {
        let row = visible()
            .filter(messages::id.eq(id.0))
            .select((messages::room_key, messages::thread_count, messages::thread_last))
            .first::<(i64, Option<i64>, Option<i64>)>(conn)
            .optional()?;
        Ok(row.map(|(room, count, last)| Root {
            id,
            room: RoomKey(room),
            count: count.unwrap_or(0),
            last,
        }))
    }

    /// A reply came. The change takes a `seq`; gives the root as it is then, and
    /// `None` if it cannot be seen any more.
    pub fn replied(
        conn: &mut Conn,
        root: MessageId,
        reply: MessageId,
    ) -> QueryResult<Option<Message>> {
        let Some(root) = find(conn, root)? else { return Ok(None) };
        store(conn, Root { count: root.count + 1, last: Some(reply.0), ..root })
    }

    /// A reply was deleted.
    pub fn lost(
        conn: &mut Conn,
        root: MessageId,
        reply: MessageId,
    ) -> QueryResult<Option<Message>> {
        let Some(root) = find(conn, root)? else { return Ok(None) };
        let last = if root.last == Some(reply.0) { newest(conn, root.id)? } else { root.last };
        store(conn, Root { count: root.count - 1, last, ..root })
    }

    /// The newest reply that has not been deleted.
    fn newest(conn: &mut Conn, root: MessageId) -> QueryResult<Option<i64>> {
        messages::table
            .filter(messages::thread_id.eq(root.0))
            .filter(messages::deleted_at.is_null())
            .order(messages::seq.desc())
            .select(messages::id)
            .first(conn)
            .optional()
    }

    fn store(conn: &mut Conn, root: Root) -> QueryResult<Option<Message>> {
        let Root { id, room, count, last } = root;
        let Some(seq) = timeline::advance_head(conn, room, 1)? else { return Ok(None) };
        diesel::update(messages::table.find(id.0))
            .set((
                messages::changed_seq.eq(seq.0),
                messages::thread_count.eq(Some(count)),
                messages::thread_last.eq(last),
            ))
            .execute(conn)?;
        select::find(conn, id)
    }
}
