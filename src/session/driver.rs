//! The connection's task: what comes in makes the session actor run, the
//! queue feeds the socket, and the end is orderly.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::{Context, Poll},
};

use super::link::Link;
use crate::limits::CLOSE_GRACE;

/// Runs a connection to its end. `actor` is the session in its context; it is
/// ready when the actor has stopped.
/// `drained` is called when the hub waits for an empty queue and has it.
pub(super) async fn drive(link: Rc<Link>, actor: impl Future<Output = ()>, drained: impl Fn()) {
    {
        let mut actor = pin!(actor);
        poll_fn(|cx| {
            link.watch(cx);
            let ended = actor.as_mut().poll(cx).is_ready();
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
