//! Users of an import.

use parlor_domain::{Bar, Timestamp, UserId, archive};
use parlor_macros::each_backend;

use super::{Imported, known::Known};

/// The one who stands for all users who were deleted where an import comes from.
pub(super) const DELETED: &str = "deleted#imported";

#[each_backend]
pub(super) mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};
    use parlor_domain::UserKey;

    use super::*;
    use crate::{
        backend::Conn,
        rows::profile::encode_roles,
        schema::users,
        write::{bars::backend as bars, erase::NAME, user::backend as user},
    };

    pub(in crate::write::import) fn import(
        conn: &mut Conn,
        lines: &[(u64, &archive::User)],
        now: Timestamp,
        known: &mut Known,
        done: &mut Imported,
    ) -> QueryResult<()> {
        for (_, line) in lines {
            if known.users.contains_key(&line.user_id) {
                done.count("user", 0, 1);
                continue;
            }
            let (key, is_barred) = create(conn, line, now)?;
            done.touched.barred.extend(is_barred.then_some(key));
            known.users.insert(line.user_id.clone(), key);
            done.count("user", 1, 0);
        }
        Ok(())
    }

    /// Gives also whether some tokens of the id are not valid.
    fn create(
        conn: &mut Conn,
        line: &archive::User,
        now: Timestamp,
    ) -> QueryResult<(UserKey, bool)> {
        let archive::User { user_id, name, avatar_url, custom, roles, created_at, deactivated_at } =
            line;
        let name = name.as_ref().map(|name| &*name.0).filter(|name| !name.is_empty());
        let name = name.unwrap_or(user_id.as_str());
        let created_at = created_at.unwrap_or(now);
        let (user, bar) = user::begin_unseen(conn, user_id, name, created_at)?;
        if avatar_url.is_some() || custom.is_some() || !roles.is_empty() {
            let roles: Vec<_> = roles.iter().map(|role| role.0.clone()).collect();
            diesel::update(users::table.find(user.key.0))
                .set((
                    users::avatar.eq(avatar_url.as_ref().map(|url| &*url.0)),
                    users::custom.eq(custom.as_ref().map(|custom| &*custom.0)),
                    users::roles.eq(encode_roles(&roles)),
                ))
                .execute(conn)?;
        }
        let is_barred = bar.is_some() || deactivated_at.is_some();
        if deactivated_at.is_some() {
            let bar = Bar { deactivated_at: *deactivated_at, ..bar.unwrap_or_default() };
            bars::store(conn, user.key, &bar)?;
        }
        Ok((user.key, is_barred))
    }

    /// Whose messages those of deleted users are.
    pub(in crate::write::import) fn deleted(
        conn: &mut Conn,
        now: Timestamp,
    ) -> QueryResult<UserKey> {
        let known = users::table.filter(users::id.eq(DELETED)).select(users::key);
        if let Some(key) = known.first::<i64>(conn).optional()? {
            return Ok(UserKey(key));
        }
        let id = UserId::from_stored(DELETED);
        diesel::insert_into(users::table)
            .values((
                users::id.eq(id.as_str()),
                users::name.eq(NAME),
                users::created_at.eq(now.0),
                users::deleted_at.eq(Some(now.0)),
            ))
            .returning(users::key)
            .get_result(conn)
            .map(UserKey)
    }
}
