//! Who is a member of which room, and as what.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::exists, select,
};

use super::{
    Conn, MemberChange, WriteError, WriteResult, Written, ban, contact, former, receipt, room,
    schema::{members, receipts, rooms},
    user,
};
use parlor_domain::{
    Adder, Denied, Member, ReadTarget, Role, RoomBounds, RoomKey, RoomKind, Seq, Standing,
    Timestamp, UserKey,
};

/// A membership as it begins.
pub(super) struct NewMember {
    pub room: RoomKey,
    pub user: UserKey,
    pub role: Role,
    pub at: Timestamp,
    pub head: Seq,
    pub adder: Adder,
}

pub(super) fn insert(conn: &mut Conn, new: NewMember) -> QueryResult<()> {
    let NewMember { room, user, role, at, head, adder } = new;
    let (role, muted_until) = former::take(conn, room, user, role)?;
    diesel::insert_into(members::table)
        .values((
            members::room_key.eq(room.0),
            members::user_key.eq(user.0),
            members::role.eq(role.as_str()),
            members::joined_at.eq(at.0),
            members::unread_after.eq(head.0),
            members::muted_until.eq(muted_until.map(|until| until.0)),
            members::placed_by.eq(adder.stored()),
        ))
        .execute(conn)?;
    if count(conn, room, 1)? == 1 {
        // Somebody has come back.
        let left = rooms::table.find(room.0).filter(rooms::left_at.is_not_null());
        diesel::update(left).set(rooms::left_at.eq(None::<i64>)).execute(conn)?;
    }
    Ok(())
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
        .select((members::role, members::muted_until, members::blocked, members::peer_deleted))
        .first::<(String, Option<i64>, bool, bool)>(conn)
        .optional()?;
    Ok(row.map(|(role, muted_until, blocked, peer_deleted)| Standing {
        role: Role::parse(&role).unwrap_or(Role::ReadOnly),
        muted_until: muted_until.map(Timestamp),
        blocked,
        peer_deleted,
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

/// Somebody who is to be in a room.
pub(super) struct Adding<'a> {
    pub room: RoomKey,
    pub user: UserKey,
    pub role: Role,
    pub at: Timestamp,
    pub adder: Adder,
    pub bounds: &'a RoomBounds,
    pub mark_read: bool,
}

/// Adds a member; one who is there already stays as they are.
pub(super) fn add(conn: &mut Conn, adding: &Adding<'_>) -> QueryResult<WriteResult> {
    let Adding { room, user, role, at, adder, bounds, mark_read } = *adding;
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
        if let Err(refused) = contact::check(conn, adder, user, bounds)? {
            return Ok(Err(refused));
        }
        // Whoever comes into a room that all have left is its owner.
        let role = if count(conn, room, 0)? == 0 { Role::Owner } else { role };
        insert(conn, NewMember { room, user, role, at, head: last_seq, adder })?;
    } else if adder == Adder::Oneself {
        adopt(conn, room, user, bounds)?;
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
    let marked = match read {
        Ok(Written::Read { moved, .. }) => moved,
        _ => None,
    };
    let member_count = count(conn, room, 0)?;
    Ok(Ok(Written::MemberAdded { member, room: found, last_seq, member_count, is_new, marked }))
}

/// Who joins a room that they were put into makes it one of their own, if
/// there is a place for that.
fn adopt(conn: &mut Conn, room: RoomKey, user: UserKey, bounds: &RoomBounds) -> QueryResult<()> {
    if !was_placed(conn, room, user)?
        || contact::has_place(conn, Adder::Oneself, user, bounds)?.is_err()
    {
        return Ok(());
    }
    let row = diesel::update(members::table.find((room.0, user.0)));
    row.set(members::placed_by.eq(Adder::Oneself.stored())).execute(conn).map(drop)
}

/// Whether somebody else put a member into a room.
fn was_placed(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<bool> {
    let row = members::table.find((room.0, user.0)).filter(members::placed_by.is_not_null());
    select(exists(row)).get_result(conn)
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

/// The last owner cannot leave others behind without one; but who was put
/// into the room, and made its owner, can always leave.
pub(super) fn remove(
    conn: &mut Conn,
    room: RoomKey,
    user: UserKey,
    by: Option<Role>,
    is_self: bool,
) -> QueryResult<WriteResult> {
    let Some(Standing { role, .. }) = standing(conn, room, user)? else {
        return Ok(Ok(Written::MemberRemoved { existed: false, member_count: 0, heir: None }));
    };
    if let Err(refused) = outranks(by, role) {
        return Ok(Err(refused));
    }
    if room::kind(conn, room)? == Some(RoomKind::Direct) {
        return Ok(Err(WriteError::Denied(Denied::Direct)));
    }
    let leaves_others = is_last_owner(conn, room, user, role)?
        && select(exists(others(room, user))).get_result(conn)?;
    if leaves_others && !(is_self && was_placed(conn, room, user)?) {
        return Ok(Err(WriteError::OwnerOfOthers));
    }
    let member_count = delete(conn, room, user)?;
    let heir = if leaves_others { inherit(conn, room)? } else { None };
    Ok(Ok(Written::MemberRemoved { existed: true, member_count, heir }))
}

/// A room whose only owner is gone gets the highest of its members, the one
/// who came first.
pub(super) fn inherit(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<Member>> {
    for role in Role::ALL.into_iter().rev() {
        let first = members::table
            .filter(members::room_key.eq(room.0))
            .filter(members::role.eq(role.as_str()))
            .order((members::joined_at, members::user_key))
            .select(members::user_key);
        let Some(user) = first.first::<i64>(conn).optional()?.map(UserKey) else { continue };
        if role == Role::Owner {
            return Ok(None);
        }
        set_role(conn, room, user, Role::Owner)?;
        return find(conn, room, user);
    }
    Ok(None)
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
    from: Option<UserKey>,
    to: UserKey,
) -> QueryResult<WriteResult> {
    if room::kind(conn, room)? == Some(RoomKind::Direct) {
        return Ok(Err(WriteError::Denied(Denied::Direct)));
    }
    let owners = match from {
        Some(from) => {
            let owns = standing(conn, room, from)?.is_some_and(|from| from.role == Role::Owner);
            if !owns {
                return Ok(Err(WriteError::Denied(Denied::NotOwner)));
            }
            vec![from]
        }
        None => owners(conn, room)?,
    };
    if standing(conn, room, to)?.is_none() {
        return Ok(Err(WriteError::NoSuchMember));
    }
    let mut changed = Vec::with_capacity(owners.len() + 1);
    for owner in owners.into_iter().filter(|owner| *owner != to) {
        set_role(conn, room, owner, Role::Moderator)?;
        changed.extend(find(conn, room, owner)?);
    }
    set_role(conn, room, to, Role::Owner)?;
    changed.extend(find(conn, room, to)?);
    Ok(Ok(Written::OwnerTransferred(changed)))
}

fn owners(conn: &mut Conn, room: RoomKey) -> QueryResult<Vec<UserKey>> {
    let keys = members::table
        .filter(members::room_key.eq(room.0))
        .filter(members::role.eq(Role::Owner.as_str()))
        .select(members::user_key)
        .load::<i64>(conn)?;
    Ok(keys.into_iter().map(UserKey).collect())
}
