//! The Db actor: a thread with a connection.

use actix::{Actor, Handler, MessageResult, SyncContext};

use super::{Write, WriteError, WriteResult, batch, open::WriterPool};

/// Runs transactions with blocking diesel, in a `SyncArbiter`.
pub(super) struct DbWorker {
    pool: WriterPool,
}

impl DbWorker {
    pub fn new(pool: WriterPool) -> Self {
        Self { pool }
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
        let results = match self.pool.get() {
            Ok(mut conn) => batch::execute(&mut conn, &writes),
            Err(error) => {
                log::error!("no connection to the database: {error}");
                vec![Err(WriteError::Database); writes.len()]
            }
        };
        MessageResult(results)
    }
}
