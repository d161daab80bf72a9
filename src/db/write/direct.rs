//! Direct rooms: one for two users, whoever opens it first.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{
    Conn, NewDirect, NewRoom, WriteError, WriteResult, Written,
    contact::{self, has_blocked},
    member::{self, NewMember},
    room,
    schema::{blocks, members, rooms},
    user,
};
use parlor_domain::{
    Adder, Denied, Role, RoomKey, RoomKind, Seq, Timestamp, UserKey, limits::BLOCKS_PER_USER,
};

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
    let NewDirect { id, users, by_backend, made_by, created_at, bounds } = new;
    let [opener, other] = *users;
    for user in [opener, other] {
        if user::find(conn, user)?.is_none() {
            return Ok(Err(WriteError::NoSuchUser));
        }
    }
    let blocks = has_blocked(conn, opener, other)?;
    let known = find(conn, *users)?;
    let (key, is_new) = match known {
        Some(key) => (key, false),
        None => {
            // Also the application opens no room for one who is blocked.
            if has_blocked(conn, other, opener)? {
                return Ok(Err(WriteError::Denied(Denied::Blocked)));
            }
            let adders = match by_backend {
                true => [Adder::Backend; 2],
                false => [Adder::Oneself, Adder::Other(opener)],
            };
            for (user, adder) in users.iter().zip(adders) {
                if let Err(refused) = contact::check(conn, adder, *user, bounds)? {
                    return Ok(Err(refused));
                }
            }
            if room::made_enough(conn, *made_by)? {
                return Ok(Err(WriteError::TooManyRooms));
            }
            let room = NewRoom {
                id: id.clone(),
                kind: RoomKind::Direct,
                title: "".into(),
                topic: "".into(),
                custom: None,
                owner: opener,
                made_by: *made_by,
                created_at: *created_at,
                bounds: *bounds,
            };
            let Some(key) = room::insert(conn, &room, Some(pair(*users)))? else {
                return Ok(Err(WriteError::IdTaken));
            };
            let head = room::head(conn, key)?.unwrap_or(Seq::ZERO);
            for (user, adder) in users.iter().zip(adders) {
                let (room, user, role) = (key, *user, Role::Member);
                let at = *created_at;
                member::insert(conn, NewMember { room, user, role, at, head, adder })?;
            }
            if blocks {
                mark_blocked(conn, key, true)?;
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

/// In a room where one has blocked the other both are silent: who writes to
/// somebody wants an answer.
fn mark_blocked(conn: &mut Conn, room: RoomKey, blocked: bool) -> QueryResult<()> {
    let rows = diesel::update(members::table.filter(members::room_key.eq(room.0)));
    rows.set(members::blocked.eq(blocked)).execute(conn).map(drop)
}

/// `user` does not want to hear from `other`, or does again. Gives their
/// direct room, in which both are now silent or not.
pub(super) fn block(
    conn: &mut Conn,
    user: UserKey,
    other: UserKey,
    blocks: bool,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    for user in [user, other] {
        if user::find(conn, user)?.is_none() {
            return Ok(Err(WriteError::NoSuchUser));
        }
    }
    if blocks {
        let known = blocks::table.filter(blocks::user_key.eq(user.0)).count();
        if known.get_result::<i64>(conn)? >= BLOCKS_PER_USER && !has_blocked(conn, user, other)? {
            return Ok(Err(WriteError::TooManyBlocks));
        }
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
    // The other one may have blocked this one, too.
    let silent = blocks || has_blocked(conn, other, user)?;
    let room = find(conn, [user, other])?;
    if let Some(room) = room {
        mark_blocked(conn, room, silent)?;
    }
    Ok(Ok(Written::Blocked { room, silent }))
}
