//! The turns of the ChatServer, and what is told in each of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use actix::{AsyncContext, Context, Handler, Message, Recipient};

use super::ChatServer;
use crate::{
    chat::{Deliver, Item, Look, WorkerId, state::rooms::RoomEntry},
    metrics::metrics,
};
use parlor_process::span::{self, Span};

/// What the ChatServer does with a message, in one turn.
///
/// It gets no context: what takes time is left to [`ChatServer::when`], and
/// comes back as another message. So nothing is done outside a turn.
pub(super) trait Turn: Message<Result = ()> {
    fn take(self, server: &mut ChatServer);
}

/// The only place that hands on what is told: once everything that a turn does
/// is known, and to each worker thread in one message.
impl<M: Turn> Handler<M> for ChatServer {
    type Result = ();

    fn handle(&mut self, message: M, _: &mut Context<Self>) {
        message.take(self);
        self.finish_drain_if_idle();
        self.fanout.flush();
    }
}

impl Turn for Look {
    fn take(self, server: &mut ChatServer) {
        (self.0)(server);
    }
}

impl ChatServer {
    /// Waits for `future` beside the actor, and goes on with `then` in another
    /// turn.
    ///
    /// Not `ctx.spawn`: an actor polls all of its futures whenever it wakes.
    /// With 5,000 clients that come back at once that took 8 s of CPU where
    /// this takes 3.
    pub fn when<F>(&self, future: F, then: impl FnOnce(F::Output, &mut Self) + Send + 'static)
    where
        F: Future + 'static,
        F::Output: Send + 'static,
    {
        let server = self.me.clone();
        let done = move |output, span: Option<Span>| {
            // As bounded as what is waited for: one of these for each.
            server.do_send(Look::new(move |server| {
                let _within = span::enter(span.as_ref());
                then(output, server);
            }));
        };
        // Apart, because a future within another takes as much memory again.
        match span::current() {
            None => actix::spawn(async move { done(future.await, None) }),
            Some(span) => actix::spawn(async move {
                let output = span::within(Some(span.clone()), future).await;
                done(output, Some(span));
            }),
        };
    }
}

/// Has something done once in a while, each time in a turn of its own.
pub(super) fn every(tick: Duration, what: fn(&mut ChatServer), ctx: &mut Context<ChatServer>) {
    ctx.run_interval(tick, move |_, ctx| ctx.notify(Look::new(what)));
}

struct Worker {
    id: WorkerId,
    hub: Recipient<Deliver>,
    items: Vec<Item>,
    backlog: Arc<AtomicUsize>,
}

/// The workers, and what waits to be sent to each.
#[derive(Default)]
pub(super) struct Fanout {
    workers: Vec<Worker>,
}

impl Fanout {
    pub fn register(&mut self, id: WorkerId, hub: Recipient<Deliver>) {
        self.workers.push(Worker { id, hub, items: Vec::new(), backlog: Arc::default() });
    }

    /// The most batches that any one worker has not yet handed out.
    pub fn backlog(&self) -> usize {
        let waiting = self.workers.iter().map(|worker| worker.backlog.load(Ordering::Relaxed));
        waiting.max().unwrap_or(0)
    }

    pub fn tell_worker(&mut self, id: WorkerId, item: Item) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id) {
            worker.items.push(item);
        }
    }

    /// To the workers that have subscribers of any of the rooms.
    pub fn tell_rooms(&mut self, rooms: &[&RoomEntry], item: &Item) {
        for worker in &mut self.workers {
            if rooms.iter().any(|room| room.has_subscribers_on(worker.id)) {
                worker.items.push(item.clone());
            }
        }
    }

    pub fn tell_all(&mut self, item: &Item) {
        for worker in &mut self.workers {
            worker.items.push(item.clone());
        }
    }

    /// Sends each worker what waits for it.
    fn flush(&mut self) {
        for worker in &mut self.workers {
            if worker.items.is_empty() {
                continue;
            }
            let (items, at) = (std::mem::take(&mut worker.items), Instant::now());
            let backlog = worker.backlog.clone();
            let before = backlog.fetch_add(1, Ordering::Relaxed);
            metrics().fanout_backlog.set(before as u64 + 1);
            // Bounded by the backlog: past it no new request is taken.
            worker.hub.do_send(Deliver { items, backlog, at });
        }
    }
}
