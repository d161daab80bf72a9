//! What the application has published.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    db::schema::{inbox, inbox_heads},
    domain::{AppEvent, EventKind, InboxEvent, RoomEvent, RoomKey, Seq, Timestamp, UserKey},
};

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

    /// Where a user's inbox ends, and up to where their clients have it.
    pub async fn inbox_head(&self, user: UserKey) -> Result<(Seq, Seq), ReadError> {
        let query =
            inbox_heads::table.find(user.0).select((inbox_heads::last_seq, inbox_heads::acked_seq));
        let head = read!(self, |conn| query.first::<(i64, i64)>(&mut conn).await.optional())?;
        let (last, acked) = head.unwrap_or_default();
        Ok((Seq(last), Seq(acked)))
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
