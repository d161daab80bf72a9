//! The header of a client's frame (RFC 6455 section 5.2).

use super::{CONTROL_PAYLOAD_MAX, Opcode, Violation};

/// Two bytes, a length of eight, a mask of four.
const HEADER_MAX: usize = 14;

pub(super) const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_AND_3: u8 = 0x30;
pub(super) const MASKED: u8 = 0x80;

/// A whole and sound header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub fin: bool,
    /// The message is compressed (RFC 7692 section 6).
    pub rsv1: bool,
    pub opcode: Opcode,
    pub mask: [u8; 4],
    pub length: u64,
}

/// A header that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct HeaderBuffer {
    bytes: [u8; HEADER_MAX],
    have: u8,
}

impl HeaderBuffer {
    /// Takes what the header needs of `input` and says how much that was;
    /// gives the header once it is whole.
    pub fn take(&mut self, input: &[u8]) -> Result<(usize, Option<Header>), Violation> {
        let mut used = 0;
        while usize::from(self.have) < self.length() {
            let missing = self.length() - usize::from(self.have);
            let piece = &input[used..input.len().min(used + missing)];
            if piece.is_empty() {
                return Ok((used, None));
            }
            let have = usize::from(self.have);
            self.bytes[have..have + piece.len()].copy_from_slice(piece);
            self.have += piece.len() as u8;
            used += piece.len();
        }
        self.have = 0;
        Ok((used, Some(self.parse()?)))
    }

    /// How long the header is, as far as that is known.
    fn length(&self) -> usize {
        if self.have < 2 {
            return 2;
        }
        let mask = if self.bytes[1] & MASKED == 0 { 0 } else { 4 };
        2 + extended_length(self.bytes[1]) + mask
    }

    fn parse(&self) -> Result<Header, Violation> {
        let [first, second, ..] = self.bytes;
        let opcode = Opcode::from_bits(first & 0x0F).ok_or(Violation::Protocol)?;
        // Section 5.1: a server must not take frames that are not masked.
        if first & RSV2_AND_3 != 0 || second & MASKED == 0 {
            return Err(Violation::Protocol);
        }
        let at = 2 + extended_length(second);
        let length = payload_length(second, &self.bytes[2..at])?;
        let fin = first & FIN != 0;
        // Section 5.5: control frames are short and come in one piece.
        if opcode.is_control() && (!fin || length > CONTROL_PAYLOAD_MAX as u64) {
            return Err(Violation::Protocol);
        }
        let mask = std::array::from_fn(|index| self.bytes[at + index]);
        Ok(Header { fin, rsv1: first & RSV1 != 0, opcode, mask, length })
    }
}

/// How many bytes behind the second one say how long the payload is.
pub(super) fn extended_length(second: u8) -> usize {
    match second & !MASKED {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}

/// What the second byte and those behind it say. Section 5.2: the shortest form must be
/// used, and the highest bit of eight bytes is zero.
pub(super) fn payload_length(second: u8, extended: &[u8]) -> Result<u64, Violation> {
    let shortest = match extended.len() {
        0 => return Ok(u64::from(second & !MASKED)),
        2 => 126,
        _ => 0x1_0000,
    };
    let length = extended.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
    if length < shortest || length > i64::MAX as u64 {
        return Err(Violation::Protocol);
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(bytes: &[u8]) -> Result<Option<Header>, Violation> {
        HeaderBuffer::default().take(bytes).map(|(_, header)| header)
    }

    #[test]
    fn a_header_is_the_same_in_pieces_of_any_size() {
        let bytes = [0xC1, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4, b'x'];
        let (fin, rsv1, opcode) = (true, true, Opcode::Text);
        let expected = Header { fin, rsv1, opcode, mask: [1, 2, 3, 4], length: 65_536 };
        for size in 1..bytes.len() {
            let mut buffer = HeaderBuffer::default();
            let mut used = 0;
            let mut header = None;
            for piece in bytes.chunks(size) {
                let (taken, found) = buffer.take(piece).expect("sound");
                used += taken;
                header = header.or(found);
                if header.is_some() {
                    break;
                }
            }
            assert_eq!((header, used), (Some(expected), 14), "pieces of {size}");
        }
    }

    #[test]
    fn what_the_rfc_forbids_is_refused() {
        for (bytes, why) in [
            (&[0x81, 0x01][..], "not masked"),
            (&[0xA1, 0x80, 0, 0, 0, 0], "RSV2"),
            (&[0x91, 0x80, 0, 0, 0, 0], "RSV3"),
            (&[0x83, 0x80, 0, 0, 0, 0], "opcode 3"),
            (&[0x8B, 0x80, 0, 0, 0, 0], "opcode 11"),
            (&[0x09, 0x80, 0, 0, 0, 0], "a ping in fragments"),
            (&[0x89, 0xFE, 0, 126, 0, 0, 0, 0], "a ping of 126 bytes"),
            (&[0x81, 0xFE, 0, 125, 0, 0, 0, 0], "125 in two bytes"),
            (&[0x81, 0xFF, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0], "65,535 in eight bytes"),
            (&[0x81, 0xFF, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "the highest bit"),
        ] {
            assert_eq!(take(bytes), Err(Violation::Protocol), "{why}");
        }
    }
}
