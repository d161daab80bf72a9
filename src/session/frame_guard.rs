//! Refuses a frame by its header.

/// Follows the frames of a client's byte stream (RFC 6455 section 5.2), and
/// stops at the first one that claims to be longer than allowed.
///
/// The codec checks a frame's length only once the whole frame is there: a
/// client that announces a terabyte would have it all kept in memory first.
#[derive(Debug)]
pub(super) struct FrameGuard {
    payload_max: u64,
    header: [u8; HEADER_MAX],
    have: usize,
    /// Payload bytes of the current frame that are still to come.
    skip: u64,
}

/// Two bytes, a length of eight, a mask of four.
const HEADER_MAX: usize = 14;

/// A frame is too long; what comes before it in the chunk is good.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    pub good: usize,
}

impl FrameGuard {
    pub fn new(payload_max: usize) -> Self {
        Self { payload_max: payload_max as u64, header: [0; HEADER_MAX], have: 0, skip: 0 }
    }

    /// Follows the next bytes of the stream.
    pub fn check(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let mut at = 0;
        while at < bytes.len() {
            if self.skip > 0 {
                let skipped = self.skip.min((bytes.len() - at) as u64);
                self.skip -= skipped;
                at += skipped as usize;
                continue;
            }
            self.header[self.have] = bytes[at];
            self.have += 1;
            at += 1;
            if self.have == self.header_length() {
                let payload = self.payload_length();
                if payload > self.payload_max {
                    // A header that began in an earlier chunk is passed on in
                    // part; the codec waits for the rest of it.
                    return Err(TooLong { good: at.saturating_sub(self.have) });
                }
                self.skip = payload;
                self.have = 0;
            }
        }
        Ok(())
    }

    /// How long the header is, as far as that is known.
    fn header_length(&self) -> usize {
        if self.have < 2 {
            return 2;
        }
        let mask = if self.header[1] & 0x80 == 0 { 0 } else { 4 };
        let extended = match self.header[1] & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + extended + mask
    }

    fn payload_length(&self) -> u64 {
        match self.header[1] & 0x7F {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => u64::from_be_bytes(std::array::from_fn(|i| self.header[2 + i])),
            short => u64::from(short),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: u64) -> Vec<u8> {
        let mut bytes = vec![0x81];
        match length {
            0..=125 => bytes.push(0x80 | length as u8),
            126..=0xFFFF => {
                bytes.push(0x80 | 126);
                bytes.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend_from_slice(&length.to_be_bytes());
            }
        }
        bytes.extend_from_slice(&[1, 2, 3, 4]);
        bytes
    }

    fn whole(length: usize) -> Vec<u8> {
        let mut bytes = frame(length as u64);
        bytes.resize(bytes.len() + length, b'x');
        bytes
    }

    #[test]
    fn frames_up_to_the_limit_pass_in_chunks_of_any_size() {
        let stream = [whole(0), whole(125), whole(126), whole(1_000), whole(5)].concat();
        for size in [1, 2, 3, 7, 100, stream.len()] {
            let mut guard = FrameGuard::new(1_000);
            assert!(stream.chunks(size).all(|chunk| guard.check(chunk).is_ok()), "{size}");
            assert_eq!((guard.have, guard.skip), (0, 0));
        }
    }

    #[test]
    fn a_frame_is_refused_by_its_header_and_what_came_before_is_good() {
        for length in [1_001, 70_000, 1 << 40, u64::MAX] {
            let before = whole(10);
            let stream = [before.clone(), frame(length)].concat();
            let refused = FrameGuard::new(1_000).check(&stream);
            assert_eq!(refused, Err(TooLong { good: before.len() }), "{length}");
        }
    }

    #[test]
    fn a_header_in_pieces_is_refused_too() {
        let mut guard = FrameGuard::new(1_000);
        let header = frame(1 << 40);
        assert_eq!(guard.check(&header[..5]), Ok(()));
        assert_eq!(guard.check(&header[5..]), Err(TooLong { good: 0 }));
    }
}
