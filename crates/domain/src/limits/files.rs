//! Attachments, pictures and thumbnails.

use std::time::Duration;

use super::PACE;

/// Unsent uploads per user.
pub const UPLOADS_PER_USER: i64 = 50;
/// The same of a program of the application's or an administrator: an import that was
/// interrupted leaves some behind, and is run again.
pub const UPLOADS_PER_BACKEND: i64 = 1_000;
/// Concurrent uploads per process; more are `unavailable`.
pub const UPLOADS_AT_ONCE: usize = 64;
/// Concurrent uploads per user, somewhat more than a browser makes to one host;
/// more are `rate_limited`.
pub const UPLOADS_AT_ONCE_EACH: usize = 8;
/// The time limit for an upload of `bytes_max`, where a body may stall for
/// `window`: the client's time, and the store's.
pub fn upload_time(bytes_max: u64, window: Duration) -> Duration {
    2 * (window + Duration::from_secs(bytes_max / PACE)) + STORE_TIMEOUT * 10
}
/// Parts of an upload in flight to the store, some 5 MiB each.
pub const STORE_PARTS: usize = 2;
/// How long the store may take to respond, and how often a call is retried.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(30);
pub const STORE_RETRIES: usize = 3;
/// Largest file that gets a thumbnail; it is in memory for that.
pub const IMAGE_BYTES: u64 = 10 * 1024 * 1024;
/// Largest side of an image in pixels.
pub const IMAGE_SIDE: u32 = 12_000;
/// Memory limit for making a thumbnail, including all buffers of the decoder
/// and the file. The need is computed from the image's header and the costs
/// below; an image that needs more has no thumbnail. The limit allows some 60
/// megapixels of a JPEG, 20 of a progressive one (30 with half as much colour),
/// 60 of a PNG, 24 with 16 bits and transparency, 38 of a GIF, 38 of a WebP, 23
/// of a lossless one, 13 with transparency.
pub const IMAGE_ALLOC: u64 = 192 * 1024 * 1024;

/// The most that decoding an image format takes: bytes per pixel, and per byte
/// of the file. Computed by adding up, in the sources of the decoders (image
/// 0.25.10, zune-jpeg 0.5.15, png 0.18.1, gif 0.14.2, image-webp 0.2.4), the
/// buffers that live at the same time. Those of JPEG, PNG and plain WebP were
/// verified against the peak memory of a server decoding such an image (bytes
/// per pixel: progressive JPEG 9.0, with four colours 11.1, lossless WebP 7.1,
/// lossy 4.7).
#[derive(Clone, Copy, Debug)]
pub struct DecodingCost {
    pub pixel: u64,
    pub byte: u64,
}

impl DecodingCost {
    /// Bytes needed for an image with this many pixels in a file of this size.
    pub fn takes(self, pixels: u64, bytes: usize) -> u64 {
        self.pixel * pixels + self.byte * bytes as u64 + DECODING_BASE
    }
}

/// Besides them: a few lines of the picture, tables, the thumbnail itself.
pub const DECODING_BASE: u64 = 8 * 1024 * 1024;
/// RGB, also of grey ones. The file, what is kept of it, the decoder's copy.
pub const DECODING_JPEG: DecodingCost = DecodingCost { pixel: 3, byte: 3 };
/// Bytes of a coefficient; one with several scans has all of them in memory,
/// as many for each component as it has samples, besides the pixels.
pub const JPEG_COEFFICIENT: u64 = 2;
/// For each byte of a pixel as it is decoded, of which there are one to eight;
/// it is decoded into its place, also where it is interlaced.
pub const DECODING_PNG: DecodingCost = DecodingCost { pixel: 1, byte: 3 };
/// RGBA, and the places in the palette. Profiles are kept, in a vector that
/// doubles. What a first frame elsewhere than on the canvas takes, as much a
/// pixel, is told to the decoder as its limit.
pub const DECODING_GIF: DecodingCost = DecodingCost { pixel: 5, byte: 4 };
/// RGB, and three planes of which two have a quarter of the size: 4.5, and 30
/// bytes for each block of 256 pixels in a vector that doubles. The partitions
/// are read into a vector that doubles, and copied.
pub const DECODING_WEBP_LOSSY: DecodingCost = DecodingCost { pixel: 5, byte: 5 };
/// RGBA, from which RGB is copied: 7, and with blocks of 16 pixels the images
/// of transforms and codes.
pub const DECODING_WEBP_LOSSLESS: DecodingCost = DecodingCost { pixel: 8, byte: 5 };
/// The result, a canvas and the frame, each RGBA, or the planes and what the
/// transparency is decoded to, which is a lossless picture itself.
pub const DECODING_WEBP_LAYERS: DecodingCost = DecodingCost { pixel: 14, byte: 5 };
/// Bytes of decoding tables that each byte of a lossless picture can ask for:
/// as many codes as it likes, whatever its size in pixels. The costliest have
/// 2,048 symbols of 11 bits: 68 KiB for 140 bytes (400 a byte were resident),
/// and no mix of lengths comes to more than 520.
pub const WEBP_TREES: u64 = 560;

/// Thumbnails made concurrently, in all and per user.
pub const THUMBNAILS_AT_ONCE: usize = 2;
pub const THUMBNAILS_AT_ONCE_EACH: usize = 1;
/// How long an image waits for its turn; after that it has no thumbnail.
pub const THUMBNAIL_QUEUE_TIMEOUT: Duration = Duration::from_secs(60);
/// Pixels of a thumbnail's longer side.
pub const THUMBNAIL_SIDE: u32 = 320;
/// Seconds that a link to a file is good for, at least: where the request does not say, long
/// enough to look at what it leads to and to come back to it.
pub const LINK_SECONDS: i64 = 3_600;
/// The shortest time, in which a page can be loaded, and the longest: that of links signed by
/// S3, because who had a right may have lost it since.
pub const LINK_SECONDS_MIN: i64 = 60;
pub const LINK_SECONDS_MAX: i64 = 7 * 24 * 3_600;
/// Ends of links are at multiples of this part of their time: so long everybody is given the
/// same URL, which is what caches know a file by. A link is good for up to so much longer.
pub const LINK_ROUNDING: i64 = 4;
/// Reads of a file of sound or film until what it says of itself is known, and the bytes of
/// each: headers are in one or two of them; more is a file that hides them.
pub const MEDIA_READS: usize = 32;
pub const MEDIA_READ_BYTES: usize = 64 * 1024;
/// Boxes, elements or chunks that are looked at for that; a film with many tracks has some
/// hundred.
pub const MEDIA_BOXES: usize = 1_000;
/// The longest time that sound and films play, a week: what says more is mistaken.
pub const MEDIA_MS_MAX: i64 = 7 * 24 * 3_600_000;
/// Largest side of a film in pixels, twice that of 8K.
pub const VIDEO_SIDE_MAX: u32 = 16_384;
/// Parts of a waveform: as many bars as fit into a message on a phone.
pub const WAVEFORM_PARTS: usize = 64;
/// Of a part, in hundredths of what could be.
pub const LOUDNESS_MAX: u8 = 100;
/// Age at which an unsent upload is removed.
pub const LOOSE_UPLOAD_AGE: Duration = Duration::from_secs(24 * 3600);
/// How often partial files of uploads are looked for, and how long they must
/// not have been written to: many times what an upload may stall.
pub const SWEEP_PIECES: Duration = Duration::from_secs(3600);
/// How often files that no message refers to are looked for, and how many at
/// once.
pub const SWEEP_TICK: Duration = Duration::from_secs(10);
pub const SWEEP_ATTACHMENTS: i64 = 100;
