//! Group commit: all that waits while one transaction is in flight becomes
//! the next one. At low load that is one write and no added wait; under load
//! one sync of the disk is shared by hundreds.

use std::{collections::VecDeque, time::Instant};

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Recipient, ResponseFuture,
    SyncArbiter, WrapFuture,
};
use tokio::sync::oneshot;

use super::{
    Committed, Database, OutboxTargets, Reply, SetCommitted, Submit, Write, WriteError,
    WriteResult,
    checkpointer::{Checkpoint, Checkpointer},
    worker::{DbWorker, ExecuteBatch},
};
use crate::{
    limits::{BATCH_WRITES, CHECKPOINT_WRITES},
    metrics::metrics,
};

/// Collects writes and has them committed, one transaction at a time.
///
/// It only queues, so a `do_send` to it is safe: what is past the bound of
/// writes in flight is refused at once.
pub struct Writer {
    worker: Addr<DbWorker>,
    checkpointer: Addr<Checkpointer>,
    /// Writes since the last checkpoint was asked for.
    unchecked: usize,
    checkpointing: bool,
    waiting: VecDeque<(Write, Reply)>,
    /// Writes of the transaction that is running.
    running: usize,
    in_flight_max: usize,
    /// It has told itself to pump.
    pumping: bool,
    committed: Option<Recipient<Committed>>,
    idle: Vec<oneshot::Sender<()>>,
}

/// Answered when nothing waits and nothing runs.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Idle;

impl Database {
    /// Starts the Db worker pool, and gives the writer that feeds it; start
    /// that on the arbiter of the ChatServer.
    pub fn writer(&self, in_flight_max: usize, told: OutboxTargets) -> Writer {
        let pool = self.writers.clone();
        let worker = SyncArbiter::start(1, move || DbWorker::new(pool.clone(), told.clone()));
        let pool = self.checkpoints.clone();
        let checkpointer = SyncArbiter::start(1, move || Checkpointer::new(pool.clone()));
        Writer {
            worker,
            checkpointer,
            unchecked: 0,
            checkpointing: false,
            waiting: VecDeque::new(),
            running: 0,
            in_flight_max,
            pumping: false,
            committed: None,
            idle: Vec::new(),
        }
    }
}

impl Actor for Writer {
    type Context = Context<Self>;
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
        if self.running + self.waiting.len() >= self.in_flight_max {
            return self.answer(vec![(reply, Err(WriteError::Overloaded))]);
        }
        self.waiting.push_back((write, reply));
        // After all that waits in the mailbox: what comes together is
        // committed together.
        if self.running == 0 && !self.pumping {
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

impl Writer {
    fn pump(&mut self, ctx: &mut Context<Self>) {
        if self.running > 0 || self.waiting.is_empty() {
            return;
        }
        let count = self.waiting.len().min(BATCH_WRITES);
        let (writes, replies): (Vec<_>, Vec<_>) = self.waiting.drain(..count).unzip();
        self.running = count;
        let began = Instant::now();
        metrics().batch_size.observe(count as u64);
        metrics().writes_in_flight.set(self.running + self.waiting.len());
        let executing = self.worker.send(ExecuteBatch(writes)).into_actor(self);
        ctx.spawn(executing.map(move |results, writer, ctx| {
            let results = results.unwrap_or_else(|error| {
                log::error!("the database worker did not answer: {error}");
                vec![Err(WriteError::Database); replies.len()]
            });
            writer.running = 0;
            metrics().commit_time.observe_time(began.elapsed());
            metrics().writes_in_flight.set(writer.waiting.len());
            writer.checkpoint_if_due(replies.len(), ctx);
            // The next transaction runs while this one's results are told.
            writer.pump(ctx);
            writer.answer(replies.into_iter().zip(results).collect());
            writer.tell_idle();
        }));
    }

    /// One checkpoint at a time, beside the transactions that go on.
    fn checkpoint_if_due(&mut self, written: usize, ctx: &mut Context<Self>) {
        self.unchecked += written;
        if self.checkpointing || self.unchecked < CHECKPOINT_WRITES {
            return;
        }
        self.unchecked = 0;
        self.checkpointing = true;
        let checkpoint = self.checkpointer.send(Checkpoint).into_actor(self);
        ctx.spawn(checkpoint.map(|_, writer, _| writer.checkpointing = false));
    }

    fn answer(&self, results: Vec<(Reply, WriteResult)>) {
        let mut in_order = Vec::with_capacity(results.len());
        for (reply, result) in results {
            match reply {
                Reply::InOrder(ticket) => in_order.push((ticket, result)),
                // Who no longer waits needs no answer.
                Reply::Once(caller) => drop(caller.send(result)),
            }
        }
        if let (Some(committed), false) = (&self.committed, in_order.is_empty()) {
            // At most as much as was in flight.
            committed.do_send(Committed(in_order));
        }
    }

    fn tell_idle(&mut self) {
        if self.running == 0 && self.waiting.is_empty() {
            for done in self.idle.drain(..) {
                let _ = done.send(());
            }
        }
    }
}
