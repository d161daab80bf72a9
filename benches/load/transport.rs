//! What a connection's bytes travel in: a bare socket, or TLS over one.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{IpAddr, TcpStream},
    os::fd::{AsRawFd, RawFd},
    sync::Arc,
};

use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};

use crate::Result;

pub enum Transport {
    Plain(TcpStream),
    Tls(Box<Tls>),
}

pub struct Tls {
    stream: TcpStream,
    session: ClientConnection,
}

/// What a read has given.
pub enum Got {
    /// So many bytes at the start of the buffer.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The other side has ended the connection.
    End,
}

impl Transport {
    pub fn new(stream: TcpStream, host: IpAddr, tls: Option<&Arc<ClientConfig>>) -> Result<Self> {
        let Some(config) = tls else { return Ok(Transport::Plain(stream)) };
        let session = ClientConnection::new(config.clone(), ServerName::from(host))?;
        Ok(Transport::Tls(Box::new(Tls { stream, session })))
    }

    fn stream(&self) -> &TcpStream {
        match self {
            Transport::Plain(stream) => stream,
            Transport::Tls(tls) => &tls.stream,
        }
    }

    pub fn fd(&self) -> RawFd {
        self.stream().as_raw_fd()
    }

    /// Reads the socket once: epoll tells again if there is more. `plain`
    /// takes what TLS has opened; a bare socket's bytes stay in `raw`.
    pub fn read(&mut self, raw: &mut [u8], plain: &mut Vec<u8>) -> Result<Got> {
        plain.clear();
        let count = match self.stream().read(raw) {
            Ok(0) => return Ok(Got::End),
            Ok(count) => count,
            Err(e) if waits(&e) => return Ok(Got::Nothing),
            Err(e) => return Err(e.into()),
        };
        match self {
            Transport::Plain(_) => Ok(Got::Bytes(count)),
            Transport::Tls(tls) => tls.open(&raw[..count], plain),
        }
    }

    /// Writes what is taken now and gives how much that was.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Transport::Plain(stream) => write_plain(stream, bytes),
            Transport::Tls(tls) => tls.write(bytes),
        }
    }

    /// Whether bytes wait here for the socket, over those the caller keeps.
    pub fn holds_back(&self) -> bool {
        matches!(self, Transport::Tls(tls) if tls.session.wants_write())
    }

    /// Whether a write is of no use before more has come.
    pub fn shakes_hands(&self) -> bool {
        matches!(self, Transport::Tls(tls) if tls.session.is_handshaking())
    }
}

impl Tls {
    fn open(&mut self, mut sealed: &[u8], plain: &mut Vec<u8>) -> Result<Got> {
        while !sealed.is_empty() {
            self.session.read_tls(&mut sealed)?;
            let state = self.session.process_new_packets()?;
            let (start, count) = (plain.len(), state.plaintext_bytes_to_read());
            plain.resize(start + count, 0);
            self.session.reader().read_exact(&mut plain[start..])?;
            if state.peer_has_closed() {
                break;
            }
        }
        Ok(if plain.is_empty() { Got::Nothing } else { Got::Bytes(plain.len()) })
    }

    /// Seals no more than the session buffers, and so on until the socket is
    /// full: what it has not taken waits in the session, in order.
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut taken = 0;
        loop {
            if !self.session.is_handshaking() && !self.session.wants_write() {
                taken += self.session.writer().write(&bytes[taken..])?;
            }
            while self.session.wants_write() {
                match self.session.write_tls(&mut self.stream) {
                    Ok(_) => {}
                    Err(e) if waits(&e) => return Ok(taken),
                    Err(e) => return Err(e.into()),
                }
            }
            if taken == bytes.len() || self.session.is_handshaking() {
                return Ok(taken);
            }
        }
    }
}

fn write_plain(stream: &mut TcpStream, bytes: &[u8]) -> Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(count) => written += count,
            Err(e) if waits(&e) => break,
            Err(e) => return Err(e.into()),
        }
    }
    Ok(written)
}

/// Whether to try later. A socket that is still being connected says
/// `NotConnected`.
fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected)
}
