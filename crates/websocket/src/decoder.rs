//! The decoder: from the bytes of a client to its messages.

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;

use super::{
    Opcode,
    deflate::{self, InflateError},
    header::{Header, HeaderBuffer},
    utf8::{Checked, NotUtf8},
};

/// Reads the frames of one connection (RFC 6455 section 5) and gives whole text
/// messages; control frames come between the fragments of others.
///
/// It keeps nothing of a message that is not begun, no more than the limit of
/// one that is, and refuses a frame by its header, before its payload comes;
/// so it does with binary messages.
#[derive(Debug)]
pub struct Decoder {
    /// Bytes of one message, also when fragmented, and when inflated.
    message_max: usize,
    /// Compressed messages were agreed to.
    inflates: bool,
    header: HeaderBuffer,
    frame: Option<Box<Frame>>,
    message: Option<Box<Partial>>,
}

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Text(ByteString),
    Ping(Bytes),
    Pong(Bytes),
    /// With the code that the client gives, if it gives one.
    Close(Option<u16>),
}

/// Why a connection ends with what the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The framing is broken: 1002.
    Protocol,
    /// A binary message, which nobody here understands: 1003.
    Binary,
    /// Text is not UTF-8, or compressed data is not: 1007.
    Payload,
    /// A message is longer than allowed: 1009.
    TooBig,
}

impl From<NotUtf8> for Violation {
    fn from(_: NotUtf8) -> Self {
        Self::Payload
    }
}

/// A frame whose header has come and whose payload has not, all of it.
#[derive(Debug)]
struct Frame {
    header: Header,
    left: usize,
    /// Of a control frame: they are short, and do not belong to the message.
    payload: BytesMut,
}

/// A text message that has begun.
#[derive(Debug)]
struct Partial {
    compressed: bool,
    bytes: BytesMut,
    checked: Checked,
}

impl Decoder {
    pub fn new(message_max: usize, inflates: bool) -> Self {
        Self { message_max, inflates, header: HeaderBuffer::default(), frame: None, message: None }
    }

    /// Takes from `input` until a message is whole or nothing is left.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Message>, Violation> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => *frame,
                None => {
                    let (used, header) = self.header.take(input)?;
                    let _ = input.split_to(used);
                    let Some(header) = header else { return Ok(None) };
                    self.begin(header)?
                }
            };
            let mut piece = input.split_to(frame.left.min(input.len()));
            frame.left -= piece.len();
            unmask(&mut piece, &mut frame.header.mask);
            if frame.header.opcode.is_control() {
                append(&mut frame.payload, piece);
            } else if let Some(message) = &mut self.message {
                message.append(piece)?;
            }
            if frame.left > 0 {
                self.frame = Some(Box::new(frame));
                return Ok(None);
            }
            if let Some(message) = self.end(frame)? {
                return Ok(Some(message));
            }
        }
    }

    fn begin(&mut self, header: Header) -> Result<Frame, Violation> {
        let (so_far, compressed) = match (header.opcode, &self.message) {
            (Opcode::Continuation, Some(message)) => (message.bytes.len(), message.compressed),
            (Opcode::Text | Opcode::Binary, None) => (0, header.rsv1),
            // Control frames may come at any time and are short.
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => (0, false),
            (Opcode::Continuation, None) | (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::Protocol);
            }
        };
        let first = matches!(header.opcode, Opcode::Text | Opcode::Binary);
        // RFC 7692 section 6: only a message's first frame says that it is
        // compressed, and only if that was agreed to.
        if header.rsv1 && !(first && self.inflates) {
            return Err(Violation::Protocol);
        }
        // What cannot be compressed grows by 5 bytes a block (RFC 1951).
        let slack = if compressed { self.message_max / 128 + 16 } else { 0 };
        let max = (self.message_max + slack).saturating_sub(so_far);
        let left = usize::try_from(header.length).ok().filter(|length| *length <= max);
        let left = left.ok_or(Violation::TooBig)?;
        if header.opcode == Opcode::Binary {
            return Err(Violation::Binary);
        }
        if first {
            let (bytes, checked) = (BytesMut::new(), Checked::default());
            self.message = Some(Box::new(Partial { compressed, bytes, checked }));
        }
        Ok(Frame { header, left, payload: BytesMut::new() })
    }

    fn end(&mut self, frame: Frame) -> Result<Option<Message>, Violation> {
        let payload = frame.payload.freeze();
        match frame.header.opcode {
            Opcode::Ping => Ok(Some(Message::Ping(payload))),
            Opcode::Pong => Ok(Some(Message::Pong(payload))),
            Opcode::Close => close(&payload).map(|code| Some(Message::Close(code))),
            _ if !frame.header.fin => Ok(None),
            _ => self.message.take().map(|message| message.finish(self.message_max)).transpose(),
        }
    }
}

impl Partial {
    fn append(&mut self, piece: BytesMut) -> Result<(), Violation> {
        append(&mut self.bytes, piece);
        // Text that has gone wrong is refused before the message is whole.
        if !self.compressed {
            self.checked.advance(&self.bytes)?;
        }
        Ok(())
    }

    fn finish(mut self, message_max: usize) -> Result<Message, Violation> {
        if self.compressed {
            let inflated = deflate::inflate(&self.bytes, message_max);
            self.bytes =
                inflated.map(|bytes| Bytes::from(bytes).into()).map_err(|error| match error {
                    InflateError::TooBig => Violation::TooBig,
                    InflateError::Broken => Violation::Payload,
                })?;
            self.checked.advance(&self.bytes)?;
        }
        if !self.checked.is_whole(&self.bytes) {
            return Err(Violation::Payload);
        }
        let text = ByteString::try_from(self.bytes.freeze()).map_err(|_| Violation::Payload)?;
        Ok(Message::Text(text))
    }
}

/// The usual message comes in one piece, which is then not copied.
fn append(bytes: &mut BytesMut, piece: BytesMut) {
    if bytes.is_empty() {
        *bytes = piece;
    } else {
        bytes.extend_from_slice(&piece);
    }
}

/// Section 5.3; `mask` is turned so that it fits the next piece.
fn unmask(piece: &mut [u8], mask: &mut [u8; 4]) {
    let word = u64::from_ne_bytes(std::array::from_fn(|index| mask[index % 4]));
    let mut words = piece.chunks_exact_mut(8);
    for bytes in &mut words {
        let plain = u64::from_ne_bytes(std::array::from_fn(|index| bytes[index])) ^ word;
        bytes.copy_from_slice(&plain.to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
    mask.rotate_left(piece.len() % 4);
}

/// The payload of a close frame (section 5.5.1).
fn close(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => return Err(Violation::Protocol),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    if !may_be_sent(code) {
        return Err(Violation::Protocol);
    }
    std::str::from_utf8(reason).map_err(|_| Violation::Payload)?;
    Ok(Some(code))
}

/// Section 7.4, and the registry it founded, which goes to 1014
/// (<https://www.iana.org/assignments/websocket>): 1004 to 1006 and 1015 never
/// go over the wire.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1_000;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [7, 0, 255, 31];
        let mut frame = vec![first, 0x80 | 126];
        if payload.len() < 126 {
            frame[1] = 0x80 | payload.len() as u8;
        } else {
            frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        }
        frame.extend_from_slice(&mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    }

    /// What a stream says, read in pieces of `size` bytes.
    fn decode(stream: &[u8], size: usize) -> (Vec<Message>, Option<Violation>) {
        let mut decoder = Decoder::new(MAX, true);
        let mut messages = Vec::new();
        for piece in stream.chunks(size) {
            let mut input = BytesMut::from(piece);
            loop {
                match decoder.next(&mut input) {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => break,
                    Err(violation) => return (messages, Some(violation)),
                }
            }
            assert!(input.is_empty(), "what is not whole is kept in the decoder");
        }
        (messages, None)
    }

    fn text(text: &str) -> Message {
        Message::Text(text.into())
    }

    #[test]
    fn messages_are_the_same_in_pieces_of_any_size() {
        let long = "smørrebrød".repeat(50);
        let mut packed = Vec::new();
        assert!(deflate::deflate(long.as_bytes(), 15, &mut packed));
        let (begin, end) = packed.split_at(5);
        let stream = [
            frame(0x81, b"one"),
            frame(0x01, "sm\u{f8}".as_bytes().split_at(3).0),
            frame(0x89, b"ping"),
            frame(0x00, b"\xB8"),
            frame(0x80, b""),
            frame(0x41, begin),
            frame(0x8A, b""),
            frame(0x80, end),
            frame(0x81, long.as_bytes()),
            frame(0x88, b"\x03\xE8bye"),
        ]
        .concat();
        let expected = vec![
            text("one"),
            Message::Ping(Bytes::from_static(b"ping")),
            text("sm\u{f8}"),
            Message::Pong(Bytes::new()),
            text(&long),
            text(&long),
            Message::Close(Some(1000)),
        ];
        for size in [1, 2, 3, 7, 64, stream.len()] {
            let (messages, violation) = decode(&stream, size);
            assert_eq!((&messages, violation), (&expected, None), "pieces of {size}");
        }
    }

    #[test]
    fn the_limit_holds_for_whole_messages_and_by_the_header() {
        let long = frame(0x81, &[b'x'; MAX + 1]);
        assert_eq!(decode(&long[..8], 8), (vec![], Some(Violation::TooBig)));
        let two = [frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 401])].concat();
        assert_eq!(decode(&two[..two.len() - 401], 50), (vec![], Some(Violation::TooBig)));
        let (messages, violation) = decode(&frame(0x81, &[b'x'; MAX]), 50);
        assert_eq!((messages.len(), violation), (1, None));
        let mut bomb = Vec::new();
        assert!(deflate::deflate(&[b'x'; MAX + 1], 15, &mut bomb));
        assert_eq!(decode(&frame(0xC1, &bomb), 50), (vec![], Some(Violation::TooBig)));
    }

    #[test]
    fn what_was_good_before_a_violation_is_given() {
        let stream = [frame(0x81, b"good"), frame(0x81, b"\xC0\xAF"), frame(0x81, b"x")].concat();
        assert_eq!(decode(&stream, 4_000), (vec![text("good")], Some(Violation::Payload)));
    }

    #[test]
    fn text_fails_as_soon_as_it_cannot_be_text() {
        let frame = frame(0x01, b"ab\xFFcdefgh");
        assert_eq!(decode(&frame[..9], 1), (vec![], Some(Violation::Payload)));
    }
}
