//! Thumbnails.

use std::io::Cursor;

use bytes::Bytes;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits, metadata::Orientation};

use super::picture::Picture;
use crate::turns::{Shares, Turns};
use parlor_domain::{
    UserKey,
    limits::{
        DECODING_BASE, IMAGE_ALLOC, IMAGE_SIDE, THUMBNAIL_QUEUE_TIMEOUT, THUMBNAIL_SIDE,
        THUMBNAILS_AT_ONCE, THUMBNAILS_AT_ONCE_EACH, UPLOADS_AT_ONCE,
    },
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
            queue_timeout: THUMBNAIL_QUEUE_TIMEOUT,
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
            let made = make(picture);
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

/// Why a picture has none.
#[derive(Debug, thiserror::Error)]
enum NoThumbnail {
    #[error("the image is damaged, or its type or size is not supported")]
    Unreadable,
    #[error("decoding it would take {0} bytes")]
    TooBig(u64),
    #[error(transparent)]
    Broken(#[from] ImageError),
}

/// A picture may say that it is as large as it likes: what it says is looked at
/// before a pixel is decoded, and so is what decoding it takes.
fn make(file: Bytes) -> Result<Thumbnail, NoThumbnail> {
    let picture = Picture::read(&file).ok_or(NoThumbnail::Unreadable)?;
    drop(file);
    let Picture { format, takes, orientation, bytes } = picture;
    if takes > IMAGE_ALLOC {
        return Err(NoThumbnail::TooBig(takes));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(decoder_limits(takes));
    let image = DynamicImage::from_decoder(reader.into_decoder()?)?;
    let (mut width, mut height) = (i64::from(image.width()), i64::from(image.height()));
    // Drawn anew, so that nothing of the file's other data is in it.
    let mut small = image.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE);
    drop(image);
    // Turning makes a copy, so it is the small one that is turned.
    small.apply_orientation(orientation);
    if is_turned_sideways(orientation) {
        (width, height) = (height, width);
    }
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

/// What is left for that of which the decoder asks for leave: lines of a PNG,
/// and four in five bytes of a GIF's frame that does not fit its canvas.
fn decoder_limits(takes: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(IMAGE_SIDE);
    limits.max_image_height = Some(IMAGE_SIDE);
    limits.max_alloc = Some((IMAGE_ALLOC.saturating_sub(takes) + DECODING_BASE) / 5 * 4);
    limits
}

fn is_turned_sideways(orientation: Orientation) -> bool {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => true,
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
    }
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
        let made = make(png(1_000, 500).into()).expect("a picture");
        assert_eq!((made.width, made.height, made.content_type), (1_000, 500, "image/jpeg"));
        let small = image::load_from_memory(&made.bytes).expect("a picture");
        assert_eq!((small.width(), small.height()), (THUMBNAIL_SIDE, THUMBNAIL_SIDE / 2));
    }

    #[test]
    fn what_is_no_picture_or_says_it_is_enormous_has_none() {
        assert!(make(Bytes::from_static(b"\x89PNG\r\n\x1a\nnonsense")).is_err());
        // A header that claims 60,000 by 60,000 pixels, with a good checksum.
        let mut bomb = png(1, 1);
        bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert!(make(bomb.into()).is_err());
    }

    #[test]
    fn a_picture_that_lies_on_its_side_stands_in_its_thumbnail() {
        let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut crc = flate2::Crc::new();
        crc.update(b"eXIf");
        crc.update(exif);
        let chunk = [b"\0\0\0\x1aeXIf", &exif[..], &crc.sum().to_be_bytes()].concat();
        let plain = png(1_000, 500);
        let made = make([&plain[..33], &chunk, &plain[33..]].concat().into()).expect("a picture");
        assert_eq!((made.width, made.height), (500, 1_000));
        let small = image::load_from_memory(&made.bytes).expect("a picture");
        assert_eq!((small.width(), small.height()), (THUMBNAIL_SIDE / 2, THUMBNAIL_SIDE));
    }

    #[test]
    fn what_would_take_too_much_memory_has_none() {
        // 66 million pixels in 34 bytes.
        let webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0\x2f\x27\xe3\x39\x07\x07\x10\x11\
                     \xfd\x0f\x44\x44\xff\x03";
        assert!(matches!(make(Bytes::from_static(webp)), Err(NoThumbnail::TooBig(_))));
        // A first frame of a GIF that is far larger than its canvas.
        let gif = b"GIF89a\x10\0\x10\0\x80\0\0\0\0\0\xff\xff\xff\
                    ,\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0;";
        let made = make(Bytes::from_static(gif));
        assert!(matches!(made, Err(NoThumbnail::Broken(ImageError::Limits(_)))));
    }
}
