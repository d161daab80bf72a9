//! TLS over TCP, driven by hand after the handshake.
//!
//! The handshake is done by actix-tls. Afterwards the same rule applies as for
//! plain sockets: a write is either accepted or refused at once, so that a
//! session's queue is the only place where frames wait. Encrypted bytes that
//! are not sent yet are bounded by rustls (64 KiB), and nothing is accepted
//! beyond that.

use std::{
    cell::RefCell,
    io::{self, IoSlice, Read, Write},
    task::{Context, Poll, ready},
};

use rustls::ServerConnection;
use tokio::net::TcpStream;

use super::Paced;

/// A connection whose handshake has been made.
pub type TlsStream = actix_tls::accept::rustls_0_23::TlsStream<Paced>;

/// See [`super::Socket`].
pub struct TlsSocket(RefCell<TlsStream>);

impl TlsSocket {
    pub(super) fn new(stream: TlsStream) -> Self {
        Self(RefCell::new(stream))
    }

    pub(super) fn with_tcp<T>(&self, look: impl FnOnce(&TcpStream) -> T) -> T {
        look(self.0.borrow().get_ref().0.tcp())
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut stream = self.0.borrow_mut();
        let (paced, tls) = stream.get_mut();
        let tcp = paced.tcp();
        loop {
            match tls.reader().read(buffer) {
                Ok(length) => return Poll::Ready(Ok(length)),
                // Gone without a word, as many clients do.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Ok(0));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            ready!(tcp.poll_read_ready(cx))?;
            match tls.read_tls(&mut Tcp(tcp)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                read => read?,
            };
            let processed = tls.process_new_packets();
            // It may owe an answer, or an alert that says what is wrong.
            let sent = send(tcp, tls);
            processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            sent?;
        }
    }

    pub(super) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut stream = self.0.borrow_mut();
        let (paced, tls) = stream.get_mut();
        let tcp = paced.tcp();
        if !send(tcp, tls)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = tls.writer().write_vectored(slices)?;
        send(tcp, tls)?;
        Ok(taken)
    }

    pub(super) fn try_flush(&self) -> io::Result<bool> {
        let mut stream = self.0.borrow_mut();
        let (paced, tls) = stream.get_mut();
        let tcp = paced.tcp();
        send(tcp, tls)
    }

    pub(super) fn holds_output(&self) -> bool {
        self.0.borrow().get_ref().1.wants_write()
    }

    /// Tells the peer that the end was meant (RFC 8446 section 6.1).
    pub(super) fn send_close_notify(&self) {
        let mut stream = self.0.borrow_mut();
        let (paced, tls) = stream.get_mut();
        let tcp = paced.tcp();
        tls.send_close_notify();
        let _ = send(tcp, tls);
    }
}

/// Sends what is encrypted as far as the socket takes it now; says whether
/// that was all.
fn send(tcp: &TcpStream, tls: &mut ServerConnection) -> io::Result<bool> {
    while tls.wants_write() {
        match tls.write_tls(&mut Tcp(tcp)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// The socket as rustls wants it: it never waits.
struct Tcp<'a>(&'a TcpStream);

impl Read for Tcp<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Tcp<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.try_write(buffer)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
