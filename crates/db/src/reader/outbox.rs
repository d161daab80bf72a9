//! What is in the outbox of the webhooks.

use std::collections::HashSet;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, QueryDsl, Queryable, QueryableByName,
    dsl::{count_star, min, not},
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::schema::outbox;
use parlor_domain::{MessageId, ReportId, Seq, Timestamp, UserId, limits::WEBHOOK_LANES};

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
    /// Of which span it is told.
    pub traceparent: Option<String>,
    pub report: Option<ReportId>,
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
    traceparent: Option<String>,
    report_id: Option<i64>,
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
            traceparent,
            report_id,
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
            traceparent,
            report: report_id.map(ReportId),
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
        outbox::traceparent,
        outbox::report_id,
        outbox::at,
        outbox::attempts,
        outbox::error,
    )
}

/// What may be sent to a receiver.
#[derive(Debug, Default)]
pub struct Due {
    pub letters: Vec<Letter>,
    /// When something else may be.
    pub next: Option<Timestamp>,
    /// Where the look ended; empty: at the end.
    pub last: String,
}

/// The first that waits in each of some lanes behind another one, found by the
/// index `outbox_lanes` alone: it jumps from lane to lane. Its parameters are
/// written so that both databases know them.
const FIRST_OF_LANES: &str = "\
    WITH RECURSIVE lanes(lane, n) AS ( \
        SELECT min(lane), 1 FROM outbox WHERE target = $1 AND NOT dead AND lane > $2 \
        UNION ALL \
        SELECT (SELECT min(o.lane) FROM outbox o \
                WHERE o.target = $1 AND NOT o.dead AND o.lane > lanes.lane), n + 1 \
        FROM lanes WHERE lanes.lane IS NOT NULL AND n < $3 \
    ) \
    SELECT (SELECT min(o.id) FROM outbox o \
            WHERE o.target = $1 AND NOT o.dead AND o.lane = lanes.lane) AS id \
    FROM lanes WHERE lane IS NOT NULL";

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
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
    /// The first letters of a receiver's lanes that may be sent now, and when
    /// the next one may be. Begins behind the lane `last` and goes around; lanes
    /// that are `busy` are left out.
    ///
    /// It costs by the lanes that wait, not by what waits in them.
    pub async fn due_letters(
        &self,
        target: &str,
        busy: &HashSet<String>,
        last: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Due, ReadError> {
        let (target, busy, begin) = (target.to_owned(), busy.clone(), last.to_owned());
        read!(self, |conn| {
            let mut due = Due { last: begin.clone(), ..Due::default() };
            let (mut went_around, mut seen) = (begin.is_empty(), HashSet::new());
            loop {
                let heads = diesel::sql_query(FIRST_OF_LANES)
                    .bind::<Text, _>(&target)
                    .bind::<Text, _>(&due.last)
                    .bind::<BigInt, _>(WEBHOOK_LANES)
                    .load::<HeadRow>(&mut conn)
                    .await?;
                let is_end = i64::try_from(heads.len()).is_ok_and(|rows| rows < WEBHOOK_LANES);
                let ids: Vec<i64> = heads.iter().map(|head| head.id).collect();
                let rows = outbox::table
                    .filter(outbox::id.eq_any(ids))
                    .order(outbox::lane)
                    .select((columns(), outbox::next_at))
                    .load::<(LetterRow, i64)>(&mut conn)
                    .await?;
                let mut passed = false;
                for (letter, next_at) in rows {
                    passed = !seen.insert(letter.id);
                    if passed {
                        break;
                    }
                    due.last.clone_from(&letter.lane);
                    if busy.contains(&letter.lane) {
                        continue;
                    }
                    if next_at > now.0 {
                        let next = Timestamp(next_at);
                        due.next = Some(due.next.map_or(next, |known| known.min(next)));
                        continue;
                    }
                    due.letters.push(letter.into());
                    if due.letters.len() >= limit {
                        // The rest is looked at when there is a place again.
                        return Ok(due);
                    }
                }
                if passed || (is_end && went_around) {
                    due.last = String::new();
                    return Ok(due);
                }
                if is_end {
                    (went_around, due.last) = (true, String::new());
                }
            }
        })
    }

    /// The oldest of what waits for a receiver beyond `keep`, `limit` of them at
    /// most.
    pub async fn letters_beyond(
        &self,
        target: &str,
        keep: i64,
        limit: i64,
    ) -> Result<Vec<i64>, ReadError> {
        let target = target.to_owned();
        read!(self, |conn| {
            let waiting =
                || outbox::table.filter(outbox::target.eq(&target)).filter(not(outbox::dead));
            let count: i64 = waiting().count().get_result(&mut conn).await?;
            if count <= keep {
                return Ok(Vec::new());
            }
            let oldest = waiting().order(outbox::id).limit(limit.min(count - keep));
            oldest.select(outbox::id).load(&mut conn).await
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
