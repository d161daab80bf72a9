//! PNG (ISO/IEC 15948): all chunks, few of which are needed for the pixels.

use image::ImageFormat;

use super::{Picture, Size};
use parlor_domain::limits::DECODING_PNG;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub fn read(file: &[u8]) -> Option<Picture> {
    let mut rest = file.strip_prefix(SIGNATURE)?;
    let mut kept = Vec::with_capacity(file.len());
    kept.extend(SIGNATURE);
    let (mut header, mut exif, mut transparent) = (None, None, false);
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let (chunk, after) = rest.split_at_checked(usize::try_from(length).ok()? + 12)?;
        rest = after;
        let (kind, data) = (&chunk[4..8], &chunk[8..chunk.len() - 4]);
        match kind {
            b"IHDR" if header.is_none() => header = Some(Header::read(data)?),
            b"tRNS" => transparent = true,
            b"eXIf" => exif = Some(data),
            _ => {}
        }
        // A small first letter: one can do without it.
        if kind[0].is_ascii_uppercase() || kind == b"tRNS" {
            kept.extend(chunk);
        }
        if kind == b"IEND" {
            let takes = header?.takes(transparent, file.len());
            return Some(Picture::new(ImageFormat::Png, takes, exif, kept));
        }
    }
}

struct Header {
    size: Size,
    /// The colours of a palette count as those they stand for.
    channels: u64,
    has_alpha: bool,
    /// Bytes of a sample; fewer bits than eight become eight.
    depth: u64,
}

impl Header {
    fn read(data: &[u8]) -> Option<Self> {
        let side = |at: usize| Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?));
        let size = Size::of(side(0)?, side(4)?)?;
        let (channels, has_alpha) = match data.get(9)? {
            0 => (1, false),
            2 | 3 => (3, false),
            4 => (2, true),
            6 => (4, true),
            _ => return None,
        };
        let depth = u64::from(data.get(8)?.div_ceil(8));
        Some(Self { size, channels, has_alpha, depth })
    }

    fn takes(&self, transparent: bool, bytes: usize) -> u64 {
        let channels = self.channels + u64::from(transparent && !self.has_alpha);
        DECODING_PNG.takes(self.size.pixels() * channels * self.depth, bytes)
    }
}
