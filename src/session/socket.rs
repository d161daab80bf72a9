//! The connection's task: reads feed the session actor, the queue feeds the
//! socket, and the end is orderly.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;

use super::{
    frame_guard::{FrameGuard, TooLong},
    link::Link,
};
use crate::{
    limits::{CLOSE_GRACE, READ_CHUNK},
    protocol::Close,
};

/// The bytes a client sends, as the WebSocket context wants them.
///
/// After each chunk it pauses once, so that a client which sends without end
/// is read no faster than its session acts on it.
pub(super) struct Inbound {
    link: Rc<Link>,
    /// What came together with the upgrade request.
    first: Option<Bytes>,
    pause: bool,
    guard: FrameGuard,
}

impl Inbound {
    pub fn new(link: Rc<Link>, first: Bytes, frame_bytes: usize) -> Self {
        let first = Some(first).filter(|bytes| !bytes.is_empty());
        Self { link, first, pause: false, guard: FrameGuard::new(frame_bytes) }
    }

    /// Passes on what is good; a frame that is too long ends the connection.
    fn pass(&mut self, bytes: Bytes) -> Option<Result<Bytes, PayloadError>> {
        match self.guard.check(&bytes) {
            Ok(()) => Some(Ok(bytes)),
            Err(TooLong { good }) => {
                self.link.ended_by.set(Some(Close::TooBig));
                Some(Ok(bytes.slice(..good)))
            }
        }
    }
}

impl Stream for Inbound {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(self.pass(first));
        }
        // The frames before the one that is too long are still acted on.
        if self.link.ended_by.get().is_some() {
            return Poll::Ready(None);
        }
        if std::mem::take(&mut self.pause) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match std::task::ready!(self.link.poll_read(cx)) {
            Ok(bytes) if bytes.is_empty() => Poll::Ready(None),
            Ok(bytes) => {
                self.pause = bytes.len() == READ_CHUNK;
                Poll::Ready(self.pass(bytes))
            }
            // The peer is gone: for the session that is the end of the stream.
            Err(error) if is_disconnect(&error) => Poll::Ready(None),
            Err(error) => Poll::Ready(Some(Err(PayloadError::Io(error)))),
        }
    }
}

fn is_disconnect(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut)
}

/// Runs a connection to its end. `actor` is the session's own stream: it is
/// polled to make the actor run, and ends when the actor stops.
/// `drained` is called when the hub waits for an empty queue and has it.
pub(super) async fn drive<S, E>(link: Rc<Link>, actor: S, drained: impl Fn())
where
    S: Stream<Item = Result<Bytes, E>>,
{
    {
        let mut actor = pin!(actor);
        poll_fn(|cx| {
            link.watch(cx);
            let mut ended = false;
            loop {
                match actor.as_mut().poll_next(cx) {
                    // What it would write goes through the queue instead.
                    Poll::Ready(Some(_)) => {}
                    Poll::Ready(None) => {
                        ended = true;
                        break;
                    }
                    Poll::Pending => break,
                }
            }
            if poll_flush(&link, cx).is_ready() && link.awaits_drain.take() {
                drained();
            }
            if ended || !link.is_open() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
    if link.closing().is_some() {
        // A peer that does not read or does not close in time is left.
        let _ = tokio::time::timeout(CLOSE_GRACE, finish(&link)).await;
    }
}

fn poll_flush(link: &Link, cx: &mut Context<'_>) -> Poll<()> {
    while !link.flush() {
        if link.poll_writable(cx).is_pending() {
            return Poll::Pending;
        }
    }
    Poll::Ready(())
}

/// Writes what is left, says that it was all, and reads until the peer has
/// closed too: a socket that is closed with unread bytes is reset, and the
/// close frame might be lost with it.
async fn finish(link: &Link) {
    poll_fn(|cx| poll_flush(link, cx)).await;
    link.finish_writing();
    poll_fn(|cx| {
        loop {
            match std::task::ready!(link.poll_read(cx)) {
                Ok(bytes) if !bytes.is_empty() => {}
                Ok(_) | Err(_) => return Poll::Ready(()),
            }
        }
    })
    .await;
}
