//! Many WebSocket connections driven by one thread. Knows nothing of Parlor.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::ClientConfig;
use socket2::{Domain, Socket, Type};

use crate::{
    Result,
    connection::{Connection, KEY, Shared},
    epoll::{Epoll, Ticker},
    handler::Handler,
    inflate,
    transport::Transport,
};

const TICKER: u64 = u64::MAX;

/// How the connections speak, over what the frames say.
#[derive(Clone, Default)]
pub struct Carrier {
    pub tls: Option<Arc<ClientConfig>>,
    pub deflate: bool,
    /// Whether a frame may hold several texts, each a line.
    pub lines: bool,
}

pub struct Swarm {
    epoll: Epoll,
    ticker: Ticker,
    carrier: Carrier,
    /// By number; none where one has ended.
    connections: Vec<Option<Connection>>,
    /// Takes what is said to a connection that has ended.
    lost: Vec<u8>,
    shared: Shared,
}

impl Swarm {
    pub fn new(carrier: Carrier) -> Result<Self> {
        let (epoll, ticker) = (Epoll::new()?, Ticker::new()?);
        epoll.add(ticker.fd(), TICKER, false)?;
        let (connections, lost, shared) = (Vec::new(), Vec::new(), Shared::new());
        Ok(Swarm { epoll, ticker, carrier, connections, lost, shared })
    }

    /// Pings answered so far.
    pub fn pings(&self) -> u64 {
        self.shared.pings
    }

    /// Messages that came compressed so far.
    pub fn compressed(&self) -> u64 {
        self.shared.compressed
    }

    /// Starts one more connection and gives its number. All of it is awaited
    /// by [`Swarm::poll`], so that many can be under way.
    pub fn open(&mut self, server: SocketAddr, path: &str, token: &str) -> Result<usize> {
        self.open_with(server, path, &bearer(token))
    }

    /// The same with any header lines, each ended.
    pub fn open_with(&mut self, server: SocketAddr, path: &str, headers: &str) -> Result<usize> {
        self.connections.push(None);
        let number = self.connections.len() - 1;
        self.connect(number, server, path, headers)?;
        Ok(number)
    }

    /// Connects again what has ended or was closed, under its old number.
    pub fn reopen(
        &mut self,
        number: usize,
        server: SocketAddr,
        path: &str,
        token: &str,
    ) -> Result<()> {
        self.connect(number, server, path, &bearer(token))
    }

    fn connect(
        &mut self,
        number: usize,
        server: SocketAddr,
        path: &str,
        headers: &str,
    ) -> Result<()> {
        let stream =
            connect(server).map_err(|e| format!("connection {number} could not be made: {e}"))?;
        let Carrier { deflate, lines, .. } = self.carrier;
        let extensions = match deflate {
            true => format!("Sec-WebSocket-Extensions: {}\r\n", inflate::OFFER),
            false => String::new(),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {server}\r\n{headers}\
             Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {KEY}\r\n{extensions}\r\n"
        );
        let transport = Transport::new(stream, server.ip(), self.carrier.tls.as_ref())?;
        self.epoll.add(transport.fd(), number as u64, true)?;
        self.connections[number] = Some(Connection::new(transport, request, deflate, lines));
        Ok(())
    }

    /// Drops the socket, as a client does that loses its network or its tab.
    pub fn close(&mut self, number: usize) {
        self.connections[number] = None;
    }

    /// Stops or goes on reading: meanwhile the kernel's buffers fill.
    pub fn pause(&mut self, number: usize, paused: bool) -> Result<()> {
        let Some(connection) = &mut self.connections[number] else { return Ok(()) };
        if connection.paused == paused {
            return Ok(());
        }
        connection.paused = paused;
        let fd = connection.transport.fd();
        match paused {
            // Taken out as a whole: a hang-up would be told again and again.
            true => self.epoll.remove(fd)?,
            false => self.epoll.add(fd, number as u64, connection.blocked)?,
        }
        Ok(())
    }

    /// Lets a paused connection read once, at most so many bytes.
    pub fn sip(&mut self, number: usize, most: usize, handler: &mut impl Handler) -> Result<()> {
        self.shared.read_most = most;
        let result = self.receive(number, handler);
        self.shared.read_most = usize::MAX;
        result.map(drop)
    }

    /// Whether the server has agreed to speak WebSocket.
    pub fn upgraded(&self, connection: usize) -> bool {
        self.connections[connection].as_ref().is_some_and(|connection| connection.upgraded)
    }

    /// Makes [`Swarm::poll`] return ticks at this interval; zero stops them.
    pub fn tick_every(&self, interval: Duration) -> Result<()> {
        Ok(self.ticker.set(interval)?)
    }

    /// Frames put here leave with the next [`Swarm::flush`]; those for a
    /// connection that has ended are lost.
    pub fn unsent(&mut self, number: usize) -> &mut Vec<u8> {
        self.lost.clear();
        match &mut self.connections[number] {
            Some(connection) => &mut connection.unsent,
            None => &mut self.lost,
        }
    }

    pub fn flush(&mut self, number: usize) -> Result<()> {
        let Some(connection) = &mut self.connections[number] else { return Ok(()) };
        connection.write().map_err(|e| format!("connection {number}: {e}"))?;
        let blocked = connection.waits();
        if blocked != connection.blocked {
            connection.blocked = blocked;
            if !connection.paused {
                self.epoll.watch_writable(connection.transport.fd(), number as u64, blocked)?;
            }
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
            if event.readable && self.receive(number, handler)? {
                continue;
            }
            let waits = self.connections[number].as_ref().is_some_and(Connection::waits);
            if event.writable || waits {
                self.flush(number)?;
            }
        }
        Ok(ticks)
    }

    /// Whether the connection has ended.
    fn receive(&mut self, number: usize, handler: &mut impl Handler) -> Result<bool> {
        let Some(connection) = &mut self.connections[number] else { return Ok(true) };
        let end = connection
            .receive(number, &mut self.shared, handler)
            .map_err(|e| format!("connection {number}: {e}"))?;
        if let Some(end) = &end {
            self.connections[number] = None;
            handler.ended(number, end)?;
        }
        Ok(end.is_some())
    }
}

/// A socket that is being connected: thousands at once queue in the kernel,
/// and none waits in turn.
fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    match socket.connect(&server.into()) {
        Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => Err(e),
        _ => Ok(socket.into()),
    }
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}
