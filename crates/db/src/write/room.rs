//! Rooms: made and changed.

use std::sync::Arc;

use parlor_domain::{
    Adder, Denied, Retention, Role, Room, RoomBounds, RoomChange, RoomId, RoomKey, RoomKind,
    RulesChange, Seq, Timestamp, UserKey,
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

/// Changes what the owner decides about a room.
#[derive(Clone, Debug)]
pub struct UpdateRoom {
    pub room: RoomKey,
    pub change: RoomChange,
}

impl Write for UpdateRoom {
    type Outcome = Room;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Room> {
        on!(conn, update, self)
    }

    fn effects(&self, _: &Room, effects: &mut Effects) {
        effects.happened(|| Happened::RoomUpdated { room: self.room.0 });
    }
}

/// Changes what is laid down for those who write in a room.
#[derive(Clone, Copy, Debug)]
pub struct ChangeRules {
    pub room: RoomKey,
    pub change: RulesChange,
}

impl Write for ChangeRules {
    type Outcome = Room;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Room> {
        on!(conn, change_rules, self)
    }

    fn effects(&self, _: &Room, effects: &mut Effects) {
        effects.happened(|| Happened::RoomUpdated { room: self.room.0 });
    }
}

/// What a room keeps of its history.
#[derive(Clone, Copy, Debug)]
pub struct SetRetention {
    pub room: RoomKey,
    pub retention: Retention,
}

impl Write for SetRetention {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, set_retention, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, dsl::exists, select};

    use super::*;
    use crate::{
        backend::Conn,
        rows::room::encode_rules,
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

    pub(super) fn update(
        conn: &mut Conn,
        UpdateRoom { room, change }: &UpdateRoom,
    ) -> Written<Room> {
        let RoomChange { title, topic, custom } = change;
        let row = || diesel::update(rooms::table.find(room.0));
        if let Some(title) = title {
            row().set(rooms::title.eq(&**title)).execute(conn)?;
        }
        if let Some(topic) = topic {
            row().set(rooms::topic.eq(&**topic)).execute(conn)?;
        }
        if let Some(custom) = custom {
            row().set(rooms::custom.eq(custom.as_deref())).execute(conn)?;
        }
        Ok(timeline::find(conn, *room)?.ok_or(WriteError::NoSuchRoom)?)
    }

    pub(super) fn change_rules(
        conn: &mut Conn,
        ChangeRules { room, change }: &ChangeRules,
    ) -> Written<Room> {
        let found = timeline::find(conn, *room)?.ok_or(WriteError::NoSuchRoom)?;
        if found.kind == RoomKind::Direct {
            return Err(Denied::Direct.into());
        }
        let changed = Room { rules: found.rules.changed(*change), ..found };
        diesel::update(rooms::table.find(room.0))
            .set(rooms::rules.eq(encode_rules(&changed.rules)))
            .execute(conn)?;
        Ok(changed)
    }

    pub(super) fn set_retention(
        conn: &mut Conn,
        SetRetention { room, retention }: &SetRetention,
    ) -> Written<()> {
        let there = rooms::table.find(room.0).filter(rooms::id.is_not_null());
        let Retention { age_ms, messages } = *retention;
        let set = diesel::update(there)
            .set((rooms::keep_ms.eq(age_ms), rooms::keep_messages.eq(messages)))
            .execute(conn)?;
        if set > 0 { Ok(()) } else { Err(WriteError::NoSuchRoom.into()) }
    }
}
