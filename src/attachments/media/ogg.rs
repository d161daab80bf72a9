//! Ogg with one stream of sound (RFC 3533): the first page says how many samples a second
//! has, the last one how many there are.

use super::{
    Media,
    parts::{Parts, Source, number, number_le},
};
use parlor_domain::limits::MEDIA_READ_BYTES;

const PAGE: &[u8] = b"OggS";
/// Bytes of the head of a page, before the lengths of its segments.
const HEAD: usize = 27;

pub(super) async fn read<S: Source>(parts: &mut Parts<S>) -> Option<Media> {
    let first = parts.some(0, 512).await?;
    let serial = number_le::<4>(&first, 14)?;
    let segments = usize::from(*first.get(HEAD - 1)?);
    let Stream { rate, skipped } = stream(first.get(HEAD + segments..)?)?;
    // No page is longer than what is read (section 6).
    let from = parts.size().saturating_sub(MEDIA_READ_BYTES as u64);
    let last = parts.some(from, MEDIA_READ_BYTES).await?;
    let samples = last_position(&last, serial).unwrap_or(0);
    let duration_ms = Media::lasting(samples.saturating_sub(skipped), rate);
    Some(Media { duration_ms, dimensions: None, is_sound: true })
}

/// How positions are counted.
struct Stream {
    rate: u64,
    /// Samples at the beginning that are not heard.
    skipped: u64,
}

/// By the first packet of a stream.
fn stream(packet: &[u8]) -> Option<Stream> {
    if packet.starts_with(b"OpusHead") {
        // RFC 7845 sections 4 and 5.1.
        return Some(Stream { rate: 48_000, skipped: number_le::<2>(packet, 10)? });
    }
    let rate = if packet.starts_with(b"\x01vorbis") {
        // Vorbis I, section 4.2.2.
        number_le::<4>(packet, 12)?
    } else if packet.starts_with(b"\x7fFLAC") {
        // RFC 9639 section 10.1: behind 13 bytes STREAMINFO with its head.
        number::<3>(packet, 27)? >> 4
    } else if packet.starts_with(b"Speex   ") {
        number_le::<4>(packet, 36)?
    } else {
        return None;
    };
    Some(Stream { rate, skipped: 0 })
}

/// The position of the last page of a stream that ends a packet.
fn last_position(bytes: &[u8], serial: u64) -> Option<u64> {
    let is_of_stream = |page: &[u8]| {
        page.starts_with(PAGE)
            && page.get(4) == Some(&0)
            && number_le::<4>(page, 14) == Some(serial)
    };
    let starts = (0..=bytes.len().saturating_sub(HEAD)).rev();
    let mut pages = starts.map(|at| &bytes[at..]).filter(|page| is_of_stream(page));
    pages.find_map(|page| number_le::<8>(page, 6).filter(|position| *position < 1 << 63))
}
