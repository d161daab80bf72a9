//! WAV: chunks, of which one says how many bytes a second has, and one has them all.

use super::{
    Media,
    parts::{Parts, Source, number_le},
};
use parlor_domain::limits::MEDIA_BOXES;

pub(super) async fn read<S: Source>(parts: &mut Parts<S>) -> Option<Media> {
    let (mut place, mut bytes_a_second) = (12_u64, 0);
    for _ in 0..MEDIA_BOXES {
        let head = parts.exactly(place, 8).await?;
        let size = number_le::<4>(&head, 4)?;
        let content = place + 8;
        match &head[..4] {
            b"fmt " => bytes_a_second = number_le::<4>(&parts.exactly(content, 12).await?, 8)?,
            b"data" => {
                // Who writes it as it is heard does not know how long it will be.
                let there = parts.size().saturating_sub(content);
                let duration_ms = Media::lasting(size.min(there), bytes_a_second);
                return Some(Media { duration_ms, dimensions: None, is_sound: true });
            }
            _ => {}
        }
        // Chunks begin at even places.
        place = content.checked_add(size)?.checked_add(size % 2)?;
    }
    None
}
