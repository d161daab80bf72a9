//! The connection's task: what comes in makes the session actor run, the
//! queue feeds the socket, and the end is orderly.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use tokio::time::timeout;

use super::{hub::Outlet, link::Link};
use parlor_domain::limits::CLOSE_GRACE;

/// Runs a connection to its end. `actor` is the session in its context; it is
/// ready when the actor has stopped.
/// `drained` is called when the hub waits for an empty queue and has it.
///
/// Not an `async fn`: that would have room for the actor twice, once as an
/// argument and once pinned. Here it stays where it was captured.
pub(super) fn drive(
    link: Rc<Link>,
    mut actor: impl Future<Output = ()> + Unpin,
    drained: impl Fn() + Unpin,
) -> impl Future<Output = ()> {
    let talk_link = link.clone();
    let mut talk = poll_fn(move |cx| {
        let link = &talk_link;
        link.watch(cx);
        let ended = Pin::new(&mut actor).poll(cx).is_ready();
        if poll_flush(link, cx).is_ready() && link.queue().awaits_drain.take() {
            drained();
        }
        if ended || !link.is_open() { Poll::Ready(()) } else { Poll::Pending }
    });
    async move {
        (&mut talk).await;
        // Ends the actor, if it has not ended by itself.
        drop(talk);
        if link.closing().is_some() {
            // A peer that does not read or does not close in time is left.
            let _ = Box::pin(timeout(CLOSE_GRACE, finish(&link))).await;
        }
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
