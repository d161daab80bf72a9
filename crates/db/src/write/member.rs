//! Who is a member of which room, and as what.

use parlor_domain::{
    Adder, Denied, Member, Role, Room, RoomBounds, RoomKey, RoomKind, Seq, Standing, Timestamp,
    UserKey,
};
use parlor_macros::each_backend;

use super::{
    Concern, Conn, Effects, WebhookEvent, Write, WriteError, Written, on, receipt::MarkedBy,
};
use crate::{Happened, Left};

/// Adds a member; one who is there already stays as they are.
#[derive(Clone, Copy, Debug)]
pub struct AddMember {
    pub room: RoomKey,
    pub user: UserKey,
    pub role: Role,
    pub at: Timestamp,
    pub adder: Adder,
    pub bounds: RoomBounds,
    /// What was said before is read.
    pub mark_read: bool,
}

/// A member who has come.
#[derive(Clone, Debug)]
pub struct Added {
    pub member: Member,
    pub room: Room,
    pub last_seq: Seq,
    pub member_count: i64,
    pub is_new: bool,
    /// If the read mark moved to the head.
    pub marked: Option<MarkedBy>,
}

impl Write for AddMember {
    type Outcome = Added;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Added> {
        on!(conn, add, self)
    }

    fn effects(&self, added: &Added, effects: &mut Effects) {
        let (room, user) = (self.room, self.user);
        if added.is_new {
            let members = Some(added.member_count);
            effects.happened(|| Happened::Joined { room: room.0, user: user.0, members });
            effects.webhook(|| WebhookEvent::of_member("member.joined", room, user));
        }
        if let Some(by) = &added.marked {
            effects.happened(|| by.has_read(room, user, added.last_seq));
        }
    }
}

/// Removes a member. `by` is the role of who does it, if that decides: what an
/// administrator does, or a user to themselves, is decided already.
#[derive(Clone, Copy, Debug)]
pub struct RemoveMember {
    pub room: RoomKey,
    pub user: UserKey,
    pub by: Option<Role>,
    /// The user leaves.
    pub is_self: bool,
}

/// A member who has gone.
#[derive(Clone, Debug)]
pub struct Removed {
    /// How many are left.
    pub member_count: i64,
    /// Who owns the room now, if that has changed.
    pub heir: Option<Member>,
}

impl Removed {
    pub fn effects(&self, room: RoomKey, user: UserKey, why: Left, effects: &mut Effects) {
        let members = self.member_count;
        effects.happened(|| Happened::Left { room: room.0, user: user.0, why, members });
        effects.webhook(|| WebhookEvent::left(room, user, why));
        if let Some(heir) = &self.heir {
            effects.member(room, heir);
        }
    }
}

impl Write for RemoveMember {
    /// `None` if the user was no member.
    type Outcome = Option<Removed>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<Removed>> {
        on!(conn, remove, self)
    }

    fn effects(&self, removed: &Option<Removed>, effects: &mut Effects) {
        if let Some(removed) = removed {
            let why = if self.is_self { Left::Left } else { Left::Removed };
            removed.effects(self.room, self.user, why, effects);
        }
    }
}

/// A membership as it begins.
pub struct NewMember {
    pub room: RoomKey,
    pub user: UserKey,
    pub role: Role,
    pub at: Timestamp,
    pub head: Seq,
    pub adder: Adder,
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::exists,
        select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, receipts, rooms},
        write::{
            ban::backend as ban,
            contact::backend as contact,
            error::settled,
            follow::backend as follow,
            former::{Back, backend as former},
            receipt::backend as receipt,
            timeline::backend as timeline,
            user::backend as user,
        },
    };

    pub fn insert(conn: &mut Conn, new: NewMember) -> QueryResult<()> {
        let NewMember { room, user, role, at, head, adder } = new;
        let Back { role, muted_until, spoke_at } = former::take(conn, room, user, role)?;
        diesel::insert_into(members::table)
            .values((
                members::room_key.eq(room.0),
                members::user_key.eq(user.0),
                members::role.eq(role.as_str()),
                members::joined_at.eq(at.0),
                members::unread_after.eq(head.0),
                members::muted_until.eq(muted_until.map(|until| until.0)),
                members::placed_by.eq(adder.stored()),
                members::spoke_at.eq(spoke_at.map(|at| at.0)),
            ))
            .execute(conn)?;
        if count(conn, room, 1)? == 1 {
            is_left_no_more(conn, room)?;
        }
        Ok(())
    }

    /// Somebody has come back into a room that all had left.
    pub(in crate::write) fn is_left_no_more(conn: &mut Conn, room: RoomKey) -> QueryResult<()> {
        let left = rooms::table.find(room.0).filter(rooms::left_at.is_not_null());
        diesel::update(left).set(rooms::left_at.eq(None::<i64>)).execute(conn).map(drop)
    }

    /// Moves a room's number of members; gives what it is now.
    pub(in crate::write) fn count(
        conn: &mut Conn,
        room: RoomKey,
        difference: i64,
    ) -> QueryResult<i64> {
        diesel::update(rooms::table.find(room.0))
            .set(rooms::member_count.eq(rooms::member_count + difference))
            .returning(rooms::member_count)
            .get_result(conn)
    }

    /// How a member stands in a room; `None` for who is none.
    pub fn standing(
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

    pub fn find(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<Option<Member>> {
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

    pub(super) fn add(conn: &mut Conn, adding: &AddMember) -> Written<Added> {
        let AddMember { room, user, role, at, adder, ref bounds, mark_read } = *adding;
        let there = timeline::find(conn, room)?.zip(timeline::head(conn, room)?);
        let (found, last_seq) = there.ok_or(WriteError::NoSuchRoom)?;
        if user::find(conn, user)?.is_none() {
            return Err(WriteError::NoSuchUser.into());
        }
        let known = find(conn, room, user)?;
        let is_new = known.is_none();
        if is_new {
            if found.kind == RoomKind::Direct {
                return Err(Denied::Direct.into());
            }
            if ban::holds(conn, room, user, at)? {
                return Err(WriteError::UserBanned.into());
            }
            contact::check(conn, adder, user, bounds)?;
            // Whoever comes into a room that all have left is its owner.
            let is_heir = !found.ownerless && count(conn, room, 0)? == 0;
            let role = if is_heir { Role::Owner } else { role };
            insert(conn, NewMember { room, user, role, at, head: last_seq, adder })?;
        } else if adder == Adder::Oneself {
            adopt(conn, room, user, bounds)?;
        }
        let member = match known {
            Some(member) => member,
            None => find(conn, room, user)?.ok_or(WriteError::NoSuchUser)?,
        };
        let marked = match mark_read {
            true => receipt::raise(conn, room, user, last_seq, at)?.moved,
            false => None,
        };
        let member_count = count(conn, room, 0)?;
        Ok(Added { member, room: found, last_seq, member_count, is_new, marked })
    }

    /// Who joins a room that they were put into makes it one of their own, if
    /// there is a place for that.
    fn adopt(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        bounds: &RoomBounds,
    ) -> QueryResult<()> {
        let has_place =
            |conn: &mut Conn| settled(contact::has_place(conn, Adder::Oneself, user, bounds));
        if !was_placed(conn, room, user)? || has_place(conn)?.is_err() {
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

    /// The role of a member to whom one with the role `by` may do something;
    /// `None` for who is no member.
    pub fn managed(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        by: Option<Role>,
    ) -> Written<Option<Role>> {
        let Some(Standing { role, .. }) = standing(conn, room, user)? else { return Ok(None) };
        if by.is_some_and(|by| !by.manages(role)) {
            return Err(Denied::Outranked.into());
        }
        match timeline::kind(conn, room)? {
            Some(RoomKind::Direct) => Err(Denied::Direct.into()),
            _ => Ok(Some(role)),
        }
    }

    /// Whether a room that needs an owner would be without one if not for this one.
    pub fn is_last_owner(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        role: Role,
    ) -> QueryResult<bool> {
        if role != Role::Owner {
            return Ok(false);
        }
        let owners = others(room, user).filter(members::role.eq(Role::Owner.as_str()));
        let has_owner: bool = select(exists(owners)).get_result(conn)?;
        Ok(!has_owner && !is_ownerless(conn, room)?)
    }

    fn is_ownerless(conn: &mut Conn, room: RoomKey) -> QueryResult<bool> {
        Ok(timeline::find(conn, room)?.is_some_and(|room| room.ownerless))
    }

    #[diesel::dsl::auto_type]
    fn others(room: RoomKey, user: UserKey) -> _ {
        let (room, user): (i64, i64) = (room.0, user.0);
        members::table.filter(members::room_key.eq(room)).filter(members::user_key.ne(user))
    }

    /// The last owner cannot leave others behind without one; but who was put
    /// into the room, and made its owner, can always leave.
    pub fn remove(conn: &mut Conn, removing: &RemoveMember) -> Written<Option<Removed>> {
        let RemoveMember { room, user, by, is_self } = *removing;
        let Some(role) = managed(conn, room, user, by)? else { return Ok(None) };
        let leaves_others = is_last_owner(conn, room, user, role)?
            && select(exists(others(room, user))).get_result(conn)?;
        if leaves_others && !(is_self && was_placed(conn, room, user)?) {
            return Err(WriteError::OwnerOfOthers.into());
        }
        let member_count = delete(conn, room, user)?;
        let heir = if leaves_others { inherit(conn, room)? } else { None };
        Ok(Some(Removed { member_count, heir }))
    }

    /// A room whose only owner is gone gets the highest of its members, the one
    /// who came first.
    pub fn inherit(conn: &mut Conn, room: RoomKey) -> QueryResult<Option<Member>> {
        if is_ownerless(conn, room)? {
            return Ok(None);
        }
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
    pub fn delete(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<i64> {
        if let Some(standing) = standing(conn, room, user)? {
            former::keep(conn, room, user, standing)?;
        }
        let deleted = diesel::delete(members::table.find((room.0, user.0))).execute(conn)?;
        diesel::delete(receipts::table.find((room.0, user.0))).execute(conn)?;
        follow::left(conn, room, &[user.0])?;
        count(conn, room, -i64::try_from(deleted).unwrap_or(0))
    }

    pub fn set_role(conn: &mut Conn, room: RoomKey, user: UserKey, role: Role) -> QueryResult<()> {
        let row = diesel::update(members::table.find((room.0, user.0)));
        row.set(members::role.eq(role.as_str())).execute(conn).map(drop)
    }
}
