//! JPEG (ITU-T T.81): segments up to the first scan.

use image::ImageFormat;

use super::{Picture, Size, be16};
use parlor_domain::limits::{DECODING_JPEG, JPEG_COEFFICIENT};

const START: [u8; 2] = [0xff, 0xd8];
const EXIF: &[u8] = b"Exif\0\0";

/// What the frame's header (SOF) says.
struct Frame {
    size: Size,
    progressive: bool,
    /// Horizontal and vertical sampling factors of each component.
    sampling: Vec<(u32, u32)>,
}

pub fn read(file: &[u8]) -> Option<Picture> {
    let mut rest = file.strip_prefix(&START)?;
    let mut kept = START.to_vec();
    let (mut frame, mut exif) = (None, None);
    loop {
        // Before a marker there may be filling, and rubbish in files of some
        // cameras.
        rest = &rest[rest.iter().position(|byte| *byte == 0xff)?..];
        rest = &rest[rest.iter().position(|byte| *byte != 0xff)?..];
        let (marker, after) = rest.split_first()?;
        rest = after;
        if matches!(marker, 0x00 | 0x01 | 0xd0..=0xd8) {
            // Without a length.
            continue;
        }
        let length = be16(rest.get(..2)?) as usize;
        let (segment, after) = rest.split_at_checked(length)?;
        let data = segment.get(2..)?;
        match marker {
            0xc0..=0xc2 if frame.is_none() => frame = Some(Frame::read(data, *marker == 0xc2)?),
            // Huffman and quantization tables, restarts, what the colours are.
            0xc4 | 0xdb | 0xdd | 0xee => {}
            0xda => {
                let takes = frame?.takes(usize::from(*data.first()?), file.len());
                kept.reserve_exact(rest.len() + 2);
                kept.extend([0xff, *marker]);
                kept.extend(rest);
                return Some(Picture::new(ImageFormat::Jpeg, takes, exif, kept));
            }
            // Kinds that the decoder does not know, and the end.
            0xc0..=0xcf | 0xd9 | 0xdc => return None,
            _ => {
                exif = data.strip_prefix(EXIF).filter(|_| *marker == 0xe1).or(exif);
                rest = after;
                continue;
            }
        }
        kept.extend([0xff, *marker]);
        kept.extend(segment);
        rest = after;
    }
}

impl Frame {
    fn read(data: &[u8], progressive: bool) -> Option<Self> {
        let size = Size::of(be16(data.get(3..5)?), be16(data.get(1..3)?))?;
        let components = data.get(6..)?.chunks_exact(3);
        let sampling = components.map(|one| (u32::from(one[1] >> 4), u32::from(one[1] & 0xf)));
        let sampling: Vec<_> = sampling.collect();
        let known = |factor: u32| (1..=4).contains(&factor);
        let fits = (1..=4).contains(&sampling.len())
            && sampling.iter().all(|(across, down)| known(*across) && known(*down));
        fits.then_some(Self { size, progressive, sampling })
    }

    /// Lines become pixels as they come; but where a component comes in
    /// several scans, all its coefficients are kept until the last of them.
    fn takes(&self, in_first_scan: usize, bytes: usize) -> u64 {
        let takes = DECODING_JPEG.takes(self.size.pixels(), bytes);
        match self.progressive || in_first_scan != self.sampling.len() {
            true => takes + JPEG_COEFFICIENT * self.coefficients(),
            false => takes,
        }
    }

    fn coefficients(&self) -> u64 {
        let across = self.sampling.iter().map(|one| one.0).max().unwrap_or(1);
        let down = self.sampling.iter().map(|one| one.1).max().unwrap_or(1);
        let whole = self.size.padded(8 * across, 8 * down) / u64::from(across * down);
        self.sampling.iter().map(|(across, down)| whole * u64::from(across * down)).sum()
    }
}
