//! Compression of single messages, without any state between them (RFC 7692
//! section 7.1.1).
//!
//! A zlib state takes some 300 KiB: each thread has one for decompression and
//! one for each window size of compression; connections have none.

use std::cell::RefCell;

use flate2::{Compress, Compression as Level, Decompress, FlushCompress, FlushDecompress, Status};

/// What a compressed message ends with and does not carry (section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// The sizes of window there are: 2^9 to 2^15 bytes. zlib cannot do 2^8.
pub(super) const WINDOW_BITS: std::ops::RangeInclusive<u8> = 9..=15;
/// How many sizes that are.
pub(super) const WINDOWS: usize = 7;

thread_local! {
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new(false));
    static DEFLATE: RefCell<[Option<Compress>; WINDOWS]> = const { RefCell::new([const { None }; WINDOWS]) };
}

/// Why a compressed message cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InflateError {
    /// It would be longer than allowed; no more than that was inflated.
    TooBig,
    Broken,
}

/// Inflates one message to at most `max` bytes.
pub(super) fn inflate(message: &[u8], max: usize) -> Result<Vec<u8>, InflateError> {
    INFLATE.with_borrow_mut(|state| {
        state.reset(false);
        let mut plain = Vec::new();
        for part in [message, &TAIL] {
            inflate_part(state, part, &mut plain, max)?;
        }
        Ok(plain)
    })
}

fn inflate_part(
    state: &mut Decompress,
    mut part: &[u8],
    plain: &mut Vec<u8>,
    max: usize,
) -> Result<(), InflateError> {
    const STEP_MIN: usize = 1024;
    loop {
        if plain.len() == plain.capacity() {
            // One byte past the limit tells that there is more.
            let step = plain.len().max(4 * part.len()).max(STEP_MIN);
            plain.reserve_exact(step.min(max + 1 - plain.len()));
        }
        let before = state.total_in();
        let status = state.decompress_vec(part, plain, FlushDecompress::Sync);
        part = &part[(state.total_in() - before) as usize..];
        if plain.len() > max {
            return Err(InflateError::TooBig);
        }
        match status.map_err(|_| InflateError::Broken)? {
            // Section 7.2.3.4: a last block may be followed by another one.
            Status::StreamEnd => state.reset(false),
            Status::Ok => {}
            // It needs more than this part.
            Status::BufError if plain.len() < plain.capacity() => return Ok(()),
            Status::BufError => {}
        }
        if part.is_empty() && plain.len() < plain.capacity() {
            return Ok(());
        }
    }
}

/// Compresses one message and appends it to `out`; says whether that made it
/// shorter. If not, `out` is as it was.
pub(super) fn deflate(message: &[u8], window_bits: u8, out: &mut Vec<u8>) -> bool {
    let begin = out.len();
    out.reserve_exact(message.len() + TAIL.len());
    let shorter = DEFLATE.with_borrow_mut(|states| {
        let index = usize::from(window_bits - WINDOW_BITS.start());
        let state = states[index]
            .get_or_insert_with(|| Compress::new_with_window_bits(LEVEL, false, window_bits));
        state.reset();
        // The room is that of the message: what does not fit is not shorter.
        let done = state.compress_vec(message, out, FlushCompress::Sync);
        done.is_ok() && state.total_in() == message.len() as u64 && out.ends_with(&TAIL)
    });
    let end = out.len() - if shorter { TAIL.len() } else { 0 };
    let shorter = shorter && end - begin < message.len();
    out.truncate(if shorter { end } else { begin });
    shorter
}

/// 4,096 bytes become 1,863; 2,550 at level 1, 1,848 at level 6, which takes
/// longer (docs/PERFORMANCE.md).
const LEVEL: Level = Level::new(3);

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> Vec<u8> {
        let words = ["room ", "message ", "hello ", "smørrebrød ", "why? ", "{\"seq\":"];
        let mut text = Vec::new();
        let mut state = 1u32;
        while text.len() < bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.extend_from_slice(words[(state >> 16) as usize % words.len()].as_bytes());
        }
        text.truncate(bytes);
        text
    }

    #[test]
    fn what_was_deflated_inflates_to_the_same_with_every_window() {
        for window_bits in WINDOW_BITS {
            for length in [100, 1_000, 40_000, 100_000] {
                let message = text(length);
                let mut packed = vec![1, 2];
                assert!(deflate(&message, window_bits, &mut packed));
                assert_eq!(packed[..2], [1, 2]);
                assert_eq!(inflate(&packed[2..], length), Ok(message), "{window_bits} {length}");
            }
        }
    }

    #[test]
    fn what_does_not_become_shorter_is_left_alone() {
        let mut state = 1u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(5_000)
        .collect();
        for message in [&noise[..], b"", b"x", b"short"] {
            let mut out = vec![7];
            assert!(!deflate(message, 15, &mut out));
            assert_eq!(out, [7]);
        }
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let zeros = vec![0; 10_000_000];
        let mut bomb = Vec::new();
        assert!(deflate(&zeros, 15, &mut bomb));
        assert_eq!(inflate(&bomb, 64 * 1024), Err(InflateError::TooBig));
        assert_eq!(inflate(&bomb, zeros.len() - 1), Err(InflateError::TooBig));
        assert_eq!(inflate(&bomb, zeros.len()).map(|plain| plain.len()), Ok(zeros.len()));
    }

    /// The examples of RFC 7692 section 7.2.3: one block, stored, a last block
    /// followed by an empty one, two blocks.
    #[test]
    fn the_examples_of_the_rfc_are_understood() {
        for message in [
            &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00][..],
            &[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            &[0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
        ] {
            assert_eq!(inflate(message, 100), Ok(b"Hello".to_vec()), "{message:x?}");
        }
        assert_eq!(inflate(&[0x02, 0x00], 100), Ok(Vec::new()), "an empty fragment");
        assert_eq!(inflate(&[0x00], 100), Ok(Vec::new()), "an empty message");
        assert_eq!(inflate(&[0xFF, 0xFF, 0xFF], 100), Err(InflateError::Broken));
    }
}
