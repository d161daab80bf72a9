//! The connections that write, whichever database it is.

use std::sync::Arc;

use super::{
    OutboxTargets, Queued,
    feed::OwnRows,
    postgres,
    sqlite::{
        self,
        place::Place,
        reclaim::{Reclaimer, Step},
    },
    write::batch::{self, Executed, Health, Listeners},
};
use parlor_process::log_throttle::LogThrottleByText;

static UNCONNECTED: LogThrottleByText = LogThrottleByText::new();
static UNRECLAIMED: LogThrottleByText = LogThrottleByText::new();

/// Pools of blocking connections; clones share them.
#[derive(Clone)]
pub(super) enum Writers {
    Sqlite {
        writes: sqlite::connect::WriterPool,
        /// Beside the writer.
        checkpoints: sqlite::connect::WriterPool,
        place: Place,
        /// Bears witness of what has been committed.
        marker: Arc<sqlite::mark::Marker>,
    },
    Postgres {
        pool: postgres::connect::WriterPool,
        /// Transactions that run at once.
        lanes: usize,
        guard: postgres::Guard,
        /// What these connections have written into the feed.
        own: OwnRows,
    },
}

impl Writers {
    /// What the database is called in traces.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres { .. } => "postgresql",
        }
    }

    pub fn lanes(&self) -> usize {
        match self {
            Self::Sqlite { .. } => 1,
            Self::Postgres { lanes, .. } => *lanes,
        }
    }

    /// A step of giving back what is free in a file, blocking.
    pub fn reclaim(&self, reclaimer: &mut Reclaimer) -> Step {
        let Self::Sqlite { writes: pool, place, .. } = self else { return Step::Idle };
        if !place.is_kept() {
            return Step::Idle;
        }
        let step = pool
            .get()
            .map_err(|error| error.to_string())
            .and_then(|mut conn| reclaimer.step(&mut conn).map_err(|error| error.to_string()));
        step.unwrap_or_else(|error| {
            if let Some(times) = UNRECLAIMED.again(&error) {
                log::warn!("what is free in the database stays in its file: {error}{times}");
            }
            Step::Idle
        })
    }

    /// One group commit, blocking.
    pub fn execute(&self, writes: &[Queued], targets: &OutboxTargets) -> Executed {
        let unconnected = |error: r2d2::Error| {
            let error = error.to_string();
            if let Some(times) = UNCONNECTED.again(&error) {
                log::error!("no connection to the database: {error}{times}");
            }
            Executed::failed(writes.len())
        };
        match self {
            Self::Sqlite { place, .. } if !place.is_kept() => Executed::failed(writes.len()),
            Self::Sqlite { writes: pool, place, marker, .. } => match pool.get() {
                Ok(mut conn) => {
                    let executed =
                        batch::sqlite::execute(&mut conn, writes, Listeners { targets, own: None });
                    // Before anybody hears of it.
                    if let Some(newest) = executed.newest {
                        marker.came_to(newest);
                    }
                    // It may have gone meanwhile: then nobody is told.
                    if place.is_kept() { executed } else { Executed::failed(writes.len()) }
                }
                Err(error) => unconnected(error),
            },
            Self::Postgres { pool, guard, own, .. } => match pool.get() {
                Ok(mut conn) => {
                    let listeners = Listeners { targets, own: Some(own) };
                    let executed = batch::postgres::execute(&mut conn.conn, writes, listeners);
                    conn.is_broken |= executed.health != Health::Well;
                    if let Some(place) = executed.newest {
                        guard.came_to(place);
                    }
                    executed
                }
                Err(error) => unconnected(error),
            },
        }
    }
}
