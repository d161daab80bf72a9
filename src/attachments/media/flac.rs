//! FLAC (RFC 9639): its first block says how many samples there are, and how many in a
//! second.

use super::{
    Media,
    parts::{Parts, Source, number},
};

pub(super) async fn read<S: Source>(parts: &mut Parts<S>) -> Option<Media> {
    let head = parts.exactly(0, 8 + 18).await?;
    // Section 8.2: STREAMINFO is the first block, and has the number 0.
    let is_first = head.starts_with(b"fLaC") && head[4] & 0x7f == 0;
    let (rate, samples) = (number::<3>(&head, 18)? >> 4, number::<5>(&head, 21)? & 0xf_ffff_ffff);
    let duration_ms = Media::lasting(samples, rate);
    is_first.then_some(Media { duration_ms, dimensions: None, is_sound: true })
}
