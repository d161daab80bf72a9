use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl, alias,
    dsl::max,
};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;

use super::{ReadError, Reader, read};
use crate::{
    rows::message::{MessageRow, columns, visible},
    schema::{members, messages, room_heads, rooms, streams},
};
use parlor_domain::{
    Bounds, ClientId, HistoryCursor, HistoryPage, Message, MessageId, RoomEvent, RoomKey, Seq,
    StoredMessage, Timestamp, UserKey, limits::PINS_PER_ROOM,
};

/// A page of what a reader has missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// In the order of their positions.
    pub missed: Vec<Missed>,
    /// Up to here nothing is missing.
    pub upto: Seq,
    pub bounds: Bounds,
}

/// Something a reader has missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// A message as it is now, at the position of its latest change.
    Message(Message),
    Event(RoomEvent),
    /// What came up to `upto` is gone.
    Cleared {
        seq: Seq,
        upto: Seq,
    },
}

impl Missed {
    /// Its position in the room's timeline.
    pub fn seq(&self) -> Seq {
        match self {
            Self::Message(message) => message.changed_seq,
            Self::Event(event) => event.seq,
            Self::Cleared { seq, .. } => *seq,
        }
    }
}

/// The head, start and floor of a room that was deleted in the meantime:
/// there is no position from which its events can be told.
const ROOM_GONE: (i64, i64, i64, i64) = (0, 0, i64::MAX, 0);

const NO_END: Seq = Seq(i64::MAX);

impl Reader {
    /// Messages that are being written, whose writers were not heard since a time: the
    /// longest ones first, and only some of them.
    pub async fn unheard_streams(
        &self,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<MessageId>, ReadError> {
        let query = streams::table
            .filter(streams::heard_at.le(since.0))
            .order((streams::heard_at, streams::message_id))
            .limit(limit)
            .select(streams::message_id);
        let ids = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(ids.into_iter().map(MessageId).collect())
    }

    /// One page of a room's history, oldest first.
    ///
    /// Pages by `seq` and not by offset, so that a message stored while the
    /// caller scrolls neither repeats nor hides a row.
    pub async fn history(
        &self,
        room: RoomKey,
        cursor: HistoryCursor,
        limit: i64,
    ) -> Result<HistoryPage, ReadError> {
        let epoch = self.epoch_of(room);
        read!(self, |conn| {
            let conn = &mut *conn;
            let (before, after) = match cursor {
                HistoryCursor::Newest => (NO_END, None),
                HistoryCursor::Before(seq) => (seq, None),
                HistoryCursor::After(seq) => {
                    let (messages, has_more) = select::page_after(conn, room, seq, limit).await?;
                    return Ok(HistoryPage { messages, epoch, has_more, has_more_after: None });
                }
                HistoryCursor::Around(seq) => (seq, Some(Seq(seq.0 - 1))),
            };
            let Some(after) = after else {
                let (messages, has_more) = select::page_before(conn, room, before, limit).await?;
                return Ok(HistoryPage { messages, epoch, has_more, has_more_after: None });
            };
            let older = limit / 2;
            let (mut messages, has_more) = select::page_before(conn, room, before, older).await?;
            let (newer, more_after) = select::page_after(conn, room, after, limit - older).await?;
            messages.extend(newer);
            Ok(HistoryPage { messages, epoch, has_more, has_more_after: Some(more_after) })
        })
    }

    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, ReadError> {
        let query = visible().filter(messages::id.eq(id.0)).select(columns());
        read!(self, |conn| {
            let row = query.first::<MessageRow>(&mut conn).await.optional()?;
            Ok(select::messages_of(&mut conn, row.into_iter().collect()).await?.pop())
        })
    }

    /// What a sender has stored under a name, and where.
    pub async fn sent(
        &self,
        sender: UserKey,
        client_id: &ClientId,
    ) -> Result<Option<(RoomKey, StoredMessage)>, ReadError> {
        let query = messages::table
            .filter(messages::sender_key.eq(sender.0))
            .filter(messages::client_id.eq(client_id.as_str().to_owned()))
            .select((messages::room_key, messages::id, messages::seq, messages::created_at));
        let sent: Option<(i64, i64, i64, i64)> =
            read!(self, |conn| query.first(&mut conn).await.optional())?;
        Ok(sent.map(|(room, id, seq, created_at)| {
            let (id, seq, created_at) = (MessageId(id), Seq(seq), Timestamp(created_at));
            (RoomKey(room), StoredMessage { id, seq, created_at, duplicate: true })
        }))
    }

    /// A page of a thread's replies, oldest first, and whether there are more.
    pub async fn thread(
        &self,
        root: MessageId,
        after: Seq,
        limit: i64,
    ) -> Result<(Vec<Message>, bool), ReadError> {
        let query = visible()
            .filter(messages::thread_id.eq(root.0))
            .filter(messages::seq.gt(after.0))
            .order(messages::seq.asc())
            .limit(limit + 1)
            .select(columns());
        read!(self, |conn| {
            let (rows, more) = select::cut(query.load::<MessageRow>(&mut conn).await?, limit);
            Ok((select::messages_of(&mut conn, rows).await?, more))
        })
    }

    /// Some of a room's pinned messages, the latest pin first, after so many of
    /// them; and whether there are more.
    pub async fn pins(
        &self,
        room: RoomKey,
        before: i64,
        limit: i64,
    ) -> Result<(Vec<Message>, bool), ReadError> {
        let query = visible()
            .filter(messages::room_key.eq(room.0))
            .filter(messages::pinned_at.is_not_null())
            .order((messages::pinned_at.desc(), messages::id.desc()))
            .offset(before.min(PINS_PER_ROOM))
            .limit(limit + 1)
            .select(columns());
        read!(self, |conn| {
            let (rows, more) = select::cut(query.load::<MessageRow>(&mut conn).await?, limit);
            Ok((select::messages_of(&mut conn, rows).await?, more))
        })
    }

    /// How many messages a room has; tombstones are none.
    pub async fn message_count(&self, room: RoomKey) -> Result<i64, ReadError> {
        read!(self, |conn| {
            let visible = messages::table
                .inner_join(rooms::table)
                .filter(messages::room_key.eq(room.0))
                .filter(messages::seq.gt(rooms::floor_seq));
            // Each from an index of its own, and not row by row.
            let all: i64 = visible.count().get_result(&mut conn).await?;
            let deleted = visible.filter(messages::deleted_at.is_not_null());
            let deleted: i64 = deleted.count().get_result(&mut conn).await?;
            Ok(all - deleted)
        })
    }

    /// A page of what came after `since`.
    ///
    /// The head is read first and bounds the page: what commits in between
    /// is not in it, and comes to the reader as a live event.
    pub async fn replay(&self, room: RoomKey, since: Seq, limit: i64) -> Result<Replay, ReadError> {
        read!(self, |conn| {
            let conn = &mut *conn;
            let (last_seq, start, floor, cleared) = room_heads::table
                .inner_join(rooms::table)
                .filter(room_heads::room_key.eq(room.0))
                .select((
                    room_heads::last_seq,
                    room_heads::start_seq,
                    rooms::floor_seq,
                    rooms::cleared_seq,
                ))
                .first::<(i64, i64, i64, i64)>(conn)
                .await
                .optional()?
                .unwrap_or(ROOM_GONE);
            let (last_seq, floor) = (Seq(last_seq), Seq(floor));
            let rows = select::missed_messages(conn, room, since, last_seq, limit).await?;
            let full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows >= limit);
            let events = select::room_events_after(conn, room, since, last_seq, limit).await?;
            let is_full = full(rows.len() + events.len());
            let messages = select::messages_of(conn, rows).await?.into_iter().map(Missed::Message);
            let mut missed: Vec<Missed> =
                messages.chain(events.into_iter().map(Missed::Event)).collect();
            if cleared > since.0 && cleared <= last_seq.0 {
                missed.push(Missed::Cleared { seq: Seq(cleared), upto: floor });
            }
            missed.sort_by_key(Missed::seq);
            missed.truncate(usize::try_from(limit).unwrap_or(0));
            let upto = match missed.last() {
                Some(last) if is_full => last.seq(),
                Some(_) | None => last_seq,
            };
            let bounds = Bounds { start: Seq(start), floor, last: last_seq };
            Ok(Replay { missed, upto, bounds })
        })
    }

    /// The newest message of each of these rooms of a user's that has one; each
    /// is one step in an index.
    pub(super) async fn newest_messages(
        &self,
        user: UserKey,
        rooms: Vec<i64>,
    ) -> Result<FxHashMap<RoomKey, Message>, ReadError> {
        let newer = alias!(messages as newer);
        let newest = newer
            .filter(newer.field(messages::room_key).eq(members::room_key))
            .select(max(newer.field(messages::seq)))
            .single_value();
        let query = visible()
            .inner_join(members::table.on(members::room_key.eq(messages::room_key)))
            .filter(members::user_key.eq(user.0))
            .filter(members::room_key.eq_any(rooms))
            .filter(messages::seq.nullable().eq(newest))
            .select(columns());
        let newest = read!(self, |conn| {
            let rows = query.load::<MessageRow>(&mut conn).await?;
            select::messages_of(&mut conn, rows).await
        })?;
        Ok(newest.into_iter().map(|message| (message.room_key, message)).collect())
    }

    /// The newest message of each of some rooms, whoever is in them.
    pub(super) async fn newest_of_rooms(
        &self,
        rooms: Vec<i64>,
    ) -> Result<FxHashMap<RoomKey, Message>, ReadError> {
        let newer = alias!(messages as newer);
        let newest = newer
            .filter(newer.field(messages::room_key).eq(room_heads::room_key))
            .select(max(newer.field(messages::seq)))
            .single_value();
        let query = visible()
            .inner_join(room_heads::table.on(room_heads::room_key.eq(messages::room_key)))
            .filter(room_heads::room_key.eq_any(rooms))
            .filter(messages::seq.nullable().eq(newest))
            .select(columns());
        let newest = read!(self, |conn| {
            let rows = query.load::<MessageRow>(&mut conn).await?;
            select::messages_of(&mut conn, rows).await
        })?;
        Ok(newest.into_iter().map(|message| (message.room_key, message)).collect())
    }

    /// The newest message there is, so that ids go on after it.
    pub async fn newest_message_id(&self) -> Result<Option<MessageId>, ReadError> {
        let query = messages::table.select(max(messages::id));
        let newest: Option<i64> = read!(self, |conn| query.first(&mut conn).await)?;
        Ok(newest.map(MessageId))
    }
}
