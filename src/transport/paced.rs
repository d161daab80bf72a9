//! A TCP connection that speaks HTTP: who keeps it waiting for too long is cut.
//!
//! actix-http bounds the time of the first request's head and the time between
//! two requests, and nothing else: not a later head, not a body that nobody
//! reads any more, not an answer that is not taken. All of them come through
//! here, under TLS and actix-http; a session gets the bare socket.

use std::{
    cell::RefCell,
    io::{self, IoSlice},
    net::IpAddr,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    alarm::Alarm,
    patience::{Patience, Timeouts, Verdict},
};
use crate::places::Place;

/// What requests and their connection know of each other.
#[derive(Clone)]
pub struct Connection(Rc<RefCell<Patience>>);

/// A request that is being answered.
pub struct Answering(Connection);

impl Connection {
    fn new(timeouts: Timeouts) -> Self {
        Self(Rc::new(RefCell::new(Patience::new(timeouts))))
    }

    /// A request is whole, but for its body: until the guard is dropped, the
    /// connection waits for us and not for the client.
    pub fn answering(&self) -> Answering {
        self.0.borrow_mut().request_began();
        Answering(self.clone())
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.borrow_mut().request_ended(Instant::now());
    }
}

/// See the module. The place among the connections of an address is held for
/// as long as it speaks HTTP.
pub struct Paced {
    tcp: TcpStream,
    connection: Connection,
    alarm: Alarm,
    place: Option<Place<IpAddr>>,
}

impl Paced {
    pub fn new(tcp: TcpStream, timeouts: Timeouts, place: Option<Place<IpAddr>>) -> Self {
        Self { tcp, connection: Connection::new(timeouts), alarm: Alarm::default(), place }
    }

    /// What its requests are told of it.
    pub fn connection(&self) -> Connection {
        self.connection.clone()
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// It speaks HTTP no longer.
    pub fn release(&mut self) {
        (self.alarm, self.place) = (Alarm::default(), None);
    }

    pub fn into_tcp(self) -> TcpStream {
        self.tcp
    }

    /// Ends it with a reset: the kernel would keep what is not taken, and wait
    /// on. Nobody hears of a failure, for there is nothing left to do then.
    fn cut(&self) -> io::Error {
        let _ = SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
        io::ErrorKind::TimedOut.into()
    }

    /// What there is to do after something would have waited; the task is
    /// woken when there may be more.
    fn judge(&mut self, cx: &mut Context<'_>) -> Verdict {
        loop {
            let mut patience = self.connection.0.borrow_mut();
            let verdict = patience.judge(Instant::now());
            let Some(deadline) = patience.deadline().filter(|_| verdict == Verdict::GoOn) else {
                return verdict;
            };
            drop(patience);
            if self.alarm.poll_at(cx, deadline).is_pending() {
                return Verdict::GoOn;
            }
        }
    }

    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.connection.0.borrow_mut().wrote(Instant::now(), bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.connection.0.borrow_mut().write_blocked(Instant::now());
                match self.judge(cx) {
                    Verdict::GoOn => Poll::Pending,
                    Verdict::End | Verdict::Break => Poll::Ready(Err(self.cut())),
                }
            }
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.tcp).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                if buffer.filled().len() > before {
                    this.connection.0.borrow_mut().read(Instant::now());
                }
                Poll::Ready(read)
            }
            Poll::Pending => match this.judge(cx) {
                Verdict::GoOn => Poll::Pending,
                // The end of what is there to be read.
                Verdict::End => Poll::Ready(Ok(())),
                Verdict::Break => Poll::Ready(Err(this.cut())),
            },
        }
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tcp).poll_write(cx, bytes);
        this.wrote(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tcp).poll_write_vectored(cx, slices);
        this.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// Comes after every answer, and is what sets the alarm for the next
    /// request: nobody reads before something has come.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.tcp).poll_flush(cx))?;
        match this.judge(cx) {
            Verdict::GoOn | Verdict::End => Poll::Ready(Ok(())),
            Verdict::Break => Poll::Ready(Err(this.cut())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}

impl ActixStream for Paced {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.tcp, cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.tcp, cx)
    }
}
