//! The frames of RFC 6455, as much of them as a load client needs.

use crate::Result;

pub const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A server that announces more than this is broken. The longest frame of
/// ours is a `session.ready` with 1,000 rooms, some 300 KB.
pub const PAYLOAD_MAX: u64 = 4 * 1024 * 1024;

/// Clients must mask. That the key is always the same is no concern on the
/// loopback, where no proxy can be fooled.
const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

/// A whole frame at the start of some bytes.
pub struct Frame<'a> {
    pub opcode: u8,
    /// By `permessage-deflate`.
    pub compressed: bool,
    pub payload: &'a [u8],
    /// Bytes it takes with its header.
    pub length: usize,
}

impl<'a> Frame<'a> {
    /// The frame that `bytes` begin with, if all of it has come.
    #[inline]
    pub fn first(bytes: &'a [u8]) -> Result<Option<Self>> {
        let [first, second, ..] = *bytes else { return Ok(None) };
        if first & 0xb0 != 0x80 || second & 0x80 != 0 {
            return Err(format!(
                "a frame begins with {first:#04x} {second:#04x}: fragmented, extended or masked"
            )
            .into());
        }
        let (head, payload) = match second {
            126 => match bytes.get(2..4) {
                Some(&[a, b]) => (4, u64::from(u16::from_be_bytes([a, b]))),
                _ => return Ok(None),
            },
            127 => match bytes.get(2..10).and_then(|length| length.try_into().ok()) {
                Some(length) => (10, u64::from_be_bytes(length)),
                None => return Ok(None),
            },
            short => (2, u64::from(short)),
        };
        if payload > PAYLOAD_MAX {
            return Err(format!("a frame of {payload} bytes").into());
        }
        let length = head + payload as usize;
        let payload = bytes.get(head..length);
        let (opcode, compressed) = (first & 0x0f, first & 0x40 != 0);
        Ok(payload.map(|payload| Frame { opcode, compressed, payload, length }))
    }
}

/// Appends one masked frame.
pub fn push(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(0x80 | opcode);
    match payload.len() {
        short @ ..126 => out.push(0x80 | short as u8),
        medium @ 126..65_536 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    let start = out.len();
    out.extend_from_slice(payload);
    for (byte, mask) in out[start..].iter_mut().zip(MASK.iter().cycle()) {
        *byte ^= mask;
    }
}

/// The code and the reason of a close frame; 1005 stands for none.
pub fn close_reason(payload: &[u8]) -> (u16, String) {
    match payload {
        [a, b, reason @ ..] => {
            (u16::from_be_bytes([*a, *b]), String::from_utf8_lossy(reason).into_owned())
        }
        _ => (1005, String::new()),
    }
}
