//! The Db actor: a thread with a connection.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use actix::{Actor, Handler, MessageResult, Recipient, SyncContext};

use super::waiting::{Batch, Ran, Waiting};
use crate::{
    OutboxTargets, Queued, WriteError,
    sqlite::reclaim::{Reclaimer, Step},
    write::batch::Executed,
    writers::Writers,
};
use parlor_process::{metrics::metrics, span::Span, thread::name_thread};

/// Runs transactions with blocking diesel, in a `SyncArbiter`.
pub(super) struct DbWorker {
    writers: Writers,
    targets: OutboxTargets,
    waiting: Waiting,
    reclaimer: Reclaimer,
}

impl DbWorker {
    pub fn new(writers: Writers, targets: OutboxTargets, waiting: Waiting) -> Self {
        Self { writers, targets, waiting, reclaimer: Reclaimer::default() }
    }

    /// The spans of a transaction: one for each write whose own is recorded. Their wait
    /// for it lies before them.
    fn commits(&self, writes: &[Queued]) -> Vec<(usize, Span)> {
        let traced = writes.iter().enumerate().filter_map(|(at, write)| {
            let span = write.span.as_ref()?.part("commit")?;
            span.set("db.system.name", self.writers.name());
            span.set("db.operation.batch.size", i64::try_from(writes.len()).unwrap_or(i64::MAX));
            Some((at, span))
        });
        traced.collect()
    }

    fn execute(&self, writes: &[Queued]) -> Executed {
        // A panic would end the thread, and with it every later write. The
        // pool drops a connection that one went through.
        let executed =
            catch_unwind(AssertUnwindSafe(|| self.writers.execute(writes, &self.targets)));
        executed.unwrap_or_else(|_| {
            log::error!("a batch of {} writes panicked", writes.len());
            Executed::failed(writes.len())
        })
    }
}

fn ended(commits: Vec<(usize, Span)>, executed: &Executed) {
    for (at, span) in commits {
        if matches!(executed.results.get(at), Some(Err(WriteError::Database)) | None) {
            span.failed("the database failed");
        }
        span.end();
    }
}

/// One group commit, and after it whatever waits by then: the thread does not
/// wait for what it has committed to be told first.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub(super) struct Run {
    pub batch: Batch,
    pub writer: Recipient<Ran>,
}

/// A step of giving back to the disk what is free in the file; a batch that comes
/// meanwhile waits for its end.
#[derive(actix::Message)]
#[rtype(result = "Step")]
pub(super) struct Reclaim;

impl Handler<Reclaim> for DbWorker {
    type Result = MessageResult<Reclaim>;

    fn handle(&mut self, _: Reclaim, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.writers.reclaim(&mut self.reclaimer))
    }
}

impl Actor for DbWorker {
    type Context = SyncContext<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        name_thread("db");
    }
}

impl Handler<Run> for DbWorker {
    type Result = ();

    fn handle(&mut self, Run { batch, writer }: Run, _: &mut Self::Context) {
        let mut next = Some(batch);
        while let Some(Batch { id, writes }) = next {
            let (writes, replies): (Vec<_>, Vec<_>) = writes.into_iter().unzip();
            let began = Instant::now();
            metrics().batch_size.observe(writes.len() as f64);
            let commits = self.commits(&writes);
            let executed = self.execute(&writes);
            ended(commits, &executed);
            metrics().commit_time.observe(began.elapsed().as_secs_f64());
            // Before another thread can commit more of the same rooms, so that
            // results come in the order of commits. As bounded as what is in flight.
            writer.do_send(Ran { replies, executed });
            next = self.waiting.after(id);
        }
    }
}
