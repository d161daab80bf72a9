//! WebP (RFC 9649): the chunks of one picture, or of an animation's first.

use image::ImageFormat;

use super::{Picture, Size, le16};
use parlor_domain::limits::{
    DECODING_WEBP_LAYERS, DECODING_WEBP_LOSSLESS, DECODING_WEBP_LOSSY, WEBP_TREES,
};

const ALPHA: u8 = 0b1_0000;
const ANIMATION: u8 = 0b10;

type Name = [u8; 4];

/// Name and content of one chunk after the other.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = (Name, &'a [u8]);

    /// Ends also before a chunk that says it is longer than the file: the
    /// decoder would take as much memory as it says.
    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest.get(length % 2..).unwrap_or_default();
        Some((*name, content))
    }
}

/// A coded picture, with the transparency that may lie beside it.
struct Coded<'a> {
    size: Size,
    alpha: Option<&'a [u8]>,
    name: Name,
    content: &'a [u8],
}

pub fn read(file: &[u8]) -> Option<Picture> {
    let body = file.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WEBP")?;
    let mut chunks = Chunks(body);
    match chunks.next()? {
        (name, content) if &name == b"VP8X" => extended(file.len(), content, chunks.0),
        _ => {
            let coded = Coded::first(body)?;
            let takes = coded.takes(coded.size, false, file.len());
            Some(picture(takes, None, &[(coded.name, coded.content)]))
        }
    }
}

/// A picture with a canvas, on which it may be one of several, and with what
/// does not belong to its pixels.
fn extended(bytes: usize, header: &[u8], body: &[u8]) -> Option<Picture> {
    let flags = *header.first()? & (ALPHA | ANIMATION);
    let side = |at: usize| {
        let [low, middle, high] = header.get(at..at + 3)?.try_into().ok()?;
        Some(1 + u32::from_le_bytes([low, middle, high, 0]))
    };
    let canvas = Size::of(side(4)?, side(7)?)?;
    let find = |wanted: &Name| Chunks(body).find(|(name, _)| name == wanted).map(|one| one.1);
    let frame = match flags & ANIMATION {
        0 => None,
        _ => Some(find(b"ANMF")?.split_at_checked(16)?),
    };
    let coded = Coded::first(frame.map_or(body, |(_, body)| body))?;
    // The decoder takes what it needs for it before it compares.
    if coded.size.width > canvas.width || coded.size.height > canvas.height {
        return None;
    }
    let takes = coded.takes(canvas, flags != 0, bytes);
    // Nothing is said to be there that is left out.
    let header = [&[flags], header.get(1..10)?].concat();
    let alpha = coded.alpha.map(|alpha| (*b"ALPH", alpha));
    let coded = alpha.into_iter().chain([(coded.name, coded.content)]);
    let mut parts = vec![(*b"VP8X", &header[..])];
    let first_frame;
    match frame {
        None => parts.extend(coded),
        Some((place, _)) => {
            first_frame = [place, &joined(coded)].concat();
            parts.extend([(*b"ANIM", find(b"ANIM")?), (*b"ANMF", &first_frame[..])]);
        }
    }
    Some(picture(takes, find(b"EXIF"), &parts))
}

fn picture(takes: u64, exif: Option<&[u8]>, parts: &[(Name, &[u8])]) -> Picture {
    let body = [b"WEBP", &joined(parts.iter().copied())[..]].concat();
    let bytes = [b"RIFF", &length(&body)[..], &body].concat();
    // Some write the name that JPEG has for it in front.
    let exif = exif.map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
    Picture::new(ImageFormat::WebP, takes, exif, bytes)
}

fn joined<'a>(chunks: impl Iterator<Item = (Name, &'a [u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in chunks {
        bytes.extend(name);
        bytes.extend(length(content));
        bytes.extend(content);
        bytes.extend(&[0][..content.len() % 2]);
    }
    bytes
}

/// Files are much smaller than what would not fit.
fn length(content: &[u8]) -> [u8; 4] {
    u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes()
}

impl<'a> Coded<'a> {
    /// The first of the chunks in `body` that is a picture.
    fn first(body: &'a [u8]) -> Option<Self> {
        let mut alpha = None;
        for (name, content) in Chunks(body) {
            let size = match &name {
                b"ALPH" => {
                    alpha = alpha.or(Some(content));
                    continue;
                }
                b"VP8 " => {
                    let size = content.get(6..10)?;
                    Size::of(le16(size) & 0x3fff, le16(&size[2..]) & 0x3fff)?
                }
                b"VP8L" => {
                    // It has its own.
                    alpha = None;
                    let bits = u32::from_le_bytes(content.get(1..5)?.try_into().ok()?);
                    Size::of(1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff))?
                }
                _ => continue,
            };
            return Some(Self { size, alpha, name, content });
        }
        None
    }

    fn takes(&self, canvas: Size, in_layers: bool, bytes: usize) -> u64 {
        let lossless = self.name == *b"VP8L";
        let cost = match (in_layers || self.alpha.is_some(), lossless) {
            (true, _) => DECODING_WEBP_LAYERS,
            (false, true) => DECODING_WEBP_LOSSLESS,
            (false, false) => DECODING_WEBP_LOSSY,
        };
        // Transparency is coded like a lossless picture, or not at all.
        let alpha = self.alpha.filter(|alpha| alpha.first().is_some_and(|how| how & 0b11 != 0));
        let in_trees = alpha.map_or(0, <[u8]>::len) + if lossless { self.content.len() } else { 0 };
        cost.takes(canvas.padded(16, 16), bytes) + WEBP_TREES * in_trees as u64
    }
}
