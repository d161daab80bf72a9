//! Ban and unban: who may not come into a room.

use std::sync::Arc;

use parlor_domain::{
    Denied, DisplayText, Role, RoomId, RoomKey, RoomKind, Scope, Timestamp, UserId, UserKey, Whole,
    limits::{REASON_CHARS, SECONDS_MAX},
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};
use crate::{
    chat::Leaving,
    clock::now,
    db::{Concern, Conn, Effects, Left, RemoveMember, Removed, Write, WriteError, Written, on},
    protocol::{Refusal, Rules, events::Departure},
};

/// Removes the user if they are a member, and keeps them out: until a time, for
/// some seconds, or for good.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Ban {
    room_id: RoomId,
    user_id: UserId,
    until: Option<Timestamp>,
    ban_seconds: Option<Whole<1, SECONDS_MAX>>,
    reason: Option<DisplayText<REASON_CHARS>>,
}

impl Ban {
    pub fn of(
        room_id: RoomId,
        user_id: UserId,
        (until, ban_seconds): (Option<Timestamp>, Option<Whole<1, SECONDS_MAX>>),
        reason: Option<DisplayText<REASON_CHARS>>,
    ) -> Self {
        Self { room_id, user_id, until, ban_seconds, reason }
    }
}

impl Operation for Ban {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        self.until = rules.end("until", self.until, ("ban_seconds", self.ban_seconds))?;
        Ok(())
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        server.with_named_user(&from, self.user_id, reply, move |server, user, reply, is_self| {
            if is_self {
                return server.answer(reply, Err(Denied::Oneself.into()));
            }
            let reason = self.reason.map_or_else(|| "".into(), |DisplayText(reason)| reason);
            let (room, by) = (access.room.key, access.by());
            let place = (user.key, access.room.id.clone());
            let ban = Banning { room, user: user.key, by, until: self.until, reason, at: now() };
            let leaving = Leaving { user, room: access.room, why: Departure::Banned };
            server.write_about(place, reply, ban, move |server, reply, removed| match removed {
                Some(removed) => server.removed(reply, &leaving, &removed),
                None => {
                    server.stop_watching(leaving.user.key, room, leaving.why);
                    server.answer(reply, Ok(()));
                }
            });
        });
    }
}

/// Lets the user come back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unban {
    room_id: RoomId,
    user_id: UserId,
}

impl Operation for Unban {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        server.with_user(&from, self.user_id, reply, move |server, user, reply, _| {
            let unban = Unbanning { room: access.room.key, user: user.key };
            server.write_for(reply, unban, |server, reply, existed| {
                server.answer(reply, existed.then_some(()).ok_or(ChatError::NotFound("ban")));
            });
        });
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Banning {
    pub room: RoomKey,
    pub user: UserKey,
    /// The role of who does it, if that decides.
    pub by: Option<Role>,
    pub until: Option<Timestamp>,
    pub reason: Arc<str>,
    pub at: Timestamp,
}

impl Write for Banning {
    /// What was a member, if it was one.
    type Outcome = Option<Removed>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<Removed>> {
        on!(conn, ban, self)
    }

    fn effects(&self, removed: &Option<Removed>, effects: &mut Effects) {
        match removed {
            Some(removed) => removed.effects(self.room, self.user, Left::Banned, effects),
            // Who is no member may hear the room all the same.
            None => effects.standing(self.room, self.user),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Unbanning {
    pub room: RoomKey,
    pub user: UserKey,
}

impl Write for Unbanning {
    /// Whether they were banned.
    type Outcome = bool;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<bool> {
        on!(conn, unban, self)
    }

    fn effects(&self, _: &bool, _: &mut Effects) {}
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, upsert::excluded};

    use super::{Banning, Denied, RemoveMember, Removed, RoomKind, Unbanning, WriteError, Written};
    use parlor_db::{
        backend::Conn,
        schema::bans,
        write::{member::backend as member, timeline::backend as timeline},
    };

    /// Also who is no member can be banned.
    pub(super) fn ban(conn: &mut Conn, ban: &Banning) -> Written<Option<Removed>> {
        let Banning { room, user, by, until, reason, at } = ban;
        match timeline::kind(conn, *room)? {
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

    pub(super) fn unban(conn: &mut Conn, Unbanning { room, user }: &Unbanning) -> Written<bool> {
        Ok(diesel::delete(bans::table.find((room.0, user.0))).execute(conn)? > 0)
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        AddMember, EraseUser,
        samples::{AT, BOUNDS, Bench},
    };
    use parlor_domain::{Adder, Room, User};

    use super::*;

    /// The number that a room tells is that of its rows.
    fn check_counts(bench: &Bench) {
        let wrong =
            "rooms WHERE member_count <> (SELECT count(*) FROM members WHERE room_key = rooms.key)";
        assert_eq!(bench.count(wrong), 0);
    }

    #[test]
    fn the_number_of_members_is_that_of_the_rows_whatever_happens() {
        let bench = Bench::new();
        let users: Vec<User> = (0..5).map(|number| bench.user(&format!("u{number}"))).collect();
        let rooms: Vec<Room> =
            (0..3).map(|number| bench.room(&format!("r{number}"), &users[number])).collect();
        let mut seed: u64 = 7;
        let mut chance = |below: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for _ in 0..400 {
            let (at, who) = (chance(3), chance(5));
            let (room, user) = (rooms[at].key, users[who].key);
            // Some are refused, which must leave nothing behind either.
            match chance(6) {
                0 | 1 => drop(bench.add(&rooms[at], &users[who])),
                2 => drop(bench.one(RemoveMember { room, user, by: None, is_self: true })),
                3 => {
                    let until = (chance(2) == 0).then_some(Timestamp(AT.0 + 1));
                    let _ = bench.one(Banning {
                        room,
                        user,
                        by: None,
                        until,
                        reason: "".into(),
                        at: AT,
                    });
                }
                4 => drop(bench.one(Unbanning { room, user })),
                _ => {
                    let id = format!("d{}", chance(1 << 20));
                    let other = chance(5);
                    if other != who {
                        let _ = bench.direct(&id, [&users[who], &users[other]]);
                    }
                }
            }
            check_counts(&bench);
        }
        bench.one(EraseUser { user: users[0].key, at: AT }).expect("erased");
        check_counts(&bench);
        assert!(bench.count("rooms WHERE pair IS NOT NULL") <= 10, "one for each pair");
        let ownerless = "rooms WHERE pair IS NULL AND member_count > 0 AND NOT EXISTS \
            (SELECT 1 FROM members WHERE room_key = rooms.key AND role = 'owner')";
        assert_eq!(bench.count(ownerless), 0);
    }

    #[test]
    fn a_ban_holds_until_its_end_and_removes_a_member() {
        let bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.add(&room, &ben).expect("added");
        let until = Some(Timestamp(AT.0 + 10));
        let (key, user) = (room.key, ben.key);
        let ban = Banning { room: key, user, by: None, until, reason: "x".into(), at: AT };
        assert!(matches!(bench.one(ban), Ok(Some(Removed { member_count: 1, .. }))));
        let add_at = |at: i64| {
            let (role, at) = (Role::Member, Timestamp(at));
            let (room, adder, bounds, mark_read) = (key, Adder::Oneself, BOUNDS, false);
            bench.one(AddMember { room, user, role, at, adder, bounds, mark_read })
        };
        assert_eq!(add_at(AT.0 + 9).err(), Some(WriteError::UserBanned));
        assert!(add_at(AT.0 + 10).is_ok());
    }
}
