//! What was reported to those who moderate.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable, alias,
    sql_types::{Bool, Nullable},
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, members::cut, read};
use crate::{
    rows::{
        report::ReportRow,
        user::{UserRow, columns as user_columns},
    },
    schema::{members, reported_by, reports, rooms, users},
};
use parlor_domain::{
    MessageId, OwnReport, Report, ReportId, ReportReason, ReportedBy, Role, RoomKey, Timestamp,
    User, UserId, UserKey, limits::REPORTERS_SHOWN,
};

/// Which reports are wanted.
#[derive(Clone, Copy, Debug)]
pub struct ReportFilter {
    /// Those of the rooms that this user moderates; `None`: all.
    pub moderator: Option<UserKey>,
    pub room: Option<RoomKey>,
    pub decided: bool,
    /// Those behind this one: the open ones in the order in which they came, of the others
    /// the newest first.
    pub after: Option<ReportId>,
}

#[derive(Queryable)]
struct ReportedByRow {
    user: UserRow,
    reason: String,
    note: String,
    at: i64,
}

type OwnReportRow = (i64, Option<i64>, String, String, String, i64);

macro_rules! reports {
    ($deciders:ident) => {
        reports::table
            .inner_join(users::table.on(users::key.eq(reports::user_key)))
            .left_join(rooms::table.on(rooms::key.nullable().eq(reports::room_key)))
            .left_join($deciders.on($deciders.field(users::key).nullable().eq(reports::decided_by)))
    };
    (columns of $deciders:ident) => {
        (
            reports::id,
            rooms::id.nullable(),
            reports::message_id,
            user_columns(),
            reports::content,
            reports::count,
            reports::reasons,
            reports::reported_at,
            reports::decided_at,
            $deciders.field(users::id).nullable(),
            reports::decision,
            reports::note,
        )
    };
}

impl Reader {
    /// Some reports, and whether there are more.
    pub async fn reports(
        &self,
        filter: ReportFilter,
        limit: i64,
    ) -> Result<(Vec<Report>, bool), ReadError> {
        let ReportFilter { moderator, room, decided, after } = filter;
        let deciders = alias!(users as deciders);
        let (all, moderator) = (moderator.is_none(), moderator.map_or(0, |user| user.0));
        let moderated = members::table
            .filter(members::user_key.eq(moderator))
            .filter(members::role.eq_any([Role::Owner.as_str(), Role::Moderator.as_str()]))
            .select(members::room_key.nullable());
        let (any, room) = (room.is_none(), room.map_or(0, |room| room.0));
        let query = reports!(deciders)
            .filter(reports::room_key.eq(room).or(any.into_sql::<Nullable<Bool>>()))
            .filter(reports::room_key.eq_any(moderated).or(all.into_sql::<Nullable<Bool>>()))
            // Nobody moderates what was reported of themselves.
            .filter(reports::user_key.ne(moderator))
            .limit(limit + 1)
            .select(reports!(columns of deciders));
        let after = after.map(|id| id.0);
        let rows = match decided {
            false => {
                let query = query
                    .filter(reports::decided_at.is_null())
                    .filter(reports::id.gt(after.unwrap_or(0)))
                    .order(reports::id);
                read!(self, |conn| query.load::<ReportRow>(&mut conn).await)?
            }
            true => {
                let query = query
                    .filter(reports::decided_at.is_not_null())
                    .filter(reports::id.lt(after.unwrap_or(i64::MAX)))
                    .order(reports::id.desc());
                read!(self, |conn| query.load::<ReportRow>(&mut conn).await)?
            }
        };
        Ok(cut(rows.into_iter().map(Report::from).collect(), limit))
    }

    pub async fn report(&self, id: ReportId) -> Result<Option<Report>, ReadError> {
        let deciders = alias!(users as deciders);
        let query =
            reports!(deciders).filter(reports::id.eq(id.0)).select(reports!(columns of deciders));
        let row = read!(self, |conn| query.first::<ReportRow>(&mut conn).await.optional())?;
        Ok(row.map(Report::from))
    }

    /// What a user has reported, the oldest first; and whether there is more.
    pub async fn reported_by_user(
        &self,
        user: UserKey,
        after: ReportId,
        limit: i64,
    ) -> Result<(Vec<OwnReport>, bool), ReadError> {
        let query = reported_by::table
            .inner_join(reports::table.on(reports::id.eq(reported_by::report_id)))
            .inner_join(users::table.on(users::key.eq(reports::user_key)))
            .filter(reported_by::user_key.eq(user.0))
            .filter(reported_by::report_id.gt(after.0))
            .order(reported_by::report_id)
            .limit(limit + 1)
            .select((
                reported_by::report_id,
                reports::message_id,
                users::id,
                reported_by::reason,
                reported_by::note,
                reported_by::at,
            ));
        let rows = read!(self, |conn| query.load::<OwnReportRow>(&mut conn).await)?;
        let own = |(id, message, user, reason, note, at): OwnReportRow| OwnReport {
            id: ReportId(id),
            message: message.map(MessageId),
            user: UserId::from_stored(user),
            reason: ReportReason::parse(&reason).unwrap_or(ReportReason::Other),
            note: note.into(),
            at: Timestamp(at),
        };
        Ok(cut(rows.into_iter().map(own).collect(), limit))
    }

    /// The first of those who have reported something.
    pub async fn reported_by(&self, id: ReportId) -> Result<Vec<ReportedBy>, ReadError> {
        let query = reported_by::table
            .inner_join(users::table.on(users::key.eq(reported_by::user_key)))
            .filter(reported_by::report_id.eq(id.0))
            .order((reported_by::at, reported_by::user_key))
            .limit(REPORTERS_SHOWN)
            .select((user_columns(), reported_by::reason, reported_by::note, reported_by::at));
        let rows = read!(self, |conn| query.load::<ReportedByRow>(&mut conn).await)?;
        let by = |ReportedByRow { user, reason, note, at }| ReportedBy {
            user: User::from(user),
            reason: ReportReason::parse(&reason).unwrap_or(ReportReason::Other),
            note: note.into(),
            at: Timestamp(at),
        };
        Ok(rows.into_iter().map(by).collect())
    }
}
