//! Frames from the server: whole and unmasked (RFC 6455 section 5.1), each in
//! one buffer that all recipients share.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{
    CONTROL_PAYLOAD_MAX, Compression, Opcode,
    deflate::{self, WINDOW_BITS, WINDOWS},
};

const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;

/// The longest header of a frame that is not masked (section 5.2).
const HEADER_MAX: usize = 10;

/// One frame, encoded. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Frame {
    plain: Bytes,
    payload_at: u8,
    /// Of a frame for many: what it is compressed, for each window size, made
    /// by the first who needs it.
    deflated: Option<Arc<[OnceLock<Bytes>; WINDOWS]>>,
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

impl Eq for Frame {}

impl Frame {
    /// A text frame; `write` appends the payload.
    ///
    /// The header is put in front of the payload in the same allocation.
    pub fn text(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut buffer = Vec::with_capacity(512);
        buffer.resize(HEADER_MAX, 0);
        write(&mut buffer);
        let used = put_header(&mut buffer, FIN);
        buffer.shrink_to_fit();
        let plain = Bytes::from(buffer).slice(HEADER_MAX - used..);
        Self { plain, payload_at: used as u8, deflated: None }
    }

    /// A control frame. A payload beyond what RFC 6455 allows is cut.
    pub fn control(opcode: Opcode, payload: &[u8]) -> Self {
        debug_assert!(opcode.is_control());
        let payload = &payload[..payload.len().min(CONTROL_PAYLOAD_MAX)];
        let mut frame = Vec::with_capacity(2 + payload.len());
        frame.push(FIN | opcode.bits());
        frame.push(payload.len() as u8);
        frame.extend_from_slice(payload);
        Self { plain: frame.into(), payload_at: 2, deflated: None }
    }

    /// The same for many: if it is compressed, then once for all of them.
    pub fn for_many(mut self) -> Self {
        self.deflated = Some(Arc::default());
        self
    }

    /// The same in other memory. A thread that hands a frame to many counts
    /// its references often; on shared memory it would wait for the others
    /// who count there too.
    pub fn detached(&self) -> Self {
        Self { plain: Bytes::copy_from_slice(&self.plain), ..self.clone() }
    }

    /// Bytes of the frame, not compressed.
    pub fn size(&self) -> usize {
        self.plain.len()
    }

    /// The text of a text frame.
    pub fn payload(&self) -> &str {
        std::str::from_utf8(&self.plain[usize::from(self.payload_at)..]).unwrap_or_default()
    }

    /// What goes to one who has agreed to `compression`.
    pub fn bytes(&self, compression: Option<Compression>) -> Bytes {
        match compression.filter(|agreed| self.is_compressed_for(*agreed)) {
            Some(agreed) => self.compressed(agreed.window_bits),
            None => self.plain.clone(),
        }
    }

    /// Whether compression is tried.
    pub(super) fn is_compressed_for(&self, agreed: Compression) -> bool {
        let payload = self.plain.len() - usize::from(self.payload_at);
        payload >= agreed.min_bytes && self.plain[0] == FIN | Opcode::Text.bits()
    }

    fn compressed(&self, window_bits: u8) -> Bytes {
        match &self.deflated {
            Some(all) => {
                let one = &all[usize::from(window_bits - WINDOW_BITS.start())];
                one.get_or_init(|| self.deflate(window_bits)).clone()
            }
            None => self.deflate(window_bits),
        }
    }

    /// RFC 7692 section 6.1: a message may always go uncompressed, and does
    /// if that is no longer.
    fn deflate(&self, window_bits: u8) -> Bytes {
        let payload = &self.plain[usize::from(self.payload_at)..];
        let mut buffer = vec![0; HEADER_MAX];
        if !deflate::deflate(payload, window_bits, &mut buffer) {
            return self.plain.clone();
        }
        let used = put_header(&mut buffer, FIN | COMPRESSED);
        buffer.shrink_to_fit();
        Bytes::from(buffer).slice(HEADER_MAX - used..)
    }
}

/// Writes the header of a text frame right in front of its payload, which
/// begins at [`HEADER_MAX`], and says how long the header is.
fn put_header(buffer: &mut [u8], flags: u8) -> usize {
    let payload = buffer.len() - HEADER_MAX;
    let mut header = [0; HEADER_MAX];
    header[0] = flags | Opcode::Text.bits();
    let used = match payload {
        0..=125 => {
            header[1] = payload as u8;
            2
        }
        126..=0xFFFF => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            10
        }
    };
    buffer[HEADER_MAX - used..HEADER_MAX].copy_from_slice(&header[..used]);
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(payload: &[u8]) -> Frame {
        Frame::text(|buffer| buffer.extend_from_slice(payload))
    }

    #[test]
    fn a_text_frame_has_the_shortest_header() {
        for (payload, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = text(&vec![b'x'; payload]).bytes(None);
            assert_eq!(frame[..header.len()], header);
            assert_eq!(frame.len(), header.len() + payload);
        }
    }

    #[test]
    fn long_frames_are_compressed_once_for_all_who_agreed_to_the_same() {
        let frame = text(&[b'x'; 2_000]).for_many();
        let agreed = |window_bits, min_bytes| Some(Compression { window_bits, min_bytes });
        let first = frame.bytes(agreed(15, 1_000));
        assert!(first.len() < 100 && first[0] == 0xC1, "{first:x?}");
        assert_eq!(first.as_ptr(), frame.clone().bytes(agreed(15, 1_000)).as_ptr());
        assert_ne!(first.as_ptr(), frame.bytes(agreed(9, 1_000)).as_ptr());
        assert_eq!(frame.bytes(agreed(15, 2_001)), frame.bytes(None));
    }

    #[test]
    fn control_frames_and_what_would_grow_stay_plain() {
        let agreed = Some(Compression { window_bits: 15, min_bytes: 0 });
        for frame in [Frame::control(Opcode::Ping, &[b'x'; 100]), text(b"short"), text(b"")] {
            assert_eq!(frame.bytes(agreed), frame.bytes(None));
        }
    }
}
