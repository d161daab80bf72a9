//! The Db actor: a thread with a connection.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix::{Actor, Handler, MessageResult, SyncContext};

use super::{
    OutboxTargets, Queued, Recorded, WriteError, WriteResult, write::Place, writers::Writers,
};

/// Runs transactions with blocking diesel, in a `SyncArbiter`.
pub(super) struct DbWorker {
    writers: Writers,
    told: OutboxTargets,
}

impl DbWorker {
    pub fn new(writers: Writers, told: OutboxTargets) -> Self {
        Self { writers, told }
    }
}

/// What came of a batch.
#[derive(Debug, Default)]
pub(crate) struct Executed {
    /// In the order of the writes.
    pub results: Vec<WriteResult>,
    /// What the other nodes have to know, where there are any.
    pub recorded: Vec<Recorded>,
    /// The last position that it gave.
    pub newest: Option<Place>,
}

impl Executed {
    pub fn failed(writes: usize) -> Self {
        let failed = || Err(WriteError::Database);
        let results = std::iter::repeat_with(failed).take(writes).collect();
        Self { results, ..Self::default() }
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
        let executed = catch_unwind(AssertUnwindSafe(|| self.writers.execute(&writes, &self.told)));
        MessageResult(executed.unwrap_or_else(|_| {
            log::error!("a batch of {} writes panicked", writes.len());
            Executed::failed(writes.len())
        }))
    }
}
