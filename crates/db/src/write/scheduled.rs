//! Messages that are to be sent later: what becomes of them, and what those share that
//! change them.

use parlor_domain::{
    Failed, MessageId, RoomKey, Scheduled, ScheduledEnd, ScheduledId, Timestamp, UserKey,
    limits::PURGE_ROWS,
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, WriteError, Written, on};
use crate::Happened;

/// What came of trying to send a message that was due, where that has not taken it away.
#[derive(Clone, Debug)]
pub struct SettleScheduled {
    pub user: UserKey,
    pub id: ScheduledId,
    /// As of which it was tried: one that was changed meanwhile stays as it is.
    pub updated_at: Timestamp,
    pub settled: Settled,
    pub at: Timestamp,
}

#[derive(Clone, Debug)]
pub enum Settled {
    /// A message of its `client_id` was there before.
    Sent(MessageId),
    /// It is kept, and not tried again.
    Refused(Failed),
    /// It is tried again then.
    Later(Timestamp),
}

impl Write for SettleScheduled {
    /// As it is then, or was; `None` if it is not there, or another one by now.
    type Outcome = Option<Scheduled>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<Scheduled>> {
        on!(conn, settle, self)
    }

    fn effects(&self, scheduled: &Option<Scheduled>, effects: &mut Effects) {
        let Some(scheduled) = scheduled else { return };
        let ended = match self.settled {
            Settled::Later(_) => return,
            Settled::Sent(message) => Some(ScheduledEnd::Sent(message)),
            Settled::Refused(_) => None,
        };
        effects.happened(|| Happened::scheduled(self.user, scheduled, ended));
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
    };

    use super::{
        Failed, PURGE_ROWS, RoomKey, Scheduled, ScheduledId, SettleScheduled, Settled, Timestamp,
        UserKey, WriteError, Written,
    };
    use crate::{
        backend::Conn,
        rows::scheduled::{ScheduledRow, columns},
        schema::{rooms, scheduled},
        write::attachment::backend as attachment,
    };

    /// One of what a user has scheduled, in a room that is there.
    pub fn find(conn: &mut Conn, user: UserKey, id: ScheduledId) -> Written<Scheduled> {
        let row = scheduled::table
            .inner_join(rooms::table.on(rooms::key.eq(scheduled::room_key)))
            .filter(rooms::id.is_not_null())
            .filter(scheduled::id.eq(id.0))
            .filter(scheduled::user_key.eq(user.0))
            .select(columns())
            .first::<ScheduledRow>(conn)
            .optional()?;
        row.map(Scheduled::from).ok_or_else(|| WriteError::NoSuchScheduled.into())
    }

    /// What is tried is still there as it was read: it was not cancelled or changed.
    pub fn is_due(
        conn: &mut Conn,
        room: RoomKey,
        (id, updated_at): (ScheduledId, Timestamp),
    ) -> QueryResult<bool> {
        let row = scheduled::table
            .find(id.0)
            .filter(scheduled::room_key.eq(room.0))
            .filter(scheduled::updated_at.eq(updated_at.0));
        Ok(row.count().get_result::<i64>(conn)? > 0)
    }

    /// Some end, with the files that no message has got of them.
    pub fn end(conn: &mut Conn, ids: &[i64]) -> QueryResult<()> {
        attachment::release(conn, ids)?;
        diesel::delete(scheduled::table.filter(scheduled::id.eq_any(ids))).execute(conn).map(drop)
    }

    /// All that a user has scheduled: at most
    /// [`SCHEDULED_PER_USER`](parlor_domain::limits::SCHEDULED_PER_USER).
    pub fn end_all_of(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
        let ids = scheduled::table.filter(scheduled::user_key.eq(user.0)).select(scheduled::id);
        let ids = ids.load::<i64>(conn)?;
        end(conn, &ids)
    }

    /// Some of what was scheduled for a room that is gone; says whether there is more.
    pub fn purge(conn: &mut Conn, room: RoomKey) -> QueryResult<bool> {
        let ids = scheduled::table
            .filter(scheduled::room_key.eq(room.0))
            .limit(PURGE_ROWS)
            .select(scheduled::id)
            .load::<i64>(conn)?;
        end(conn, &ids)?;
        Ok(i64::try_from(ids.len()).is_ok_and(|rows| rows >= PURGE_ROWS))
    }

    pub(super) fn settle(conn: &mut Conn, settle: &SettleScheduled) -> Written<Option<Scheduled>> {
        let SettleScheduled { user, id, updated_at, settled, at } = settle;
        let found = match find(conn, *user, *id) {
            Ok(found) if found.updated_at == *updated_at => found,
            Ok(_) | Err(crate::Failure::Refused(_)) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let row = scheduled::table.find(id.0);
        match settled {
            Settled::Sent(_) => end(conn, &[id.0])?,
            Settled::Later(at) => {
                diesel::update(row).set(scheduled::try_at.eq(Some(at.0))).execute(conn)?;
            }
            Settled::Refused(failed) => {
                let Failed { code, message } = failed;
                let updated_at = Timestamp(at.0.max(updated_at.0 + 1));
                diesel::update(row)
                    .set((
                        scheduled::try_at.eq(None::<i64>),
                        scheduled::failed_code.eq(Some(&**code)),
                        scheduled::failed_message.eq(Some(&**message)),
                        scheduled::updated_at.eq(updated_at.0),
                    ))
                    .execute(conn)?;
                return Ok(Some(Scheduled { updated_at, failed: Some(failed.clone()), ..found }));
            }
        }
        Ok(Some(found))
    }
}
