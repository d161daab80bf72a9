//! Rooms: made, cleared, deleted.

use diesel::{
    ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
    RunQueryDsl, dsl::exists, select,
};

use super::{
    NewRoom, WriteError, WriteResult, Written,
    backend::Conn,
    member, message,
    schema::{members, messages, receipts, room_heads, rooms},
};
use crate::{
    domain::{Role, Room, RoomId, RoomKey, RoomKind, Seq, Timestamp},
    limits::PURGE_ROWS,
};

pub(super) fn create(conn: &mut Conn, new: &NewRoom) -> QueryResult<WriteResult> {
    let NewRoom { id, kind, title, owner, created_at, rooms_max } = new;
    let taken: bool =
        select(exists(rooms::table.filter(rooms::id.eq(id.as_str())))).get_result(conn)?;
    if taken {
        return Ok(Err(WriteError::IdTaken));
    }
    if member::has_rooms(conn, *owner, *rooms_max)? {
        return Ok(Err(WriteError::TooManyRooms));
    }
    let key: i64 = diesel::insert_into(rooms::table)
        .values((
            rooms::id.eq(id.as_str()),
            rooms::kind.eq(kind.as_str()),
            rooms::title.eq(&**title),
            rooms::created_at.eq(created_at.0),
        ))
        .returning(rooms::key)
        .get_result(conn)?;
    diesel::insert_into(room_heads::table)
        .values((room_heads::room_key.eq(key), room_heads::last_seq.eq(0)))
        .execute(conn)?;
    let key = RoomKey(key);
    member::insert(conn, key, *owner, Role::Owner, *created_at, Seq::ZERO)?;
    let (id, title) = (id.clone(), title.clone());
    Ok(Ok(Written::Room(Room { key, id, kind: *kind, title, created_at: *created_at })))
}

/// A room that has not been deleted.
pub(super) fn find(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<Room>> {
    let row = rooms::table
        .find(room.0)
        .filter(rooms::id.is_not_null())
        .select((rooms::id.assume_not_null(), rooms::kind, rooms::title, rooms::created_at))
        .first::<(String, String, String, i64)>(conn)
        .optional()?;
    Ok(row.map(|(id, kind, title, created_at)| Room {
        key: room,
        id: RoomId::from_stored(id),
        kind: RoomKind::parse(&kind).unwrap_or(RoomKind::Private),
        title: title.into(),
        created_at: Timestamp(created_at),
    }))
}

pub(super) fn head(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<Seq>> {
    let last = room_heads::table.find(room.0).select(room_heads::last_seq);
    last.first::<i64>(conn).optional().map(|last| last.map(Seq))
}

/// The room is gone for everyone at once; its messages go bit by bit.
pub(super) fn delete(conn: &mut Conn, room: RoomKey) -> QueryResult<WriteResult> {
    let there = rooms::table.find(room.0).filter(rooms::id.is_not_null());
    let deleted = diesel::update(there)
        .set((rooms::id.eq(None::<String>), rooms::purge_pending.eq(true)))
        .execute(conn)?;
    if deleted == 0 {
        return Ok(Err(WriteError::NoSuchRoom));
    }
    diesel::delete(room_heads::table.find(room.0)).execute(conn)?;
    diesel::delete(members::table.filter(members::room_key.eq(room.0))).execute(conn)?;
    diesel::delete(receipts::table.filter(receipts::room_key.eq(room.0))).execute(conn)?;
    Ok(Ok(Written::RoomDeleted))
}

/// Takes a `seq`, so that who comes back notices.
pub(super) fn clear(conn: &mut Conn, room: RoomKey) -> QueryResult<WriteResult> {
    let Some(seq) = message::advance_head(conn, room, 1)? else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    diesel::update(rooms::table.find(room.0))
        .set((rooms::floor_seq.eq(seq.0), rooms::purge_pending.eq(true)))
        .execute(conn)?;
    Ok(Ok(Written::RoomCleared { seq }))
}

/// Deletes some of the messages that nobody can see.
pub(super) fn purge(conn: &mut Conn, room: RoomKey) -> QueryResult<WriteResult> {
    let row = rooms::table.find(room.0).select((rooms::id, rooms::floor_seq));
    let Some((id, floor)) = row.first::<(Option<String>, i64)>(conn).optional()? else {
        return Ok(Ok(Written::Purged { more: false }));
    };
    let upto = if id.is_some() { floor } else { i64::MAX };
    let hidden =
        messages::table.filter(messages::room_key.eq(room.0)).filter(messages::seq.le(upto));
    let last: Option<i64> = hidden
        .order(messages::seq)
        .select(messages::seq)
        .offset(PURGE_ROWS - 1)
        .first(conn)
        .optional()?;
    let step = hidden.filter(messages::seq.le(last.unwrap_or(upto)));
    diesel::delete(step).execute(conn)?;
    if last.is_some() {
        return Ok(Ok(Written::Purged { more: true }));
    }
    if id.is_some() {
        let done = rooms::purge_pending.eq(false);
        diesel::update(rooms::table.find(room.0)).set(done).execute(conn)?;
    } else {
        diesel::delete(rooms::table.find(room.0)).execute(conn)?;
    }
    Ok(Ok(Written::Purged { more: false }))
}
