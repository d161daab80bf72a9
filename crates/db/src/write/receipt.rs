//! Read marks: watermarks that only rise.

use std::sync::Arc;

use parlor_domain::{RoomKey, Seq, Timestamp, UserId, UserKey};
use parlor_macros::each_backend;

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
    pub fn has_read(&self, room: RoomKey, user: UserKey, seq: Seq) -> Happened {
        self.has_moved((room, user), Some(seq), None)
    }

    pub fn has_received(&self, room: RoomKey, user: UserKey, seq: Seq) -> Happened {
        self.has_moved((room, user), None, Some(seq))
    }

    pub(crate) fn has_moved(
        &self,
        (room, user): (RoomKey, UserKey),
        read: Option<Seq>,
        delivered: Option<Seq>,
    ) -> Happened {
        Happened::Marked {
            room: room.0,
            user: user.0,
            id: self.id.as_str().to_owned(),
            read: read.map(|seq| seq.0),
            delivered: delivered.map(|seq| seq.0),
            hidden: self.is_hidden,
            blocked: self.blocked.iter().map(|user| user.0).collect(),
        }
    }
}

/// Where a mark is.
#[derive(Clone, Debug)]
pub struct Marked {
    pub seq: Seq,
    /// If it has moved there.
    pub moved: Option<MarkedBy>,
    /// It had been there, but what the member then marked as unread is read again.
    pub again: bool,
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl, dsl::case_when, upsert::excluded,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{blocks, members, receipts, users},
    };

    /// Raises a read mark, never back; one who has left in the meantime keeps
    /// none.
    pub fn raise(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        seq: Seq,
        at: Timestamp,
    ) -> QueryResult<Marked> {
        let known = receipts::table.find((room.0, user.0)).select(receipts::read_seq);
        let known = Seq(known.first::<i64>(conn).optional()?.unwrap_or(0));
        if seq <= known {
            let again = read_again(conn, room, user, seq, known)?;
            return Ok(Marked { seq: known, moved: None, again });
        }
        let by = marker(conn, room, user)?;
        if by.is_none() {
            return Ok(Marked { seq: known, moved: None, again: false });
        }
        store(conn, room, user, seq, at)?;
        Ok(Marked { seq, moved: by, again: false })
    }

    /// Reads what was marked as unread, up to a position; what is behind it up to the
    /// mark stays unread.
    pub fn read_again(
        conn: &mut Conn,
        room: RoomKey,
        user: UserKey,
        seq: Seq,
        known: Seq,
    ) -> QueryResult<bool> {
        let rest = (seq < known).then_some(seq.0 + 1);
        let unread = members::table
            .find((room.0, user.0))
            .filter(members::unread_from.le(seq.0))
            .filter(members::unread_after.lt(seq.0));
        let again = diesel::update(unread)
            .set((members::unread_after.eq(seq.0), members::unread_from.eq(rest)))
            .execute(conn)?;
        Ok(again > 0)
    }

    /// Who moves a mark in a room; `None` for who is no member.
    pub fn marker(conn: &mut Conn, room: RoomKey, user: UserKey) -> QueryResult<Option<MarkedBy>> {
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

    /// Whom a user has blocked.
    pub fn blocked_by(conn: &mut Conn, user: UserKey) -> QueryResult<Arc<[UserKey]>> {
        let blocked = blocks::table.filter(blocks::user_key.eq(user.0)).select(blocks::blocked_key);
        Ok(blocked.load::<i64>(conn)?.into_iter().map(UserKey).collect())
    }

    /// A room is read up to here.
    pub fn store(
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
        let none = members::unread_from.eq(None::<i64>);
        diesel::update(member).set((members::unread_after.eq(seq.0), none)).execute(conn)?;
        Ok(())
    }
}
