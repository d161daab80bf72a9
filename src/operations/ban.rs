//! Ban and unban: who may not come into a room.

use std::sync::Arc;

use actix::Context;
use parlor_domain::{
    Denied, DisplayText, Role, RoomId, RoomKey, RoomKind, Timestamp, UserId, UserKey, Whole,
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

/// Removes a member, if it is one, and keeps the user out: until a time, for
/// some seconds, or for good.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Ban {
    room_id: RoomId,
    user_id: UserId,
    until: Option<Timestamp>,
    ban_seconds: Option<Whole<1, SECONDS_MAX>>,
    reason: Option<DisplayText<REASON_CHARS>>,
}

impl Operation for Ban {
    type Answer = ();
    type Place = Access;

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

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, ctx: &mut Context<ChatServer>) {
        let Asked { from, place: access, reply } = asked;
        server.with_user(from, self.user_id, reply, ctx, move |server, user, reply, is_self, _| {
            if is_self {
                return server.answer(reply, Err(Denied::Oneself.into()));
            }
            let reason = self.reason.map_or_else(|| "".into(), |DisplayText(reason)| reason);
            let (room, by, place) = (access.room.key, access.by(), (user.key, access.room.key));
            let ban = Banning { room, user: user.key, by, until: self.until, reason, at: now() };
            let leaving = Leaving { user, room: access.room, why: Departure::Banned };
            server.write_about(place, reply, ban, move |server, reply, removed, _| match removed {
                Some(removed) => server.removed(reply, &leaving, &removed),
                None => server.answer(reply, Ok(())),
            });
        });
    }
}

/// The user may come back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unban {
    room_id: RoomId,
    user_id: UserId,
}

impl Operation for Unban {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, ctx: &mut Context<ChatServer>) {
        let Asked { from, place: access, reply } = asked;
        server.with_user(from, self.user_id, reply, ctx, move |server, user, reply, _, _| {
            let unban = Unbanning { room: access.room.key, user: user.key };
            server.write_for(reply, unban, |server, reply, existed, _| {
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
        if let Some(removed) = removed {
            removed.effects(self.room, self.user, Left::Banned, effects);
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
    use crate::db::{
        backend::Conn,
        schema::bans,
        write::{member::backend as member, room::backend as room},
    };

    /// Also who is no member can be banned.
    pub(super) fn ban(conn: &mut Conn, ban: &Banning) -> Written<Option<Removed>> {
        let Banning { room, user, by, until, reason, at } = ban;
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

    pub(super) fn unban(conn: &mut Conn, Unbanning { room, user }: &Unbanning) -> Written<bool> {
        Ok(diesel::delete(bans::table.find((room.0, user.0))).execute(conn)? > 0)
    }
}
