//! MP3 (ISO/IEC 11172-3 and 13818-3): frames of one length in time. Their number is in
//! the first one, or follows from the size where all have the same number of bits.

use super::{
    Media,
    parts::{Parts, Source, number},
};
use parlor_domain::limits::MEDIA_READ_BYTES;

/// Kilobits a second by the number that a frame has, in MPEG 1 and in MPEG 2.
const KILOBITS: [[u64; 16]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
];
const RATES: [u64; 3] = [44_100, 48_000, 32_000];
/// Bytes of a tag that older programs put behind the sound.
const OLD_TAG: u64 = 128;

/// What the head of a frame says.
struct Frame {
    /// Samples a second, and in a frame.
    rate: u64,
    samples: u64,
    kilobits: u64,
    bytes: usize,
    /// Where it may say how many there are.
    told_at: usize,
}

impl Frame {
    fn read(head: &[u8]) -> Option<Self> {
        let head = number::<4>(head, 0)?;
        let bits = |from: u32, count: u32| (head >> from & ((1 << count) - 1)) as usize;
        // Eleven ones, and layer III.
        if bits(21, 11) != 0x7ff || bits(17, 2) != 1 {
            return None;
        }
        let (is_first, divisor) = match bits(19, 2) {
            3 => (true, 1),
            2 => (false, 2),
            0 => (false, 4),
            _ => return None,
        };
        let kilobits = KILOBITS[usize::from(!is_first)][bits(12, 4)];
        let rate = RATES.get(bits(10, 2))? / divisor;
        if kilobits == 0 {
            return None;
        }
        let samples = if is_first { 1_152 } else { 576 };
        let bytes = samples * kilobits * 125 / rate + bits(9, 1) as u64;
        let is_mono = bits(6, 2) == 3;
        let told_at = match (is_first, is_mono) {
            (true, false) => 36,
            (true, true) | (false, false) => 21,
            (false, true) => 13,
        };
        Some(Self { rate, samples, kilobits, bytes: usize::try_from(bytes).ok()?, told_at })
    }

    /// How many frames follow, if this one is there to say so.
    fn told(&self, frame: &[u8]) -> Option<u64> {
        match frame.get(self.told_at..self.told_at + 4)? {
            b"Xing" | b"Info" if number::<4>(frame, self.told_at + 4)? & 1 == 1 => {
                number::<4>(frame, self.told_at + 8)
            }
            _ if frame.get(36..40)? == b"VBRI" => number::<4>(frame, 50),
            _ => None,
        }
    }
}

pub(super) async fn read<S: Source>(parts: &mut Parts<S>) -> Option<Media> {
    let start = behind_tag(&parts.exactly(0, 10).await?);
    let some = parts.some(start, MEDIA_READ_BYTES).await?;
    // What only looks like a frame is followed by none of its kind.
    let is_followed = |at: usize, frame: &Frame| {
        let next = some.get(at + frame.bytes..).and_then(Frame::read);
        next.is_some_and(|next| next.rate == frame.rate)
    };
    let (at, frame) = (0..some.len())
        .filter(|at| some[*at] == 0xff)
        .filter_map(|at| Some((at, Frame::read(&some[at..])?)))
        .find(|(at, frame)| is_followed(*at, frame))?;
    let duration_ms = match frame.told(&some[at..]) {
        Some(frames) => Media::lasting(frames.checked_mul(frame.samples)?, frame.rate),
        None => {
            let end = parts.size().saturating_sub(OLD_TAG);
            let has_old_tag = parts.exactly(end, 3).await.is_some_and(|tag| tag.as_ref() == b"TAG");
            let end = if has_old_tag { end } else { parts.size() };
            let bytes = end.saturating_sub(start + at as u64);
            Media::lasting(bytes, frame.kilobits * 125)
        }
    };
    Some(Media { duration_ms, dimensions: None, is_sound: true })
}

/// Where a tag at the beginning ends (ID3v2.4.0, section 3.1): numbers in it have seven
/// bits a byte.
fn behind_tag(head: &[u8]) -> u64 {
    if !head.starts_with(b"ID3") {
        return 0;
    }
    let size = head[6..10].iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
    let footer = if head[5] & 0x10 == 0 { 0 } else { 10 };
    10 + size + footer
}
