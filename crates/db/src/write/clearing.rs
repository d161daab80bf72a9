//! The end of rooms and of what was said in them: deleted, cleared, purged.

use parlor_domain::{Room, RoomId, RoomKey, RoomKind, Seq, Timestamp, limits::PURGE_ROWS};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, WebhookEvent, Write, WriteError, Written, on};
use crate::Happened;

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
        RunQueryDsl,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{
            bans, drafts, former_members, imported_messages, members, mentions, messages,
            reactions, receipts, room_events, room_heads, rooms, saved, streams, thread_follows,
        },
        write::{
            attachment::backend as attachment, blocklist::backend as blocklist,
            life::backend as life, report::backend as report, scheduled::backend as scheduled,
            timeline::backend as timeline,
        },
    };

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
        diesel::delete(drafts::table.filter(drafts::room_key.eq(room.0))).execute(conn)?;
        report::forget_room(conn, room)?;
        blocklist::forget_room(conn, room)?;
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
        } else if scheduled::purge(conn, room)? {
            return Ok(true);
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
        let imported = imported_messages::table;
        diesel::delete(imported.filter(imported_messages::message_id.eq_any(&step)))
            .execute(conn)?;
        diesel::delete(streams::table.filter(streams::message_id.eq_any(&step))).execute(conn)?;
        let follows = thread_follows::table.filter(thread_follows::thread_id.eq_any(&step));
        diesel::delete(follows).execute(conn)?;
        diesel::delete(saved::table.filter(saved::message_id.eq_any(&step))).execute(conn)?;
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
