//! Who may not come into a room.

use std::sync::Arc;

use parlor_domain::{Denied, Role, RoomKey, RoomKind, Timestamp, UserKey};
use parlor_macros::each_backend;

use super::{
    Concern, Conn, Effects, Write, WriteError, Written,
    member::{RemoveMember, Removed},
    on,
};
use crate::db::Left;

/// Removes a member, if it is one, and keeps the user out.
#[derive(Clone, Debug)]
pub struct Ban {
    pub room: RoomKey,
    pub user: UserKey,
    /// The role of who does it, if that decides.
    pub by: Option<Role>,
    pub until: Option<Timestamp>,
    pub reason: Arc<str>,
    pub at: Timestamp,
}

impl Write for Ban {
    /// What was a member, if it was one.
    type Outcome = Option<Removed>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<Removed>> {
        on!(conn, add, self)
    }

    fn effects(&self, removed: &Option<Removed>, effects: &mut Effects) {
        if let Some(removed) = removed {
            removed.effects(self.room, self.user, Left::Banned, effects);
        }
    }
}

/// The user may come back.
#[derive(Clone, Copy, Debug)]
pub struct Unban {
    pub room: RoomKey,
    pub user: UserKey,
}

impl Write for Unban {
    /// Whether they were banned.
    type Outcome = bool;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<bool> {
        on!(conn, remove, self)
    }

    fn effects(&self, _: &bool, _: &mut Effects) {}
}

#[each_backend]
pub(in crate::db) mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult,
        RunQueryDsl, dsl::exists, select, upsert::excluded,
    };

    use super::*;
    use crate::db::{
        backend::Conn,
        schema::bans,
        write::{member::backend as member, room::backend as room},
    };

    /// Whether a user is kept out now.
    pub(in crate::db) fn holds(
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

    /// Also who is no member can be banned.
    pub(super) fn add(conn: &mut Conn, ban: &Ban) -> Written<Option<Removed>> {
        let Ban { room, user, by, until, reason, at } = ban;
        match room::kind(conn, *room)? {
            None => return Err(WriteError::NoSuchRoom.into()),
            Some(RoomKind::Direct) => return Err(Denied::Direct.into()),
            Some(_) => {}
        }
        let removing = RemoveMember { room: *room, user: *user, by: *by, is_self: false };
        let removed = member::remove(conn, &removing)?;
        diesel::insert_into(bans::table)
            .values((
                bans::room_key.eq(room.0),
                bans::user_key.eq(user.0),
                bans::until.eq(until.map(|until| until.0)),
                bans::reason.eq(&**reason),
                bans::created_at.eq(at.0),
            ))
            .on_conflict((bans::room_key, bans::user_key))
            .do_update()
            .set((
                bans::until.eq(excluded(bans::until)),
                bans::reason.eq(excluded(bans::reason)),
                bans::created_at.eq(excluded(bans::created_at)),
            ))
            .execute(conn)?;
        Ok(removed)
    }

    pub(super) fn remove(conn: &mut Conn, Unban { room, user }: &Unban) -> Written<bool> {
        Ok(diesel::delete(bans::table.find((room.0, user.0))).execute(conn)? > 0)
    }
}
