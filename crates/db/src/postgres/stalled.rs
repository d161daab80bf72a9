//! A stream that gives up when its other end says nothing.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

/// A connection to the database on which every request is answered within a
/// time, or none is any more.
///
/// PostgreSQL answers whatever it is asked, and ends what takes too long
/// itself (`statement_timeout`); an end that stays silent for longer is not
/// reached. TCP alone would notice after minutes, or never, where something
/// in between keeps the connection.
pub(super) struct Stalled {
    stream: TcpStream,
    timeout: Duration,
    /// Something was asked and nothing has come since.
    waiting: bool,
    deadline: Pin<Box<Sleep>>,
}

impl Stalled {
    pub fn new(stream: TcpStream, timeout: Duration) -> Self {
        Self { stream, timeout, waiting: false, deadline: Box::pin(sleep(timeout)) }
    }
}

impl AsyncRead for Stalled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, into) {
            if into.filled().len() > before {
                self.waiting = false;
            }
            return Poll::Ready(read);
        }
        if self.waiting && self.deadline.as_mut().poll(cx).is_ready() {
            let error = "the database does not answer";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, error)));
        }
        Poll::Pending
    }
}

impl AsyncWrite for Stalled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.waiting {
            self.waiting = true;
            let deadline = Instant::now() + self.timeout;
            self.deadline.as_mut().reset(deadline);
            // So that whoever reads is woken at the deadline.
            let _ = self.deadline.as_mut().poll(cx);
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn an_end_that_is_silent_after_a_question_is_given_up_and_an_idle_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let stream = TcpStream::connect(address).await.expect("connected");
        let (mut other, _) = listener.accept().await.expect("accepted");
        let timeout = Duration::from_millis(100);
        let mut stream = Stalled::new(stream, timeout);
        let mut byte = [0];
        let idle = tokio::time::timeout(timeout * 3, stream.read(&mut byte)).await;
        assert!(idle.is_err(), "nothing was asked, so nothing is overdue");
        stream.write_all(b"?").await.expect("asked");
        other.write_all(b"!").await.expect("answered");
        stream.read_exact(&mut byte).await.expect("an answer");
        stream.write_all(b"?").await.expect("asked again");
        let silent = stream.read(&mut byte).await.expect_err("given up");
        assert_eq!(silent.kind(), io::ErrorKind::TimedOut);
    }
}
