//! Who is a member of which room.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::exists, select,
};

use super::{
    WriteError, WriteResult, Written,
    backend::Conn,
    room,
    schema::{members, receipts},
    user,
};
use crate::domain::{Member, Role, RoomKey, Seq, Timestamp, UserKey};

/// Whether a user is in as many rooms as allowed.
pub(super) fn has_rooms(conn: &mut Conn, user: UserKey, rooms_max: i64) -> QueryResult<bool> {
    let count: i64 =
        members::table.filter(members::user_key.eq(user.0)).count().get_result(conn)?;
    Ok(count >= rooms_max)
}

pub(super) fn insert(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    role: Role,
    at: Timestamp,
    head: Seq,
) -> QueryResult<()> {
    diesel::insert_into(members::table)
        .values((
            members::room_key.eq(room.0),
            members::user_key.eq(user.0),
            members::role.eq(role.as_str()),
            members::joined_at.eq(at.0),
            members::unread_after.eq(head.0),
        ))
        .execute(conn)
        .map(drop)
}

/// Adds a member; one who is there already stays as they are.
pub(super) fn add(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    role: Role,
    at: Timestamp,
    rooms_max: i64,
) -> QueryResult<WriteResult> {
    let Some((found, last_seq)) = room::find(conn, room)?.zip(room::head(conn, room)?) else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    let Some(new) = user::find(conn, user)? else {
        return Ok(Err(WriteError::NoSuchUser));
    };
    let known = members::table
        .find((room.0, user.0))
        .select((members::role, members::joined_at))
        .first::<(String, i64)>(conn)
        .optional()?;
    let is_new = known.is_none();
    let (role, joined_at) = match known {
        Some((role, at)) => (Role::parse(&role).unwrap_or(Role::Member), Timestamp(at)),
        None => (role, at),
    };
    if is_new {
        if has_rooms(conn, user, rooms_max)? {
            return Ok(Err(WriteError::TooManyRooms));
        }
        insert(conn, room, user, role, at, last_seq)?;
    }
    let member = Member { user: new, role, joined_at };
    Ok(Ok(Written::MemberAdded { member, room: found, last_seq, is_new }))
}

/// An owner cannot leave others behind without an owner.
pub(super) fn remove(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<WriteResult> {
    let role = members::table.find((room.0, user.0)).select(members::role);
    let Some(role) = role.first::<String>(conn).optional()? else {
        return Ok(Ok(Written::MemberRemoved { existed: false }));
    };
    let others =
        members::table.filter(members::room_key.eq(room.0)).filter(members::user_key.ne(user.0));
    if role == Role::Owner.as_str() && select(exists(others)).get_result::<bool>(conn)? {
        return Ok(Err(WriteError::OwnerOfOthers));
    }
    diesel::delete(members::table.find((room.0, user.0))).execute(conn)?;
    diesel::delete(receipts::table.find((room.0, user.0))).execute(conn)?;
    Ok(Ok(Written::MemberRemoved { existed: true }))
}
