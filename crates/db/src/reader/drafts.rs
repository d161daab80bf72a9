//! What users have begun to write.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable,
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, members::cut, read};
use crate::schema::{drafts, members, rooms};
use parlor_domain::{Draft, MessageId, RoomId, RoomKey, Timestamp, UserKey};

#[derive(Queryable)]
struct DraftRow {
    room: String,
    thread: i64,
    content: String,
    metadata: Option<String>,
    updated_at: i64,
}

impl From<DraftRow> for Draft {
    fn from(DraftRow { room, thread, content, metadata, updated_at }: DraftRow) -> Self {
        Self {
            room: RoomId::from_stored(room),
            thread: (thread != 0).then_some(MessageId(thread)),
            content: content.into(),
            metadata: metadata.map(Into::into),
            updated_at: Timestamp(updated_at),
        }
    }
}

/// Those of rooms that the user is in.
macro_rules! drafts_of {
    ($user:expr) => {
        drafts::table
            .inner_join(rooms::table.on(rooms::key.eq(drafts::room_key)))
            .inner_join(members::table.on(
                members::room_key.eq(drafts::room_key).and(members::user_key.eq(drafts::user_key)),
            ))
            .filter(drafts::user_key.eq($user.0))
            .filter(rooms::id.is_not_null())
            .select((
                rooms::id.assume_not_null(),
                drafts::thread_id,
                drafts::content,
                drafts::metadata,
                drafts::updated_at,
            ))
    };
}

impl Reader {
    /// Some of a user's drafts, newest first, from before a time on; and whether there are
    /// more.
    pub async fn drafts(
        &self,
        user: UserKey,
        before: Timestamp,
        limit: i64,
    ) -> Result<(Vec<Draft>, bool), ReadError> {
        let query = drafts_of!(user)
            .filter(drafts::updated_at.lt(before.0))
            .filter(drafts::content.ne("").or(drafts::metadata.is_not_null()))
            .order(drafts::updated_at.desc())
            .limit(limit + 1);
        let rows = read!(self, |conn| query.load::<DraftRow>(&mut conn).await)?;
        Ok(cut(rows.into_iter().map(Draft::from).collect(), limit))
    }

    /// What a user has begun to write in a room or a thread there.
    pub async fn draft(
        &self,
        user: UserKey,
        room: RoomKey,
        thread: Option<MessageId>,
    ) -> Result<Option<Draft>, ReadError> {
        let query = drafts_of!(user)
            .filter(drafts::room_key.eq(room.0))
            .filter(drafts::thread_id.eq(thread.map_or(0, |id| id.0)));
        let row = read!(self, |conn| query.first::<DraftRow>(&mut conn).await.optional())?;
        Ok(row.map(Draft::from))
    }
}
