//! Whether one user may bring another into a room, and whether there is a
//! place for that. Decided here, where a block that came before is seen.

use parlor_domain::{Adder, Denied, RoomBounds, UserKey};
use parlor_macros::each_backend;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{WriteError, Written};

/// As `placed_by` says that the application did it: no user has this key.
const BACKEND: i64 = 0;

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, alias,
        dsl::{count_star, exists},
        select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{blocks, members},
    };

    /// Whether `adder` may bring `user` into one more room.
    pub fn check(conn: &mut Conn, adder: Adder, user: UserKey, bounds: &RoomBounds) -> Written<()> {
        if let Adder::Other(by) = adder {
            if has_blocked(conn, user, by)? {
                return Err(Denied::Blocked.into());
            }
            // The rule rarely needs it.
            let shares = bounds.contact.lets_in(false).is_err() && share_a_room(conn, by, user)?;
            bounds.contact.lets_in(shares)?;
        }
        has_place(conn, adder, user, bounds)
    }

    /// Whether there is a place for one more room that `adder` brings `user` into.
    pub fn has_place(
        conn: &mut Conn,
        adder: Adder,
        user: UserKey,
        bounds: &RoomBounds,
    ) -> Written<()> {
        let RoomBounds { own, placed, placed_by_one, contact: _ } = *bounds;
        match adder {
            Adder::Oneself => {
                let all: i64 =
                    members::table.filter(members::user_key.eq(user.0)).count().get_result(conn)?;
                // Nearly everyone is far below it.
                let taken = if all < own { all } else { all - placed_rooms(conn, user)? };
                if taken < own { Ok(()) } else { Err(WriteError::TooManyRooms.into()) }
            }
            Adder::Backend => {
                let taken = placed_by(conn, user, Adder::Backend)?;
                if taken < own { Ok(()) } else { Err(WriteError::TooManyRooms.into()) }
            }
            Adder::Other(_) => {
                let by_users = placed_rooms(conn, user)? - placed_by(conn, user, Adder::Backend)?;
                let is_full = by_users >= placed || placed_by(conn, user, adder)? >= placed_by_one;
                if is_full { Err(WriteError::TooManyPlacedRooms.into()) } else { Ok(()) }
            }
        }
    }

    /// The same of many users, whom somebody else brings into a room: why some may
    /// not be.
    pub fn barred(
        conn: &mut Conn,
        adder: Adder,
        users: &[UserKey],
        bounds: &RoomBounds,
    ) -> QueryResult<FxHashMap<UserKey, WriteError>> {
        let RoomBounds { own, placed, placed_by_one, contact } = *bounds;
        let keys: Vec<i64> = users.iter().map(|user| user.0).collect();
        let by = adder.stored().unwrap_or(BACKEND);
        let theirs = || members::table.filter(members::user_key.eq_any(&keys));
        let rooms = (members::user_key, count_star());
        let by_one: FxHashMap<i64, i64> = theirs()
            .filter(members::placed_by.eq(by))
            .group_by(members::user_key)
            .select(rooms)
            .load(conn)?
            .into_iter()
            .collect();
        let mut barred = FxHashMap::default();
        let mut bar = |user: i64, why: WriteError| {
            barred.insert(UserKey(user), why);
        };
        let Adder::Other(by) = adder else {
            let full = by_one.iter().filter(|(_, rooms)| **rooms >= own);
            full.for_each(|(user, _)| bar(*user, WriteError::TooManyRooms));
            return Ok(barred);
        };
        let by_users: Vec<(i64, i64)> = theirs()
            .filter(members::placed_by.is_not_null())
            .filter(members::placed_by.ne(BACKEND))
            .group_by(members::user_key)
            .select(rooms)
            .load(conn)?;
        for (user, rooms) in by_users {
            let by_one = by_one.get(&user).copied().unwrap_or(0);
            if rooms >= placed || by_one >= placed_by_one {
                bar(user, WriteError::TooManyPlacedRooms);
            }
        }
        if contact.lets_in(false).is_err() {
            let sharing = sharing(conn, by, &keys)?;
            for user in &keys {
                if let Err(denied) = contact.lets_in(sharing.contains(user)) {
                    bar(*user, denied.into());
                }
            }
        }
        let blocked: Vec<i64> = blocks::table
            .filter(blocks::user_key.eq_any(&keys))
            .filter(blocks::blocked_key.eq(by.0))
            .select(blocks::user_key)
            .load(conn)?;
        blocked.into_iter().for_each(|user| bar(user, Denied::Blocked.into()));
        Ok(barred)
    }

    /// Those of some users who share a room with one.
    fn sharing(conn: &mut Conn, one: UserKey, among: &[i64]) -> QueryResult<FxHashSet<i64>> {
        let own = alias!(members as own);
        let rooms = own.filter(own.field(members::user_key).eq(one.0));
        let shared = members::table
            .filter(members::user_key.eq_any(among))
            .filter(members::room_key.eq_any(rooms.select(own.field(members::room_key))))
            .select(members::user_key)
            .distinct()
            .load::<i64>(conn)?;
        Ok(shared.into_iter().collect())
    }

    /// The rooms that somebody else put a user into.
    fn placed_rooms(conn: &mut Conn, user: UserKey) -> QueryResult<i64> {
        members::table
            .filter(members::user_key.eq(user.0))
            .filter(members::placed_by.is_not_null())
            .count()
            .get_result(conn)
    }

    fn placed_by(conn: &mut Conn, user: UserKey, adder: Adder) -> QueryResult<i64> {
        members::table
            .filter(members::user_key.eq(user.0))
            .filter(members::placed_by.eq(adder.stored()))
            .count()
            .get_result(conn)
    }

    pub fn has_blocked(conn: &mut Conn, user: UserKey, other: UserKey) -> QueryResult<bool> {
        select(exists(blocks::table.find((user.0, other.0)))).get_result(conn)
    }

    pub fn share_a_room(conn: &mut Conn, one: UserKey, other: UserKey) -> QueryResult<bool> {
        let theirs = alias!(members as theirs);
        let others = theirs
            .filter(theirs.field(members::user_key).eq(other.0))
            .select(theirs.field(members::room_key));
        let shared = members::table
            .filter(members::user_key.eq(one.0))
            .filter(members::room_key.eq_any(others));
        select(exists(shared)).get_result(conn)
    }
}
