//! The rows of many members: read and stored with a few statements.

use diesel::Insertable;
use parlor_domain::{Member, Role, RoomKey, Timestamp, User, UserKey, limits::MEMBERS_AT_ONCE};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

use super::ChangeMembers;
use crate::{
    WriteError, Written,
    rows::user::{UserRow, columns as user_columns},
    schema::{former_members, members},
};

#[derive(Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false)]
pub(super) struct NewRow {
    pub room_key: i64,
    pub user_key: i64,
    pub role: &'static str,
    pub joined_at: i64,
    pub unread_after: i64,
    pub muted_until: Option<i64>,
    pub placed_by: Option<i64>,
    pub spoke_at: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = former_members, treat_none_as_default_value = false)]
pub(super) struct FormerRow {
    room_key: i64,
    user_key: i64,
    read_only: bool,
    muted_until: Option<i64>,
    spoke_at: Option<i64>,
}

/// Of a member what is shown, and what is kept when they have gone.
pub(super) struct Known {
    pub member: Member,
    spoke_at: Option<i64>,
}

impl Known {
    pub fn kept(&self, room: RoomKey) -> Option<FormerRow> {
        let Member { user, role, muted_until, .. } = &self.member;
        let (read_only, muted_until) = (*role == Role::ReadOnly, muted_until.map(|until| until.0));
        let is_worth = read_only || muted_until.is_some() || self.spoke_at.is_some();
        let (room_key, user_key, spoke_at) = (room.0, user.key.0, self.spoke_at);
        is_worth.then_some(FormerRow { room_key, user_key, read_only, muted_until, spoke_at })
    }
}

type MemberRow = (UserRow, String, Option<i64>, i64, Option<i64>);

fn known((user, role, muted_until, joined_at, spoke_at): MemberRow) -> Known {
    let user = User::from(user);
    let role = Role::parse(&role).unwrap_or(Role::ReadOnly);
    let (muted_until, joined_at) = (muted_until.map(Timestamp), Timestamp(joined_at));
    Known { member: Member { user, role, muted_until, joined_at }, spoke_at }
}

#[each_backend]
pub(super) mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{former_members, members, users},
        write::backend::SHARES_ROOMS,
    };

    /// The members who are named; all of them where others go.
    pub(in crate::write::bulk) fn there(
        conn: &mut Conn,
        change: &ChangeMembers,
        members_now: i64,
    ) -> Written<FxHashMap<UserKey, Known>> {
        let of_room = || {
            members::table
                .inner_join(users::table)
                .filter(members::room_key.eq(change.room.0))
                .select((
                    user_columns(),
                    members::role,
                    members::muted_until,
                    members::joined_at,
                    members::spoke_at,
                ))
        };
        let rows = if change.exactly {
            // Of more than that too many would have to go.
            if members_now > 2 * MEMBERS_AT_ONCE as i64 {
                return Err(WriteError::TooManyToRemove.into());
            }
            of_room().load::<MemberRow>(conn)?
        } else {
            let named = change.wanted.iter().map(|wanted| wanted.user.0);
            let named: Vec<i64> = named.chain(change.gone.iter().map(|user| user.0)).collect();
            of_room().filter(members::user_key.eq_any(named)).load::<MemberRow>(conn)?
        };
        let rows = rows.into_iter().map(known);
        Ok(rows.map(|known| (known.member.user.key, known)).collect())
    }

    pub(in crate::write::bulk) fn living(
        conn: &mut Conn,
        keys: impl Iterator<Item = i64>,
    ) -> QueryResult<FxHashMap<UserKey, User>> {
        let rows = users::table
            .filter(users::key.eq_any(keys.collect::<Vec<_>>()))
            .filter(users::deleted_at.is_null())
            .select(user_columns())
            .load::<UserRow>(conn)?;
        Ok(rows.into_iter().map(User::from).map(|user| (user.key, user)).collect())
    }

    /// As messages are stored: on PostgreSQL each statement is a round trip.
    pub(in crate::write::bulk) fn store(conn: &mut Conn, rows: &[NewRow]) -> QueryResult<()> {
        if SHARES_ROOMS && !rows.is_empty() {
            diesel::insert_into(members::table).values(rows).execute(conn)?;
        } else {
            for row in rows {
                diesel::insert_into(members::table).values(row).execute(conn)?;
            }
        }
        Ok(())
    }

    /// The same for what is kept of those who have gone.
    pub(in crate::write::bulk) fn keep(conn: &mut Conn, rows: &[FormerRow]) -> QueryResult<()> {
        if SHARES_ROOMS && !rows.is_empty() {
            diesel::insert_into(former_members::table).values(rows).execute(conn)?;
        } else {
            for row in rows {
                diesel::insert_into(former_members::table).values(row).execute(conn)?;
            }
        }
        Ok(())
    }
}
