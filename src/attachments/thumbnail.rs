//! Small pictures of pictures.

use std::io::Cursor;

use bytes::Bytes;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::{
    domain::UserKey,
    limits::{
        IMAGE_ALLOC, IMAGE_SIDE, THUMBNAIL_PATIENCE, THUMBNAIL_SIDE, THUMBNAILS_AT_ONCE,
        THUMBNAILS_AT_ONCE_EACH, UPLOADS_AT_ONCE,
    },
    turns::{Shares, Turns},
};

/// A thumbnail, and the size of what it shows.
pub struct Thumbnail {
    pub bytes: Bytes,
    pub content_type: &'static str,
    pub width: i64,
    pub height: i64,
}

/// Makes thumbnails, a few at a time, beside the threads that serve.
#[derive(Clone)]
pub struct Thumbnails(Turns<UserKey>);

impl Default for Thumbnails {
    fn default() -> Self {
        // Only uploads wait here, which are bounded themselves.
        Self(Turns::new(Shares {
            places: THUMBNAILS_AT_ONCE,
            each: THUMBNAILS_AT_ONCE_EACH,
            waiting: UPLOADS_AT_ONCE,
            waiting_each: UPLOADS_AT_ONCE,
            patience: THUMBNAIL_PATIENCE,
        }))
    }
}

impl Thumbnails {
    /// Of the picture that is `read` when it is its turn: those who wait have
    /// none in memory. `None` for what is no picture after all, or too big a
    /// one, or if too many others wait.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn make<E>(
        &self,
        of: UserKey,
        read: impl Future<Output = Result<Bytes, E>>,
    ) -> Result<Option<Thumbnail>, E> {
        let Ok(turn) = self.0.enter(of).await else { return Ok(None) };
        let picture = read.await?;
        let made = tokio::task::spawn_blocking(move || {
            let made = make(&picture);
            drop(turn);
            made
        });
        Ok(match made.await {
            Ok(Ok(thumbnail)) => Some(thumbnail),
            Ok(Err(error)) => {
                log::debug!("no thumbnail: {error}");
                None
            }
            Err(error) => {
                log::error!("making a thumbnail failed: {error}");
                None
            }
        })
    }
}

/// A picture may say that it is as large as it likes: its size is looked at
/// before a pixel is decoded, and what decoding may take is bounded.
fn make(picture: &[u8]) -> image::ImageResult<Thumbnail> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(IMAGE_SIDE);
    limits.max_image_height = Some(IMAGE_SIDE);
    limits.max_alloc = Some(IMAGE_ALLOC);
    let mut reader = ImageReader::new(Cursor::new(picture)).with_guessed_format()?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let (width, height) = (i64::from(image.width()), i64::from(image.height()));
    // Drawn anew, so that nothing of the file's other data is in it.
    let small = image.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE);
    let mut bytes = Cursor::new(Vec::new());
    let content_type = if small.color().has_alpha() {
        small.write_to(&mut bytes, ImageFormat::Png)?;
        "image/png"
    } else {
        DynamicImage::from(small.to_rgb8()).write_to(&mut bytes, ImageFormat::Jpeg)?;
        "image/jpeg"
    };
    Ok(Thumbnail { bytes: bytes.into_inner().into(), content_type, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = DynamicImage::new_rgb8(width, height);
        image.write_to(&mut bytes, ImageFormat::Png).expect("encoded");
        bytes.into_inner()
    }

    #[test]
    fn a_thumbnail_is_small_and_keeps_the_shape() {
        let made = make(&png(1_000, 500)).expect("a picture");
        assert_eq!((made.width, made.height, made.content_type), (1_000, 500, "image/jpeg"));
        let small = image::load_from_memory(&made.bytes).expect("a picture");
        assert_eq!((small.width(), small.height()), (THUMBNAIL_SIDE, THUMBNAIL_SIDE / 2));
    }

    #[test]
    fn what_is_no_picture_or_says_it_is_enormous_has_none() {
        assert!(make(b"\x89PNG\r\n\x1a\nnonsense").is_err());
        // A header that claims 60,000 by 60,000 pixels, with a good checksum.
        let mut bomb = png(1, 1);
        bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert!(make(&bomb).is_err());
    }
}
