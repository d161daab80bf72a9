//! The Db actor: a thread with a connection.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix::{Actor, Handler, MessageResult, SyncContext};

use super::{OutboxTargets, Queued, write::batch::Executed, writers::Writers};

/// Runs transactions with blocking diesel, in a `SyncArbiter`.
pub(super) struct DbWorker {
    writers: Writers,
    targets: OutboxTargets,
}

impl DbWorker {
    pub fn new(writers: Writers, targets: OutboxTargets) -> Self {
        Self { writers, targets }
    }
}

/// One group commit; the results are in the order of the writes.
#[derive(actix::Message)]
#[rtype(result = "Executed")]
pub(super) struct ExecuteBatch(pub Vec<Queued>);

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
        let executed =
            catch_unwind(AssertUnwindSafe(|| self.writers.execute(&writes, &self.targets)));
        MessageResult(executed.unwrap_or_else(|_| {
            log::error!("a batch of {} writes panicked", writes.len());
            Executed::failed(writes.len())
        }))
    }
}
