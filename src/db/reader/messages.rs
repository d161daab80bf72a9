use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl,
    QueryResult, Queryable, alias, dsl::max,
};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;

use super::{AsyncConn, ReadError, Reader};
use crate::{
    db::schema::{members, messages, room_heads, rooms, users},
    domain::{
        ClientId, HistoryCursor, HistoryPage, Message, MessageId, RoomId, RoomKey, Seq, Timestamp,
        User, UserId, UserKey,
    },
};

/// A page of what a reader has missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// In the order of their latest change.
    pub messages: Vec<Message>,
    /// Up to here nothing is missing.
    pub upto: Seq,
    pub last_seq: Seq,
    /// Events up to here can no longer be told one by one.
    pub floor: Seq,
}

#[derive(Queryable)]
pub(super) struct MessageRow {
    id: i64,
    room_key: i64,
    room: String,
    seq: i64,
    changed_seq: i64,
    sender_key: i64,
    sender: String,
    sender_name: String,
    client_id: Option<String>,
    content: String,
    created_at: i64,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        let MessageRow {
            id,
            room_key,
            room,
            seq,
            changed_seq,
            sender_key,
            sender,
            sender_name,
            client_id,
            content,
            created_at,
        } = row;
        Self {
            id: MessageId(id),
            room_key: RoomKey(room_key),
            room: RoomId::from_stored(room),
            seq: Seq(seq),
            changed_seq: Seq(changed_seq),
            sender: User {
                key: UserKey(sender_key),
                id: UserId::from_stored(sender),
                name: sender_name.into(),
            },
            client_id: client_id.map(ClientId::from_stored),
            content: content.into(),
            created_at: Timestamp(created_at),
        }
    }
}

/// The messages that can be seen: their room is there and they have not been
/// cleared.
#[diesel::dsl::auto_type]
fn visible() -> _ {
    messages::table
        .inner_join(users::table)
        .inner_join(rooms::table)
        .filter(rooms::id.is_not_null())
        .filter(messages::seq.gt(rooms::floor_seq))
}

/// The columns of a [`MessageRow`].
#[diesel::dsl::auto_type]
fn columns() -> _ {
    let room: diesel::dsl::AssumeNotNull<rooms::id> = rooms::id.assume_not_null();
    (
        messages::id,
        messages::room_key,
        room,
        messages::seq,
        messages::changed_seq,
        messages::sender_key,
        users::id,
        users::name,
        messages::client_id,
        messages::content,
        messages::created_at,
    )
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

/// The oldest messages after a position, up to another one, oldest first.
async fn oldest_after(
    conn: &mut AsyncConn,
    room: RoomKey,
    after: Seq,
    upto: Seq,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    visible()
        .filter(messages::room_key.eq(room.0))
        .filter(messages::seq.gt(after.0))
        .filter(messages::seq.le(upto.0))
        .order(messages::seq.asc())
        .limit(limit)
        .select(columns())
        .load(conn)
        .await
}

/// The head and the floor of a room that was deleted in the meantime: there
/// is no position from which its events can be told.
const ROOM_GONE: (i64, i64) = (0, i64::MAX);

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
    Ok((rows.into_iter().rev().map(Message::from).collect(), more))
}

async fn page_after(
    conn: &mut AsyncConn,
    room: RoomKey,
    after: Seq,
    limit: i64,
) -> QueryResult<(Vec<Message>, bool)> {
    let (rows, more) = cut(oldest_after(conn, room, after, NO_END, limit + 1).await?, limit);
    Ok((rows.into_iter().map(Message::from).collect(), more))
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
        let row =
            self.read(move |mut conn| async move {
                query.first::<MessageRow>(&mut conn).await.optional()
            })
            .await?;
        Ok(row.map(Message::from))
    }

    pub async fn message_count(&self, room: RoomKey) -> Result<i64, ReadError> {
        let query = messages::table
            .inner_join(rooms::table)
            .filter(messages::room_key.eq(room.0))
            .filter(messages::seq.gt(rooms::floor_seq))
            .count();
        self.read(move |mut conn| async move { query.get_result(&mut conn).await }).await
    }

    /// A page of what came after `since`.
    ///
    /// The head is read first and bounds the page: what commits in between
    /// is not in it, and comes to the reader as a live event.
    pub async fn replay(&self, room: RoomKey, since: Seq, limit: i64) -> Result<Replay, ReadError> {
        self.read(move |mut conn| async move {
            let conn = &mut *conn;
            let (last_seq, floor) = room_heads::table
                .inner_join(rooms::table)
                .filter(room_heads::room_key.eq(room.0))
                .select((room_heads::last_seq, rooms::floor_seq))
                .first::<(i64, i64)>(conn)
                .await
                .optional()?
                .unwrap_or(ROOM_GONE);
            let (last_seq, floor) = (Seq(last_seq), Seq(floor));
            let rows = oldest_after(conn, room, since, last_seq, limit).await?;
            let full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
            let messages: Vec<Message> = rows.into_iter().map(Message::from).collect();
            let upto = match messages.last() {
                Some(last) if full => last.changed_seq,
                Some(_) | None => last_seq,
            };
            Ok(Replay { messages, upto, last_seq, floor })
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
        let rows = self
            .read(move |mut conn| async move { query.load::<MessageRow>(&mut conn).await })
            .await?;
        Ok(rows.into_iter().map(Message::from).map(|message| (message.room_key, message)).collect())
    }

    /// The newest message there is, so that ids go on after it.
    pub async fn newest_message_id(&self) -> Result<Option<MessageId>, ReadError> {
        let query = messages::table.select(max(messages::id));
        let newest: Option<i64> =
            self.read(move |mut conn| async move { query.first(&mut conn).await }).await?;
        Ok(newest.map(MessageId))
    }
}
