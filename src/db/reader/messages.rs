use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, QueryResult, alias, dsl::max,
};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;

use super::{AsyncConn, ReadError, Reader};
use crate::{
    db::{
        message::row::{MessageRow, assemble, columns, quote_columns, quoted_ids, visible},
        schema::{members, messages, room_events, room_heads, rooms},
    },
    domain::{
        AppEvent, EventKind, HistoryCursor, HistoryPage, Message, MessageId, RoomEvent, RoomKey,
        Seq, Timestamp, UserKey,
    },
    limits::PINS_PER_ROOM,
};

/// A page of what a reader has missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// In the order of their positions.
    pub missed: Vec<Missed>,
    /// Up to here nothing is missing.
    pub upto: Seq,
    pub last_seq: Seq,
    /// Events up to here can no longer be told one by one.
    pub floor: Seq,
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

/// Whole messages, with what they point to.
pub(super) async fn messages_of(
    conn: &mut AsyncConn,
    rows: Vec<MessageRow>,
) -> QueryResult<Vec<Message>> {
    let ids = quoted_ids(&rows);
    let quotes = if ids.is_empty() {
        Vec::new()
    } else {
        let quoted = visible().filter(messages::id.eq_any(ids));
        quoted.select(quote_columns()).load(conn).await?
    };
    Ok(assemble(rows, quotes))
}

/// The newest messages before a position, newest first.
async fn newest_before(
    conn: &mut AsyncConn,
    room: RoomKey,
    before: Seq,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    visible()
        .filter(messages::room_key.eq(room.0))
        .filter(messages::seq.lt(before.0))
        .order(messages::seq.desc())
        .limit(limit)
        .select(columns())
        .load(conn)
        .await
}

/// The oldest messages after a position, oldest first.
async fn oldest_after(
    conn: &mut AsyncConn,
    room: RoomKey,
    after: Seq,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    visible()
        .filter(messages::room_key.eq(room.0))
        .filter(messages::seq.gt(after.0))
        .order(messages::seq.asc())
        .limit(limit)
        .select(columns())
        .load(conn)
        .await
}

/// The messages whose latest position lies in a range, in the order of those.
///
/// Two reads, so that an index gives the order: those that are as they were
/// created, and the few that changed.
async fn missed_messages(
    conn: &mut AsyncConn,
    room: RoomKey,
    after: Seq,
    upto: Seq,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    let in_room = || visible().filter(messages::room_key.eq(room.0));
    let mut rows: Vec<MessageRow> = in_room()
        .filter(messages::seq.gt(after.0).and(messages::seq.le(upto.0)))
        .filter(messages::changed_seq.eq(messages::seq))
        .order(messages::seq.asc())
        .limit(limit)
        .select(columns())
        .load(conn)
        .await?;
    let changed: Vec<MessageRow> = in_room()
        .filter(messages::changed_seq.gt(after.0).and(messages::changed_seq.le(upto.0)))
        .filter(messages::changed_seq.gt(messages::seq))
        .order(messages::changed_seq.asc())
        .limit(limit)
        .select(columns())
        .load(conn)
        .await?;
    rows.extend(changed);
    rows.sort_by_key(|row| row.changed_seq);
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(rows)
}

pub(super) async fn room_events_after(
    conn: &mut AsyncConn,
    room: RoomKey,
    after: Seq,
    upto: Seq,
    limit: i64,
) -> QueryResult<Vec<RoomEvent>> {
    let rows = room_events::table
        .filter(room_events::room_key.eq(room.0))
        .filter(room_events::seq.gt(after.0).and(room_events::seq.le(upto.0)))
        .order(room_events::seq.asc())
        .limit(limit)
        .select((room_events::seq, room_events::kind, room_events::data, room_events::created_at))
        .load::<(i64, String, String, i64)>(conn)
        .await?;
    let event = |(seq, kind, data, at): (i64, String, String, i64)| {
        let (kind, data, at) = (EventKind::from_stored(kind), data.into(), Timestamp(at));
        RoomEvent { seq: Seq(seq), event: AppEvent { kind, data, at } }
    };
    Ok(rows.into_iter().map(event).collect())
}

/// The head and the floor of a room that was deleted in the meantime: there
/// is no position from which its events can be told.
const ROOM_GONE: (i64, i64, i64) = (0, i64::MAX, 0);

const NO_END: Seq = Seq(i64::MAX);

/// Takes off the row that only said that there is more.
fn cut(mut rows: Vec<MessageRow>, limit: i64) -> (Vec<MessageRow>, bool) {
    let limit = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

async fn page_before(
    conn: &mut AsyncConn,
    room: RoomKey,
    before: Seq,
    limit: i64,
) -> QueryResult<(Vec<Message>, bool)> {
    let (rows, more) = cut(newest_before(conn, room, before, limit + 1).await?, limit);
    let mut page = messages_of(conn, rows).await?;
    page.reverse();
    Ok((page, more))
}

async fn page_after(
    conn: &mut AsyncConn,
    room: RoomKey,
    after: Seq,
    limit: i64,
) -> QueryResult<(Vec<Message>, bool)> {
    let (rows, more) = cut(oldest_after(conn, room, after, limit + 1).await?, limit);
    Ok((messages_of(conn, rows).await?, more))
}

impl Reader {
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
        self.read(move |mut conn| async move {
            let conn = &mut *conn;
            let (before, after) = match cursor {
                HistoryCursor::Newest => (NO_END, None),
                HistoryCursor::Before(seq) => (seq, None),
                HistoryCursor::After(seq) => {
                    let (messages, has_more) = page_after(conn, room, seq, limit).await?;
                    return Ok(HistoryPage { messages, has_more, has_more_after: None });
                }
                HistoryCursor::Around(seq) => (seq, Some(Seq(seq.0 - 1))),
            };
            let Some(after) = after else {
                let (messages, has_more) = page_before(conn, room, before, limit).await?;
                return Ok(HistoryPage { messages, has_more, has_more_after: None });
            };
            let older = limit / 2;
            let (mut messages, has_more) = page_before(conn, room, before, older).await?;
            let (newer, more_after) = page_after(conn, room, after, limit - older).await?;
            messages.extend(newer);
            Ok(HistoryPage { messages, has_more, has_more_after: Some(more_after) })
        })
        .await
    }

    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, ReadError> {
        let query = visible().filter(messages::id.eq(id.0)).select(columns());
        self.read(move |mut conn| async move {
            let row = query.first::<MessageRow>(&mut conn).await.optional()?;
            Ok(messages_of(&mut conn, row.into_iter().collect()).await?.pop())
        })
        .await
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
        self.read(move |mut conn| async move {
            let (rows, more) = cut(query.load::<MessageRow>(&mut conn).await?, limit);
            Ok((messages_of(&mut conn, rows).await?, more))
        })
        .await
    }

    /// A room's pinned messages, the latest pin first.
    pub async fn pins(&self, room: RoomKey) -> Result<Vec<Message>, ReadError> {
        let query = visible()
            .filter(messages::room_key.eq(room.0))
            .filter(messages::pinned_at.is_not_null())
            .order(messages::pinned_at.desc())
            .limit(PINS_PER_ROOM)
            .select(columns());
        self.read(move |mut conn| async move {
            let rows = query.load::<MessageRow>(&mut conn).await?;
            messages_of(&mut conn, rows).await
        })
        .await
    }

    /// How many messages a room has; tombstones are none.
    pub async fn message_count(&self, room: RoomKey) -> Result<i64, ReadError> {
        self.read(move |mut conn| async move {
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
        .await
    }

    /// A page of what came after `since`.
    ///
    /// The head is read first and bounds the page: what commits in between
    /// is not in it, and comes to the reader as a live event.
    pub async fn replay(&self, room: RoomKey, since: Seq, limit: i64) -> Result<Replay, ReadError> {
        self.read(move |mut conn| async move {
            let conn = &mut *conn;
            let (last_seq, floor, cleared) = room_heads::table
                .inner_join(rooms::table)
                .filter(room_heads::room_key.eq(room.0))
                .select((room_heads::last_seq, rooms::floor_seq, rooms::cleared_seq))
                .first::<(i64, i64, i64)>(conn)
                .await
                .optional()?
                .unwrap_or(ROOM_GONE);
            let (last_seq, floor) = (Seq(last_seq), Seq(floor));
            let rows = missed_messages(conn, room, since, last_seq, limit).await?;
            let full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows >= limit);
            let events = room_events_after(conn, room, since, last_seq, limit).await?;
            let is_full = full(rows.len() + events.len());
            let messages = messages_of(conn, rows).await?.into_iter().map(Missed::Message);
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
            Ok(Replay { missed, upto, last_seq, floor })
        })
        .await
    }

    /// The newest message of each of a user's rooms that has one; each is one
    /// step in an index.
    pub(super) async fn newest_messages(
        &self,
        user: UserKey,
    ) -> Result<FxHashMap<RoomKey, Message>, ReadError> {
        let newer = alias!(messages as newer);
        let newest = newer
            .filter(newer.field(messages::room_key).eq(members::room_key))
            .select(max(newer.field(messages::seq)))
            .single_value();
        let query = visible()
            .inner_join(members::table.on(members::room_key.eq(messages::room_key)))
            .filter(members::user_key.eq(user.0))
            .filter(messages::seq.nullable().eq(newest))
            .select(columns());
        let newest = self
            .read(move |mut conn| async move {
                let rows = query.load::<MessageRow>(&mut conn).await?;
                messages_of(&mut conn, rows).await
            })
            .await?;
        Ok(newest.into_iter().map(|message| (message.room_key, message)).collect())
    }

    /// The newest message there is, so that ids go on after it.
    pub async fn newest_message_id(&self) -> Result<Option<MessageId>, ReadError> {
        let query = messages::table.select(max(messages::id));
        let newest: Option<i64> =
            self.read(move |mut conn| async move { query.first(&mut conn).await }).await?;
        Ok(newest.map(MessageId))
    }
}
