//! How long sound and films play, and how large films are shown.
//!
//! Only the headers of a container are read, so nothing is decoded: each format has a few
//! fields that say it. A file comes from anybody, so what it says of its own lengths is
//! held against where it ends, no read is longer than `MEDIA_READ_BYTES`, and after
//! `MEDIA_READS` of them it has told enough. What cannot be found out is left out.

mod flac;
mod iso;
mod matroska;
mod mpeg;
mod ogg;
mod parts;
#[cfg(test)]
mod tests;
mod wav;

use bytes::Bytes;

use self::parts::{Parts, Source};
use super::{AllowedTypes, ByteRange, Store, StoreError};
use parlor_domain::{
    Attachment, AttachmentId,
    limits::{MEDIA_MS_MAX, STORE_TIMEOUT, VIDEO_SIDE_MAX},
};

/// What a container says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Media {
    pub duration_ms: Option<i64>,
    /// Of a film, in pixels, as it is shown.
    pub dimensions: Option<(i64, i64)>,
    /// There are tracks in it, and all of them are sound.
    pub is_sound: bool,
}

impl Media {
    /// The type of a file with this in it: what may be a film by its container, and is
    /// none, is sound (RFC 4337 section 2, and RFC 9559 for Matroska).
    fn kind<'a>(&self, detected: &'a str) -> &'a str {
        match detected {
            "video/mp4" if self.is_sound => "audio/mp4",
            "video/webm" if self.is_sound => "audio/webm",
            "video/x-matroska" if self.is_sound => "audio/x-matroska",
            detected => detected,
        }
    }

    /// As long as so many units, of which there are `per_second`.
    fn lasting(units: u64, per_second: u64) -> Option<i64> {
        let ms = (u128::from(units) * 1_000).checked_div(per_second.into())?;
        i64::try_from(ms).ok().filter(|ms| (1..=MEDIA_MS_MAX).contains(ms))
    }

    fn shown(width: u32, height: u32) -> Option<(i64, i64)> {
        let fits = |side| (1..=VIDEO_SIDE_MAX).contains(&side);
        (fits(width) && fits(height)).then_some((width.into(), height.into()))
    }
}

/// A file in the store.
struct Stored<'a> {
    store: &'a Store,
    id: AttachmentId,
}

impl Source for Stored<'_> {
    async fn read(&self, first: u64, last: u64) -> Result<Bytes, StoreError> {
        self.store.read(self.id, Some(ByteRange::Closed(first, last))).await?.into_bytes().await
    }
}

/// Whether files of a type are played.
pub fn is_played(kind: &str) -> bool {
    kind.starts_with("audio/") || kind.starts_with("video/")
}

/// Adds to an attachment that is played what its file, which is in the store, says of itself.
/// How long it plays may be known from who has sent it, and then counts where the file does
/// not say.
///
/// # Errors
/// If the store cannot be read. One that is slow keeps nobody waiting: then nothing is added.
pub async fn add_media(
    attachment: &mut Attachment,
    store: &Store,
    allowed: &AllowedTypes,
) -> Result<(), StoreError> {
    if !is_played(&attachment.content_type) {
        return Ok(());
    }
    let size = u64::try_from(attachment.size).unwrap_or(0);
    let source = Stored { store, id: attachment.id };
    let reading = read(source, &attachment.content_type, size);
    let Ok(read) = tokio::time::timeout(STORE_TIMEOUT, reading).await else { return Ok(()) };
    let media = read?;
    attachment.duration_ms = media.duration_ms.or(attachment.duration_ms);
    attachment.dimensions = media.dimensions;
    let kind = media.kind(&attachment.content_type);
    if *kind != *attachment.content_type && allowed.allow(kind) {
        attachment.content_type = kind.into();
    }
    Ok(())
}

async fn read<S: Source>(source: S, kind: &str, size: u64) -> Result<Media, StoreError> {
    let mut parts = Parts::new(source, size);
    let read = match kind {
        "video/mp4" | "video/quicktime" | "video/x-m4v" | "audio/mp4" => {
            iso::read(&mut parts).await
        }
        "video/webm" | "video/x-matroska" => matroska::read(&mut parts).await,
        "audio/ogg" => ogg::read(&mut parts).await,
        "audio/mpeg" => mpeg::read(&mut parts).await,
        "audio/x-flac" => flac::read(&mut parts).await,
        "audio/x-wav" => wav::read(&mut parts).await,
        _ => None,
    };
    match parts.failure() {
        Some(error) => Err(error),
        None => Ok(read.unwrap_or_default()),
    }
}
