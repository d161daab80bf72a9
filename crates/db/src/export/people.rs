//! The users of an export.

use parlor_domain::{
    DisplayText, Profile, RoomId, User,
    archive::{self, JsonObject, Line},
};
use parlor_macros::each_backend;

use super::{Ended, Out, Users};

/// As the lines have it.
fn line(profile: Profile) -> archive::User {
    let Profile { user, custom, roles, created_at, deactivated_at } = profile;
    let User { key: _, id, name, avatar } = user;
    archive::User {
        user_id: id,
        name: Some(DisplayText(name)),
        avatar_url: avatar.map(parlor_domain::AvatarUrl),
        custom: custom.map(JsonObject),
        roles: roles.into_iter().map(parlor_domain::UserRole).collect(),
        created_at: Some(created_at),
        deactivated_at,
    }
}

#[each_backend]
pub(super) mod backend {
    use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};
    use parlor_domain::limits::EXPORT_ROWS;
    use rustc_hash::FxHashSet;

    use super::*;
    use crate::{
        backend::Conn,
        rows::profile::{ProfileRow, columns},
        schema::{members, messages, reactions, rooms, user_bars, users},
    };

    /// Those who are in some rooms, have written or reacted there, or made them.
    pub(in crate::export) fn of(conn: &mut Conn, wanted: &[RoomId]) -> Result<Users, Ended> {
        if wanted.is_empty() {
            return Ok(Users::All);
        }
        let mut keys = FxHashSet::default();
        for id in wanted {
            let room = rooms::table.filter(rooms::id.eq(id.as_str()));
            let room = room.select((rooms::key, rooms::made_by, rooms::pair));
            let row = room.first::<(i64, Option<i64>, Option<String>)>(conn).optional()?;
            let Some((room, made_by, pair)) = row else {
                return Err(Ended::NoSuchRoom(id.clone()));
            };
            keys.extend(made_by);
            let pair = pair.as_deref().unwrap_or_default().split(':');
            keys.extend(pair.filter_map(|key| key.parse::<i64>().ok()));
            let members = members::table.filter(members::room_key.eq(room));
            keys.extend(members.select(members::user_key).load::<i64>(conn)?);
            let senders = messages::table.filter(messages::room_key.eq(room));
            keys.extend(senders.select(messages::sender_key).distinct().load::<i64>(conn)?);
            let reacted = reactions::table
                .inner_join(messages::table.on(messages::id.eq(reactions::message_id)))
                .filter(messages::room_key.eq(room));
            keys.extend(reacted.select(reactions::user_key).distinct().load::<i64>(conn)?);
        }
        Ok(Users::Some(keys))
    }

    pub(in crate::export) fn all(
        conn: &mut Conn,
        wanted: &Users,
        out: Out<'_>,
    ) -> Result<(), Ended> {
        let mut after = 0;
        loop {
            let page = users::table
                .left_join(user_bars::table.on(user_bars::user_key.eq(users::key)))
                .filter(users::key.gt(after))
                .filter(users::deleted_at.is_null())
                .order(users::key)
                .limit(EXPORT_ROWS)
                .select(columns())
                .load::<ProfileRow>(conn)?;
            let page: Vec<Profile> = page.into_iter().map(Profile::from).collect();
            let Some(last) = page.last() else { return Ok(()) };
            after = last.user.key.0;
            for profile in page {
                if wanted.has(profile.user.key.0) {
                    out(Line::User(line(profile)), &[])?;
                }
            }
        }
    }
}
