//! As much of RFC 6455 as a server needs that trusts its client.

use std::io::{self, ErrorKind};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::frame;

const HEAD_MAX: usize = 8 * 1024;

/// What a connection has asked for.
pub struct Upgrade {
    /// Whether it is to hear the others.
    pub reads: bool,
    pub answer: Bytes,
    /// What came after the request.
    pub rest: Vec<u8>,
}

/// Reads the request. Whoever asks for `/send` only sends.
pub async fn upgrade(stream: &TcpStream) -> io::Result<Upgrade> {
    let mut bytes = Vec::new();
    let end = loop {
        stream.readable().await?;
        let mut chunk = [0; 2_048];
        match stream.try_read(&mut chunk) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        if let Some(end) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        if bytes.len() > HEAD_MAX {
            return Err(ErrorKind::InvalidData.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim())
    });
    let key = key.ok_or(ErrorKind::InvalidData)?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    let reads = !head.starts_with("GET /send ");
    Ok(Upgrade { reads, answer: answer.into(), rest: bytes[end..].to_vec() })
}

/// A frame from the client; what it carries is still masked.
pub enum Incoming<'a> {
    Text(Masked<'a>),
    Ping(Masked<'a>),
    Close,
    Other,
}

pub struct Masked<'a> {
    key: [u8; 4],
    payload: &'a [u8],
}

/// The frame that `bytes` begin with and its length, once all of it is there.
pub fn first(bytes: &[u8], longest: usize) -> io::Result<Option<(Incoming<'_>, usize)>> {
    let [first, second, ..] = *bytes else { return Ok(None) };
    let (head, length) = match second & 0x7f {
        126 => match bytes.get(2..4) {
            Some(&[a, b]) => (4, usize::from(u16::from_be_bytes([a, b]))),
            _ => return Ok(None),
        },
        127 => return Err(ErrorKind::InvalidData.into()),
        short => (2, usize::from(short)),
    };
    if first & 0xf0 != 0x80 || second & 0x80 == 0 || length > longest {
        return Err(ErrorKind::InvalidData.into());
    }
    let start = head + 4;
    let Some((key, payload)) = bytes.get(head..start + length).and_then(<[u8]>::split_first_chunk)
    else {
        return Ok(None);
    };
    let masked = Masked { key: *key, payload };
    let incoming = match first & 0x0f {
        frame::TEXT => Incoming::Text(masked),
        frame::PING => Incoming::Ping(masked),
        frame::CLOSE => Incoming::Close,
        _ => Incoming::Other,
    };
    Ok(Some((incoming, start + length)))
}

/// Appends the frame that goes to everyone.
pub fn push_text(out: &mut BytesMut, payload: Masked<'_>) {
    push(out, frame::TEXT, payload);
}

pub fn pong(payload: Masked<'_>) -> Bytes {
    let mut out = BytesMut::new();
    push(&mut out, frame::PONG, payload);
    out.freeze()
}

fn push(out: &mut BytesMut, opcode: u8, Masked { key, payload }: Masked<'_>) {
    out.reserve(payload.len() + 4);
    out.put_u8(0x80 | opcode);
    match payload.len() {
        short @ ..126 => out.put_u8(short as u8),
        medium => {
            out.put_u8(126);
            out.put_u16(medium as u16);
        }
    }
    let start = out.len();
    out.extend_from_slice(payload);
    for (byte, mask) in out[start..].iter_mut().zip(key.iter().cycle()) {
        *byte ^= mask;
    }
}
