//! What users have saved.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable,
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, members::cut, read};
use crate::{
    rows::message::{MessageRow, columns, visible},
    schema::{members, messages, rooms, saved},
};
use parlor_domain::{
    Message, MessageId, RoomId, Saved, Timestamp, UserKey, limits::SAVED_PER_USER,
};

#[derive(Queryable)]
struct SavedRow {
    room: String,
    message: i64,
    note: Option<String>,
    saved_at: i64,
    remind_at: Option<i64>,
    reminded_at: Option<i64>,
    updated_at: i64,
}

impl From<SavedRow> for Saved {
    fn from(row: SavedRow) -> Self {
        let SavedRow { room, message, note, saved_at, remind_at, reminded_at, updated_at } = row;
        Self {
            room: RoomId::from_stored(room),
            message: MessageId(message),
            note: note.map(Into::into),
            saved_at: Some(Timestamp(saved_at)),
            remind_at: remind_at.map(Timestamp),
            reminded_at: reminded_at.map(Timestamp),
            updated_at: Timestamp(updated_at),
        }
    }
}

/// The columns of a [`SavedRow`].
macro_rules! saved_columns {
    () => {
        (
            rooms::id.assume_not_null(),
            saved::message_id,
            saved::note,
            saved::saved_at,
            saved::remind_at,
            saved::reminded_at,
            saved::updated_at,
        )
    };
}

/// What a user has saved of what they can read.
macro_rules! saved_of {
    ($user:expr) => {
        visible()
            .inner_join(saved::table.on(saved::message_id.eq(messages::id)))
            .inner_join(members::table.on(
                members::room_key.eq(messages::room_key).and(members::user_key.eq(saved::user_key)),
            ))
            .filter(saved::user_key.eq($user.0))
    };
}

/// Reads a page of what such a query finds.
macro_rules! read_page {
    ($reader:expr, $query:expr, $limit:expr) => {{
        let query = $query.limit($limit + 1).select((columns(), saved_columns!()));
        read!($reader, |conn| {
            let rows = query.load::<(MessageRow, SavedRow)>(&mut conn).await?;
            let (messages, saved): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let messages = select::messages_of(&mut conn, messages).await?;
            let page = saved.into_iter().map(Saved::from).zip(messages);
            Ok(cut(page.collect(), $limit))
        })
    }};
}

/// Some of what a user has saved, each with the message as it is now, and whether there is
/// more.
type SavedPage = (Vec<(Saved, Message)>, bool);

impl Reader {
    /// A page of what a user has saved, newest first, from before a time on.
    pub async fn saved(
        &self,
        user: UserKey,
        before: Timestamp,
        limit: i64,
    ) -> Result<SavedPage, ReadError> {
        let query =
            saved_of!(user).filter(saved::saved_at.lt(before.0)).order(saved::saved_at.desc());
        read_page!(self, query, limit)
    }

    /// A page of what a user is still to be reminded of, soonest first, after so many of
    /// them.
    pub async fn reminders(
        &self,
        user: UserKey,
        after: i64,
        limit: i64,
    ) -> Result<SavedPage, ReadError> {
        let query = saved_of!(user)
            .filter(saved::remind_at.is_not_null().and(saved::reminded_at.is_null()))
            .order((saved::remind_at, saved::message_id))
            .offset(after.min(SAVED_PER_USER));
        read_page!(self, query, limit)
    }

    /// What a user has saved of a message that they can read.
    pub async fn saved_of(
        &self,
        user: UserKey,
        message: MessageId,
    ) -> Result<Option<Saved>, ReadError> {
        let query =
            saved_of!(user).filter(saved::message_id.eq(message.0)).select(saved_columns!());
        let row = read!(self, |conn| query.first::<SavedRow>(&mut conn).await.optional())?;
        Ok(row.map(Saved::from))
    }

    /// Who is to be reminded of what by now: the longest due first, and only some.
    pub async fn due_reminders(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<(UserKey, MessageId)>, ReadError> {
        let query = saved::table
            .filter(saved::remind_at.is_not_null().and(saved::reminded_at.is_null()))
            .filter(saved::remind_at.le(now.0))
            .order((saved::remind_at, saved::user_key, saved::message_id))
            .limit(limit)
            .select((saved::user_key, saved::message_id));
        let rows = read!(self, |conn| query.load::<(i64, i64)>(&mut conn).await)?;
        Ok(rows.into_iter().map(|(user, message)| (UserKey(user), MessageId(message))).collect())
    }
}
