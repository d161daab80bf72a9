//! Direct rooms: one for two users, whoever opens it first.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::exists, select,
};

use super::{
    Conn, NewDirect, NewRoom, WriteError, WriteResult, Written, member, room,
    schema::{blocks, members, rooms},
    user,
};
use crate::domain::{Denied, Role, RoomKey, RoomKind, Seq, Timestamp, UserKey};

/// The text by which the room of two users is found.
fn pair([a, b]: [UserKey; 2]) -> String {
    format!("{}:{}", a.0.min(b.0), a.0.max(b.0))
}

fn find(conn: &mut Conn, users: [UserKey; 2]) -> QueryResult<Option<RoomKey>> {
    let room = rooms::table.filter(rooms::pair.eq(pair(users))).select(rooms::key);
    Ok(room.first::<i64>(conn).optional()?.map(RoomKey))
}

/// Finds or makes the room of two users.
pub(super) fn open(conn: &mut Conn, new: &NewDirect) -> QueryResult<WriteResult> {
    let NewDirect { id, users, created_at, rooms_max } = new;
    let [opener, other] = *users;
    if user::find(conn, other)?.is_none() {
        return Ok(Err(WriteError::NoSuchUser));
    }
    let blocks = has_blocked(conn, opener, other)?;
    let known = find(conn, *users)?;
    let (key, is_new) = match known {
        Some(key) => (key, false),
        None => {
            if has_blocked(conn, other, opener)? {
                return Ok(Err(WriteError::Denied(Denied::Blocked)));
            }
            for user in users {
                if member::has_rooms(conn, *user, *rooms_max)? {
                    return Ok(Err(WriteError::TooManyRooms));
                }
            }
            let room = NewRoom {
                id: id.clone(),
                kind: RoomKind::Direct,
                title: "".into(),
                topic: "".into(),
                custom: None,
                owner: opener,
                created_at: *created_at,
                rooms_max: *rooms_max,
            };
            let Some(key) = room::insert(conn, &room, Some(pair(*users)))? else {
                return Ok(Err(WriteError::IdTaken));
            };
            let start = room::head(conn, key)?.unwrap_or(Seq::ZERO);
            for user in users {
                member::insert(conn, key, *user, Role::Member, *created_at, start)?;
            }
            if blocks {
                mark_blocked(conn, key, other, true)?;
            }
            (key, true)
        }
    };
    let found = room::find(conn, key)?.zip(room::head(conn, key)?);
    let members = member::find(conn, key, opener)?.zip(member::find(conn, key, other)?);
    Ok(match found.zip(members) {
        Some(((room, last_seq), (one, two))) => {
            Ok(Written::Direct { room, members: [one, two], blocks, last_seq, is_new })
        }
        None => Err(WriteError::NoSuchRoom),
    })
}

fn has_blocked(conn: &mut Conn, user: UserKey, other: UserKey) -> QueryResult<bool> {
    select(exists(blocks::table.find((user.0, other.0)))).get_result(conn)
}

fn mark_blocked(conn: &mut Conn, room: RoomKey, user: UserKey, blocked: bool) -> QueryResult<()> {
    let row = diesel::update(members::table.find((room.0, user.0)));
    row.set(members::blocked.eq(blocked)).execute(conn).map(drop)
}

/// `user` does not want to hear from `other`, or does again. Gives their
/// direct room, in which `other` is now silent or not.
pub(super) fn block(
    conn: &mut Conn,
    user: UserKey,
    other: UserKey,
    blocks: bool,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    if blocks {
        diesel::insert_into(blocks::table)
            .values((
                blocks::user_key.eq(user.0),
                blocks::blocked_key.eq(other.0),
                blocks::created_at.eq(at.0),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
    } else {
        diesel::delete(blocks::table.find((user.0, other.0))).execute(conn)?;
    }
    let room = find(conn, [user, other])?;
    if let Some(room) = room {
        mark_blocked(conn, room, other, blocks)?;
    }
    Ok(Ok(Written::Blocked { room }))
}
