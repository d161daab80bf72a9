//! A room's row, and the head of its timeline.

use parlor_domain::{Room, RoomKey, RoomKind, Seq};
use parlor_macros::each_backend;

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        rows::room::{RoomRow, columns},
        schema::{room_heads, rooms},
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

    /// Moves a room's head on; gives where it is now.
    pub fn advance_head(conn: &mut Conn, room: RoomKey, count: i64) -> QueryResult<Option<Seq>> {
        diesel::update(room_heads::table.find(room.0))
            .set(room_heads::last_seq.eq(room_heads::last_seq + count))
            .returning(room_heads::last_seq)
            .get_result(conn)
            .optional()
            .map(|last| last.map(Seq))
    }
}
