//! A TCP connection that speaks HTTP, and is cut if the client keeps it waiting
//! for too long.
//!
//! actix-http limits the time for the first request head and the time between
//! two requests, and nothing else: not a later head, not a body that nobody
//! reads any more, not a response that is not taken. All of them come through
//! here, below TLS and actix-http; a session gets the bare socket.

use std::{
    cell::RefMut,
    io::{self, IoSlice},
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    alarm::Alarm,
    connection::Connection,
    deadlines::{Deadlines, Timeouts},
};
use crate::places::Place;

/// See the module. The place among the connections of an address is held for
/// as long as it speaks HTTP.
pub struct Paced {
    tcp: TcpStream,
    connection: Connection,
    alarm: Alarm,
    /// Whether it is tried to write where there is said to be no room.
    tries: bool,
    place: Option<Place<IpAddr>>,
}

impl Paced {
    pub fn new(tcp: TcpStream, timeouts: Timeouts, place: Option<Place<IpAddr>>) -> Self {
        let (connection, alarm) = (Connection::new(timeouts), Alarm::default());
        Self { tcp, connection, alarm, tries: false, place }
    }

    /// The part of the connection that its requests can see.
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

    fn deadlines(&self) -> RefMut<'_, Deadlines> {
        self.connection.deadlines()
    }

    /// Nothing is there to be read: whether that is how it stays. The task is
    /// woken when it is to be asked again.
    fn ends(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let (ends, deadline) = {
                let deadlines = self.deadlines();
                (deadlines.gives_asker_up(Instant::now()), deadlines.reading_deadline())
            };
            let Some(deadline) = deadline.filter(|_| !ends) else { return ends };
            if self.alarm.poll_at(cx, deadline).is_pending() {
                return false;
            }
        }
    }

    /// What came of writing; `again` writes past what the runtime knows.
    ///
    /// The kernel says that there is room only when a third of its buffer is
    /// free, which may take a slow reader minutes; what fits it takes before. So
    /// it is tried how much that is before somebody is given up.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        mut written: Poll<io::Result<usize>>,
        again: impl FnOnce(SockRef<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        let is_due = self.deadlines().is_reader_due(now);
        if written.is_pending() && (is_due || self.tries) {
            written = match again(SockRef::from(&self.tcp)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Poll::Pending,
                done => Poll::Ready(done),
            };
            self.tries = written.is_ready();
        }
        if let Poll::Ready(written) = written {
            if let Ok(bytes) = written {
                self.connection.wrote(now, bytes);
            }
            return Poll::Ready(written);
        }
        self.deadlines().write_blocked(now);
        if self.deadlines().gives_reader_up(now) {
            return Poll::Ready(Err(self.cut()));
        }
        let deadline = self.deadlines().writing_deadline();
        if let Some(deadline) = deadline
            && self.alarm.poll_at(cx, deadline).is_ready()
        {
            // It was set for something before, or the deadline is just over:
            // then it is tried first.
            cx.waker().wake_by_ref();
        }
        Poll::Pending
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
                    this.deadlines().read(Instant::now());
                }
                Poll::Ready(read)
            }
            // The end of what is there to be read.
            Poll::Pending if this.ends(cx) => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
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
        this.wrote(cx, written, |socket| socket.send(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tcp).poll_write_vectored(cx, slices);
        this.wrote(cx, written, |socket| socket.send_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// Comes after every answer, and is what sets the alarm for the next
    /// request: nobody reads before something has come.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.tcp).poll_flush(cx))?;
        // Whoever reads next is told.
        let _ = this.ends(cx);
        Poll::Ready(Ok(()))
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
