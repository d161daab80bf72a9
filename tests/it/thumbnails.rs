//! Thumbnails: whatever a picture says of itself, making one is cheap.

use std::io::{Cursor, Write};

use flate2::{Compression, Crc, write::ZlibEncoder};
use image::{DynamicImage, ImageFormat};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Server, User};

/// What one thumbnail may take, and some for the upload itself.
const PEAK: u64 = (192 + 32) * 1024 * 1024;

async fn upload(user: &User, bytes: Vec<u8>) -> Value {
    let request = user.request(Method::POST, "/attachments?name=picture").body(bytes);
    User::outcome(request).await.expect(201)
}

/// One colour, with the coefficients of all components in one scan.
fn progressive_jpeg(components: u8, width: u16, height: u16) -> Vec<u8> {
    let mut tables = Cursor::new(Vec::new());
    let image = DynamicImage::new_rgb8(16, 16);
    image.write_to(&mut tables, ImageFormat::Jpeg).expect("encoded");
    let tables = tables.into_inner();
    let mut file = tables[..2].to_vec();
    let mut rest = &tables[2..];
    // Quantization and Huffman tables.
    while rest[1] != 0xda {
        let length = 2 + usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        if matches!(rest[1], 0xdb | 0xc4) {
            file.extend(&rest[..length]);
        }
        rest = &rest[length..];
    }
    file.extend([0xff, 0xc2, 0, 8 + 3 * components, 8]);
    file.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    file.push(components);
    file.extend((0..components).flat_map(|id| [id, 0x11, 0]));
    file.extend([0xff, 0xda, 0, 6 + 2 * components, components]);
    file.extend((0..components).flat_map(|id| [id, 0]));
    file.extend([0, 0, 0]);
    // No bit of a code is set: no block differs from the one before.
    let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8));
    file.extend(vec![0; blocks * usize::from(components) / 4]);
    file.extend([0xff, 0xd9]);
    file
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).expect("small").to_be_bytes();
    [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

/// So many zeros, compressed.
fn zeros(rows: u32, row: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let row = vec![0; row];
    for _ in 0..rows {
        encoder.write_all(&row).expect("compressed");
    }
    encoder.finish().expect("compressed")
}

/// A black one, with other chunks.
fn png(width: u32, height: u32, more: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let pixels = zeros(height, 1 + 3 * width as usize);
    let (header, pixels) = (chunk(b"IHDR", &header), chunk(b"IDAT", &pixels));
    [b"\x89PNG\r\n\x1a\n", &header[..], more, &pixels, &chunk(b"IEND", &[])].concat()
}

fn on_its_side() -> Vec<u8> {
    chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")
}

/// 66 million pixels.
fn lossless_webp() -> Vec<u8> {
    b"RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0\x2f\x27\xe3\x39\x07\x07\x10\x11\xfd\x0f\x44\x44\xff\x03"
        .to_vec()
}

/// 256 pixels, and so many codes that could be used for them, each with 2,048
/// symbols.
fn webp_of_many_codes(codes: u64) -> Vec<u8> {
    #[derive(Default)]
    struct Bits(Vec<bool>);
    impl Bits {
        fn put(&mut self, value: u64, bits: u32) {
            self.0.extend((0..bits).map(|at| value >> at & 1 == 1));
        }
        /// A code of one symbol.
        fn one(&mut self, symbol: u64) {
            self.put(0b101, 3);
            self.put(symbol, 8);
        }
    }
    let mut bits = Bits::default();
    bits.put(0x2f, 8);
    bits.put(15, 14);
    bits.put(15, 14);
    // No transparency, version 0, no transform, a cache of 2,048 colours, and
    // codes by block, of which there is one.
    bits.put(0, 5);
    bits.put(1 | 11 << 1, 5);
    bits.put(1 | 7 << 1, 4);
    bits.put(0, 1);
    for symbol in [(codes - 1) & 0xff, (codes - 1) >> 8, 0, 0, 0] {
        bits.one(symbol);
    }
    let mut code = Bits::default();
    // The lengths of codes of lengths: 16 has one bit, 11 and 18 have two.
    code.put(11 << 1, 5);
    for at in 0..15 {
        code.put(u64::from(at == 8) + 2 * u64::from(at == 14 || at == 1), 3);
    }
    // 2,048 symbols of 11 bits, and 280 of none.
    code.put(0, 1);
    code.put(0b01, 2);
    for _ in 0..341 {
        code.put(0b110, 3);
    }
    code.put(0b01, 2);
    for none in [138, 131, 11] {
        code.put(0b11, 2);
        code.put(none - 11, 7);
    }
    // Four more, of one symbol each.
    code.put(0x1111, 16);
    for _ in 0..codes {
        bits.0.extend(&code.0);
    }
    bits.put(0, 64);
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    let mut body: Vec<u8> = bits.0.chunks(8).map(byte).collect();
    body.extend(vec![0; body.len() % 2]);
    let length = |bytes: usize| u32::try_from(bytes).expect("small").to_le_bytes();
    let (file, chunk) = (length(12 + body.len()), length(body.len()));
    [b"RIFF", &file[..], b"WEBPVP8L", &chunk, &body].concat()
}

#[tokio::test]
async fn a_small_file_that_is_a_large_picture_takes_little_memory() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let before = server.peak_bytes();
    for (what, file) in [
        ("progressive", progressive_jpeg(3, 9_000, 7_400)),
        ("progressive, four colours", progressive_jpeg(4, 9_000, 5_500)),
        ("lossless", lossless_webp()),
        ("many codes", webp_of_many_codes(8_000)),
        ("on its side", png(9_000, 7_400, &on_its_side())),
        (
            "a profile",
            png(100, 100, &chunk(b"iCCP", &[b"a\0\0", &zeros(150, 1 << 20)[..]].concat())),
        ),
    ] {
        let made = upload(&ann, file).await;
        let more = server.peak_bytes() - before;
        assert!(more < PEAK, "{what}: {more} bytes");
        // The picture that has the profile is small.
        assert_eq!(made["has_thumbnail"], what == "a profile", "{what}: {made}");
    }
}

#[tokio::test]
async fn a_large_picture_has_a_thumbnail_that_stands_upright() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let before = server.peak_bytes();
    let made = upload(&ann, png(8_000, 7_000, &on_its_side())).await;
    assert_eq!((&made["width"], &made["height"]), (&json!(7_000), &json!(8_000)), "{made}");
    let made = upload(&ann, progressive_jpeg(3, 5_000, 4_000)).await;
    assert_eq!((&made["has_thumbnail"], &made["width"]), (&json!(true), &json!(5_000)), "{made}");
    let more = server.peak_bytes() - before;
    assert!(more < PEAK, "{more} bytes");
}
