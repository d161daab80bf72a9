//! Direct rooms: one for two users, whoever opens it first.

use parlor_domain::{
    Adder, Denied, Member, Role, Room, RoomBounds, RoomId, RoomKey, RoomKind, Seq, Timestamp,
    UserKey,
};
use parlor_macros::each_backend;

use super::{
    Concern, Conn, Effects, WebhookEvent, Write, WriteError, Written,
    member::NewMember,
    on,
    room::{Maker, NewRoom},
};
use crate::Happened;

/// Finds or makes the one room of two users.
#[derive(Clone, Debug)]
pub struct OpenDirect {
    /// For a room that is not there yet.
    pub id: RoomId,
    /// Who opens it, and with whom.
    pub users: [UserKey; 2],
    /// The application opens it for the two.
    pub by_backend: bool,
    pub made_by: Option<Maker>,
    pub created_at: Timestamp,
    pub bounds: RoomBounds,
}

/// The room of two users.
#[derive(Clone, Debug)]
pub struct Direct {
    pub room: Room,
    pub members: [Member; 2],
    /// The first of them does not want to hear from the second.
    pub blocks: bool,
    pub last_seq: Seq,
    pub is_new: bool,
}

impl Write for OpenDirect {
    type Outcome = Direct;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Everything]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Direct> {
        on!(conn, open, self)
    }

    fn effects(&self, direct: &Direct, effects: &mut Effects) {
        if !direct.is_new {
            return;
        }
        let room = direct.room.key;
        effects.begins(room, direct.last_seq);
        for member in &direct.members {
            let user = member.user.key.0;
            effects.happened(|| Happened::Joined { room: room.0, user, members: None });
        }
        effects.webhook(|| WebhookEvent::of_member("room.created", room, self.users[0]));
    }
}

/// The text by which the room of two users is found.
pub(super) fn pair([a, b]: [UserKey; 2]) -> String {
    format!("{}:{}", a.0.min(b.0), a.0.max(b.0))
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, rooms},
        write::{
            contact::backend::{self as contact, has_blocked},
            member::backend as member,
            room::backend as room,
            timeline::backend as timeline,
            user::backend as user,
        },
    };

    /// The room of two users, if anybody has opened it.
    pub fn find(conn: &mut Conn, users: [UserKey; 2]) -> QueryResult<Option<RoomKey>> {
        let room = rooms::table.filter(rooms::pair.eq(pair(users))).select(rooms::key);
        Ok(room.first::<i64>(conn).optional()?.map(RoomKey))
    }

    pub(super) fn open(conn: &mut Conn, new: &OpenDirect) -> Written<Direct> {
        let OpenDirect { id, users, by_backend, made_by, created_at, bounds } = new;
        let [opener, other] = *users;
        for user in [opener, other] {
            if user::find(conn, user)?.is_none() {
                return Err(WriteError::NoSuchUser.into());
            }
        }
        let blocks = has_blocked(conn, opener, other)?;
        let known = find(conn, *users)?;
        let (key, is_new) = match known {
            Some(key) => (key, false),
            None => {
                // Also the application opens no room for one who is blocked.
                if has_blocked(conn, other, opener)? {
                    return Err(Denied::Blocked.into());
                }
                let adders = match by_backend {
                    true => [Adder::Backend; 2],
                    false => [Adder::Oneself, Adder::Other(opener)],
                };
                for (user, adder) in users.iter().zip(adders) {
                    contact::check(conn, adder, *user, bounds)?;
                }
                if room::made_enough(conn, *made_by)? {
                    return Err(WriteError::TooManyRooms.into());
                }
                let room = NewRoom {
                    id: id.clone(),
                    kind: RoomKind::Direct,
                    title: "".into(),
                    topic: "".into(),
                    custom: None,
                    owner: opener,
                    made_by: *made_by,
                    created_at: *created_at,
                    bounds: *bounds,
                };
                let Some(key) = room::insert(conn, &room, Some(pair(*users)))? else {
                    return Err(WriteError::IdTaken.into());
                };
                let head = timeline::head(conn, key)?.unwrap_or(Seq::ZERO);
                for (user, adder) in users.iter().zip(adders) {
                    let (room, user, role) = (key, *user, Role::Member);
                    let at = *created_at;
                    member::insert(conn, NewMember { room, user, role, at, head, adder })?;
                }
                if blocks {
                    mark_blocked(conn, key, true)?;
                }
                (key, true)
            }
        };
        let found = timeline::find(conn, key)?.zip(timeline::head(conn, key)?);
        let members = member::find(conn, key, opener)?.zip(member::find(conn, key, other)?);
        let ((room, last_seq), (one, two)) = found.zip(members).ok_or(WriteError::NoSuchRoom)?;
        Ok(Direct { room, members: [one, two], blocks, last_seq, is_new })
    }

    /// In a room where one has blocked the other both are silent: who writes to
    /// somebody wants an answer.
    pub fn mark_blocked(conn: &mut Conn, room: RoomKey, blocked: bool) -> QueryResult<()> {
        let rows = diesel::update(members::table.filter(members::room_key.eq(room.0)));
        rows.set(members::blocked.eq(blocked)).execute(conn).map(drop)
    }
}
