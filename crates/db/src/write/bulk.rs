//! Many members of one room at once: some come, some get another role, some go.
//!
//! A few statements, however many members there are.

mod plan;
mod rows;

use parlor_domain::{
    Adder, Denied, Member, Role, Room, RoomBounds, RoomKey, RoomKind, Seq, Timestamp, User, UserId,
    UserKey, limits::MEMBERS_AT_ONCE,
};
use parlor_macros::each_backend;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Concern, Conn, Effects, WebhookEvent, Whose, Write, WriteError, Written, former::Back, on,
};
use crate::{Happened, Left};
use plan::{Facts, Plan};
use rows::{Known, NewRow};

/// Somebody who is to be a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedMember {
    pub user: UserKey,
    /// `None`: as they are, or come.
    pub role: Option<Role>,
}

/// Changes many members of a room. In how many rooms a user is is counted
/// without a lock of each user: of two nodes that add the same one to the last
/// place at the same time, both may.
#[derive(Clone, Debug)]
pub struct ChangeMembers {
    pub room: RoomKey,
    /// Of another user, what they are in the room when it is done decides: others may
    /// have been before them, and have made them less.
    pub adder: Adder,
    pub at: Timestamp,
    pub bounds: RoomBounds,
    pub wanted: Vec<WantedMember>,
    pub gone: Vec<UserKey>,
    /// Those who are not wanted go, and those who are there get the roles that are
    /// named.
    pub exactly: bool,
}

/// What came of it. Of whom nothing is said, nothing had to be done.
#[derive(Clone, Debug)]
pub struct ChangedMembers {
    pub room: Room,
    pub last_seq: Seq,
    pub member_count: i64,
    pub added: Vec<Member>,
    pub updated: Vec<Member>,
    pub removed: Vec<User>,
    pub refused: Vec<RefusedMember>,
}

/// Somebody about whom nothing is done.
#[derive(Clone, Debug)]
pub struct RefusedMember {
    pub user: UserKey,
    /// Of a member.
    pub id: Option<UserId>,
    pub why: WriteError,
}

impl Write for ChangeMembers {
    type Outcome = ChangedMembers;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<ChangedMembers> {
        on!(conn, change, self)
    }

    fn effects(&self, changed: &ChangedMembers, effects: &mut Effects) {
        let (room, count) = (self.room, changed.member_count);
        let mut tell = |kind, user: &User, reason| {
            effects.webhook(|| WebhookEvent {
                room: Some(room),
                user: Some(Whose::Id(user.id.clone())),
                reason,
                ..WebhookEvent::new(kind)
            });
        };
        for member in &changed.added {
            tell("member.joined", &member.user, None);
        }
        for member in &changed.updated {
            tell("member.updated", &member.user, None);
        }
        for user in &changed.removed {
            tell("member.left", user, Some(Left::Removed));
        }
        for member in &changed.added {
            let user = member.user.key.0;
            effects.happened(|| Happened::Joined { room: room.0, user, members: Some(count) });
        }
        for member in &changed.updated {
            effects.standing(room, member.user.key);
        }
        for user in &changed.removed {
            let (user, why) = (user.key.0, Left::Removed);
            effects.happened(|| Happened::Left { room: room.0, user, why, members: count });
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, receipts},
        write::{
            ban::backend as ban,
            bulk::rows::{FormerRow, backend as rows},
            contact::backend as contact,
            follow::backend as follow,
            former::backend as former,
            member::backend as member,
            timeline::backend as timeline,
        },
    };

    pub(super) fn change(conn: &mut Conn, change: &ChangeMembers) -> Written<ChangedMembers> {
        let room = timeline::find(conn, change.room)?.zip(timeline::head(conn, change.room)?);
        let (room, last_seq) = room.ok_or(WriteError::NoSuchRoom)?;
        if room.kind == RoomKind::Direct {
            return Err(Denied::Direct.into());
        }
        let by = deciding(conn, change)?;
        let before = member::count(conn, change.room, 0)?;
        let there = rows::there(conn, change, before)?;
        let wanted: FxHashSet<UserKey> = change.wanted.iter().map(|wanted| wanted.user).collect();
        let gone = match change.exactly {
            true => there.keys().filter(|user| !wanted.contains(user)).copied().collect(),
            false => change.gone.clone(),
        };
        let living = rows::living(conn, wanted.iter().chain(&gone).map(|user| user.0))?;
        let is_new = |user: &UserKey| !there.contains_key(user);
        let new: Vec<UserKey> = wanted.iter().copied().filter(is_new).collect();
        let facts = Facts {
            ownerless: room.ownerless,
            by,
            living: living.keys().copied().collect(),
            there: there.iter().map(|(key, known)| (*key, known.member.role)).collect(),
            barred: barred(conn, change, &new)?,
            members: before,
            owners: owners(conn, change.room)?,
        };
        let plan = facts.plan(&change.wanted, &gone, change.exactly);
        if plan.removed.len() > MEMBERS_AT_ONCE {
            return Err(WriteError::TooManyToRemove.into());
        }
        let added = add(conn, change, by, &plan, (&living, last_seq))?;
        let updated = update(conn, change.room, &plan, &there)?;
        let removed = remove(conn, change.room, &plan, &there)?;
        let difference = added.len() as i64 - removed.len() as i64;
        let member_count = member::count(conn, change.room, difference)?;
        if before == 0 && member_count > 0 {
            member::is_left_no_more(conn, change.room)?;
        }
        let refused = plan.refused.into_iter().map(|(user, why)| {
            let id = there.get(&user).map(|known| known.member.user.id.clone());
            RefusedMember { user, id, why }
        });
        let refused = refused.collect();
        Ok(ChangedMembers { room, last_seq, member_count, added, updated, removed, refused })
    }

    /// The role of who does it, if that decides.
    fn deciding(conn: &mut Conn, change: &ChangeMembers) -> Written<Option<Role>> {
        let Adder::Other(user) = change.adder else { return Ok(None) };
        let role = member::standing(conn, change.room, user)?.map(|standing| standing.role);
        let moderates = role.filter(|role| *role >= Role::Moderator);
        moderates.map(Some).ok_or_else(|| Denied::NotModerator.into())
    }

    /// Why some of those who are new may not come in.
    fn barred(
        conn: &mut Conn,
        change: &ChangeMembers,
        new: &[UserKey],
    ) -> QueryResult<FxHashMap<UserKey, WriteError>> {
        let mut barred = contact::barred(conn, change.adder, new, &change.bounds)?;
        let banned = ban::held(conn, change.room, new, change.at)?;
        barred.extend(banned.into_iter().map(|user| (user, WriteError::UserBanned)));
        Ok(barred)
    }

    fn owners(conn: &mut Conn, room: RoomKey) -> QueryResult<i64> {
        members::table
            .filter(members::room_key.eq(room.0))
            .filter(members::role.eq(Role::Owner.as_str()))
            .count()
            .get_result(conn)
    }

    fn add(
        conn: &mut Conn,
        change: &ChangeMembers,
        by: Option<Role>,
        plan: &Plan,
        (living, head): (&FxHashMap<UserKey, User>, Seq),
    ) -> QueryResult<Vec<Member>> {
        let keys: Vec<UserKey> = plan.added.iter().map(|(user, _)| *user).collect();
        let mut back = former::take_all(conn, change.room, &keys)?;
        let (mut added, mut rows) = (Vec::new(), Vec::new());
        for (key, named) in &plan.added {
            let Some(user) = living.get(key) else { continue };
            let known = back.remove(key);
            let usual = known.as_ref().map_or(Role::Member, |back| back.role);
            // Who is given a role is not what they were before; only an owner gives one,
            // and `member` is one to who was less.
            let is_owners = by.is_none_or(|by| by >= Role::Owner);
            let role = named.filter(|role| is_owners || *role != Role::Member).unwrap_or(usual);
            let (muted_until, spoke_at) = known
                .map_or((None, None), |Back { muted_until, spoke_at, .. }| (muted_until, spoke_at));
            rows.push(NewRow {
                room_key: change.room.0,
                user_key: key.0,
                role: role.as_str(),
                joined_at: change.at.0,
                unread_after: head.0,
                muted_until: muted_until.map(|until| until.0),
                placed_by: change.adder.stored(),
                spoke_at: spoke_at.map(|at| at.0),
            });
            added.push(Member { user: user.clone(), role, muted_until, joined_at: change.at });
        }
        rows::store(conn, &rows)?;
        Ok(added)
    }

    fn update(
        conn: &mut Conn,
        room: RoomKey,
        plan: &Plan,
        there: &FxHashMap<UserKey, Known>,
    ) -> QueryResult<Vec<Member>> {
        for role in Role::ALL {
            let of_role = plan.updated.iter().filter(|(_, new)| *new == role);
            let keys: Vec<i64> = of_role.map(|(user, _)| user.0).collect();
            if !keys.is_empty() {
                diesel::update(members::table.filter(members::room_key.eq(room.0)))
                    .filter(members::user_key.eq_any(keys))
                    .set(members::role.eq(role.as_str()))
                    .execute(conn)?;
            }
        }
        let member = |(user, role): &(UserKey, Role)| {
            Some(Member { role: *role, ..there.get(user)?.member.clone() })
        };
        Ok(plan.updated.iter().filter_map(member).collect())
    }

    fn remove(
        conn: &mut Conn,
        room: RoomKey,
        plan: &Plan,
        there: &FxHashMap<UserKey, Known>,
    ) -> QueryResult<Vec<User>> {
        let keys: Vec<i64> = plan.removed.iter().map(|user| user.0).collect();
        let gone: Vec<&Known> = plan.removed.iter().filter_map(|user| there.get(user)).collect();
        let kept: Vec<FormerRow> = gone.iter().filter_map(|known| known.kept(room)).collect();
        rows::keep(conn, &kept)?;
        if !keys.is_empty() {
            let rows = members::table.filter(members::room_key.eq(room.0));
            diesel::delete(rows.filter(members::user_key.eq_any(&keys))).execute(conn)?;
            let marks = receipts::table.filter(receipts::room_key.eq(room.0));
            diesel::delete(marks.filter(receipts::user_key.eq_any(&keys))).execute(conn)?;
            follow::left(conn, room, &keys)?;
        }
        Ok(gone.into_iter().map(|known| known.member.user.clone()).collect())
    }
}
