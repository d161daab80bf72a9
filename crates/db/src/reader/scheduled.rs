//! Messages that are to be sent later.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, sql_types::Bool,
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, members::cut, read};
use crate::{
    rows::{
        bar::{BarRow, columns as bar_columns},
        message_json::attachment_ids,
        scheduled::{ScheduledRow, columns},
        user::{UserRow, columns as user_columns},
    },
    schema::{rooms, scheduled, user_bars, users},
};
use parlor_domain::{
    AttachmentId, Bar, RoomId, Scheduled, ScheduledId, Timestamp, User, UserKey,
    limits::SCHEDULED_PER_USER,
};

/// A message that is to be sent now.
#[derive(Clone, Debug)]
pub struct DueMessage {
    pub author: User,
    /// What keeps the author out, if anything does.
    pub bar: Bar,
    pub scheduled: Scheduled,
    pub attachments: Vec<AttachmentId>,
}

/// Those of rooms that are there.
macro_rules! scheduled_rows {
    () => {
        scheduled::table
            .inner_join(rooms::table.on(rooms::key.eq(scheduled::room_key)))
            .filter(rooms::id.is_not_null())
    };
}

impl Reader {
    /// A page of what a user has scheduled, in one room or in all, soonest first, after so
    /// many of them; and whether there is more.
    pub async fn scheduled(
        &self,
        user: UserKey,
        room: Option<&RoomId>,
        after: i64,
        limit: i64,
    ) -> Result<(Vec<Scheduled>, bool), ReadError> {
        let everywhere = room.is_none().into_sql::<Bool>();
        let room = room.map_or("", RoomId::as_str).to_owned();
        let query = scheduled_rows!()
            .filter(scheduled::user_key.eq(user.0))
            .filter(everywhere.or(rooms::id.assume_not_null().eq(room)))
            .order((scheduled::send_at, scheduled::id))
            .offset(after.min(SCHEDULED_PER_USER))
            .limit(limit + 1)
            .select(columns());
        let rows = read!(self, |conn| query.load::<ScheduledRow>(&mut conn).await)?;
        Ok(cut(rows.into_iter().map(Scheduled::from).collect(), limit))
    }

    /// One of what a user has scheduled.
    pub async fn scheduled_one(
        &self,
        user: UserKey,
        id: ScheduledId,
    ) -> Result<Option<Scheduled>, ReadError> {
        let query = scheduled_rows!()
            .filter(scheduled::id.eq(id.0).and(scheduled::user_key.eq(user.0)))
            .select(columns());
        let row = read!(self, |conn| query.first::<ScheduledRow>(&mut conn).await.optional())?;
        Ok(row.map(Scheduled::from))
    }

    /// What is to be sent by now: the longest due first, and only some.
    pub async fn due_messages(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<DueMessage>, ReadError> {
        let query = scheduled_rows!()
            .inner_join(users::table.on(users::key.eq(scheduled::user_key)))
            .left_join(user_bars::table.on(user_bars::user_key.eq(scheduled::user_key)))
            .filter(scheduled::try_at.is_not_null().and(scheduled::try_at.le(now.0)))
            .order((scheduled::try_at, scheduled::id))
            .limit(limit)
            .select((user_columns(), columns(), scheduled::attachments, bar_columns().nullable()));
        type Row = (UserRow, ScheduledRow, Option<String>, Option<BarRow>);
        let rows = read!(self, |conn| query.load::<Row>(&mut conn).await)?;
        let due = |(author, row, attachments, bar): Row| DueMessage {
            author: author.into(),
            bar: bar.map_or_else(Bar::default, Bar::from),
            scheduled: row.into(),
            attachments: attachments.as_deref().map_or_else(Vec::new, attachment_ids),
        };
        Ok(rows.into_iter().map(due).collect())
    }
}
