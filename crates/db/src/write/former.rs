//! What former members would be if they came back. Without this a mute, or
//! the role of a reader, would end by leaving and joining again, and a member
//! who is to wait would not.

use parlor_domain::{Role, RoomKey, Standing, Timestamp, UserKey};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

/// A member who has come, with what was remembered of them.
pub struct Back {
    pub role: Role,
    pub muted_until: Option<Timestamp>,
    pub spoke_at: Option<Timestamp>,
}

/// One who comes back as `role`.
fn back(role: Role, read_only: bool, muted_until: Option<i64>, spoke_at: Option<i64>) -> Back {
    let role = if read_only && role != Role::Owner { Role::ReadOnly } else { role };
    let (muted_until, spoke_at) = (muted_until.map(Timestamp), spoke_at.map(Timestamp));
    Back { role, muted_until, spoke_at }
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, upsert::excluded,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{former_members, members},
    };

    /// Remembers a member who goes, if there is anything to remember.
    pub fn keep(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        standing: Standing,
    ) -> QueryResult<()> {
        let Standing { role, muted_until, blocked: _, peer_deleted: _ } = standing;
        let read_only = role == Role::ReadOnly;
        let spoke_at = members::table.find((room.0, user.0)).select(members::spoke_at);
        let spoke_at: Option<i64> = spoke_at.first(conn)?;
        if !read_only && muted_until.is_none() && spoke_at.is_none() {
            return Ok(());
        }
        diesel::insert_into(former_members::table)
            .values((
                former_members::room_key.eq(room.0),
                former_members::user_key.eq(user.0),
                former_members::read_only.eq(read_only),
                former_members::muted_until.eq(muted_until.map(|until| until.0)),
                former_members::spoke_at.eq(spoke_at),
            ))
            .on_conflict((former_members::room_key, former_members::user_key))
            .do_update()
            .set((
                former_members::read_only.eq(excluded(former_members::read_only)),
                former_members::muted_until.eq(excluded(former_members::muted_until)),
                former_members::spoke_at.eq(excluded(former_members::spoke_at)),
            ))
            .execute(conn)
            .map(drop)
    }

    /// Takes what is remembered of one who comes back as `role`.
    pub fn take(conn: &mut Conn, room: RoomKey, user: UserKey, role: Role) -> QueryResult<Back> {
        let row = former_members::table.find((room.0, user.0));
        let known = row
            .select((
                former_members::read_only,
                former_members::muted_until,
                former_members::spoke_at,
            ))
            .first::<(bool, Option<i64>, Option<i64>)>(conn)
            .optional()?;
        let Some((read_only, muted_until, spoke_at)) = known else {
            return Ok(Back { role, muted_until: None, spoke_at: None });
        };
        diesel::delete(row).execute(conn)?;
        Ok(back(role, read_only, muted_until, spoke_at))
    }

    /// The same for many who come back as members; of whom nothing is remembered,
    /// nothing is given.
    pub fn take_all(
        conn: &mut Conn,
        room: RoomKey,
        users: &[UserKey],
    ) -> QueryResult<FxHashMap<UserKey, Back>> {
        let keys: Vec<i64> = users.iter().map(|user| user.0).collect();
        let of_room = || former_members::table.filter(former_members::room_key.eq(room.0));
        let rows = of_room()
            .filter(former_members::user_key.eq_any(&keys))
            .select((
                former_members::user_key,
                former_members::read_only,
                former_members::muted_until,
                former_members::spoke_at,
            ))
            .load::<(i64, bool, Option<i64>, Option<i64>)>(conn)?;
        if !rows.is_empty() {
            diesel::delete(of_room().filter(former_members::user_key.eq_any(&keys)))
                .execute(conn)?;
        }
        let known = |(user, read_only, muted_until, spoke_at)| {
            (UserKey(user), back(Role::Member, read_only, muted_until, spoke_at))
        };
        Ok(rows.into_iter().map(known).collect())
    }
}
