//! Whether a user is banned from a room.

use parlor_domain::{RoomKey, Timestamp, UserKey};
use parlor_macros::each_backend;

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult,
        RunQueryDsl, dsl::exists, select,
    };

    use super::*;
    use crate::{backend::Conn, schema::bans};

    /// Whether a user is kept out now.
    pub fn holds(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        now: Timestamp,
    ) -> QueryResult<bool> {
        let ban = bans::table
            .filter(bans::room_key.eq(room.0))
            .filter(bans::user_key.eq(user.0))
            .filter(bans::until.is_null().or(bans::until.assume_not_null().gt(now.0)));
        select(exists(ban)).get_result(conn)
    }

    /// Those of some users who are kept out now.
    pub fn held(
        conn: &mut Conn,
        room: RoomKey,
        among: &[UserKey],
        now: Timestamp,
    ) -> QueryResult<Vec<UserKey>> {
        let keys: Vec<i64> = among.iter().map(|user| user.0).collect();
        let banned = bans::table
            .filter(bans::room_key.eq(room.0))
            .filter(bans::user_key.eq_any(keys))
            .filter(bans::until.is_null().or(bans::until.assume_not_null().gt(now.0)))
            .select(bans::user_key)
            .load::<i64>(conn)?;
        Ok(banned.into_iter().map(UserKey).collect())
    }
}
