//! Whether one user may bring another into a room, and whether there is a
//! place for that. Decided here, where a block that came before is seen.

use parlor_domain::{Adder, Denied, RoomBounds, UserKey};
use parlor_macros::each_backend;

use super::{WriteError, Written};

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, alias, dsl::exists, select,
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

    fn share_a_room(conn: &mut Conn, one: UserKey, other: UserKey) -> QueryResult<bool> {
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
