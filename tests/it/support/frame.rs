//! WebSocket frames built byte by byte, also those that no client may send.

/// One frame of a client. Good unless something is changed.
#[derive(Clone, Debug)]
pub struct Frame {
    first: u8,
    mask: Option<[u8; 4]>,
    payload: Vec<u8>,
    length: Length,
}

#[derive(Clone, Copy, Debug)]
enum Length {
    Shortest,
    Wide16,
    Wide64,
    /// Says this and sends what it has.
    Claimed(u64),
}

const FIN: u8 = 0x80;

impl Frame {
    pub const CONTINUATION: u8 = 0x0;
    pub const TEXT: u8 = 0x1;
    pub const BINARY: u8 = 0x2;
    pub const CLOSE: u8 = 0x8;
    pub const PING: u8 = 0x9;
    pub const PONG: u8 = 0xA;

    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        let mask = Some([0x37, 0xFA, 0x21, 0x3D]);
        Self { first: FIN | opcode, mask, payload: payload.into(), length: Length::Shortest }
    }

    pub fn text(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(Self::TEXT, payload)
    }

    pub fn continuation(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(Self::CONTINUATION, payload)
    }

    pub fn ping(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(Self::PING, payload)
    }

    pub fn close(code: u16, reason: &[u8]) -> Self {
        Self::new(Self::CLOSE, [&code.to_be_bytes()[..], reason].concat())
    }

    /// With this first byte, whatever it says.
    pub fn with_first(mut self, first: u8) -> Self {
        self.first = first;
        self
    }

    /// More fragments follow.
    pub fn unfinished(mut self) -> Self {
        self.first &= !FIN;
        self
    }

    pub fn reserved_bits(mut self, bits: u8) -> Self {
        self.first |= bits << 4;
        self
    }

    pub fn unmasked(mut self) -> Self {
        self.mask = None;
        self
    }

    pub fn masked_with(mut self, mask: [u8; 4]) -> Self {
        self.mask = Some(mask);
        self
    }

    /// Writes the length with 16 bits whether it needs them or not.
    pub fn wide16(mut self) -> Self {
        self.length = Length::Wide16;
        self
    }

    pub fn wide64(mut self) -> Self {
        self.length = Length::Wide64;
        self
    }

    /// Claims a length that is not the payload's.
    pub fn claiming(mut self, length: u64) -> Self {
        self.length = Length::Claimed(length);
        self
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.first];
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let length = match self.length {
            Length::Claimed(length) => length,
            _ => self.payload.len() as u64,
        };
        match self.length {
            Length::Shortest | Length::Claimed(_) if length < 126 => {
                bytes.push(masked | length as u8);
            }
            Length::Wide64 => put_wide64(&mut bytes, masked, length),
            Length::Wide16 => put_wide16(&mut bytes, masked, length),
            _ if length <= 0xFFFF => put_wide16(&mut bytes, masked, length),
            _ => put_wide64(&mut bytes, masked, length),
        }
        let mask = self.mask.unwrap_or_default();
        if self.mask.is_some() {
            bytes.extend(mask);
        }
        bytes.extend(self.payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }
}

fn put_wide16(bytes: &mut Vec<u8>, masked: u8, length: u64) {
    bytes.push(masked | 126);
    bytes.extend((length as u16).to_be_bytes());
}

fn put_wide64(bytes: &mut Vec<u8>, masked: u8, length: u64) {
    bytes.push(masked | 127);
    bytes.extend(length.to_be_bytes());
}

#[test]
fn frames_are_encoded_as_rfc_6455_shows_them() {
    let hello = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58];
    assert_eq!(Frame::text("Hello").encode(), hello);
    assert_eq!(Frame::text("Hello").unmasked().encode(), *b"\x81\x05Hello");
    let fragments = [
        Frame::text("Hel").unmasked().unfinished().encode(),
        Frame::continuation("lo").unmasked().encode(),
    ];
    assert_eq!(fragments.concat(), *b"\x01\x03Hel\x80\x02lo");
    let long = Frame::new(Frame::BINARY, vec![0; 256]).unmasked().encode();
    assert_eq!(long[..4], [0x82, 0x7E, 0x01, 0x00]);
    let longer = Frame::new(Frame::BINARY, vec![0; 65_536]).unmasked().encode();
    assert_eq!(longer[..10], [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(Frame::text("x").reserved_bits(4).encode()[0], 0xC1);
    assert_eq!(Frame::text("").unmasked().claiming(70_000).encode()[1], 0x7F);
    assert_eq!(Frame::close(1000, b"bye").unmasked().encode(), *b"\x88\x05\x03\xe8bye");
}
