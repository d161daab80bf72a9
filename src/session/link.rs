//! One session's end of its socket, shared by all on its worker thread that
//! have something to tell it: the hub, the session actor, the driver.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};

use super::outbox::{Outbox, OutboxLimits};
use crate::{
    chat::SessionId, limiter::ErrorBudget, metrics::metrics, protocol::Close, transport::Socket,
};
use parlor_domain::limits::{EPHEMERAL_SHARE, EVENT_SHARE, READ_CHUNK, REQUESTS_IN_FLIGHT};
use parlor_websocket::{Compression, Frame, Joined, Opcode};

/// The socket, the queue in front of it, and what its one task waits for.
pub(super) struct Link {
    pub id: SessionId,
    socket: Socket,
    compression: Option<Compression>,
    outbox: RefCell<Outbox>,
    limits: OutboxLimits,
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
    /// It is on the hub's list of links with something to write.
    pub listed: Cell<bool>,
    /// The hub has more for it once its queue is empty.
    pub awaits_drain: Cell<bool>,
    /// There are rooms that it is still to be told of.
    pub listing: Cell<bool>,
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
    pub fn new(
        id: SessionId,
        socket: Socket,
        compression: Option<Compression>,
        limits: OutboxLimits,
        errors: ErrorBudget,
    ) -> io::Result<Rc<Self>> {
        socket.configure()?;
        Ok(Rc::new(Self {
            id,
            socket,
            compression,
            outbox: RefCell::default(),
            limits,
            task: Cell::new(None),
            in_flight: Cell::new(0),
            errors: Cell::new(errors),
            blocked_since: Cell::new(None),
            probed_since: Cell::new(None),
            state: Cell::new(State::Open),
            listed: Cell::new(false),
            awaits_drain: Cell::new(false),
            listing: Cell::new(false),
        }))
    }

    /// Queues a frame. A reader whose queue is full even after the socket
    /// took what it would is closed as too slow: it comes back and resumes.
    pub fn send(&self, frame: &Frame) {
        if self.state.get() != State::Open {
            return;
        }
        self.push(frame.bytes(self.compression), 1);
    }

    /// Asks the client whether it is there, unless it is being asked.
    pub fn probe(&self, now: Instant) {
        if self.probed_since.get().is_none() {
            self.probed_since.set(Some(now));
            self.send(&Frame::control(Opcode::Ping, b""));
            self.flush_or_wake();
        }
    }

    /// Something came from the client, whatever it was.
    pub fn heard(&self) {
        self.probed_since.set(None);
    }

    /// For how long the client has not said that it is there.
    pub fn probed_for(&self, now: Instant) -> Duration {
        self.probed_since.get().map_or(Duration::ZERO, |since| now.duration_since(since))
    }

    /// Queues a frame that is worth less than the connection: one who reads
    /// too slowly misses it.
    pub fn offer(&self, frame: &Frame) {
        let share = self.share(EPHEMERAL_SHARE);
        if self.outbox.borrow().has_room_for(1, frame.size(), share) {
            self.send(frame);
        }
    }

    /// A part of what may wait.
    fn share(&self, of: usize) -> OutboxLimits {
        let OutboxLimits { frames, bytes } = self.limits;
        OutboxLimits { frames: frames / of, bytes: bytes / of }
    }

    /// Queues an event that is in the database too; says whether there was room
    /// for it. Where there was none it is read again when the reader has taken
    /// what waits: a burst can be more than a queue holds, also for one who
    /// reads as fast as it can. One who takes nothing is closed in time
    /// ([`Link::stalled_for`]).
    pub fn send_event(&self, frame: &Frame) -> bool {
        self.state.get() != State::Open
            || self.take(frame.bytes(self.compression), 1, self.share(EVENT_SHARE))
    }

    /// Several events as one piece, like [`Link::send_event`].
    pub fn send_joined(&self, frames: &Joined<'_>) -> bool {
        self.state.get() != State::Open
            || self.take(frames.bytes(self.compression), frames.count(), self.share(EVENT_SHARE))
    }

    /// Whether so much can be queued now.
    pub fn has_room_for(&self, frames: usize, bytes: usize) -> bool {
        self.outbox.borrow().has_room_for(frames, bytes, self.limits)
    }

    fn push(&self, bytes: Bytes, frames: usize) {
        if !self.take(bytes, frames, self.limits) {
            self.close(Close::SlowReader);
        }
    }

    /// Queues what there is room for, after writing what can be written.
    fn take(&self, bytes: Bytes, frames: usize, limits: OutboxLimits) -> bool {
        let full = {
            let outbox = self.outbox.borrow();
            outbox.fills_a_write() || !outbox.has_room_for(frames, bytes.len(), limits)
        };
        if full {
            self.flush();
        }
        let mut outbox = self.outbox.borrow_mut();
        let has_room = outbox.has_room_for(frames, bytes.len(), limits);
        if has_room {
            outbox.push(bytes, frames);
        }
        has_room
    }

    /// Ends the connection behind what is queued, or at once if the reader
    /// is the reason.
    pub fn close(&self, close: Close) {
        self.close_saying(close, close.reason());
    }

    /// The same with a reason of somebody's own.
    pub fn close_saying(&self, close: Close, reason: &str) {
        if self.state.get() != State::Open {
            return;
        }
        metrics().close(close.code());
        self.state.set(State::Closing(close));
        let mut outbox = self.outbox.borrow_mut();
        if close == Close::SlowReader {
            outbox.abandon();
            // It would learn only from the end of the connection why.
            self.socket.make_room();
        }
        outbox.push(close.frame_saying(reason).bytes(None), 1);
        drop(outbox);
        self.wake();
    }

    /// Answers the peer's close frame and ends the connection.
    pub fn close_with(&self, frame: &Frame) {
        if self.state.get() == State::Open {
            self.state.set(State::Closing(Close::Normal));
            self.outbox.borrow_mut().push(frame.bytes(None), 1);
            self.wake();
        }
    }

    pub fn is_open(&self) -> bool {
        self.state.get() == State::Open
    }

    /// Why the server is closing this connection.
    pub fn closing(&self) -> Option<Close> {
        match self.state.get() {
            State::Closing(close) => Some(close),
            State::Open | State::Broken => None,
        }
    }

    /// Nothing waits for the reader.
    pub fn is_drained(&self) -> bool {
        self.outbox.borrow().is_empty() && !self.socket.holds_output()
    }

    /// Writes what the socket takes now; says whether nothing is left.
    pub fn flush(&self) -> bool {
        let mut outbox = self.outbox.borrow_mut();
        let written = outbox.write_to(|slices| self.socket.try_write(slices));
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
            *outbox = Outbox::default();
            drop(outbox);
            self.wake();
            true
        })
    }

    /// Writes now; what is left is written by the connection's own task.
    pub fn flush_or_wake(&self) {
        if !self.flush() {
            self.wake();
        }
    }

    /// Gives back what an idle connection does not need.
    pub fn shrink(&self) {
        self.outbox.borrow_mut().shrink();
    }

    /// For how long the socket has taken nothing of what waits.
    pub fn stalled_for(&self, now: Instant) -> Duration {
        let since = self.blocked_since.get();
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// One more error was told; one too many ends the connection.
    pub fn error_told(&self) {
        let mut errors = self.errors.get();
        let too_many = errors.spend(Instant::now());
        self.errors.set(errors);
        if too_many {
            self.close(Close::TooManyErrors);
        }
    }

    pub fn request_began(&self) {
        self.in_flight.set(self.in_flight.get() + 1);
    }

    pub fn request_answered(&self) {
        let before = self.in_flight.get();
        self.in_flight.set(before.saturating_sub(1));
        if before == REQUESTS_IN_FLIGHT {
            self.wake();
        }
    }

    /// Wakes the connection's task.
    pub fn wake(&self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    /// Whom [`Link::wake`] is to wake.
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
