//! Reads the headers of an image, before any pixel is decoded.
//!
//! A file of 34 bytes can be an image of 66 million pixels, and the memory that
//! decoding takes depends on the encoding, not only on the size. So each format
//! is read here up to its pixels, and `takes` computes what decoding needs in
//! all, including the decoder's own buffers (the table in `limits`). The
//! decoder is then given only the parts that the pixels need, in a plain order:
//! profiles, texts and comments, which may be decompression bombs themselves,
//! are left out, and it cannot see a size other than the one read here.

mod jpeg;
mod png;
#[cfg(test)]
mod tests;
mod webp;

use bytes::Bytes;
use image::{ImageFormat, metadata::Orientation};

use parlor_domain::limits::{DECODING_GIF, IMAGE_SIDE};

/// A picture that can be decoded, and what that takes.
pub struct Picture {
    pub format: ImageFormat,
    /// Bytes that are needed at the same time, at most, to decode it.
    pub takes: u64,
    /// How it is to be turned to be upright.
    pub orientation: Orientation,
    /// What the decoder is to read.
    pub bytes: Bytes,
}

impl Picture {
    /// `None` for what is no picture, is broken before its pixels begin, or
    /// has a side longer than [`IMAGE_SIDE`].
    pub fn read(file: &Bytes) -> Option<Self> {
        match image::guess_format(file).ok()? {
            ImageFormat::Jpeg => jpeg::read(file),
            ImageFormat::Png => png::read(file),
            ImageFormat::WebP => webp::read(file),
            ImageFormat::Gif => gif(file),
            _ => None,
        }
    }

    fn new(format: ImageFormat, takes: u64, exif: Option<&[u8]>, bytes: impl Into<Bytes>) -> Self {
        let orientation = exif.and_then(Orientation::from_exif_chunk);
        let orientation = orientation.unwrap_or(Orientation::NoTransforms);
        Self { format, takes, orientation, bytes: bytes.into() }
    }
}

/// Its texts and profiles are kept by the decoder as they are, so they count as
/// bytes of the file. That the first frame lies within the canvas is seen by
/// the decoder, which has its limit for one that does not.
fn gif(file: &Bytes) -> Option<Picture> {
    let size = file.get(6..10)?;
    let size = Size::of(le16(size), le16(&size[2..]))?;
    let takes = DECODING_GIF.takes(size.pixels(), file.len());
    Some(Picture::new(ImageFormat::Gif, takes, None, file.clone()))
}

/// Width and height, both within bounds.
#[derive(Clone, Copy)]
struct Size {
    width: u32,
    height: u32,
}

impl Size {
    fn of(width: u32, height: u32) -> Option<Self> {
        let fits = |side: u32| (1..=IMAGE_SIDE).contains(&side);
        (fits(width) && fits(height)).then_some(Self { width, height })
    }

    fn pixels(self) -> u64 {
        self.padded(1, 1)
    }

    /// The pixels of a picture that is made of whole blocks.
    fn padded(self, width: u32, height: u32) -> u64 {
        let side = |side: u32, block: u32| u64::from(side.div_ceil(block)) * u64::from(block);
        side(self.width, width) * side(self.height, height)
    }
}

/// Of two bytes or more the first.
fn le16(bytes: &[u8]) -> u32 {
    u32::from(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn be16(bytes: &[u8]) -> u32 {
    u32::from(u16::from_be_bytes([bytes[0], bytes[1]]))
}
