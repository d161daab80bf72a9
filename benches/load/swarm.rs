//! Many WebSocket connections driven by one thread. Knows nothing of Parlor.

use std::{
    io::{ErrorKind, Read, Write},
    mem,
    net::{SocketAddr, TcpStream},
    os::fd::AsRawFd,
    time::Duration,
};

use crate::{
    Result,
    epoll::{Epoll, Ticker},
    frame::{self, Frame},
    stats::now_ns,
};

/// Bytes taken from a socket at once: more than the kernel holds for it.
const READ_CHUNK: usize = 256 * 1024;
/// Bytes that may wait for a server that does not read. The paces of `chat`
/// stay far below; beyond, the run says so instead of eating memory.
const UNSENT_MAX: usize = 4 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TICKER: u64 = u64::MAX;

/// The key and the answer to it are RFC 6455's own example, which spares the
/// client a SHA-1.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What a scenario does with what it is told.
pub trait Handler {
    /// A text frame has come on connection `from`, read at `now`. Frames put
    /// into `reply` go out on the same connection.
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()>;
}

pub struct Swarm {
    epoll: Epoll,
    ticker: Ticker,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    /// Pings answered so far.
    pub pings: u64,
}

struct Connection {
    stream: TcpStream,
    upgraded: bool,
    /// The beginning of what has not come whole.
    partial: Vec<u8>,
    unsent: Vec<u8>,
    /// Whether epoll is asked to tell when `unsent` can go on.
    blocked: bool,
}

impl Swarm {
    pub fn new() -> Result<Self> {
        let (epoll, ticker) = (Epoll::new()?, Ticker::new()?);
        epoll.add(ticker.fd(), TICKER)?;
        Ok(Swarm { epoll, ticker, connections: Vec::new(), buffer: vec![0; READ_CHUNK], pings: 0 })
    }

    /// Starts one more connection and gives its number. The answer to the
    /// upgrade is awaited by [`Swarm::poll`], so that many can be under way.
    pub fn open(&mut self, server: SocketAddr, path: &str, token: &str) -> Result<usize> {
        self.open_with(server, path, &format!("Authorization: Bearer {token}\r\n"))
    }

    /// The same with any header lines, each ended.
    pub fn open_with(&mut self, server: SocketAddr, path: &str, headers: &str) -> Result<usize> {
        let number = self.connections.len();
        let mut stream = TcpStream::connect_timeout(&server, CONNECT_TIMEOUT)
            .map_err(|e| format!("connection {number} could not be made: {e}"))?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {server}\r\n{headers}\
             Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {KEY}\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        stream.set_nonblocking(true)?;
        self.epoll.add(stream.as_raw_fd(), number as u64)?;
        let (partial, unsent) = (Vec::new(), Vec::new());
        self.connections.push(Connection {
            stream,
            upgraded: false,
            partial,
            unsent,
            blocked: false,
        });
        Ok(number)
    }

    /// Whether the server has agreed to speak WebSocket.
    pub fn upgraded(&self, connection: usize) -> bool {
        self.connections[connection].upgraded
    }

    /// Makes [`Swarm::poll`] return ticks at this interval; zero stops them.
    pub fn tick_every(&self, interval: Duration) -> Result<()> {
        Ok(self.ticker.set(interval)?)
    }

    /// Frames put here leave with the next [`Swarm::flush`].
    pub fn unsent(&mut self, connection: usize) -> &mut Vec<u8> {
        &mut self.connections[connection].unsent
    }

    pub fn flush(&mut self, number: usize) -> Result<()> {
        let connection = &mut self.connections[number];
        connection.write().map_err(|e| format!("connection {number}: {e}"))?;
        let blocked = !connection.unsent.is_empty();
        if blocked != connection.blocked {
            connection.blocked = blocked;
            self.epoll.watch_writable(connection.stream.as_raw_fd(), number as u64, blocked)?;
        }
        Ok(())
    }

    /// Waits for something to come, at most `longest`, hands it to `handler`,
    /// and gives the number of ticks since the last call.
    pub fn poll(&mut self, longest: Duration, handler: &mut impl Handler) -> Result<u64> {
        let mut ticks = 0;
        for index in 0..self.epoll.wait(longest)? {
            let event = self.epoll.event(index);
            if event.token == TICKER {
                ticks += self.ticker.ticks();
                continue;
            }
            let number = event.token as usize;
            if event.readable {
                self.receive(number, handler).map_err(|e| format!("connection {number}: {e}"))?;
            }
            if event.writable || !self.connections[number].unsent.is_empty() {
                self.flush(number)?;
            }
        }
        Ok(ticks)
    }

    /// Reads once: epoll tells again if there is more, and the others get
    /// their turn meanwhile.
    fn receive(&mut self, number: usize, handler: &mut impl Handler) -> Result<()> {
        let connection = &mut self.connections[number];
        let count = match connection.stream.read(&mut self.buffer) {
            Ok(0) => return Err("the server hung up".into()),
            Ok(count) => count,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Ok(());
            }
            Err(e) => return Err(e.into()),
        };
        let now = now_ns();
        let fresh = &self.buffer[..count];
        if connection.partial.is_empty() {
            let used = connection.take(fresh, number, now, &mut self.pings, handler)?;
            connection.partial.extend_from_slice(&fresh[used..]);
        } else {
            let mut bytes = mem::take(&mut connection.partial);
            bytes.extend_from_slice(fresh);
            let used = connection.take(&bytes, number, now, &mut self.pings, handler)?;
            bytes.drain(..used);
            connection.partial = bytes;
        }
        Ok(())
    }
}

impl Connection {
    /// Handles all that is whole in `bytes` and gives how many that were.
    fn take(
        &mut self,
        bytes: &[u8],
        number: usize,
        now: u64,
        pings: &mut u64,
        handler: &mut impl Handler,
    ) -> Result<usize> {
        let mut used = 0;
        if !self.upgraded {
            match upgrade_answer(bytes)? {
                Some(length) => used = length,
                None => return Ok(0),
            }
            self.upgraded = true;
        }
        while let Some(Frame { opcode, payload, length }) = Frame::first(&bytes[used..])? {
            used += length;
            match opcode {
                frame::TEXT => handler.text(number, payload, now, &mut self.unsent)?,
                frame::PING => {
                    *pings += 1;
                    frame::push(&mut self.unsent, frame::PONG, payload);
                }
                frame::PONG => {}
                frame::CLOSE => {
                    let (code, reason) = frame::close_reason(payload);
                    return Err(format!("closed by the server with {code} {reason:?}").into());
                }
                other => return Err(format!("a frame with opcode {other}").into()),
            }
        }
        Ok(used)
    }

    /// Writes what the kernel takes now.
    fn write(&mut self) -> Result<()> {
        let mut written = 0;
        while written < self.unsent.len() {
            match self.stream.write(&self.unsent[written..]) {
                Ok(count) => written += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(e.into()),
            }
        }
        self.unsent.drain(..written);
        if self.unsent.len() > UNSENT_MAX {
            return Err(format!("the server leaves {} bytes unread", self.unsent.len()).into());
        }
        Ok(())
    }
}

/// The length of the answer to the upgrade, once all of its head is there.
fn upgrade_answer(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    if !head.starts_with("HTTP/1.1 101 ") || !head.contains(ACCEPT) {
        let status = head.lines().next().unwrap_or_default();
        return Err(format!("the upgrade was answered with {status:?}").into());
    }
    Ok(Some(end + 4))
}
