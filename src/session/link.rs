//! One session's end of its socket, shared by all on its worker thread that
//! have something to tell it: the hub, the session actor, the driver.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::BytesMut;

use super::{
    hub::{Listing, Outlet, Queue},
    send_queue::SendQueue,
};
use crate::{limiter::ErrorBudget, metrics::metrics, protocol::Close, transport::Socket};
use parlor_domain::limits::{READ_CHUNK, REQUESTS_IN_FLIGHT};
use parlor_websocket::{Frame, Opcode};

/// The socket, the queue in front of it, and what its one task waits for.
pub(super) struct Link {
    queue: Queue,
    socket: Socket,
    /// The task that drives this connection.
    task: Cell<Option<Waker>>,
    /// Requests handed to the ChatServer and not answered yet.
    in_flight: Cell<u32>,
    errors: Cell<ErrorBudget>,
    /// While the socket takes no more: when it last took something.
    blocked_since: Cell<Option<Instant>>,
    /// While the client is asked whether it is there: since when.
    probed_since: Cell<Option<Instant>>,
    state: Cell<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// A close frame is the last one in the queue.
    Closing(Close),
    /// The socket failed; nothing can be told.
    Broken,
}

thread_local! {
    /// What is read lands here first: sessions have no buffer of their own
    /// while they are idle.
    static CHUNK: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_CHUNK]);
}

impl Link {
    pub fn new(queue: Queue, socket: Socket, errors: ErrorBudget) -> io::Result<Rc<Self>> {
        socket.configure()?;
        Ok(Rc::new(Self {
            queue,
            socket,
            task: Cell::new(None),
            in_flight: Cell::new(0),
            errors: Cell::new(errors),
            blocked_since: Cell::new(None),
            probed_since: Cell::new(None),
            state: Cell::new(State::Open),
        }))
    }

    /// Something came from the client, whatever it was.
    pub fn received(&self) {
        self.probed_since.set(None);
    }

    /// For how long the client has not said that it is there.
    pub fn probed_for(&self, now: Instant) -> Duration {
        self.probed_since.get().map_or(Duration::ZERO, |since| now.duration_since(since))
    }

    /// Ends the connection behind what is queued, with a close frame: the
    /// server's own, or the answer to the peer's.
    pub fn close_with(&self, close: Close, frame: &Frame) {
        if self.is_open() {
            self.state.set(State::Closing(close));
            self.queue.send_queue.borrow_mut().push(frame.bytes(None), 1);
            self.wake();
        }
    }

    /// Why the server is closing this connection.
    pub fn closing(&self) -> Option<Close> {
        match self.state.get() {
            State::Closing(close) => Some(close),
            State::Open | State::Broken => None,
        }
    }

    /// There are rooms that it is still to be told of.
    pub fn is_listing(&self) -> bool {
        self.queue.listing.get() != Listing::Complete
    }

    /// Gives back what an idle connection does not need.
    pub fn shrink(&self) {
        self.queue.send_queue.borrow_mut().shrink();
    }

    /// For how long the socket has taken nothing of what waits.
    pub fn stalled_for(&self, now: Instant) -> Duration {
        let since = self.blocked_since.get();
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    pub fn request_began(&self) {
        self.in_flight.set(self.in_flight.get() + 1);
    }

    /// Whom [`Outlet::wake`] is to wake.
    pub fn watch(&self, cx: &Context<'_>) {
        self.task.set(Some(cx.waker().clone()));
    }

    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_writable(cx)
    }

    /// Whether too many requests wait for their answers. Nothing is read
    /// then: the kernel's buffers fill, and TCP slows the sender down.
    pub fn is_throttled(&self) -> bool {
        self.in_flight.get() >= REQUESTS_IN_FLIGHT && self.is_open()
    }

    /// Reads what is there, at most [`READ_CHUNK`] bytes; empty at the end.
    pub fn poll_read(&self, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>> {
        CHUNK.with_borrow_mut(|chunk| {
            let length = std::task::ready!(self.socket.poll_read(cx, chunk))?;
            Poll::Ready(Ok(BytesMut::from(&chunk[..length])))
        })
    }

    /// Says that nothing more is written; the peer may still be read.
    pub fn finish_writing(&self) {
        self.socket.finish_writing();
    }
}

impl Outlet for Link {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    fn is_open(&self) -> bool {
        self.state.get() == State::Open
    }

    fn is_drained(&self) -> bool {
        self.queue.send_queue.borrow().is_empty() && !self.socket.holds_output()
    }

    fn flush(&self) -> bool {
        let mut send_queue = self.queue.send_queue.borrow_mut();
        let written = send_queue.write_to(|slices| self.socket.try_write(slices));
        let flushed = written.and_then(|written| {
            metrics().bytes_out.inc_by(written.bytes as u64);
            let all = written.all && self.socket.try_flush()?;
            if all {
                self.blocked_since.set(None);
            } else if written.bytes > 0 || self.blocked_since.get().is_none() {
                self.blocked_since.set(Some(Instant::now()));
            }
            Ok(all)
        });
        flushed.unwrap_or_else(|_| {
            self.state.set(State::Broken);
            *send_queue = SendQueue::default();
            drop(send_queue);
            self.wake();
            true
        })
    }

    fn wake(&self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    fn close_saying(&self, close: Close, reason: &str) {
        if !self.is_open() {
            return;
        }
        metrics().close(close.code());
        if close == Close::SlowReader {
            self.queue.send_queue.borrow_mut().abandon();
            // It would learn only from the end of the connection why.
            self.socket.make_room();
        }
        self.close_with(close, &close.frame_saying(reason));
    }

    fn probe(&self) {
        if self.probed_since.get().is_none() {
            self.probed_since.set(Some(Instant::now()));
            self.send(&Frame::control(Opcode::Ping, b""));
            self.flush_or_wake();
        }
    }

    fn request_answered(&self) {
        let before = self.in_flight.get();
        self.in_flight.set(before.saturating_sub(1));
        if before == REQUESTS_IN_FLIGHT {
            self.wake();
        }
    }

    fn error_sent(&self) {
        let mut errors = self.errors.get();
        let too_many = errors.spend(Instant::now());
        self.errors.set(errors);
        if too_many {
            self.close(Close::TooManyErrors);
        }
    }
}
