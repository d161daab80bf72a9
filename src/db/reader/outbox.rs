use diesel::{
    BoolExpressionMethods, ExpressionMethods, QueryDsl, Queryable,
    dsl::{count_star, min},
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    db::schema::outbox,
    domain::{MessageId, Seq, Timestamp, UserId},
};

/// Something that somebody is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub id: i64,
    pub target: String,
    /// `room <id>` or `user <id>`.
    pub lane: String,
    pub kind: String,
    pub message: Option<MessageId>,
    pub user: Option<UserId>,
    pub seq: Option<Seq>,
    /// Why somebody left.
    pub reason: Option<String>,
    pub at: Timestamp,
    pub attempts: i64,
    /// What the last attempt met with.
    pub error: String,
}

#[derive(Queryable)]
struct LetterRow {
    id: i64,
    target: String,
    lane: String,
    kind: String,
    message_id: Option<i64>,
    user_id: Option<String>,
    seq: Option<i64>,
    reason: Option<String>,
    at: i64,
    attempts: i64,
    error: String,
}

impl From<LetterRow> for Letter {
    fn from(row: LetterRow) -> Self {
        let LetterRow {
            id,
            target,
            lane,
            kind,
            message_id,
            user_id,
            seq,
            reason,
            at,
            attempts,
            error,
        } = row;
        Self {
            id,
            target,
            lane,
            kind,
            message: message_id.map(MessageId),
            user: user_id.map(UserId::from_stored),
            seq: seq.map(Seq),
            reason,
            at: Timestamp(at),
            attempts,
            error,
        }
    }
}

/// The columns of a [`LetterRow`].
#[diesel::dsl::auto_type]
fn columns() -> _ {
    (
        outbox::id,
        outbox::target,
        outbox::lane,
        outbox::kind,
        outbox::message_id,
        outbox::user_id,
        outbox::seq,
        outbox::reason,
        outbox::at,
        outbox::attempts,
        outbox::error,
    )
}

/// How much waits for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    pub target: String,
    pub dead: bool,
    pub count: i64,
    pub oldest: Option<Timestamp>,
}

impl Reader {
    /// The first letter of each lane that may be sent now, and when the next
    /// one may be.
    pub async fn due_letters(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<(Vec<Letter>, Option<Timestamp>), ReadError> {
        read!(self, |conn| {
            let heads = outbox::table
                .filter(outbox::dead.eq(false))
                .group_by((outbox::target, outbox::lane))
                .select(min(outbox::id))
                .load::<Option<i64>>(&mut conn)
                .await?;
            let heads: Vec<i64> = heads.into_iter().flatten().collect();
            let mut letters = Vec::new();
            let mut next: Option<i64> = None;
            // As many as one statement may name.
            for heads in heads.chunks(10_000) {
                let of = || outbox::table.filter(outbox::id.eq_any(heads));
                if letters.len() < usize::try_from(limit).unwrap_or(0) {
                    let due = of()
                        .filter(outbox::next_at.le(now.0))
                        .order(outbox::next_at)
                        .limit(limit)
                        .select(columns())
                        .load::<LetterRow>(&mut conn)
                        .await?;
                    letters.extend(due.into_iter().map(Letter::from));
                }
                let later: Option<i64> = of()
                    .filter(outbox::next_at.gt(now.0))
                    .select(min(outbox::next_at))
                    .first(&mut conn)
                    .await?;
                next = next.into_iter().chain(later).min();
            }
            Ok((letters, next.map(Timestamp)))
        })
    }

    /// What was given up, by number.
    pub async fn dead_letters(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<(Vec<Letter>, bool), ReadError> {
        let query = outbox::table
            .filter(outbox::dead.and(outbox::id.gt(after)))
            .order(outbox::id)
            .limit(limit + 1)
            .select(columns());
        let rows = read!(self, |conn| query.load::<LetterRow>(&mut conn).await)?;
        Ok(super::members::cut(rows.into_iter().map(Letter::from).collect(), limit))
    }

    /// How much waits, and how much was given up.
    pub async fn backlogs(&self) -> Result<Vec<Backlog>, ReadError> {
        let query = outbox::table.group_by((outbox::target, outbox::dead)).select((
            outbox::target,
            outbox::dead,
            count_star(),
            min(outbox::at),
        ));
        let rows =
            read!(self, |conn| query.load::<(String, bool, i64, Option<i64>)>(&mut conn).await)?;
        let backlog = |(target, dead, count, oldest): (String, bool, i64, Option<i64>)| Backlog {
            target,
            dead,
            count,
            oldest: oldest.map(Timestamp),
        };
        Ok(rows.into_iter().map(backlog).collect())
    }
}
