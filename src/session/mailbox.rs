//! The hub of a worker thread: what the ChatServer says to it, what it asks in
//! return, and when it writes.

use std::{cell::RefCell, rc::Rc, sync::atomic::Ordering, time::Instant};

use actix::{Actor, Addr, AsyncContext, Context, Handler};

use super::{
    hub::{Effects, Hub},
    link::Link,
    send_queue::SendQueueLimits,
};
use crate::{
    chat::{ChatServer, Deliver, RegisterWorker, WorkerId},
    metrics::metrics,
};

/// A thread's [`Hub`], with what it does to others carried out.
pub(super) struct WorkerHub {
    hub: RefCell<Hub<Link>>,
    chat: Addr<ChatServer>,
}

impl WorkerHub {
    /// Starts the hub of the thread this is called on.
    pub fn start(
        worker: WorkerId,
        chat: Addr<ChatServer>,
        queue: SendQueueLimits,
        piece_bytes: usize,
    ) -> Rc<Self> {
        let hub = RefCell::new(Hub::new(queue, piece_bytes));
        let hub = Rc::new(Self { hub, chat });
        let mailbox = Mailbox { hub: hub.clone(), flushing: false, oldest: None }.start();
        hub.chat.do_send(RegisterWorker { id: worker, hub: mailbox.recipient() });
        hub
    }

    /// Does something with the hub, and what comes of it.
    pub fn with(&self, act: impl FnOnce(&mut Hub<Link>)) {
        let mut hub = self.hub.borrow_mut();
        act(&mut hub);
        let Effects { pages, rooms, deliveries } = hub.take_effects();
        metrics().deliveries.inc_by(deliveries as u64);
        // One of a kind at a time and session, so its mailbox cannot fill up.
        pages.into_iter().for_each(|page| self.chat.do_send(page));
        rooms.into_iter().for_each(|rooms| self.chat.do_send(rooms));
    }
}

struct Mailbox {
    hub: Rc<WorkerHub>,
    flushing: bool,
    /// When the oldest of what is to be written was said.
    oldest: Option<Instant>,
}

impl Actor for Mailbox {
    type Context = Context<Self>;
}

/// Said by the hub to itself: it comes after all that waits in its mailbox,
/// so that a burst of batches leaves with few system calls.
#[derive(actix::Message)]
#[rtype(result = "()")]
struct Flush;

impl Handler<Deliver> for Mailbox {
    type Result = ();

    fn handle(&mut self, Deliver { items, backlog, at }: Deliver, ctx: &mut Self::Context) {
        self.hub.with(|hub| items.into_iter().for_each(|item| hub.apply(item)));
        self.oldest.get_or_insert(at);
        backlog.fetch_sub(1, Ordering::Relaxed);
        if !self.flushing && self.hub.hub.borrow().has_output() {
            self.flushing = true;
            ctx.notify(Flush);
        }
    }
}

impl Handler<Flush> for Mailbox {
    type Result = ();

    fn handle(&mut self, _: Flush, _: &mut Self::Context) {
        self.flushing = false;
        self.hub.with(Hub::flush);
        if let Some(at) = self.oldest.take() {
            metrics().fanout_time.observe(at.elapsed().as_secs_f64());
        }
    }
}
