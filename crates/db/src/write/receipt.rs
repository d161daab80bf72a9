//! Read marks: watermarks that only rise.

use std::sync::Arc;

use parlor_domain::{
    ReadTarget, RoomId, RoomKey, Seq, Timestamp, UserId, UserKey, limits::READ_ALL_ROOMS,
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, WriteError, Written, on};
use crate::Happened;

/// Whose mark has moved, and who does not hear of it: as it is in the
/// transaction that moves it, so that nobody has to look it up to tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedBy {
    pub id: UserId,
    /// In a direct room of which one has blocked the other.
    pub is_hidden: bool,
    /// Whom the user has blocked.
    pub blocked: Arc<[UserKey]>,
}

impl MarkedBy {
    pub(super) fn has_read(&self, room: RoomKey, user: UserKey, seq: Seq) -> Happened {
        self.happened(room, user, Some(seq.0), None)
    }

    fn happened(
        &self,
        room: RoomKey,
        user: UserKey,
        read: Option<i64>,
        delivered: Option<i64>,
    ) -> Happened {
        Happened::Marked {
            room: room.0,
            user: user.0,
            id: self.id.as_str().to_owned(),
            read,
            delivered,
            hidden: self.is_hidden,
            blocked: self.blocked.iter().map(|user| user.0).collect(),
        }
    }
}

/// Raises one read mark; never past the head, never back.
#[derive(Clone, Copy, Debug)]
pub struct MarkRead {
    pub room: RoomKey,
    pub user: UserKey,
    pub target: ReadTarget,
    pub at: Timestamp,
}

/// Where a mark is.
#[derive(Clone, Debug)]
pub struct Marked {
    pub seq: Seq,
    /// If it has moved there.
    pub moved: Option<MarkedBy>,
}

impl Write for MarkRead {
    type Outcome = Marked;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Marked> {
        on!(conn, raise, self)
    }

    fn effects(&self, marked: &Marked, effects: &mut Effects) {
        if let Some(by) = &marked.moved {
            effects.happened(|| by.has_read(self.room, self.user, marked.seq));
        }
    }
}

/// Raises all of a user's read marks to the heads.
#[derive(Clone, Copy, Debug)]
pub struct MarkAllRead {
    pub user: UserKey,
    pub at: Timestamp,
}

/// A room that was read to its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRead {
    pub key: RoomKey,
    pub room: RoomId,
    pub seq: Seq,
    pub by: MarkedBy,
}

impl Write for MarkAllRead {
    /// The marks that moved.
    type Outcome = Vec<RoomRead>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Vec<RoomRead>> {
        on!(conn, raise_all, self)
    }

    fn effects(&self, moved: &Vec<RoomRead>, effects: &mut Effects) {
        for RoomRead { key, seq, by, .. } in moved {
            effects.happened(|| by.has_read(*key, self.user, *seq));
        }
    }
}

/// Raises what has reached a user's devices; never past the head.
#[derive(Clone, Copy, Debug)]
pub struct MarkDelivered {
    pub room: RoomKey,
    pub user: UserKey,
    pub seq: Seq,
}

impl Write for MarkDelivered {
    type Outcome = Marked;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Marked> {
        on!(conn, delivered, self)
    }

    fn effects(&self, Marked { seq, moved }: &Marked, effects: &mut Effects) {
        if let Some(by) = moved {
            effects.happened(|| by.happened(self.room, self.user, None, Some(seq.0)));
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
        OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::case_when, upsert::excluded,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{blocks, members, messages, receipts, room_heads, rooms, users},
        write::timeline::backend as timeline,
    };

    /// One who has left in the meantime keeps no mark.
    pub fn raise(conn: &mut Conn, mark: &MarkRead) -> Written<Marked> {
        let MarkRead { room, user, target, at } = *mark;
        let head = timeline::head(conn, room)?.ok_or(WriteError::NoSuchRoom)?;
        let target = match target {
            ReadTarget::All => head,
            ReadTarget::Seq(seq) => seq.min(head),
            ReadTarget::Message(id) => {
                let seq = messages::table
                    .filter(messages::id.eq(id.0))
                    .filter(messages::room_key.eq(room.0))
                    .select(messages::seq);
                Seq(seq.first::<i64>(conn).optional()?.ok_or(WriteError::NoSuchMessage)?)
            }
        };
        let known = receipts::table.find((room.0, user.0)).select(receipts::read_seq);
        let known = Seq(known.first::<i64>(conn).optional()?.unwrap_or(0));
        let by = if target > known { marker(conn, room, user)? } else { None };
        if by.is_none() {
            return Ok(Marked { seq: known, moved: None });
        }
        store(conn, room, user, target, at)?;
        Ok(Marked { seq: target, moved: by })
    }

    /// Who moves a mark in a room; `None` for who is no member.
    fn marker(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<Option<MarkedBy>> {
        let member = members::table
            .find((room.0, user.0))
            .inner_join(users::table)
            .select((users::id.assume_not_null(), members::blocked))
            .first::<(String, bool)>(conn)
            .optional()?;
        let Some((id, is_hidden)) = member else { return Ok(None) };
        let (id, blocked) = (UserId::from_stored(id), blocked_by(conn, user)?);
        Ok(Some(MarkedBy { id, is_hidden, blocked }))
    }

    fn blocked_by(conn: &mut Conn, user: UserKey) -> QueryResult<Arc<[UserKey]>> {
        let blocked = blocks::table.filter(blocks::user_key.eq(user.0)).select(blocks::blocked_key);
        Ok(blocked.load::<i64>(conn)?.into_iter().map(UserKey).collect())
    }

    /// What was read has been delivered.
    pub(super) fn delivered(conn: &mut Conn, mark: &MarkDelivered) -> Written<Marked> {
        let MarkDelivered { room, user, seq } = *mark;
        let head = timeline::head(conn, room)?.ok_or(WriteError::NoSuchRoom)?;
        let seq = seq.min(head);
        let known = receipts::table
            .find((room.0, user.0))
            .select((receipts::read_seq, receipts::delivered_seq))
            .first::<(i64, i64)>(conn)
            .optional()?;
        let known = known.map_or(0, |(read, delivered)| read.max(delivered));
        let by = if seq.0 > known { marker(conn, room, user)? } else { None };
        if by.is_none() {
            return Ok(Marked { seq: Seq(known), moved: None });
        }
        diesel::insert_into(receipts::table)
            .values((
                receipts::room_key.eq(room.0),
                receipts::user_key.eq(user.0),
                receipts::read_seq.eq(0),
                receipts::read_at.eq(0),
                receipts::delivered_seq.eq(seq.0),
            ))
            .on_conflict((receipts::room_key, receipts::user_key))
            .do_update()
            .set(receipts::delivered_seq.eq(excluded(receipts::delivered_seq)))
            .execute(conn)?;
        Ok(Marked { seq, moved: by })
    }

    /// Raises a user's marks to the heads of their rooms, some of those that are
    /// behind.
    pub(super) fn raise_all(conn: &mut Conn, mark: &MarkAllRead) -> Written<Vec<RoomRead>> {
        let MarkAllRead { user, at } = *mark;
        let mark =
            receipts::room_key.eq(members::room_key).and(receipts::user_key.eq(members::user_key));
        let behind = members::table
            .inner_join(rooms::table)
            .inner_join(users::table)
            .inner_join(room_heads::table.on(room_heads::room_key.eq(members::room_key)))
            .left_join(receipts::table.on(mark))
            .filter(members::user_key.eq(user.0))
            .filter(receipts::read_seq.is_null().and(room_heads::last_seq.gt(0)).or(
                room_heads::last_seq.nullable().gt(receipts::read_seq.nullable()).assume_not_null(),
            ))
            .filter(rooms::id.is_not_null())
            .select((
                (rooms::key, rooms::id.assume_not_null(), room_heads::last_seq),
                (users::id.assume_not_null(), members::blocked),
            ))
            .limit(READ_ALL_ROOMS)
            .load::<((i64, String, i64), (String, bool))>(conn)?;
        let blocked = if behind.is_empty() { Arc::default() } else { blocked_by(conn, user)? };
        let mut moved = Vec::with_capacity(behind.len());
        for ((key, room, head), (id, is_hidden)) in behind {
            let (key, room, seq) = (RoomKey(key), RoomId::from_stored(room), Seq(head));
            store(conn, key, user, seq, at)?;
            let by = MarkedBy { id: UserId::from_stored(id), is_hidden, blocked: blocked.clone() };
            moved.push(RoomRead { key, room, seq, by });
        }
        Ok(moved)
    }

    fn store(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        seq: Seq,
        at: Timestamp,
    ) -> QueryResult<()> {
        diesel::insert_into(receipts::table)
            .values((
                receipts::room_key.eq(room.0),
                receipts::user_key.eq(user.0),
                receipts::read_seq.eq(seq.0),
                receipts::read_at.eq(at.0),
                receipts::delivered_seq.eq(0),
            ))
            .on_conflict((receipts::room_key, receipts::user_key))
            .do_update()
            .set((
                receipts::read_seq.eq(case_when(
                    receipts::read_seq.lt(excluded(receipts::read_seq)),
                    excluded(receipts::read_seq),
                )
                .otherwise(receipts::read_seq)),
                receipts::read_at.eq(excluded(receipts::read_at)),
            ))
            .execute(conn)?;
        let member = members::table.find((room.0, user.0)).filter(members::unread_after.lt(seq.0));
        diesel::update(member).set(members::unread_after.eq(seq.0)).execute(conn)?;
        Ok(())
    }
}
