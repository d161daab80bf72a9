//! Rooms: made, cleared, deleted.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
    RunQueryDsl, dsl::exists, select,
};

use super::{
    Conn, Maker, NewRoom, WriteError, WriteResult, Written, attachment, contact, life,
    member::{self, NewMember},
    message,
    rows::room::{RoomRow, columns},
    schema::{
        bans, former_members, members, mentions, messages, reactions, receipts, room_events,
        room_heads, rooms,
    },
    user,
};
use parlor_domain::{
    Adder, Retention, Role, Room, RoomChange, RoomKey, RoomKind, Seq, Timestamp, limits::PURGE_ROWS,
};

pub(super) fn create(conn: &mut Conn, new: &NewRoom) -> QueryResult<WriteResult> {
    let (owner, adder) = (new.owner, Adder::Oneself);
    if user::find(conn, owner)?.is_none() {
        return Ok(Err(WriteError::NoSuchUser));
    }
    if let Err(refused) = contact::has_place(conn, adder, owner, &new.bounds)? {
        return Ok(Err(refused));
    }
    if made_enough(conn, new.made_by)? {
        return Ok(Err(WriteError::TooManyRooms));
    }
    let Some(key) = insert(conn, new, None)? else {
        return Ok(Err(WriteError::IdTaken));
    };
    let last_seq = head(conn, key)?.unwrap_or(Seq::ZERO);
    let (room, user, role) = (key, owner, Role::Owner);
    let (at, head) = (new.created_at, last_seq);
    member::insert(conn, NewMember { room, user, role, at, head, adder })?;
    Ok(match find(conn, key)? {
        Some(room) => Ok(Written::Room { room, last_seq }),
        None => Err(WriteError::NoSuchRoom),
    })
}

/// Whether somebody has made as many rooms as there may be, whoever is in them
/// now.
pub(super) fn made_enough(conn: &mut Conn, maker: Option<Maker>) -> QueryResult<bool> {
    let Some(Maker { user, rooms_max }) = maker else { return Ok(false) };
    let made = rooms::table.filter(rooms::made_by.eq(user.0)).filter(rooms::id.is_not_null());
    Ok(made.count().get_result::<i64>(conn)? >= rooms_max)
}

/// Makes an empty room; `None` if its id is taken.
pub(super) fn insert(
    conn: &mut Conn,
    new: &NewRoom,
    pair: Option<String>,
) -> QueryResult<Option<RoomKey>> {
    let NewRoom { id, kind, title, topic, custom, owner: _, made_by, created_at, bounds: _ } = new;
    let taken: bool =
        select(exists(rooms::table.filter(rooms::id.eq(id.as_str())))).get_result(conn)?;
    if taken {
        return Ok(None);
    }
    let Seq(start) = life::start_of_room(conn, id)?;
    let key: i64 = diesel::insert_into(rooms::table)
        .values((
            rooms::id.eq(id.as_str()),
            rooms::kind.eq(kind.as_str()),
            rooms::title.eq(&**title),
            rooms::topic.eq(&**topic),
            rooms::custom.eq(custom.as_deref()),
            rooms::pair.eq(pair),
            rooms::made_by.eq(made_by.map(|maker| maker.user.0)),
            rooms::created_at.eq(created_at.0),
            // Nothing of it is before.
            rooms::floor_seq.eq(start),
        ))
        .returning(rooms::key)
        .get_result(conn)?;
    diesel::insert_into(room_heads::table)
        .values((
            room_heads::room_key.eq(key),
            room_heads::last_seq.eq(start),
            room_heads::start_seq.eq(start),
        ))
        .execute(conn)?;
    Ok(Some(RoomKey(key)))
}

/// A room that has not been deleted.
pub(super) fn find(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<Room>> {
    let query = rooms::table.find(room.0).filter(rooms::id.is_not_null()).select(columns());
    Ok(query.first::<RoomRow>(conn).optional()?.map(Room::from))
}

pub(super) fn kind(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<RoomKind>> {
    Ok(find(conn, room)?.map(|room| room.kind))
}

/// Changes what the owner decides about a room.
pub(super) fn update(
    conn: &mut Conn,
    room: RoomKey,
    change: &RoomChange,
) -> QueryResult<WriteResult> {
    let RoomChange { title, topic, custom } = change;
    let row = || diesel::update(rooms::table.find(room.0));
    if let Some(title) = title {
        row().set(rooms::title.eq(&**title)).execute(conn)?;
    }
    if let Some(topic) = topic {
        row().set(rooms::topic.eq(&**topic)).execute(conn)?;
    }
    if let Some(custom) = custom {
        row().set(rooms::custom.eq(custom.as_deref())).execute(conn)?;
    }
    Ok(match find(conn, room)? {
        Some(room) => Ok(Written::RoomUpdated(room)),
        None => Err(WriteError::NoSuchRoom),
    })
}

/// What a room keeps of its history.
pub(super) fn set_retention(
    conn: &mut Conn,
    room: RoomKey,
    retention: Retention,
) -> QueryResult<WriteResult> {
    let there = rooms::table.find(room.0).filter(rooms::id.is_not_null());
    let Retention { age_ms, messages } = retention;
    let set = diesel::update(there)
        .set((rooms::keep_ms.eq(age_ms), rooms::keep_messages.eq(messages)))
        .execute(conn)?;
    Ok(if set > 0 { Ok(Written::Done) } else { Err(WriteError::NoSuchRoom) })
}

pub(super) fn head(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<Seq>> {
    let last = room_heads::table.find(room.0).select(room_heads::last_seq);
    last.first::<i64>(conn).optional().map(|last| last.map(Seq))
}

/// The room is gone for everyone at once; its messages go bit by bit.
pub(super) fn delete(conn: &mut Conn, room: RoomKey) -> QueryResult<WriteResult> {
    let Some(Room { id, .. }) = find(conn, room)? else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    life::retire_room(conn, room, &id)?;
    diesel::update(rooms::table.find(room.0))
        .set((
            rooms::id.eq(None::<String>),
            rooms::pair.eq(None::<String>),
            rooms::purge_pending.eq(true),
        ))
        .execute(conn)?;
    diesel::delete(room_heads::table.find(room.0)).execute(conn)?;
    diesel::delete(members::table.filter(members::room_key.eq(room.0))).execute(conn)?;
    diesel::delete(receipts::table.filter(receipts::room_key.eq(room.0))).execute(conn)?;
    diesel::delete(bans::table.filter(bans::room_key.eq(room.0))).execute(conn)?;
    let former = former_members::table.filter(former_members::room_key.eq(room.0));
    diesel::delete(former).execute(conn)?;
    Ok(Ok(Written::RoomDeleted(id)))
}

/// A room that nobody is in: somebody may have come in the meantime. The
/// application's rooms stay, but for a direct one, whose two users were both
/// deleted: nobody can ever come into that again.
#[diesel::dsl::auto_type]
fn left(room: RoomKey) -> _ {
    let (key, nobody): (i64, i64) = (room.0, 0);
    let direct: &'static str = RoomKind::Direct.as_str();
    rooms::table
        .find(key)
        .filter(rooms::id.is_not_null())
        .filter(rooms::made_by.is_not_null().or(rooms::kind.eq(direct)))
        .filter(rooms::member_count.eq(nobody))
}

/// The end of a room that everybody has left: an open one waits for somebody.
pub(super) fn end(
    conn: &mut Conn,
    room: RoomKey,
    open_since: Timestamp,
) -> QueryResult<WriteResult> {
    let found = left(room).select((rooms::kind, rooms::left_at));
    let Some((kind, left_at)) = found.first::<(String, Option<i64>)>(conn).optional()? else {
        return Ok(Ok(Written::Done));
    };
    let is_open = RoomKind::parse(&kind).is_some_and(RoomKind::is_open);
    if is_open && left_at.is_none_or(|at| at > open_since.0) {
        return Ok(Ok(Written::Done));
    }
    delete(conn, room)
}

/// From now on it is known that everybody has left.
pub(super) fn note_left(conn: &mut Conn, room: RoomKey, at: Timestamp) -> QueryResult<WriteResult> {
    let unknown = left(room).filter(rooms::left_at.is_null());
    diesel::update(unknown).set(rooms::left_at.eq(Some(at.0))).execute(conn)?;
    Ok(Ok(Written::Done))
}

/// Takes a `seq`, so that who comes back notices.
pub(super) fn clear(conn: &mut Conn, room: RoomKey) -> QueryResult<WriteResult> {
    let Some(seq) = message::advance_head(conn, room, 1)? else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    raise_floor(conn, room, seq, seq)?;
    Ok(Ok(Written::RoomCleared { seq, upto: seq }))
}

/// Hides what a room does not keep any more; takes a `seq`, too.
pub(super) fn trim(conn: &mut Conn, room: RoomKey, upto: Seq) -> QueryResult<WriteResult> {
    let Some(seq) = message::advance_head(conn, room, 1)? else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    raise_floor(conn, room, upto.min(seq), seq)?;
    Ok(Ok(Written::RoomCleared { seq, upto: upto.min(seq) }))
}

/// `at` is the position that this takes in the timeline.
fn raise_floor(conn: &mut Conn, room: RoomKey, floor: Seq, at: Seq) -> QueryResult<()> {
    diesel::update(rooms::table.find(room.0).filter(rooms::floor_seq.lt(floor.0)))
        .set((
            rooms::floor_seq.eq(floor.0),
            rooms::cleared_seq.eq(at.0),
            rooms::purge_pending.eq(true),
        ))
        .execute(conn)
        .map(drop)
}

/// Deletes some of the rows that nobody can see.
pub(super) fn purge(conn: &mut Conn, room: RoomKey) -> QueryResult<WriteResult> {
    let row = rooms::table.find(room.0).select((rooms::id, rooms::floor_seq));
    let Some((id, floor)) = row.first::<(Option<String>, i64)>(conn).optional()? else {
        return Ok(Ok(Written::Purged { more: false }));
    };
    let upto = if id.is_some() { floor } else { i64::MAX };
    if purge_messages(conn, room, upto)? || purge_events(conn, room, upto)? {
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

/// Some of a room's messages, with what belongs to them; says whether there
/// are more.
fn purge_messages(conn: &mut Conn, room: RoomKey, upto: i64) -> QueryResult<bool> {
    let step = messages::table
        .filter(messages::room_key.eq(room.0))
        .filter(messages::seq.le(upto))
        .order(messages::seq)
        .limit(PURGE_ROWS)
        .select(messages::id)
        .load::<i64>(conn)?;
    attachment::release(conn, &step)?;
    diesel::delete(reactions::table.filter(reactions::message_id.eq_any(&step))).execute(conn)?;
    diesel::delete(mentions::table.filter(mentions::message_id.eq_any(&step))).execute(conn)?;
    diesel::delete(messages::table.filter(messages::id.eq_any(&step))).execute(conn)?;
    Ok(i64::try_from(step.len()).is_ok_and(|rows| rows >= PURGE_ROWS))
}

fn purge_events(conn: &mut Conn, room: RoomKey, upto: i64) -> QueryResult<bool> {
    let step = room_events::table
        .filter(room_events::room_key.eq(room.0))
        .filter(room_events::seq.le(upto))
        .order(room_events::seq)
        .limit(PURGE_ROWS)
        .select(room_events::seq)
        .load::<i64>(conn)?;
    let of_room = room_events::table.filter(room_events::room_key.eq(room.0));
    diesel::delete(of_room.filter(room_events::seq.eq_any(&step))).execute(conn)?;
    Ok(i64::try_from(step.len()).is_ok_and(|rows| rows >= PURGE_ROWS))
}
