//! A room's row, and the heads of timelines: of rooms and of inboxes.

use parlor_domain::{Room, RoomKey, RoomKind, Seq, UserKey};
use parlor_macros::each_backend;

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl, dsl::exists, select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        rows::room::{RoomRow, columns},
        schema::{inbox_heads, messages, room_heads, rooms},
        write::life::backend as life,
    };

    /// A room that has not been deleted.
    pub fn find(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<Room>> {
        let query = rooms::table.find(room.0).filter(rooms::id.is_not_null()).select(columns());
        Ok(query.first::<RoomRow>(conn).optional()?.map(Room::from))
    }

    pub fn kind(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<RoomKind>> {
        Ok(find(conn, room)?.map(|room| room.kind))
    }

    pub fn head(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<Seq>> {
        let last = room_heads::table.find(room.0).select(room_heads::last_seq);
        last.first::<i64>(conn).optional().map(|last| last.map(Seq))
    }

    /// Whether anything was written behind a position, also what is gone by now.
    pub fn has_messages_after(conn: &mut Conn, room: RoomKey, seq: i64) -> QueryResult<bool> {
        let written =
            messages::table.filter(messages::room_key.eq(room.0)).filter(messages::seq.gt(seq));
        let gone = rooms::table.find(room.0).filter(rooms::floor_seq.gt(seq));
        select(exists(written).or(exists(gone))).get_result(conn)
    }

    /// Moves a room's head on; gives where it is now.
    pub fn advance_head(conn: &mut Conn, room: RoomKey, count: i64) -> QueryResult<Option<Seq>> {
        diesel::update(room_heads::table.find(room.0))
            .set(room_heads::last_seq.eq(room_heads::last_seq + count))
            .returning(room_heads::last_seq)
            .get_result(conn)
            .optional()
            .map(|last| last.map(Seq))
    }

    /// Moves an inbox's head on, which begins with its first event; gives where
    /// it is now, and where it began.
    pub fn advance_inbox(conn: &mut Conn, user: UserKey) -> QueryResult<(Seq, Seq)> {
        let moved = diesel::update(inbox_heads::table.find(user.0))
            .set(inbox_heads::last_seq.eq(inbox_heads::last_seq + 1))
            .returning((inbox_heads::last_seq, inbox_heads::start_seq))
            .get_result::<(i64, i64)>(conn)
            .optional()?;
        if let Some((seq, start)) = moved {
            return Ok((Seq(seq), Seq(start)));
        }
        let Seq(start) = life::start_of_inbox(conn)?;
        diesel::insert_into(inbox_heads::table)
            .values((
                inbox_heads::user_key.eq(user.0),
                inbox_heads::last_seq.eq(start + 1),
                inbox_heads::acked_seq.eq(start),
                inbox_heads::start_seq.eq(start),
            ))
            .execute(conn)?;
        Ok((Seq(start + 1), Seq(start)))
    }
}
