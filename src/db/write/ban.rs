//! Who may not come into a room.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult,
    RunQueryDsl, dsl::exists, select, upsert::excluded,
};

use super::{Conn, WriteError, WriteResult, Written, member, room, schema::bans};
use parlor_domain::{Denied, Role, RoomKey, RoomKind, Timestamp, UserKey};

/// Whether a user is kept out now.
pub(super) fn holds(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    now: Timestamp,
) -> QueryResult<bool> {
    let ban = bans::table
        .filter(bans::room_key.eq(room.0))
        .filter(bans::user_key.eq(user.0))
        .filter(bans::until.is_null().or(bans::until.assume_not_null().gt(now.0)));
    select(exists(ban)).get_result(conn)
}

/// Removes a member and keeps them out. Also who is none can be banned.
pub(super) fn add(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    by: Option<Role>,
    until: Option<Timestamp>,
    reason: &str,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    match room::kind(conn, room)? {
        None => return Ok(Err(WriteError::NoSuchRoom)),
        Some(RoomKind::Direct) => return Ok(Err(WriteError::Denied(Denied::Direct))),
        Some(_) => {}
    }
    let (was_member, member_count) = match member::remove(conn, room, user, by, false)? {
        Ok(Written::MemberRemoved { existed, member_count, heir: _ }) => (existed, member_count),
        Ok(_) => (false, 0),
        Err(refused) => return Ok(Err(refused)),
    };
    diesel::insert_into(bans::table)
        .values((
            bans::room_key.eq(room.0),
            bans::user_key.eq(user.0),
            bans::until.eq(until.map(|until| until.0)),
            bans::reason.eq(reason),
            bans::created_at.eq(at.0),
        ))
        .on_conflict((bans::room_key, bans::user_key))
        .do_update()
        .set((
            bans::until.eq(excluded(bans::until)),
            bans::reason.eq(excluded(bans::reason)),
            bans::created_at.eq(excluded(bans::created_at)),
        ))
        .execute(conn)?;
    Ok(Ok(Written::Banned { was_member, member_count }))
}

pub(super) fn remove(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<WriteResult> {
    let removed = diesel::delete(bans::table.find((room.0, user.0))).execute(conn)?;
    Ok(Ok(Written::Unbanned { existed: removed > 0 }))
}
