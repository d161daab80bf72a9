//! The Db actor: a thread with a connection.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix::{Actor, Handler, MessageResult, SyncContext};

use super::{OutboxTargets, Write, WriteError, WriteResult, batch, open::WriterPool};

/// Runs transactions with blocking diesel, in a `SyncArbiter`.
pub(super) struct DbWorker {
    pool: WriterPool,
    told: OutboxTargets,
}

impl DbWorker {
    pub fn new(pool: WriterPool, told: OutboxTargets) -> Self {
        Self { pool, told }
    }

    fn execute(&self, writes: &[Write]) -> Vec<WriteResult> {
        match self.pool.get() {
            Ok(mut conn) => batch::execute(&mut conn, writes, &self.told),
            Err(error) => {
                log::error!("no connection to the database: {error}");
                vec![Err(WriteError::Database); writes.len()]
            }
        }
    }
}

/// One group commit; the results are in the order of the writes.
#[derive(actix::Message)]
#[rtype(result = "Vec<WriteResult>")]
pub(super) struct ExecuteBatch(pub Vec<Write>);

impl Actor for DbWorker {
    type Context = SyncContext<Self>;
}

impl Handler<ExecuteBatch> for DbWorker {
    type Result = MessageResult<ExecuteBatch>;

    fn handle(
        &mut self,
        ExecuteBatch(writes): ExecuteBatch,
        _: &mut Self::Context,
    ) -> Self::Result {
        // A panic would end the thread, and with it every later write. The
        // pool drops a connection that one went through.
        let executed = catch_unwind(AssertUnwindSafe(|| self.execute(&writes)));
        MessageResult(executed.unwrap_or_else(|_| {
            log::error!("a batch of {} writes panicked", writes.len());
            vec![Err(WriteError::Database); writes.len()]
        }))
    }
}
