//! Hands the requests of a connection to actix-http one at a time.
//!
//! actix-http parses everything that it is given at once, and keeps the
//! requests until their turn comes: 5 KiB for 18 bytes. So it is given one
//! head, then the body that the head announces, and the next head when the
//! response has been taken. Further requests wait in the kernel, which makes
//! the client wait.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::{Paced, TlsStream, connection::Connection};
use parlor_domain::limits::REQUEST_PIECE;

/// See the module. It lies over TLS, for it has to see the requests.
pub struct InTurn<T> {
    io: T,
    connection: Connection,
    /// What was read and is not handed over: at most [`REQUEST_PIECE`] bytes.
    kept: Bytes,
}

impl<T> InTurn<T> {
    fn new(io: T, connection: Connection) -> Self {
        Self { io, connection, kept: Bytes::new() }
    }

    /// The part of the connection that its requests can see.
    pub fn connection(&self) -> Connection {
        self.connection.clone()
    }

    /// The stream, and what was read of it already: behind an upgrade it is
    /// no request any more.
    pub fn into_parts(self) -> (T, Bytes) {
        (self.io, self.kept)
    }
}

impl From<Paced> for InTurn<Paced> {
    fn from(paced: Paced) -> Self {
        let connection = paced.connection();
        Self::new(paced, connection)
    }
}

impl From<TlsStream> for InTurn<TlsStream> {
    fn from(stream: TlsStream) -> Self {
        let connection = stream.get_ref().0.connection();
        Self::new(stream, connection)
    }
}

impl<T: AsyncRead + Unpin> InTurn<T> {
    /// Reads at most this many bytes.
    fn poll_some(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        most: u64,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut AsyncReadExt::take(&mut self.io, most)).poll_read(cx, buffer)
    }

    /// Reads and hands nothing over; false at the end.
    fn poll_keep(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<bool>> {
        if self.kept.is_empty() {
            let before = buffer.filled().len();
            ready!(self.poll_some(cx, buffer, REQUEST_PIECE as u64))?;
            self.keep(buffer, before);
        }
        Poll::Ready(Ok(!self.kept.is_empty()))
    }

    /// Takes back what is in the buffer behind its first `length` bytes.
    fn keep(&mut self, buffer: &mut ReadBuf<'_>, length: usize) {
        self.kept = Bytes::copy_from_slice(&buffer.filled()[length..]);
        buffer.set_filled(length);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for InTurn<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let has_ended_head = this.connection.requests().has_ended_head();
        let is_held = this.connection.is_held();
        if is_held || has_ended_head {
            // The end is told at once: who has gone may need no answer.
            if !ready!(this.poll_keep(cx, buffer))? {
                return Poll::Ready(Ok(()));
            }
            if is_held {
                this.connection.wake_when_free(cx.waker().clone());
            } else {
                // The head is parsed now; then this is asked again.
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        if this.kept.is_empty() {
            let (before, most) = (buffer.filled().len(), this.connection.requests().most());
            ready!(this.poll_some(cx, buffer, most))?;
            let came = &buffer.filled()[before..];
            let handed = this.connection.requests().hand_over(came);
            if handed < came.len() {
                this.keep(buffer, before + handed);
            }
        } else {
            let most = this.kept.len().min(buffer.remaining());
            let handed = this.connection.requests().hand_over(&this.kept[..most]);
            buffer.put_slice(&this.kept[..handed]);
            this.kept.advance(handed);
            if this.kept.is_empty() {
                this.kept = Bytes::new();
            }
            this.connection.deadlines().read(Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for InTurn<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::transport::{Body, Timeouts};

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// Both ends of a connection on which nothing has come yet.
    fn connection() -> (InTurn<DuplexStream>, DuplexStream) {
        let second = Duration::from_secs(1);
        let timeouts = Timeouts { request: second, response: second, idle: second };
        let (ours, theirs) = duplex(1024 * 1024);
        (InTurn::new(ours, Connection::new(timeouts)), theirs)
    }

    /// What is handed over until nothing more is, as actix-http reads it;
    /// `None` where the end comes first.
    async fn read(io: &mut InTurn<DuplexStream>) -> Option<String> {
        let mut all = Vec::new();
        let ended = poll_fn(|cx| {
            loop {
                let mut bytes = [0; 8 * 1024];
                let mut buffer = ReadBuf::new(&mut bytes);
                match Pin::new(&mut *io).poll_read(cx, &mut buffer) {
                    Poll::Ready(read) => read.expect("it is open"),
                    Poll::Pending => return Poll::Ready(false),
                }
                if buffer.filled().is_empty() {
                    return Poll::Ready(true);
                }
                all.extend_from_slice(buffer.filled());
            }
        });
        let ended = ended.await;
        let all = String::from_utf8(all).expect("it is text");
        (!all.is_empty() || !ended).then_some(all)
    }

    #[actix_web::test]
    async fn a_request_is_handed_over_when_the_one_before_it_is_answered() {
        let (mut io, mut client) = connection();
        let many = GET.repeat(1_000);
        client.write_all(many.as_bytes()).await.expect("there is room");
        for _ in 0..1_000 {
            assert_eq!(read(&mut io).await.as_deref(), Some(GET));
            let answering = io.connection().answering(Body::None);
            assert_eq!(read(&mut io).await.as_deref(), Some(""), "it is being answered");
            assert!(io.kept.len() <= REQUEST_PIECE, "{} bytes are kept", io.kept.len());
            drop(answering);
        }
        drop(client);
        assert_eq!(read(&mut io).await, None);
    }

    #[actix_web::test]
    async fn who_waits_is_woken_by_the_end_of_the_answer() {
        let (mut io, mut client) = connection();
        client.write_all(GET.repeat(2).as_bytes()).await.expect("there is room");
        assert_eq!(read(&mut io).await.as_deref(), Some(GET));
        let mut answering = Some(io.connection().answering(Body::None));
        let mut asked = 0;
        let next = poll_fn(|cx| {
            asked += 1;
            let mut bytes = [0; 8 * 1024];
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = Pin::new(&mut io).poll_read(cx, &mut buffer);
            // Behind the read, as in actix-http.
            drop(answering.take());
            read.map(|read| read.map(|()| buffer.filled().to_vec()))
        });
        assert_eq!(next.await.expect("it is open"), GET.as_bytes());
        assert_eq!(asked, 2);
    }

    #[actix_web::test]
    async fn a_request_that_nobody_answers_holds_up_no_other() {
        let (mut io, mut client) = connection();
        client.write_all(GET.repeat(3).as_bytes()).await.expect("there is room");
        for _ in 0..3 {
            assert_eq!(read(&mut io).await.as_deref(), Some(GET));
        }
    }

    #[actix_web::test]
    async fn the_body_that_is_told_comes_whole_and_the_next_head_behind_it() {
        let (mut io, mut client) = connection();
        let bodies = [
            (Body::Length(5), "hello".to_owned()),
            (Body::Length(100_000), GET.repeat(4_000)[..100_000].to_owned()),
            (Body::Chunked, "5\r\nhello\r\n0\r\n\r\n".to_owned()),
        ];
        for (kind, body) in bodies {
            let all = [GET, &body, GET, GET].concat();
            client.write_all(all.as_bytes()).await.expect("there is room");
            assert_eq!(read(&mut io).await.as_deref(), Some(GET));
            let answering = io.connection().answering(kind);
            assert_eq!(read(&mut io).await, Some(body));
            assert_eq!(read(&mut io).await.as_deref(), Some(""), "it is not answered yet");
            drop(answering);
            assert_eq!(read(&mut io).await.as_deref(), Some(GET));
            assert_eq!(read(&mut io).await.as_deref(), Some(GET));
        }
    }

    #[actix_web::test]
    async fn what_follows_an_upgrade_is_not_lost() {
        let (mut io, mut client) = connection();
        let frames = "x".repeat(10_000);
        client.write_all([GET, &frames].concat().as_bytes()).await.expect("there is room");
        drop(client);
        assert_eq!(read(&mut io).await.as_deref(), Some(GET));
        let (mut rest, kept) = io.into_parts();
        let mut all = kept.to_vec();
        rest.read_to_end(&mut all).await.expect("it is open");
        assert_eq!(all, frames.as_bytes());
    }

    #[actix_web::test]
    async fn that_the_client_has_gone_is_told_while_it_is_answered() {
        let (mut io, mut client) = connection();
        client.write_all(GET.as_bytes()).await.expect("there is room");
        assert_eq!(read(&mut io).await.as_deref(), Some(GET));
        let _answering = io.connection().answering(Body::None);
        assert_eq!(read(&mut io).await.as_deref(), Some(""));
        drop(client);
        assert_eq!(read(&mut io).await, None);
    }
}
