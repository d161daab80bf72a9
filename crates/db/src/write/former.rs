//! What former members would be if they came back. Without this a mute, or
//! the role of a reader, would end by leaving and joining again, and a member
//! who is to wait would not.

use parlor_domain::{Role, RoomKey, Standing, Timestamp, UserKey};
use parlor_macros::each_backend;

/// A member who has come, with what was remembered of them.
pub struct Back {
    pub role: Role,
    pub muted_until: Option<Timestamp>,
    pub spoke_at: Option<Timestamp>,
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
        let role = if read_only && role != Role::Owner { Role::ReadOnly } else { role };
        let (muted_until, spoke_at) = (muted_until.map(Timestamp), spoke_at.map(Timestamp));
        Ok(Back { role, muted_until, spoke_at })
    }
}
