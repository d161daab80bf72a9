//! Read marks: watermarks that only rise.

use std::sync::Arc;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::case_when, upsert::excluded,
};

use super::{
    Conn, MarkedBy, RoomRead, WriteError, WriteResult, Written, room,
    schema::{blocks, members, messages, receipts, room_heads, rooms, users},
};
use parlor_domain::{
    ReadTarget, RoomId, RoomKey, Seq, Timestamp, UserId, UserKey, limits::READ_ALL_ROOMS,
};

/// Raises one mark; never past the head, never back. One who has left in the
/// meantime keeps no mark.
pub(super) fn raise(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    target: ReadTarget,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    let Some(head) = room::head(conn, room)? else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    let target = match target {
        ReadTarget::All => head,
        ReadTarget::Seq(seq) => seq.min(head),
        ReadTarget::Message(id) => {
            let seq = messages::table
                .filter(messages::id.eq(id.0))
                .filter(messages::room_key.eq(room.0))
                .select(messages::seq);
            match seq.first::<i64>(conn).optional()? {
                Some(seq) => Seq(seq),
                None => return Ok(Err(WriteError::NoSuchMessage)),
            }
        }
    };
    let known = receipts::table.find((room.0, user.0)).select(receipts::read_seq);
    let known = Seq(known.first::<i64>(conn).optional()?.unwrap_or(0));
    let by = if target > known { marker(conn, room, user)? } else { None };
    if by.is_none() {
        return Ok(Ok(Written::Read { read_seq: known, moved: None }));
    }
    store(conn, room, user, target, at)?;
    Ok(Ok(Written::Read { read_seq: target, moved: by }))
}

/// Who moves a mark in a room; `None` for who is no member.
fn marker(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<Option<MarkedBy>> {
    let member = members::table
        .find((room.0, user.0))
        .inner_join(users::table)
        .select((users::id.assume_not_null(), members::blocked))
        .first::<(String, bool)>(conn)
        .optional()?;
    let Some((id, is_hidden)) = member else { return Ok(None) };
    let (id, blocked) = (UserId::from_stored(id), blocked_by(conn, user)?);
    Ok(Some(MarkedBy { id, is_hidden, blocked }))
}

fn blocked_by(conn: &mut Conn, user: UserKey) -> QueryResult<Arc<[UserKey]>> {
    let blocked = blocks::table.filter(blocks::user_key.eq(user.0)).select(blocks::blocked_key);
    Ok(blocked.load::<i64>(conn)?.into_iter().map(UserKey).collect())
}

/// Raises what has reached a member's devices; what was read has.
pub(super) fn delivered(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    seq: Seq,
) -> QueryResult<WriteResult> {
    let Some(head) = room::head(conn, room)? else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    let seq = seq.min(head);
    let known = receipts::table
        .find((room.0, user.0))
        .select((receipts::read_seq, receipts::delivered_seq))
        .first::<(i64, i64)>(conn)
        .optional()?;
    let known = known.map_or(0, |(read, delivered)| read.max(delivered));
    let by = if seq.0 > known { marker(conn, room, user)? } else { None };
    if by.is_none() {
        return Ok(Ok(Written::Delivered { seq: Seq(known), moved: None }));
    }
    diesel::insert_into(receipts::table)
        .values((
            receipts::room_key.eq(room.0),
            receipts::user_key.eq(user.0),
            receipts::read_seq.eq(0),
            receipts::read_at.eq(0),
            receipts::delivered_seq.eq(seq.0),
        ))
        .on_conflict((receipts::room_key, receipts::user_key))
        .do_update()
        .set(receipts::delivered_seq.eq(excluded(receipts::delivered_seq)))
        .execute(conn)?;
    Ok(Ok(Written::Delivered { seq, moved: by }))
}

/// Raises a user's marks to the heads of their rooms, some of those that are
/// behind.
pub(super) fn raise_all(conn: &mut Conn, user: UserKey, at: Timestamp) -> QueryResult<WriteResult> {
    let mark =
        receipts::room_key.eq(members::room_key).and(receipts::user_key.eq(members::user_key));
    let behind = members::table
        .inner_join(rooms::table)
        .inner_join(users::table)
        .inner_join(room_heads::table.on(room_heads::room_key.eq(members::room_key)))
        .left_join(receipts::table.on(mark))
        .filter(members::user_key.eq(user.0))
        .filter(receipts::read_seq.is_null().and(room_heads::last_seq.gt(0)).or(
            room_heads::last_seq.nullable().gt(receipts::read_seq.nullable()).assume_not_null(),
        ))
        .filter(rooms::id.is_not_null())
        .select((
            (rooms::key, rooms::id.assume_not_null(), room_heads::last_seq),
            (users::id.assume_not_null(), members::blocked),
        ))
        .limit(READ_ALL_ROOMS)
        .load::<((i64, String, i64), (String, bool))>(conn)?;
    let blocked = if behind.is_empty() { Arc::default() } else { blocked_by(conn, user)? };
    let mut moved = Vec::with_capacity(behind.len());
    for ((key, room, head), (id, is_hidden)) in behind {
        let (key, room, seq) = (RoomKey(key), RoomId::from_stored(room), Seq(head));
        store(conn, key, user, seq, at)?;
        let by = MarkedBy { id: UserId::from_stored(id), is_hidden, blocked: blocked.clone() };
        moved.push(RoomRead { key, room, seq, by });
    }
    Ok(Ok(Written::ReadAll(moved)))
}

fn store(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    seq: Seq,
    at: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(receipts::table)
        .values((
            receipts::room_key.eq(room.0),
            receipts::user_key.eq(user.0),
            receipts::read_seq.eq(seq.0),
            receipts::read_at.eq(at.0),
            receipts::delivered_seq.eq(0),
        ))
        .on_conflict((receipts::room_key, receipts::user_key))
        .do_update()
        .set((
            receipts::read_seq.eq(case_when(
                receipts::read_seq.lt(excluded(receipts::read_seq)),
                excluded(receipts::read_seq),
            )
            .otherwise(receipts::read_seq)),
            receipts::read_at.eq(excluded(receipts::read_at)),
        ))
        .execute(conn)?;
    let member = members::table.find((room.0, user.0)).filter(members::unread_after.lt(seq.0));
    diesel::update(member).set(members::unread_after.eq(seq.0)).execute(conn)?;
    Ok(())
}
