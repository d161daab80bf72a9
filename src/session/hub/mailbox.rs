//! What the ChatServer says to a hub, and when the hub writes.

use std::{cell::RefCell, rc::Rc, sync::atomic::Ordering, time::Instant};

use actix::{Actor, AsyncContext, Context, Handler};

use super::Hub;
use crate::{chat::Deliver, metrics::metrics};

/// The hub's mailbox.
pub(in crate::session) struct HubActor {
    hub: Rc<RefCell<Hub>>,
    flushing: bool,
    /// When the oldest of what is to be written was said.
    oldest: Option<Instant>,
}

impl HubActor {
    pub fn new(hub: Rc<RefCell<Hub>>) -> Self {
        Self { hub, flushing: false, oldest: None }
    }

    fn flush_later(&mut self, ctx: &mut Context<Self>) {
        if !self.flushing && self.hub.borrow().has_output() {
            self.flushing = true;
            ctx.notify(Flush);
        }
    }
}

impl Actor for HubActor {
    type Context = Context<Self>;
}

/// Said by the hub to itself: it comes after all that waits in its mailbox,
/// so that a burst of batches leaves with few system calls.
#[derive(actix::Message)]
#[rtype(result = "()")]
struct Flush;

impl Handler<Deliver> for HubActor {
    type Result = ();

    fn handle(&mut self, Deliver { items, backlog, at }: Deliver, ctx: &mut Self::Context) {
        let mut hub = self.hub.borrow_mut();
        items.into_iter().for_each(|item| hub.apply(item));
        drop(hub);
        self.oldest.get_or_insert(at);
        backlog.fetch_sub(1, Ordering::Relaxed);
        self.flush_later(ctx);
    }
}

impl Handler<Flush> for HubActor {
    type Result = ();

    fn handle(&mut self, _: Flush, ctx: &mut Self::Context) {
        self.flushing = false;
        self.hub.borrow_mut().flush();
        if let Some(at) = self.oldest.take() {
            metrics().fanout_time.observe(at.elapsed().as_secs_f64());
        }
        self.flush_later(ctx);
    }
}
