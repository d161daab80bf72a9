//! Keeps the write-ahead log short, beside the writer.

use actix::{Actor, Handler, MessageResult, SyncContext};
use diesel::{QueryableByName, RunQueryDsl, sql_types::Integer};
use parlor_process::thread::name_thread;

use super::connect::WriterPool;

/// Copies what is in the log into the database file, on a thread and a
/// connection of its own.
///
/// SQLite would do that within every so many commits, and all writes would
/// wait for it. A passive checkpoint takes no lock that a writer needs; what
/// little is left of it is done by the writer when the log is full.
pub(crate) struct Checkpointer {
    pool: WriterPool,
}

impl Checkpointer {
    pub fn new(pool: WriterPool) -> Self {
        Self { pool }
    }
}

/// Asks for a checkpoint; answered when it is done, with whether the log was copied
/// whole: then the file has the size that its last transaction gave it.
#[derive(actix::Message)]
#[rtype(result = "bool")]
pub(crate) struct Checkpoint;

#[derive(QueryableByName)]
struct Copied {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

impl Actor for Checkpointer {
    type Context = SyncContext<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        name_thread("checkpoint");
    }
}

impl Handler<Checkpoint> for Checkpointer {
    type Result = MessageResult<Checkpoint>;

    fn handle(&mut self, _: Checkpoint, _: &mut Self::Context) -> Self::Result {
        let done = self.pool.get().map_err(|error| error.to_string()).and_then(|mut conn| {
            let checkpoint = diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)");
            checkpoint.get_result::<Copied>(&mut conn).map_err(|error| error.to_string())
        });
        MessageResult(match done {
            Ok(Copied { log, checkpointed }) => log == checkpointed,
            Err(error) => {
                // Nothing is lost: the writer does it when the log is full.
                log::warn!("a checkpoint failed: {error}");
                false
            }
        })
    }
}
