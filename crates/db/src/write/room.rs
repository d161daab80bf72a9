//! Rooms that are made.

use std::sync::Arc;

use parlor_domain::{
    Adder, Role, Room, RoomBounds, RoomId, RoomKey, RoomKind, Seq, Timestamp, UserKey,
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, WebhookEvent, Write, WriteError, Written, on};
use crate::Happened;

/// A room that somebody makes, and owns.
#[derive(Clone, Debug)]
pub struct NewRoom {
    pub id: RoomId,
    pub kind: RoomKind,
    pub title: Arc<str>,
    pub topic: Arc<str>,
    pub custom: Option<Arc<str>>,
    pub owner: UserKey,
    /// Who is to answer for it; nobody for the application's rooms.
    pub made_by: Option<Maker>,
    pub created_at: Timestamp,
    pub bounds: RoomBounds,
}

/// A user who makes a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker {
    pub user: UserKey,
    /// Rooms made by them that there may be.
    pub rooms_max: i64,
}

/// A room that was made.
#[derive(Clone, Debug)]
pub struct MadeRoom {
    pub room: Room,
    /// Where its timeline begins.
    pub last_seq: Seq,
}

impl Write for NewRoom {
    type Outcome = MadeRoom;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::name("room", self.id.as_str()), Concern::User(self.owner)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<MadeRoom> {
        on!(conn, create, self)
    }

    fn effects(&self, MadeRoom { room, last_seq }: &MadeRoom, effects: &mut Effects) {
        effects.begins(room.key, *last_seq);
        let (room, user) = (room.key.0, self.owner.0);
        effects.happened(|| Happened::Joined { room, user, members: None });
        effects.webhook(|| WebhookEvent::of_member("room.created", RoomKey(room), self.owner));
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, dsl::exists, select};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{room_heads, rooms},
        write::{
            contact::backend as contact,
            life::backend as life,
            member::{NewMember, backend as member},
            timeline::backend as timeline,
            user::backend as user,
        },
    };

    pub fn create(conn: &mut Conn, new: &NewRoom) -> Written<MadeRoom> {
        let (owner, adder) = (new.owner, Adder::Oneself);
        if user::find(conn, owner)?.is_none() {
            return Err(WriteError::NoSuchUser.into());
        }
        contact::has_place(conn, adder, owner, &new.bounds)?;
        if made_enough(conn, new.made_by)? {
            return Err(WriteError::TooManyRooms.into());
        }
        let Some(key) = insert(conn, new, None)? else {
            return Err(WriteError::IdTaken.into());
        };
        let last_seq = timeline::head(conn, key)?.unwrap_or(Seq::ZERO);
        let (room, user, role) = (key, owner, Role::Owner);
        let (at, head) = (new.created_at, last_seq);
        member::insert(conn, NewMember { room, user, role, at, head, adder })?;
        let room = timeline::find(conn, key)?.ok_or(WriteError::NoSuchRoom)?;
        Ok(MadeRoom { room, last_seq })
    }

    /// Whether somebody has made as many rooms as there may be, whoever is in them
    /// now.
    pub fn made_enough(conn: &mut Conn, maker: Option<Maker>) -> QueryResult<bool> {
        let Some(Maker { user, rooms_max }) = maker else { return Ok(false) };
        let made = rooms::table.filter(rooms::made_by.eq(user.0)).filter(rooms::id.is_not_null());
        Ok(made.count().get_result::<i64>(conn)? >= rooms_max)
    }

    /// Makes an empty room; `None` if its id is taken.
    pub fn insert(
        conn: &mut Conn,
        new: &NewRoom,
        pair: Option<String>,
    ) -> QueryResult<Option<RoomKey>> {
        let NewRoom { id, kind, title, topic, custom, owner: _, made_by, created_at, bounds: _ } =
            new;
        let taken: bool =
            select(exists(rooms::table.filter(rooms::id.eq(id.as_str())))).get_result(conn)?;
        if taken {
            return Ok(None);
        }
        let Seq(start) = life::start_of_room(conn, id)?;
        let key: i64 = diesel::insert_into(rooms::table)
            .values((
                rooms::id.eq(id.as_str()),
                rooms::kind.eq(kind.as_str()),
                rooms::title.eq(&**title),
                rooms::topic.eq(&**topic),
                rooms::custom.eq(custom.as_deref()),
                rooms::pair.eq(pair),
                rooms::made_by.eq(made_by.map(|maker| maker.user.0)),
                rooms::created_at.eq(created_at.0),
                // Nothing of it is before.
                rooms::floor_seq.eq(start),
            ))
            .returning(rooms::key)
            .get_result(conn)?;
        diesel::insert_into(room_heads::table)
            .values((
                room_heads::room_key.eq(key),
                room_heads::last_seq.eq(start),
                room_heads::start_seq.eq(start),
            ))
            .execute(conn)?;
        Ok(Some(RoomKey(key)))
    }
}
