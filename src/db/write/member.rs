//! Who is a member of which room, and as what.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::exists, select,
};

use super::{
    Conn, MemberChange, WriteError, WriteResult, Written, ban, former, receipt, room,
    schema::{members, receipts, rooms},
    user,
};
use crate::domain::{
    Denied, Member, ReadTarget, Role, RoomKey, RoomKind, Seq, Standing, Timestamp, UserKey,
};

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
    let (role, muted_until) = former::take(conn, room, user, role)?;
    diesel::insert_into(members::table)
        .values((
            members::room_key.eq(room.0),
            members::user_key.eq(user.0),
            members::role.eq(role.as_str()),
            members::joined_at.eq(at.0),
            members::unread_after.eq(head.0),
            members::muted_until.eq(muted_until.map(|until| until.0)),
        ))
        .execute(conn)?;
    count(conn, room, 1).map(drop)
}

/// Moves a room's number of members; gives what it is now.
fn count(conn: &mut Conn, room: RoomKey, difference: i64) -> QueryResult<i64> {
    diesel::update(rooms::table.find(room.0))
        .set(rooms::member_count.eq(rooms::member_count + difference))
        .returning(rooms::member_count)
        .get_result(conn)
}

/// How a member stands in a room; `None` for who is none.
pub(super) fn standing(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
) -> QueryResult<Option<Standing>> {
    let row = members::table
        .find((room.0, user.0))
        .select((members::role, members::muted_until, members::blocked))
        .first::<(String, Option<i64>, bool)>(conn)
        .optional()?;
    Ok(row.map(|(role, muted_until, blocked)| Standing {
        role: Role::parse(&role).unwrap_or(Role::ReadOnly),
        muted_until: muted_until.map(Timestamp),
        blocked,
    }))
}

pub(super) fn find(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<Option<Member>> {
    let row = members::table
        .find((room.0, user.0))
        .select((members::role, members::muted_until, members::joined_at))
        .first::<(String, Option<i64>, i64)>(conn)
        .optional()?;
    let Some((role, muted_until, joined_at)) = row else { return Ok(None) };
    Ok(user::find(conn, user)?.map(|user| Member {
        user,
        role: Role::parse(&role).unwrap_or(Role::ReadOnly),
        muted_until: muted_until.map(Timestamp),
        joined_at: Timestamp(joined_at),
    }))
}

/// Adds a member; one who is there already stays as they are.
pub(super) fn add(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    role: Role,
    at: Timestamp,
    rooms_max: i64,
    mark_read: bool,
) -> QueryResult<WriteResult> {
    let Some((found, last_seq)) = room::find(conn, room)?.zip(room::head(conn, room)?) else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    if user::find(conn, user)?.is_none() {
        return Ok(Err(WriteError::NoSuchUser));
    }
    let known = find(conn, room, user)?;
    let is_new = known.is_none();
    if is_new {
        if found.kind == RoomKind::Direct {
            return Ok(Err(WriteError::Denied(Denied::Direct)));
        }
        if ban::holds(conn, room, user, at)? {
            return Ok(Err(WriteError::UserBanned));
        }
        if has_rooms(conn, user, rooms_max)? {
            return Ok(Err(WriteError::TooManyRooms));
        }
        // Whoever comes into a room that all have left is its owner.
        let role = if count(conn, room, 0)? == 0 { Role::Owner } else { role };
        insert(conn, room, user, role, at, last_seq)?;
    }
    let Some(member) = (match known {
        Some(member) => Some(member),
        None => find(conn, room, user)?,
    }) else {
        return Ok(Err(WriteError::NoSuchUser));
    };
    let read = match mark_read {
        true => receipt::raise(conn, room, user, ReadTarget::All, at)?,
        false => Ok(Written::Done),
    };
    let marked = matches!(read, Ok(Written::Read { moved: true, .. }));
    let member_count = count(conn, room, 0)?;
    Ok(Ok(Written::MemberAdded { member, room: found, last_seq, member_count, is_new, marked }))
}

/// Whether one with the role `by` may do something to a member with `role`.
fn outranks(by: Option<Role>, role: Role) -> Result<(), WriteError> {
    match by {
        Some(by) if !by.manages(role) => Err(WriteError::Denied(Denied::Outranked)),
        _ => Ok(()),
    }
}

/// Whether a room would be without an owner if not for this one.
fn is_last_owner(conn: &mut Conn, room: RoomKey, user: UserKey, role: Role) -> QueryResult<bool> {
    if role != Role::Owner {
        return Ok(false);
    }
    let owners = others(room, user).filter(members::role.eq(Role::Owner.as_str()));
    let has_owner: bool = select(exists(owners)).get_result(conn)?;
    Ok(!has_owner)
}

#[diesel::dsl::auto_type]
fn others(room: RoomKey, user: UserKey) -> _ {
    let (room, user): (i64, i64) = (room.0, user.0);
    members::table.filter(members::room_key.eq(room)).filter(members::user_key.ne(user))
}

/// The last owner cannot leave others behind without one.
pub(super) fn remove(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    by: Option<Role>,
) -> QueryResult<WriteResult> {
    let Some(Standing { role, .. }) = standing(conn, room, user)? else {
        return Ok(Ok(Written::MemberRemoved { existed: false, member_count: 0 }));
    };
    if let Err(refused) = outranks(by, role) {
        return Ok(Err(refused));
    }
    if room::kind(conn, room)? == Some(RoomKind::Direct) {
        return Ok(Err(WriteError::Denied(Denied::Direct)));
    }
    if is_last_owner(conn, room, user, role)?
        && select(exists(others(room, user))).get_result(conn)?
    {
        return Ok(Err(WriteError::OwnerOfOthers));
    }
    let member_count = delete(conn, room, user)?;
    Ok(Ok(Written::MemberRemoved { existed: true, member_count }))
}

/// Takes a membership and its marks away; gives the number of members left.
pub(super) fn delete(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<i64> {
    if let Some(standing) = standing(conn, room, user)? {
        former::keep(conn, room, user, standing)?;
    }
    let deleted = diesel::delete(members::table.find((room.0, user.0))).execute(conn)?;
    diesel::delete(receipts::table.find((room.0, user.0))).execute(conn)?;
    count(conn, room, -i64::try_from(deleted).unwrap_or(0))
}

/// Changes a member's role or mutes them.
pub(super) fn update(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    by: Option<Role>,
    change: MemberChange,
) -> QueryResult<WriteResult> {
    let MemberChange { role, muted_until } = change;
    let Some(known) = standing(conn, room, user)? else {
        return Ok(Err(WriteError::NoSuchMember));
    };
    if let Err(refused) = outranks(by, known.role) {
        return Ok(Err(refused));
    }
    if room::kind(conn, room)? == Some(RoomKind::Direct) {
        return Ok(Err(WriteError::Denied(Denied::Direct)));
    }
    if let Some(role) = role {
        // Roles are for owners to give.
        if by.is_some_and(|by| by < Role::Owner) {
            return Ok(Err(WriteError::Denied(Denied::NotOwner)));
        }
        if role != Role::Owner && is_last_owner(conn, room, user, known.role)? {
            return Ok(Err(WriteError::OwnerOfOthers));
        }
        set_role(conn, room, user, role)?;
    }
    if let Some(until) = muted_until {
        diesel::update(members::table.find((room.0, user.0)))
            .set(members::muted_until.eq(until.map(|until| until.0)))
            .execute(conn)?;
    }
    Ok(match find(conn, room, user)? {
        Some(member) => Ok(Written::MemberUpdated(member)),
        None => Err(WriteError::NoSuchMember),
    })
}

pub(super) fn set_role(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    role: Role,
) -> QueryResult<()> {
    let row = diesel::update(members::table.find((room.0, user.0)));
    row.set(members::role.eq(role.as_str())).execute(conn).map(drop)
}

/// Hands a room over.
pub(super) fn transfer(
    conn: &mut Conn,
    room: RoomKey,
    from: UserKey,
    to: UserKey,
) -> QueryResult<WriteResult> {
    if standing(conn, room, from)?.is_none_or(|standing| standing.role != Role::Owner) {
        return Ok(Err(WriteError::Denied(Denied::NotOwner)));
    }
    if standing(conn, room, to)?.is_none() {
        return Ok(Err(WriteError::NoSuchMember));
    }
    set_role(conn, room, from, Role::Moderator)?;
    set_role(conn, room, to, Role::Owner)?;
    let members = find(conn, room, from)?.zip(find(conn, room, to)?);
    Ok(match members {
        Some((from, to)) => Ok(Written::OwnerTransferred([from, to])),
        None => Err(WriteError::NoSuchMember),
    })
}
