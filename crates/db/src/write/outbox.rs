//! The outbox of the webhooks: what happened is recorded in the transaction in
//! which it happens, so that none of it is lost.

use std::collections::BTreeSet;

use diesel::Insertable;
use parlor_domain::{
    RoomId, RoomKey, Timestamp, UserId, UserKey,
    limits::{DEAD_LETTERS, OUTBOX_ROWS},
};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

use super::{Concern, Conn, Effects, WebhookEvent, Whose, Write, Written, on};
use crate::{Left, OutboxTargets, schema::outbox};

/// What came of telling somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxResult {
    Done,
    Again { at: Timestamp, error: String },
    Dead { error: String },
}

/// What came of deliveries.
#[derive(Clone, Debug)]
pub struct SettleOutbox(pub Vec<(i64, OutboxResult)>);

impl Write for SettleOutbox {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, settle, &self.0)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Tries again what was given up.
#[derive(Clone, Copy, Debug)]
pub struct ReplayOutbox {
    /// `None`: all of it.
    pub id: Option<i64>,
    pub at: Timestamp,
}

impl Write for ReplayOutbox {
    /// How many it were.
    type Outcome = usize;

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<usize> {
        on!(conn, replay, self)
    }

    fn effects(&self, _: &usize, _: &mut Effects) {}
}

/// Forgets what was given up.
#[derive(Clone, Copy, Debug)]
pub struct DropLetter {
    pub id: i64,
}

impl Write for DropLetter {
    /// How many it were: one or none.
    type Outcome = usize;

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<usize> {
        on!(conn, drop_dead, self.id)
    }

    fn effects(&self, _: &usize, _: &mut Effects) {}
}

/// Of rooms that a batch tells of; `None` for those that are gone.
type RoomIds = FxHashMap<RoomKey, Option<RoomId>>;

/// An event with what was looked up for it.
struct Told<'a> {
    event: &'a WebhookEvent,
    user: Option<UserId>,
    lane: String,
}

#[derive(Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
struct NewRow<'a> {
    target: &'a str,
    lane: &'a str,
    kind: &'a str,
    message_id: Option<i64>,
    user_id: Option<&'a str>,
    seq: Option<i64>,
    reason: Option<&'a str>,
    traceparent: Option<&'a str>,
    report_id: Option<i64>,
    at: i64,
    next_at: i64,
}

fn row<'a>(target: &'a str, told: &'a Told<'_>, now: Timestamp) -> NewRow<'a> {
    let Told { event, user, lane } = told;
    let WebhookEvent { kind, room: _, gone: _, message, user: _, seq, reason, report, traceparent } =
        event;
    NewRow {
        target,
        lane,
        kind,
        message_id: message.map(|id| id.0),
        user_id: user.as_ref().map(UserId::as_str),
        seq: seq.map(|seq| seq.0),
        reason: reason.map(Left::as_str),
        traceparent: traceparent.as_deref(),
        report_id: report.map(|id| id.0),
        at: now.0,
        next_at: now.0,
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{rooms, users},
        write::backend::SHARES_ROOMS,
    };

    /// Records what a batch has done, in its transaction, so that none of it is
    /// lost. Says whether anything was.
    pub fn record(
        conn: &mut Conn,
        targets: &OutboxTargets,
        events: &[WebhookEvent],
    ) -> QueryResult<bool> {
        let now = parlor_process::clock::now();
        let mut rooms = RoomIds::default();
        let mut told = Vec::new();
        for event in events {
            let wanted = |kind: &String| *kind == event.kind;
            if targets.kinds.is_empty() || targets.kinds.iter().any(wanted) {
                told.extend(tell(conn, event, &mut rooms)?);
            }
        }
        let rows = told
            .iter()
            .flat_map(|told| targets.urls.iter().map(move |target| row(target, told, now)));
        let rows: Vec<NewRow<'_>> = rows.collect();
        if SHARES_ROOMS && !rows.is_empty() {
            // Each statement is a round trip.
            for some in rows.chunks(OUTBOX_ROWS) {
                diesel::insert_into(outbox::table).values(some).execute(conn)?;
            }
        } else {
            for row in &rows {
                diesel::insert_into(outbox::table).values(row).execute(conn)?;
            }
        }
        Ok(!told.is_empty())
    }

    fn user_id(conn: &mut Conn, user: UserKey) -> QueryResult<Option<UserId>> {
        let id = users::table.find(user.0).select(users::id).first::<String>(conn).optional()?;
        Ok(id.map(UserId::from_stored))
    }

    /// What is told of an event; `None` if there is nobody left whom it is about.
    fn tell<'a>(
        conn: &mut Conn,
        event: &'a WebhookEvent,
        rooms: &mut RoomIds,
    ) -> QueryResult<Option<Told<'a>>> {
        let WebhookEvent { room, gone, user, .. } = event;
        let user = match user {
            None => None,
            Some(Whose::Id(id)) => Some(id.clone()),
            Some(Whose::Key(key)) => match user_id(conn, *key)? {
                Some(id) => Some(id),
                None => return Ok(None),
            },
        };
        let lane = match (room, gone) {
            (_, Some(gone)) => format!("room {gone}"),
            // It may be gone with the same batch: then nobody can be told of it.
            (Some(room), None) => match room_id(conn, *room, rooms)? {
                Some(id) => format!("room {id}"),
                None => return Ok(None),
            },
            (None, None) => format!("user {}", user.as_ref().map_or("", UserId::as_str)),
        };
        Ok(Some(Told { event, user, lane }))
    }

    /// A batch tells much of few rooms: each is looked up once.
    fn room_id(conn: &mut Conn, room: RoomKey, known: &mut RoomIds) -> QueryResult<Option<RoomId>> {
        if let Some(id) = known.get(&room) {
            return Ok(id.clone());
        }
        let living = rooms::table.find(room.0).filter(rooms::id.is_not_null());
        let id = living.select(rooms::id.assume_not_null()).first::<String>(conn).optional()?;
        let id = id.map(RoomId::from_stored);
        known.insert(room, id.clone());
        Ok(id)
    }

    pub(super) fn settle(conn: &mut Conn, results: &[(i64, OutboxResult)]) -> Written<()> {
        let mut have_dead = BTreeSet::new();
        for (id, result) in results {
            let row = || diesel::update(outbox::table.find(*id));
            match result {
                OutboxResult::Done => {
                    diesel::delete(outbox::table.find(*id)).execute(conn)?;
                }
                OutboxResult::Again { at, error } => {
                    row()
                        .set((
                            outbox::attempts.eq(outbox::attempts + 1),
                            outbox::next_at.eq(at.0),
                            outbox::error.eq(error),
                        ))
                        .execute(conn)?;
                }
                OutboxResult::Dead { error } => {
                    let dead = row().set((outbox::dead.eq(true), outbox::error.eq(error)));
                    have_dead.extend(
                        dead.returning(outbox::target).get_result::<String>(conn).optional()?,
                    );
                }
            }
        }
        // Once: it costs by the number of those that are kept.
        for target in &have_dead {
            forget_oldest_dead(conn, target)?;
        }
        Ok(())
    }

    /// Of each receiver for itself: one that is down takes no letters of others.
    fn forget_oldest_dead(conn: &mut Conn, target: &str) -> QueryResult<()> {
        let dead = outbox::table.filter(outbox::dead).filter(outbox::target.eq(target));
        let last: Option<i64> = dead
            .order(outbox::id.desc())
            .select(outbox::id)
            .offset(DEAD_LETTERS)
            .first(conn)
            .optional()?;
        if let Some(last) = last {
            log::warn!(
                "a receiver has more than {DEAD_LETTERS} dead letters: the oldest are dropped"
            );
            diesel::delete(dead.filter(outbox::id.le(last))).execute(conn)?;
        }
        Ok(())
    }

    /// Dead letters are tried again; `None`: all of them. They come at the end of
    /// their lanes' order, not at their old place: what came after them has been
    /// told.
    pub(super) fn replay(conn: &mut Conn, replay: &ReplayOutbox) -> Written<usize> {
        let ReplayOutbox { id, at: now } = *replay;
        let values = (outbox::dead.eq(false), outbox::attempts.eq(0), outbox::next_at.eq(now.0));
        let count = match id {
            Some(id) => {
                let one = outbox::table.find(id).filter(outbox::dead);
                diesel::update(one).set(values).execute(conn)?
            }
            None => diesel::update(outbox::table.filter(outbox::dead)).set(values).execute(conn)?,
        };
        Ok(count)
    }

    pub(super) fn drop_dead(conn: &mut Conn, id: i64) -> Written<usize> {
        let one = outbox::table.find(id).filter(outbox::dead);
        Ok(diesel::delete(one).execute(conn)?)
    }
}
