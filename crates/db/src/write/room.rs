//! Rooms: made, cleared, deleted.

use std::sync::Arc;

use parlor_domain::{
    Adder, Denied, Retention, Role, Room, RoomBounds, RoomChange, RoomId, RoomKey, RoomKind,
    RulesChange, Seq, Timestamp, UserKey, limits::PURGE_ROWS,
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

/// A room disappears at once; its rows go with [`Purge`].
#[derive(Clone, Copy, Debug)]
pub struct DeleteRoom {
    pub room: RoomKey,
}

impl Write for DeleteRoom {
    /// The id that it had.
    type Outcome = RoomId;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<RoomId> {
        on!(conn, delete, self.room)
    }

    fn effects(&self, id: &RoomId, effects: &mut Effects) {
        deleted(self.room, id, effects);
    }
}

fn deleted(room: RoomKey, id: &RoomId, effects: &mut Effects) {
    effects.happened(|| Happened::RoomDeleted { room: room.0 });
    effects
        .webhook(|| WebhookEvent { gone: Some(id.clone()), ..WebhookEvent::new("room.deleted") });
}

/// The end of a room that everybody has left, if a user made it; an open one
/// only if that has been so since a time.
#[derive(Clone, Copy, Debug)]
pub struct EndRoom {
    pub room: RoomKey,
    pub open_since: Timestamp,
}

impl Write for EndRoom {
    /// The id that it had; `None` if it stays.
    type Outcome = Option<RoomId>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<RoomId>> {
        on!(conn, end, self)
    }

    fn effects(&self, ended: &Option<RoomId>, effects: &mut Effects) {
        if let Some(id) = ended {
            deleted(self.room, id, effects);
        }
    }
}

/// Notes that a room has no members.
#[derive(Clone, Copy, Debug)]
pub struct NoteEmpty {
    pub room: RoomKey,
    pub at: Timestamp,
}

impl Write for NoteEmpty {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, note_empty, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Hides the messages of a room; takes a `seq`, so that who comes back
/// notices. The rows go with [`Purge`].
#[derive(Clone, Copy, Debug)]
pub struct ClearRoom {
    pub room: RoomKey,
    /// Up to here; `None`: all.
    pub upto: Option<Seq>,
}

/// A room without what came up to a position.
#[derive(Clone, Copy, Debug)]
pub struct Cleared {
    /// The place of this in the timeline.
    pub seq: Seq,
    pub upto: Seq,
}

impl Write for ClearRoom {
    type Outcome = Cleared;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Cleared> {
        on!(conn, clear, self)
    }

    fn effects(&self, cleared: &Cleared, effects: &mut Effects) {
        effects.position(self.room, cleared.seq);
    }
}

/// Deletes a bounded number of rows of a room that nobody can see any more.
#[derive(Clone, Copy, Debug)]
pub struct Purge {
    pub room: RoomKey,
}

impl Write for Purge {
    /// Whether there are more.
    type Outcome = bool;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<bool> {
        on!(conn, purge, self.room)
    }

    fn effects(&self, _: &bool, _: &mut Effects) {}
}

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl, dsl::exists, select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        rows::room::encode_rules,
        schema::{
            bans, former_members, members, mentions, messages, reactions, receipts, room_events,
            room_heads, rooms,
        },
        write::{
            attachment::backend as attachment,
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

    /// The room is gone for everyone at once; its messages go bit by bit.
    pub fn delete(conn: &mut Conn, room: RoomKey) -> Written<RoomId> {
        let Some(Room { id, .. }) = timeline::find(conn, room)? else {
            return Err(WriteError::NoSuchRoom.into());
        };
        life::retire_room(conn, room, &id)?;
        diesel::update(rooms::table.find(room.0))
            .set((
                rooms::id.eq(None::<String>),
                rooms::pair.eq(None::<String>),
                rooms::purge_pending.eq(true),
            ))
            .execute(conn)?;
        diesel::delete(room_heads::table.find(room.0)).execute(conn)?;
        diesel::delete(members::table.filter(members::room_key.eq(room.0))).execute(conn)?;
        diesel::delete(receipts::table.filter(receipts::room_key.eq(room.0))).execute(conn)?;
        diesel::delete(bans::table.filter(bans::room_key.eq(room.0))).execute(conn)?;
        let former = former_members::table.filter(former_members::room_key.eq(room.0));
        diesel::delete(former).execute(conn)?;
        Ok(id)
    }

    /// A room that nobody is in: somebody may have come in the meantime. The
    /// application's rooms stay, but for a direct one, whose two users were both
    /// deleted: nobody can ever come into that again.
    #[diesel::dsl::auto_type]
    fn left(room: RoomKey) -> _ {
        let (key, nobody): (i64, i64) = (room.0, 0);
        let direct: &'static str = RoomKind::Direct.as_str();
        rooms::table
            .find(key)
            .filter(rooms::id.is_not_null())
            .filter(rooms::made_by.is_not_null().or(rooms::kind.eq(direct)))
            .filter(rooms::member_count.eq(nobody))
    }

    /// An open one waits for somebody.
    pub(super) fn end(
        conn: &mut Conn,
        EndRoom { room, open_since }: &EndRoom,
    ) -> Written<Option<RoomId>> {
        let found = left(*room).select((rooms::kind, rooms::left_at));
        let Some((kind, left_at)) = found.first::<(String, Option<i64>)>(conn).optional()? else {
            return Ok(None);
        };
        let is_open = RoomKind::parse(&kind).is_some_and(RoomKind::is_open);
        if is_open && left_at.is_none_or(|at| at > open_since.0) {
            return Ok(None);
        }
        delete(conn, *room).map(Some)
    }

    /// From now on it is known that everybody has left.
    pub(super) fn note_empty(conn: &mut Conn, NoteEmpty { room, at }: &NoteEmpty) -> Written<()> {
        let unknown = left(*room).filter(rooms::left_at.is_null());
        diesel::update(unknown).set(rooms::left_at.eq(Some(at.0))).execute(conn)?;
        Ok(())
    }

    pub(super) fn clear(conn: &mut Conn, ClearRoom { room, upto }: &ClearRoom) -> Written<Cleared> {
        let seq = timeline::advance_head(conn, *room, 1)?.ok_or(WriteError::NoSuchRoom)?;
        let upto = upto.map_or(seq, |upto| upto.min(seq));
        raise_floor(conn, *room, upto, seq)?;
        Ok(Cleared { seq, upto })
    }

    /// `at` is the position that this takes in the timeline.
    fn raise_floor(conn: &mut Conn, room: RoomKey, floor: Seq, at: Seq) -> QueryResult<()> {
        diesel::update(rooms::table.find(room.0).filter(rooms::floor_seq.lt(floor.0)))
            .set((
                rooms::floor_seq.eq(floor.0),
                rooms::cleared_seq.eq(at.0),
                rooms::purge_pending.eq(true),
            ))
            .execute(conn)
            .map(drop)
    }

    /// Deletes some of the rows that nobody can see.
    pub(super) fn purge(conn: &mut Conn, room: RoomKey) -> Written<bool> {
        let row = rooms::table.find(room.0).select((rooms::id, rooms::floor_seq));
        let Some((id, floor)) = row.first::<(Option<String>, i64)>(conn).optional()? else {
            return Ok(false);
        };
        let upto = if id.is_some() { floor } else { i64::MAX };
        if purge_messages(conn, room, upto)? || purge_events(conn, room, upto)? {
            return Ok(true);
        }
        if id.is_some() {
            let done = rooms::purge_pending.eq(false);
            diesel::update(rooms::table.find(room.0)).set(done).execute(conn)?;
        } else {
            diesel::delete(rooms::table.find(room.0)).execute(conn)?;
        }
        Ok(false)
    }

    /// Some of a room's messages, with what belongs to them; says whether there
    /// are more.
    fn purge_messages(conn: &mut Conn, room: RoomKey, upto: i64) -> QueryResult<bool> {
        let step = messages::table
            .filter(messages::room_key.eq(room.0))
            .filter(messages::seq.le(upto))
            .order(messages::seq)
            .limit(PURGE_ROWS)
            .select(messages::id)
            .load::<i64>(conn)?;
        attachment::release(conn, &step)?;
        diesel::delete(reactions::table.filter(reactions::message_id.eq_any(&step)))
            .execute(conn)?;
        diesel::delete(mentions::table.filter(mentions::message_id.eq_any(&step))).execute(conn)?;
        diesel::delete(messages::table.filter(messages::id.eq_any(&step))).execute(conn)?;
        Ok(i64::try_from(step.len()).is_ok_and(|rows| rows >= PURGE_ROWS))
    }

    fn purge_events(conn: &mut Conn, room: RoomKey, upto: i64) -> QueryResult<bool> {
        let step = room_events::table
            .filter(room_events::room_key.eq(room.0))
            .filter(room_events::seq.le(upto))
            .order(room_events::seq)
            .limit(PURGE_ROWS)
            .select(room_events::seq)
            .load::<i64>(conn)?;
        let of_room = room_events::table.filter(room_events::room_key.eq(room.0));
        diesel::delete(of_room.filter(room_events::seq.eq_any(&step))).execute(conn)?;
        Ok(i64::try_from(step.len()).is_ok_and(|rows| rows >= PURGE_ROWS))
    }
}
