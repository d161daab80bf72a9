//! The REST calls the bench needs, over sockets that block.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};
use serde_json::json;

use crate::{Result, process::Server};

const TIMEOUT: Duration = Duration::from_secs(20);
/// Requests under way at once, each on its own connection: the server commits
/// them together, and 5,000 rooms take a second instead of a minute.
const CONNECTIONS: usize = 32;
const BODY_MAX: usize = 1024 * 1024;

trait Duplex: Read + Write + Send {}

impl<T: Read + Write + Send> Duplex for T {}

/// A connection that is kept from request to request.
pub struct Rest {
    host: SocketAddr,
    stream: BufReader<Box<dyn Duplex>>,
}

impl Rest {
    pub fn connect(server: &Server) -> Result<Self> {
        let host = server.address();
        let stream = TcpStream::connect_timeout(&host, TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let stream: Box<dyn Duplex> = match server.carrier().tls {
            None => Box::new(stream),
            Some(config) => {
                let session = ClientConnection::new(config, ServerName::from(host.ip()))?;
                Box::new(StreamOwned::new(session, stream))
            }
        };
        Ok(Rest { host, stream: BufReader::new(stream) })
    }

    /// Status and body of what is at `path`.
    pub fn get(&mut self, path: &str, token: &str) -> Result<(u16, String)> {
        self.ask("GET", path, token, "")?;
        answer(&mut self.stream)
    }

    /// Status and body of an answer to a change.
    pub fn put(&mut self, path: &str, token: &str, body: &str) -> Result<(u16, String)> {
        self.ask("PUT", path, token, body)?;
        answer(&mut self.stream)
    }

    /// The same of something new.
    pub fn post(&mut self, path: &str, token: &str, body: &str) -> Result<(u16, String)> {
        self.ask("POST", path, token, body)?;
        self.answer()
    }

    /// Status and body of what was asked.
    pub fn answer(&mut self) -> Result<(u16, String)> {
        answer(&mut self.stream)
    }

    /// The status of what was asked, of which nothing more is read.
    pub fn status(&mut self) -> Result<u16> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok(code.ok_or_else(|| format!("no HTTP answer: {line:?}"))?)
    }

    pub fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<()> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len(),
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        Ok(self.stream.get_mut().flush()?)
    }
}

/// Makes rooms, each owned by its user, who is thereby a member.
pub fn create_rooms(server: &Server, kind: &str, rooms: &[(String, String)]) -> Result<()> {
    let connections = 0..CONNECTIONS.min(rooms.len());
    let mut connections = connections.map(|_| Rest::connect(server)).collect::<Result<Vec<_>>>()?;
    for rooms in rooms.chunks(CONNECTIONS) {
        for (connection, (owner, room)) in connections.iter_mut().zip(rooms) {
            let body = json!({ "room_id": room, "kind": kind }).to_string();
            connection.ask("POST", "/api/v1/rooms", &server.token(owner)?, &body)?;
        }
        for (connection, (_, room)) in connections.iter_mut().zip(rooms) {
            let (status, body) =
                answer(&mut connection.stream).map_err(|e| format!("POST /rooms ({room}): {e}"))?;
            if status != 201 {
                return Err(
                    format!("POST /rooms ({room}) was answered with {status}: {body}").into()
                );
            }
        }
    }
    Ok(())
}

/// Status and body of the next answer.
fn answer(connection: &mut impl BufRead) -> Result<(u16, String)> {
    let mut status = String::new();
    connection.read_line(&mut status)?;
    let code = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let code = code.ok_or_else(|| format!("no HTTP answer: {status:?}"))?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err("the server hung up".into());
        }
        match line.trim_end().split_once(':') {
            None if line.trim_end().is_empty() => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse()?;
            }
            _ => {}
        }
    }
    if length > BODY_MAX {
        return Err(format!("a body of {length} bytes").into());
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok((code, String::from_utf8_lossy(&body).into_owned()))
}
