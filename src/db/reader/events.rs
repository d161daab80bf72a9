//! What the application has published.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    db::schema::{inbox, inbox_heads},
    domain::{
        AppEvent, EventKind, InboxEvent, Position, RoomEvent, RoomKey, RoomOverview, Seq,
        Timestamp, UserKey,
    },
};

/// Where a user's inbox stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxHead {
    /// Where this life of it began.
    pub start: Seq,
    /// The newest event.
    pub last: Seq,
    /// The newest one that the user's clients have.
    pub acked: Seq,
}

impl InboxHead {
    /// The columns that it is made of.
    pub(super) const COLUMNS: (
        inbox_heads::start_seq,
        inbox_heads::last_seq,
        inbox_heads::acked_seq,
    ) = (inbox_heads::start_seq, inbox_heads::last_seq, inbox_heads::acked_seq);

    /// Whether a client can have come to a position in this life of the inbox,
    /// as it stands `now`; one that has nothing can. A number by itself counts
    /// from the beginning of this life; in its epoch also one that was read of
    /// what a restore has kept.
    pub fn has_told(self, named: &Position, now: &RoomOverview) -> bool {
        let start = if named.epoch.is_some() { Seq::ZERO } else { self.start };
        let is_there = named.seq == Seq::ZERO || (start..=now.last_seq).contains(&named.seq);
        is_there && named.may_be_of(&now.epoch)
    }
}

impl From<(i64, i64, i64)> for InboxHead {
    fn from((start, last, acked): (i64, i64, i64)) -> Self {
        Self { start: Seq(start), last: Seq(last), acked: Seq(acked) }
    }
}

impl Reader {
    /// A page of what was published into a room, and whether there is more.
    pub async fn room_events(
        &self,
        room: RoomKey,
        after: Seq,
        limit: i64,
    ) -> Result<(Vec<RoomEvent>, bool), ReadError> {
        let events = read!(self, |conn| select::room_events_after(
            &mut conn,
            room,
            after,
            Seq(i64::MAX),
            limit + 1
        )
        .await)?;
        Ok(super::members::cut(events, limit))
    }

    /// Where a user's inbox stands; nothing is told of one without events.
    pub async fn inbox_head(&self, user: UserKey) -> Result<InboxHead, ReadError> {
        let query = inbox_heads::table.find(user.0).select(InboxHead::COLUMNS);
        let head = read!(self, |conn| query.first::<(i64, i64, i64)>(&mut conn).await.optional())?;
        Ok(head.unwrap_or_default().into())
    }

    /// A page of a user's inbox that is not too old, oldest first.
    pub async fn inbox(
        &self,
        user: UserKey,
        after: Seq,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<InboxEvent>, ReadError> {
        let query = inbox::table
            .filter(inbox::user_key.eq(user.0))
            .filter(inbox::inbox_seq.gt(after.0).and(inbox::created_at.ge(since.0)))
            .order(inbox::inbox_seq)
            .limit(limit)
            .select((inbox::inbox_seq, inbox::kind, inbox::data, inbox::created_at));
        let rows = read!(self, |conn| query.load::<(i64, String, String, i64)>(&mut conn).await)?;
        let event = |(seq, kind, data, at): (i64, String, String, i64)| InboxEvent {
            inbox_seq: Seq(seq),
            event: AppEvent {
                kind: EventKind::from_stored(kind),
                data: data.into(),
                at: Timestamp(at),
            },
        };
        Ok(rows.into_iter().map(event).collect())
    }

    /// How many events wait in inboxes.
    pub async fn inbox_count(&self) -> Result<i64, ReadError> {
        read!(self, |conn| inbox::table.count().get_result(&mut conn).await)
    }
}
