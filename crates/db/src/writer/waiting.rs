//! What waits for a transaction, shared by the writer and the database threads.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::queue::{BatchId, Queue};
use crate::{
    Queued, Reply,
    write::{Order, batch::Executed},
};

/// The writer adds to it, and the database threads take from it; clones share it.
#[derive(Clone)]
pub(super) struct Waiting {
    queue: Arc<Mutex<Queue<(Queued, Reply)>>>,
    /// Whether writes can overtake each other, so that their order matters.
    has_lanes: bool,
}

/// What becomes one transaction.
pub(super) struct Batch {
    pub id: BatchId,
    pub writes: Vec<(Queued, Reply)>,
}

/// What came of a transaction, by a database thread.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub(super) struct Ran {
    pub replies: Vec<Reply>,
    pub executed: Executed,
}

impl Waiting {
    pub fn new(lanes: usize) -> Self {
        Self { queue: Arc::new(Mutex::new(Queue::new(lanes))), has_lanes: lanes > 1 }
    }

    /// All at once: a thread that took only some of what came together would have
    /// it told in two parts, with two system calls for each reader.
    pub fn add(&self, writes: &mut Vec<(Queued, Reply)>) {
        let order_of = |write: &Queued| match self.has_lanes {
            true => Order::of(&write.concerns()),
            false => Order::Free,
        };
        let ordered: Vec<_> = writes.drain(..).map(|one| (order_of(&one.0), one)).collect();
        let mut queue = self.lock();
        ordered.into_iter().for_each(|(order, one)| queue.push(order, one));
    }

    /// The next transaction, if one is to begin now.
    pub fn next(&self) -> Option<Batch> {
        next(&mut self.lock(), Instant::now())
    }

    /// A transaction has ended, and what came of it was told; gives the one that
    /// begins in its place.
    pub fn after(&self, ended: BatchId) -> Option<Batch> {
        let mut queue = self.lock();
        let now = Instant::now();
        queue.ended(ended, now);
        next(&mut queue, now)
    }

    pub fn opens_at(&self) -> Option<Instant> {
        self.lock().opens_at()
    }

    fn lock(&self) -> MutexGuard<'_, Queue<(Queued, Reply)>> {
        // No change is left half done by a panic.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn next(queue: &mut Queue<(Queued, Reply)>, now: Instant) -> Option<Batch> {
    let (id, writes) = queue.next(now)?;
    Some(Batch { id, writes })
}
