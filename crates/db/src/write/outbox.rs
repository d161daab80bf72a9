//! The outbox of the webhooks: what happened is recorded in the transaction in
//! which it happens, so that none of it is lost.

use std::collections::BTreeSet;

use parlor_domain::{Timestamp, UserId, UserKey, limits::DEAD_LETTERS};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, WebhookEvent, Whose, Write, Written, on};
use crate::{Left, OutboxTargets};

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

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{outbox, rooms, users},
    };

    /// Records what a batch has done, in its transaction, so that none of it is
    /// lost. Says whether anything was.
    pub fn record(
        conn: &mut Conn,
        targets: &OutboxTargets,
        events: &[WebhookEvent],
    ) -> QueryResult<bool> {
        let now = parlor_process::clock::now();
        let mut any = false;
        for event in events {
            let wanted = |kind: &String| *kind == event.kind;
            if targets.kinds.is_empty() || targets.kinds.iter().any(wanted) {
                any |= insert(conn, targets, event, now)?;
            }
        }
        Ok(any)
    }

    fn user_id(conn: &mut Conn, user: UserKey) -> QueryResult<Option<UserId>> {
        let id = users::table.find(user.0).select(users::id).first::<String>(conn).optional()?;
        Ok(id.map(UserId::from_stored))
    }

    fn insert(
        conn: &mut Conn,
        targets: &OutboxTargets,
        event: &WebhookEvent,
        now: Timestamp,
    ) -> QueryResult<bool> {
        let WebhookEvent { kind, room, gone, message, user, seq, reason } = event;
        let user = match user {
            None => None,
            Some(Whose::Id(id)) => Some(id.clone()),
            Some(Whose::Key(key)) => match user_id(conn, *key)? {
                Some(id) => Some(id),
                None => return Ok(false),
            },
        };
        let lane = match (room, gone) {
            (_, Some(gone)) => format!("room {gone}"),
            (Some(room), None) => {
                let id = rooms::table.find(room.0).select(rooms::id.assume_not_null());
                // It may be gone with the same batch: then nobody can be told of it.
                match id.first::<String>(conn).optional()? {
                    Some(id) => format!("room {id}"),
                    None => return Ok(false),
                }
            }
            (None, None) => format!("user {}", user.as_ref().map_or("", UserId::as_str)),
        };
        for target in &*targets.urls {
            diesel::insert_into(outbox::table)
                .values((
                    outbox::target.eq(&**target),
                    outbox::lane.eq(&lane),
                    outbox::kind.eq(*kind),
                    outbox::message_id.eq(message.map(|id| id.0)),
                    outbox::user_id.eq(user.as_ref().map(UserId::as_str)),
                    outbox::seq.eq(seq.map(|seq| seq.0)),
                    outbox::reason.eq(reason.map(Left::as_str)),
                    outbox::at.eq(now.0),
                    outbox::next_at.eq(now.0),
                ))
                .execute(conn)?;
        }
        Ok(true)
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
