//! What carries a session's bytes: TCP, or TLS over TCP.
//!
//! A session knows only a [`Socket`], not which of the two it is. Before a
//! session takes it over, a connection speaks HTTP: it is [`Paced`], and on top
//! of that, with TLS in between or not, its requests come [`InTurn`].

mod alarm;
mod certificate;
mod connection;
mod deadlines;
mod in_turn;
mod paced;
mod requests;
mod tls;

use std::{
    io::{self, IoSlice, Read},
    task::{Context, Poll, ready},
};

use socket2::SockRef;
use tokio::{io::Interest, net::TcpStream};

pub use alarm::Alarm;
pub use certificate::{Certificate, CertificateError, expiry};
pub use connection::{Answering, Connection};
pub use deadlines::{Pace, Timeouts};
pub use in_turn::InTurn;
pub use paced::Paced;
pub use requests::Body;
pub use tls::{TlsSocket, TlsStream};

use parlor_domain::limits::SOCKET_SEND_BUFFER;

/// A connected socket that reads and writes without waiting.
pub enum Socket {
    Tcp(TcpStream),
    /// Boxed, for it is larger by far.
    Tls(Box<TlsSocket>),
}

impl Socket {
    /// Sets what every socket of a session is set to.
    pub fn configure(&self) -> io::Result<()> {
        self.with_tcp(|tcp| {
            // Without it the 99th percentile sits at 42 ms: Nagle's algorithm
            // against delayed acknowledgements (docs/PERFORMANCE.md).
            tcp.set_nodelay(true)?;
            SockRef::from(tcp).set_send_buffer_size(SOCKET_SEND_BUFFER)
        })
    }

    /// Reads what is there into `buffer`; 0 at the end.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(tcp) => poll_read(tcp, cx, buffer),
            Self::Tls(tls) => tls.poll_read(cx, buffer),
        }
    }

    /// Writes what the socket takes now, or fails with `WouldBlock`.
    pub fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => match slices {
                // A tenth less work for the kernel than a list of one.
                [one] => tcp.try_write(one),
                _ => tcp.try_write_vectored(slices),
            },
            Self::Tls(tls) => tls.try_write(slices),
        }
    }

    /// Sends what was written and is kept back; says whether nothing is left.
    pub fn try_flush(&self) -> io::Result<bool> {
        match self {
            Self::Tcp(_) => Ok(true),
            Self::Tls(tls) => tls.try_flush(),
        }
    }

    /// Something that was written is kept back.
    pub fn holds_output(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            Self::Tls(tls) => tls.holds_output(),
        }
    }

    /// Ready when it is worth writing again.
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.with_tcp(|tcp| tcp.poll_write_ready(cx).map(drop))
    }

    /// Lets the kernel take a little more than [`SOCKET_SEND_BUFFER`]: the
    /// close frame of a reader who has filled it.
    pub fn make_room(&self) {
        let more = 2 * SOCKET_SEND_BUFFER;
        let _ = self.with_tcp(|tcp| SockRef::from(tcp).set_send_buffer_size(more));
    }

    /// Says that nothing more is written; the peer may still be read.
    pub fn finish_writing(&self) {
        if let Self::Tls(tls) = self {
            tls.send_close_notify();
        }
        let _ = self.with_tcp(|tcp| SockRef::from(tcp).shutdown(std::net::Shutdown::Write));
    }

    fn with_tcp<T>(&self, look: impl FnOnce(&TcpStream) -> T) -> T {
        match self {
            Self::Tcp(tcp) => look(tcp),
            Self::Tls(tls) => tls.with_tcp(look),
        }
    }
}

impl From<Paced> for Socket {
    fn from(paced: Paced) -> Self {
        Self::Tcp(paced.into_tcp())
    }
}

impl From<TlsStream> for Socket {
    fn from(mut stream: TlsStream) -> Self {
        stream.get_mut().0.release();
        Self::Tls(Box::new(TlsSocket::new(stream)))
    }
}

fn poll_read(tcp: &TcpStream, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    loop {
        ready!(tcp.poll_read_ready(cx))?;
        let mut length = None;
        let read = tcp.try_io(Interest::READABLE, || {
            let got = (&*SockRef::from(tcp)).read(buffer)?;
            length = Some(got);
            // A short read has emptied the socket. Saying so here spares the
            // system call that would find out (epoll is told of what comes
            // later by its edge).
            if got > 0 && got < buffer.len() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(got)
        });
        match (length, read) {
            (Some(length), _) => return Poll::Ready(Ok(length)),
            (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            (None, Err(error)) => return Poll::Ready(Err(error)),
            (None, Ok(length)) => return Poll::Ready(Ok(length)),
        }
    }
}
