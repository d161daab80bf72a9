//! What the parts of one HTTP connection share: its reader and writer, and the
//! requests that arrive on it.

use std::{
    cell::{Cell, RefCell, RefMut},
    rc::Rc,
    task::Waker,
    time::Instant,
};

use super::{
    deadlines::{Deadlines, Timeouts},
    requests::{Body, Requests},
};

/// See the module.
#[derive(Clone)]
pub struct Connection(Rc<Shared>);

struct Shared {
    deadlines: RefCell<Deadlines>,
    requests: RefCell<Requests>,
    /// Whom to wake when the next request may begin.
    next: Cell<Option<Waker>>,
}

/// A request that is being answered.
pub struct Answering(Connection);

impl Connection {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        Self(Rc::new(Shared {
            deadlines: RefCell::new(Deadlines::new(timeouts)),
            requests: RefCell::default(),
            next: Cell::default(),
        }))
    }

    /// A request is whole, but for this body: until the guard is dropped, the
    /// connection waits for us and not for the client.
    pub fn answering(&self, body: Body) -> Answering {
        self.deadlines().request_began();
        self.requests().expect(body);
        self.go_on();
        Answering(self.clone())
    }

    pub(super) fn deadlines(&self) -> RefMut<'_, Deadlines> {
        self.0.deadlines.borrow_mut()
    }

    pub(super) fn requests(&self) -> RefMut<'_, Requests> {
        self.0.requests.borrow_mut()
    }

    /// The reader took something.
    pub(super) fn wrote(&self, now: Instant, bytes: usize) {
        self.deadlines().wrote(now, bytes);
        self.go_on();
    }

    /// Whether the next request has to wait for the one before it.
    pub(super) fn is_held(&self) -> bool {
        self.requests().is_at_head() && self.deadlines().is_busy()
    }

    /// This one is woken when the next request need not wait any more.
    pub(super) fn wake_when_free(&self, waker: Waker) {
        self.0.next.set(Some(waker));
    }

    fn go_on(&self) {
        let Some(waker) = self.0.next.take() else { return };
        if self.is_held() {
            self.0.next.set(Some(waker));
        } else {
            waker.wake();
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.deadlines().request_ended(Instant::now());
        self.0.go_on();
    }
}
