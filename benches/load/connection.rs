//! One WebSocket: the bytes that come, taken apart, and those that wait.

use std::mem;

use crate::{
    Result,
    frame::{self, Frame},
    handler::{End, Handler},
    inflate::{self, Inflate},
    transport::{Got, Transport},
    wire::split_at,
};

/// Bytes taken from a socket at once: more than the kernel holds for it.
const READ_CHUNK: usize = 256 * 1024;
/// Bytes that may wait for a server that does not read. The paces of `chat`
/// stay far below; beyond, the run says so instead of eating memory.
const UNSENT_MAX: usize = 4 * 1024 * 1024;
/// The answer to the upgrade that [`KEY`] must get.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// The key and the answer to it are RFC 6455's own example, which spares the
/// client a SHA-1.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What all connections use in turn.
pub struct Shared {
    raw: Vec<u8>,
    plain: Vec<u8>,
    inflate: Inflate,
    /// Bytes to be read at once, at most.
    pub read_most: usize,
    /// Pings answered so far.
    pub pings: u64,
    /// Messages that came compressed so far.
    pub compressed: u64,
}

impl Shared {
    pub fn new() -> Self {
        Shared {
            raw: vec![0; READ_CHUNK],
            plain: Vec::new(),
            inflate: Inflate::new(),
            read_most: usize::MAX,
            pings: 0,
            compressed: 0,
        }
    }
}

pub struct Connection {
    pub transport: Transport,
    deflate: bool,
    lines: bool,
    pub upgraded: bool,
    /// The beginning of what has not come whole.
    partial: Vec<u8>,
    pub unsent: Vec<u8>,
    /// Whether epoll is asked to tell when `unsent` can go on.
    pub blocked: bool,
    /// Whether nothing is read: see `Swarm::pause`.
    pub paused: bool,
}

impl Connection {
    /// The upgrade's `request` leaves as soon as the socket takes it.
    pub fn new(transport: Transport, request: String, deflate: bool, lines: bool) -> Self {
        Connection {
            transport,
            deflate,
            lines,
            upgraded: false,
            partial: Vec::new(),
            unsent: request.into_bytes(),
            blocked: true,
            paused: false,
        }
    }

    /// Reads once and handles what has come. `Some` if it was the last.
    pub fn receive(
        &mut self,
        number: usize,
        shared: &mut Shared,
        handler: &mut impl Handler,
    ) -> Result<Option<End>> {
        let mut raw = mem::take(&mut shared.raw);
        let mut plain = mem::take(&mut shared.plain);
        let most = shared.read_most.min(raw.len());
        let end = match self.transport.read(&mut raw[..most], &mut plain) {
            Ok(Got::Nothing) => Ok(None),
            Ok(Got::End) => Ok(Some(End::silent("the server hung up"))),
            Err(problem) => Ok(Some(End::silent(problem))),
            Ok(Got::Bytes(count)) => {
                let fresh = if plain.is_empty() { &raw[..count] } else { &plain[..] };
                self.fresh(fresh, number, shared, handler)
            }
        };
        (shared.raw, shared.plain) = (raw, plain);
        end
    }

    fn fresh(
        &mut self,
        fresh: &[u8],
        number: usize,
        shared: &mut Shared,
        handler: &mut impl Handler,
    ) -> Result<Option<End>> {
        let now = crate::stats::now_ns();
        if self.partial.is_empty() {
            let (used, end) = self.take(fresh, number, now, shared, handler)?;
            self.partial.extend_from_slice(&fresh[used..]);
            return Ok(end);
        }
        let mut bytes = mem::take(&mut self.partial);
        bytes.extend_from_slice(fresh);
        let (used, end) = self.take(&bytes, number, now, shared, handler)?;
        bytes.drain(..used);
        self.partial = bytes;
        Ok(end)
    }

    /// Handles all that is whole in `bytes` and gives how many that were.
    fn take(
        &mut self,
        bytes: &[u8],
        number: usize,
        now: u64,
        shared: &mut Shared,
        handler: &mut impl Handler,
    ) -> Result<(usize, Option<End>)> {
        let mut used = 0;
        if !self.upgraded {
            match upgrade_answer(bytes, self.deflate) {
                Ok(Some(length)) => used = length,
                Ok(None) => return Ok((0, None)),
                Err(refusal) => return Ok((0, Some(End::silent(refusal)))),
            }
            self.upgraded = true;
        }
        while let Some(frame) = Frame::first(&bytes[used..])? {
            used += frame.length;
            match frame.opcode {
                frame::TEXT if frame.compressed => {
                    if !self.deflate {
                        return Err("a compressed frame that was not agreed on".into());
                    }
                    shared.compressed += 1;
                    let text = shared.inflate.message(frame.payload)?;
                    handler.text(number, text, now, &mut self.unsent)?;
                }
                frame::TEXT => {
                    let mut text = frame.payload;
                    while let Some((line, rest)) =
                        self.lines.then(|| split_at(b'\n', text)).flatten()
                    {
                        handler.text(number, line, now, &mut self.unsent)?;
                        text = rest;
                    }
                    handler.text(number, text, now, &mut self.unsent)?;
                }
                frame::PING => {
                    shared.pings += 1;
                    frame::push(&mut self.unsent, frame::PONG, frame.payload);
                }
                frame::PONG => {}
                frame::CLOSE => {
                    let (code, reason) = frame::close_reason(frame.payload);
                    return Ok((used, Some(End::closed(code, &reason))));
                }
                other => return Err(format!("a frame with opcode {other}").into()),
            }
        }
        Ok((used, None))
    }

    /// Whether something waits for the socket to take it.
    pub fn waits(&self) -> bool {
        let unsent = !self.unsent.is_empty() && !self.transport.shakes_hands();
        unsent || self.transport.holds_back()
    }

    /// Writes what the kernel takes now. What a broken socket does not take is
    /// lost; the read that follows finds out about the socket.
    pub fn write(&mut self) -> Result<()> {
        let written = self.transport.write(&self.unsent).unwrap_or(self.unsent.len());
        self.unsent.drain(..written);
        if self.unsent.len() > UNSENT_MAX {
            return Err(format!("the server leaves {} bytes unread", self.unsent.len()).into());
        }
        Ok(())
    }
}

/// The length of the answer to the upgrade, once all of its head is there.
fn upgrade_answer(bytes: &[u8], deflate: bool) -> Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    if !head.starts_with("HTTP/1.1 101 ") || !head.contains(ACCEPT) {
        let status = head.lines().next().unwrap_or_default();
        return Err(format!("the upgrade was answered with {status:?}").into());
    }
    if deflate && !inflate::AGREED.iter().all(|word| head.contains(word)) {
        return Err("the server has not agreed to compress each message by itself".into());
    }
    Ok(Some(end + 4))
}
