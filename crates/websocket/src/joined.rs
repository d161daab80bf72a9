//! Several frames for the same readers, joined into one buffer.

use std::cell::OnceCell;

use bytes::{Bytes, BytesMut};

use super::{
    Compression, Frame,
    deflate::{WINDOW_BITS, WINDOWS},
};

/// Frames that go to many readers one after the other.
///
/// They are copied together once: for every reader they are then one entry of
/// the queue and one piece of memory for the kernel, which takes it in a third
/// of the time that it needs for as many pieces (docs/PERFORMANCE.md).
#[derive(Debug)]
pub struct Joined<'a> {
    frames: &'a [Frame],
    plain: OnceCell<Bytes>,
    deflated: [OnceCell<Bytes>; WINDOWS],
}

impl<'a> Joined<'a> {
    pub fn new(frames: &'a [Frame]) -> Self {
        Self { frames, plain: OnceCell::new(), deflated: Default::default() }
    }

    /// How many frames these are.
    pub fn count(&self) -> usize {
        self.frames.len()
    }

    /// What goes to one who has agreed to `compression`.
    pub fn bytes(&self, compression: Option<Compression>) -> Bytes {
        let compresses =
            |agreed: &Compression| self.frames.iter().any(|frame| frame.is_compressed_for(*agreed));
        let joined = match compression.filter(compresses) {
            Some(agreed) => &self.deflated[usize::from(agreed.window_bits - WINDOW_BITS.start())],
            None => &self.plain,
        };
        joined.get_or_init(|| self.join(compression)).clone()
    }

    fn join(&self, compression: Option<Compression>) -> Bytes {
        let mut joined = BytesMut::with_capacity(self.frames.iter().map(Frame::size).sum());
        for frame in self.frames {
            joined.extend_from_slice(&frame.bytes(compression));
        }
        joined.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(payload: &[u8]) -> Frame {
        Frame::text(|buffer| buffer.extend_from_slice(payload)).for_many()
    }

    #[test]
    fn it_is_what_the_frames_are_one_after_the_other() {
        let frames = [text(b"one"), text(&[b'x'; 2_000]), text(b"three")];
        let joined = Joined::new(&frames);
        for window_bits in [9, 15] {
            for compression in [None, Some(Compression { window_bits, min_bytes: 1_000 })] {
                let each: Vec<u8> =
                    frames.iter().flat_map(|frame| frame.bytes(compression)).collect();
                assert_eq!(joined.bytes(compression), each);
            }
        }
    }

    #[test]
    fn it_is_made_once_and_once_for_all_if_nothing_is_compressed() {
        let frames = [text(b"one"), text(b"two")];
        let joined = Joined::new(&frames);
        let agreed = Some(Compression { window_bits: 15, min_bytes: 1_000 });
        assert_eq!(joined.bytes(None).as_ptr(), joined.bytes(agreed).as_ptr());
        assert_eq!(joined.count(), 2);
    }
}
