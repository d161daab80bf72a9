//! A connection as the hub sees it: a bounded queue, and a way out of it.

use std::cell::{Cell, RefCell};

use bytes::Bytes;

use super::super::send_queue::{SendQueue, SendQueueLimits};
use crate::{chat::SessionId, protocol::Close};
use parlor_domain::limits::{EPHEMERAL_SHARE, EVENT_SHARE};
use parlor_websocket::{Compression, Frame, Joined};

/// The frames that wait for one session, and what the hub notes with them.
pub(crate) struct Queue {
    pub id: SessionId,
    pub send_queue: RefCell<SendQueue>,
    limits: SendQueueLimits,
    compression: Option<Compression>,
    /// It is on the hub's list of those with something to write.
    pub listed: Cell<bool>,
    /// The hub has more for it once it is empty.
    pub awaits_drain: Cell<bool>,
    pub listing: Cell<Listing>,
}

/// Whether a session has been told of all of its rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    Complete,
    /// More are asked for when it has taken the last ones.
    Paused,
    Reading,
}

impl Queue {
    pub fn new(id: SessionId, compression: Option<Compression>, limits: SendQueueLimits) -> Self {
        Self {
            id,
            send_queue: RefCell::default(),
            limits,
            compression,
            listed: Cell::new(false),
            awaits_drain: Cell::new(false),
            listing: Cell::new(Listing::Complete),
        }
    }

    /// Whether so much fits into a share of what may wait.
    pub fn has_room_for<const SHARE: usize>(&self, frames: usize, bytes: usize) -> bool {
        let SendQueueLimits { frames: most, bytes: most_bytes } = self.limits;
        let limits = SendQueueLimits { frames: most / SHARE, bytes: most_bytes / SHARE };
        self.send_queue.borrow().has_room_for(frames, bytes, limits)
    }
}

/// The server's is a socket (`session::link`), the simulator has its own.
pub(crate) trait Outlet {
    fn queue(&self) -> &Queue;

    fn is_open(&self) -> bool;

    /// Nothing waits for the reader.
    fn is_drained(&self) -> bool;

    /// Writes what the socket takes now; says whether nothing is left.
    fn flush(&self) -> bool;

    /// What is left is written when the socket takes more.
    fn wake(&self);

    /// Ends the connection behind what is queued, or at once if the reader
    /// is the reason.
    fn close_saying(&self, close: Close, reason: &str);

    /// Asks the client whether it is there.
    fn probe(&self);

    fn request_answered(&self);

    /// One more error was told; one too many ends the connection.
    fn error_sent(&self);

    fn close(&self, close: Close) {
        self.close_saying(close, close.reason());
    }

    /// Writes now; what is left is written later.
    fn flush_or_wake(&self) -> bool {
        let is_empty = self.flush();
        if !is_empty {
            self.wake();
        }
        is_empty
    }

    /// Queues a frame. A reader whose queue is full even after the socket
    /// took what it would is closed as too slow: it comes back and resumes.
    fn send(&self, frame: &Frame) {
        if !self.take::<1>(frame.bytes(self.queue().compression), 1) {
            self.close(Close::SlowReader);
        }
    }

    /// Queues a frame that is worth less than the connection: one who reads
    /// too slowly misses it.
    fn offer(&self, frame: &Frame) {
        if self.queue().has_room_for::<EPHEMERAL_SHARE>(1, frame.size()) {
            self.send(frame);
        }
    }

    /// Queues an event that is in the database too; says whether there was room
    /// for it. Where there was none it is read again when the reader has taken
    /// what waits: a burst can be more than a queue holds, also for one who
    /// reads as fast as it can. One who takes nothing is closed in time.
    fn send_event(&self, frame: &Frame) -> bool {
        self.take::<EVENT_SHARE>(frame.bytes(self.queue().compression), 1)
    }

    /// Several events as one piece, like [`Outlet::send_event`].
    fn send_joined(&self, frames: &Joined<'_>) -> bool {
        self.take::<EVENT_SHARE>(frames.bytes(self.queue().compression), frames.count())
    }

    /// Queues what there is room for in a share of the queue, after writing
    /// what can be written. One who is closed is told nothing.
    fn take<const SHARE: usize>(&self, bytes: Bytes, frames: usize) -> bool {
        let queue = self.queue();
        if !self.is_open() {
            return true;
        }
        let is_full = !queue.has_room_for::<SHARE>(frames, bytes.len());
        if is_full || queue.send_queue.borrow().fills_a_write() {
            self.flush();
        }
        let has_room = !is_full || queue.has_room_for::<SHARE>(frames, bytes.len());
        if has_room {
            queue.send_queue.borrow_mut().push(bytes, frames);
        }
        has_room
    }
}
