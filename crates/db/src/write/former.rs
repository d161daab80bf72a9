//! What former members would be if they came back. Without this a mute, or
//! the role of a reader, would end by leaving and joining again.

use parlor_domain::{Role, RoomKey, Standing, Timestamp, UserKey};
use parlor_macros::each_backend;

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, upsert::excluded,
    };

    use super::*;
    use crate::{backend::Conn, schema::former_members};

    /// Remembers a member who goes, if there is anything to remember.
    pub fn keep(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        standing: Standing,
    ) -> QueryResult<()> {
        let Standing { role, muted_until, blocked: _, peer_deleted: _ } = standing;
        let read_only = role == Role::ReadOnly;
        if !read_only && muted_until.is_none() {
            return Ok(());
        }
        diesel::insert_into(former_members::table)
            .values((
                former_members::room_key.eq(room.0),
                former_members::user_key.eq(user.0),
                former_members::read_only.eq(read_only),
                former_members::muted_until.eq(muted_until.map(|until| until.0)),
            ))
            .on_conflict((former_members::room_key, former_members::user_key))
            .do_update()
            .set((
                former_members::read_only.eq(excluded(former_members::read_only)),
                former_members::muted_until.eq(excluded(former_members::muted_until)),
            ))
            .execute(conn)
            .map(drop)
    }

    /// Takes what is remembered of one who comes back as `role`: the role they
    /// have then, and the end of a mute.
    pub fn take(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        role: Role,
    ) -> QueryResult<(Role, Option<Timestamp>)> {
        let row = former_members::table.find((room.0, user.0));
        let known = row
            .select((former_members::read_only, former_members::muted_until))
            .first::<(bool, Option<i64>)>(conn)
            .optional()?;
        let Some((read_only, muted_until)) = known else { return Ok((role, None)) };
        diesel::delete(row).execute(conn)?;
        let role = if read_only && role != Role::Owner { Role::ReadOnly } else { role };
        Ok((role, muted_until.map(Timestamp)))
    }
}
