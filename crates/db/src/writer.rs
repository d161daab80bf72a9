//! Group commit: all that waits while one transaction is in flight becomes
//! the next one. At low load that is one write and no added wait; under load
//! one sync of the disk is shared by hundreds.
//!
//! SQLite has one lane. PostgreSQL has several, which open one at a time while
//! the open ones are busy; what is decided in one room is in one transaction at a
//! time, so that its results come in the order of its commits. What concerns
//! several rooms waits until no other runs, and goes alone.

mod distance;
mod news;
mod queue;
mod reclaiming;
mod waiting;
mod worker;

use std::time::Instant;

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Recipient, ResponseFuture,
    SyncArbiter, WrapFuture,
};
use tokio::{sync::oneshot, time::timeout};

use news::News;
use reclaiming::Reclaiming;

use waiting::{Ran, Waiting};
use worker::{DbWorker, Run};

use super::{
    Committed, Database, OutboxTargets, Queued, Recorded, Reply, SetCommitted, Submit, Write,
    WriteError, WriteResult,
    sqlite::checkpointer::{Checkpoint, Checkpointer},
    write::{batch::Executed, probe::Probe},
    writers::Writers,
};
use parlor_domain::limits::{
    ANSWER_TIMEOUT, CHECKPOINT_WRITES, RECLAIM_LOOK, WRITE_NEWS_WAIT, WRITE_OVERDUE,
};
use parlor_process::metrics::metrics;

/// Collects writes and has them committed, one transaction at a time a lane.
///
/// It only queues, so a `do_send` to it is safe: what is past the bound of
/// writes in flight is refused at once.
pub struct Writer {
    worker: Addr<DbWorker>,
    /// SQLite's log is shortened beside the writer.
    checkpointer: Option<Addr<Checkpointer>>,
    /// Writes since the last checkpoint was asked for.
    unchecked: usize,
    checkpointing: bool,
    reclaiming: Reclaiming,
    /// What came since it has pumped last.
    fresh: Vec<(Queued, Reply)>,
    waiting: Waiting,
    /// Writes that wait or run.
    in_flight: usize,
    in_flight_max: usize,
    /// It has told itself to pump.
    pumping: bool,
    /// It will look whether another lane is to open.
    opening: bool,
    committed: Option<Recipient<Committed>>,
    idle: Vec<oneshot::Sender<()>>,
    news: News,
}

/// Submits one write and waits for its commit, for a bounded time.
pub async fn submit<W: Write>(writer: &Addr<Writer>, write: W) -> Result<W::Outcome, WriteError> {
    let (answer, answered) = oneshot::channel();
    // The writer only queues, and refuses what is past its bound.
    writer.do_send(Submit { write: write.queued(), reply: Reply::Once(answer) });
    match timeout(ANSWER_TIMEOUT, answered).await {
        Ok(Ok(result)) => W::outcome(result?).ok_or(WriteError::Database),
        Ok(Err(_)) | Err(_) => Err(WriteError::Database),
    }
}

/// Asks whether writes go through: one is made to find out where that is not
/// known from the last ones.
#[derive(actix::Message)]
#[rtype(result = "bool")]
struct GoesThrough;

/// Whether writes go through, as far as is known within [`WRITE_NEWS_WAIT`]. A
/// writer that does not even answer writes nothing.
pub async fn goes_through(writer: &Addr<Writer>) -> bool {
    matches!(timeout(WRITE_OVERDUE, writer.send(GoesThrough)).await, Ok(Ok(true)))
}

/// Answered when nothing waits and nothing runs.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Idle;

impl Database {
    /// Starts the Db worker pool, and gives the writer that feeds it; start
    /// that on the arbiter of the ChatServer.
    pub fn writer(&self, in_flight_max: usize, targets: OutboxTargets) -> Writer {
        let (writers, lanes) = (self.writers.clone(), self.writers.lanes());
        let waiting = Waiting::new(lanes);
        let worker = SyncArbiter::start(lanes, {
            let waiting = waiting.clone();
            move || DbWorker::new(writers.clone(), targets.clone(), waiting.clone())
        });
        let checkpointer = match &self.writers {
            Writers::Sqlite { checkpoints, .. } => {
                let pool = checkpoints.clone();
                Some(SyncArbiter::start(1, move || Checkpointer::new(pool.clone())))
            }
            Writers::Postgres { .. } => None,
        };
        Writer {
            worker,
            checkpointer,
            unchecked: 0,
            checkpointing: false,
            reclaiming: Reclaiming::default(),
            fresh: Vec::new(),
            waiting,
            in_flight: 0,
            in_flight_max,
            pumping: false,
            opening: false,
            committed: None,
            idle: Vec::new(),
            news: News::default(),
        }
    }
}

impl Actor for Writer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.checkpointer.is_some() {
            ctx.run_interval(RECLAIM_LOOK, Self::look_for_free);
        }
    }
}

impl Handler<SetCommitted> for Writer {
    type Result = ();

    fn handle(&mut self, SetCommitted(recipient): SetCommitted, _: &mut Self::Context) {
        self.committed = Some(recipient);
    }
}

impl Handler<Submit> for Writer {
    type Result = ();

    fn handle(&mut self, Submit { write, reply }: Submit, ctx: &mut Self::Context) {
        if self.in_flight >= self.in_flight_max {
            return self.answer(vec![(reply, Err(WriteError::Overloaded))], Vec::new());
        }
        self.take(write, reply);
        // After all that waits in the mailbox: what comes together is
        // committed together.
        if !self.pumping {
            self.pumping = true;
            ctx.notify(Pump);
        }
    }
}

/// Said by the writer to itself.
#[derive(actix::Message)]
#[rtype(result = "()")]
struct Pump;

impl Handler<Pump> for Writer {
    type Result = ();

    fn handle(&mut self, _: Pump, ctx: &mut Self::Context) {
        self.pumping = false;
        self.pump(ctx);
    }
}

impl Handler<Ran> for Writer {
    type Result = ();

    fn handle(&mut self, Ran { replies, executed }: Ran, ctx: &mut Self::Context) {
        let Executed { results, recorded, newest: _, health } = executed;
        self.news.came(health, Instant::now());
        self.in_flight -= replies.len();
        self.checkpoint_if_due(replies.len(), ctx);
        // The thread goes on by itself; another lane may be worth opening.
        self.pump(ctx);
        self.answer(replies.into_iter().zip(results).collect(), recorded);
        self.tell_idle();
        self.reclaiming.written();
        self.reclaim_if_due(ctx);
    }
}

impl Handler<Idle> for Writer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Idle, _: &mut Self::Context) -> Self::Result {
        let (done, idle) = oneshot::channel();
        self.idle.push(done);
        self.tell_idle();
        Box::pin(async move {
            // Dropped only with the writer itself.
            let _ = idle.await;
        })
    }
}

impl Handler<GoesThrough> for Writer {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, _: GoesThrough, ctx: &mut Self::Context) -> Self::Result {
        let now = Instant::now();
        if let Some(goes) = self.news.known(now) {
            return Box::pin(std::future::ready(goes));
        }
        let (next, last) = (self.news.next(), self.news.last());
        if self.news.probes(now) {
            self.probe(ctx);
        }
        Box::pin(async move {
            let Some(next) = next else { return last };
            timeout(WRITE_NEWS_WAIT, next).await.ok().and_then(Result::ok).unwrap_or(last)
        })
    }
}

impl Writer {
    /// Has something written to find out whether it goes through.
    fn probe(&mut self, ctx: &mut Context<Self>) {
        let (reply, ended) = oneshot::channel();
        self.take(Probe.queued(), Reply::Once(reply));
        self.pump(ctx);
        ctx.spawn(ended.into_actor(self).map(|ended, writer, ctx| {
            if writer.news.probed(matches!(ended, Ok(Ok(_))), Instant::now()) {
                writer.probe(ctx);
            }
        }));
    }

    fn take(&mut self, write: Queued, reply: Reply) {
        self.in_flight += 1;
        self.fresh.push((write, reply));
    }

    fn pump(&mut self, ctx: &mut Context<Self>) {
        metrics().writes_in_flight.set(self.in_flight as u64);
        self.waiting.add(&mut self.fresh);
        while let Some(batch) = self.waiting.next() {
            self.worker.do_send(Run { batch, writer: ctx.address().recipient() });
        }
        if let Some(at) = self.waiting.opens_at().filter(|_| !self.opening) {
            self.opening = true;
            ctx.run_later(at.saturating_duration_since(Instant::now()), |writer, ctx| {
                writer.opening = false;
                writer.pump(ctx);
            });
        }
    }

    /// One checkpoint at a time, beside the transactions that go on.
    fn checkpoint_if_due(&mut self, written: usize, ctx: &mut Context<Self>) {
        self.unchecked += written;
        if self.unchecked >= CHECKPOINT_WRITES {
            self.checkpoint(ctx);
        }
    }

    fn checkpoint(&mut self, ctx: &mut Context<Self>) {
        let Some(checkpointer) = self.checkpointer.as_ref().filter(|_| !self.checkpointing) else {
            return;
        };
        self.unchecked = 0;
        self.checkpointing = true;
        let given_back = self.reclaiming.checkpoint_begins();
        let checkpoint = checkpointer.send(Checkpoint).into_actor(self);
        ctx.spawn(checkpoint.map(move |whole, writer, _| {
            writer.checkpointing = false;
            writer.reclaiming.checkpointed(given_back && !whole.unwrap_or(false));
        }));
    }

    fn answer(&self, all: Vec<(Reply, WriteResult)>, recorded: Vec<Recorded>) {
        let mut results = Vec::with_capacity(all.len());
        for (reply, result) in all {
            match reply {
                Reply::InOrder(ticket) => results.push((ticket, result)),
                // Who no longer waits needs no answer.
                Reply::Once(caller) => drop(caller.send(result)),
            }
        }
        if results.is_empty() && recorded.is_empty() {
            return;
        }
        if let Some(committed) = &self.committed {
            // At most as much as was in flight.
            committed.do_send(Committed { results, recorded });
        }
    }

    fn tell_idle(&mut self) {
        if self.in_flight == 0 {
            for done in self.idle.drain(..) {
                let _ = done.send(());
            }
        }
    }
}
