use std::io::Cursor;

use image::{DynamicImage, ImageFormat};

use super::*;
use parlor_domain::limits::IMAGE_ALLOC;

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn read(file: &[u8]) -> Option<Picture> {
    Picture::read(&Bytes::copy_from_slice(file))
}

/// Of a square picture, at most.
fn megapixels(file: impl Fn(u16) -> Vec<u8>) -> u32 {
    let sides = (100..=12_000).step_by(100).take_while(|side| takes(&file(*side)) <= IMAGE_ALLOC);
    sides.last().map_or(0, |side| u32::from(side).pow(2) / 1_000_000)
}

/// With another size, and another coding, in its frame's header.
fn jpeg(components: usize, side: u16, coding: u8) -> Vec<u8> {
    let image = match components {
        1 => DynamicImage::new_luma8(16, 16),
        _ => DynamicImage::new_rgb8(16, 16),
    };
    let mut file = encoded(&image, ImageFormat::Jpeg);
    let at = file.windows(2).position(|two| two == [0xff, 0xc0]).expect("a frame");
    file[at + 1] = coding;
    file[at + 5..at + 7].copy_from_slice(&side.to_be_bytes());
    file[at + 7..at + 9].copy_from_slice(&side.to_be_bytes());
    file
}

/// The header of a progressive one alone, up to the scan, which is empty.
fn progressive(sampling: &[u8], side: u16) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8, 0xff, 0xc2, 0, 8 + 3 * sampling.len() as u8, 8];
    file.extend([side.to_be_bytes(), side.to_be_bytes()].concat());
    file.push(sampling.len() as u8);
    for (id, sampling) in sampling.iter().enumerate() {
        file.extend([id as u8, *sampling, 0]);
    }
    file.extend([0xff, 0xda, 0, 8, 1, 0, 0, 0, 0, 0]);
    file
}

fn png(side: u16, depth: u8, colour: u8, more: &[u8]) -> Vec<u8> {
    let side = u32::from(side).to_be_bytes();
    let header = [&side[..], &side, &[depth, colour, 0, 0, 1]].concat();
    let chunk = |kind: &[u8], data: &[u8]| {
        let length = u32::try_from(data.len()).expect("small").to_be_bytes();
        [&length[..], kind, data, &[0; 4]].concat()
    };
    [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &header)[..], more, &chunk(b"IEND", &[])].concat()
}

const LOSSLESS: &str = "524946461a000000574542505650384c0e0000002f0fc00300071011fd0f4444ff03";
const LOSSY: &str = "52494646240000005745425056503820180000003001009d012a100010000fc0fe25a40003\
                     7000fee6b50000";
const WITH_ALPHA: &str = "524946465400000057454250565038580a000000100000001f00000f0000414c5048090\
                          0000001071011118888fe070056503820240000007002009d012a200010002ffdfeff7f\
                          b23fbfbf9f81fc4b480007b28000fee6cbdee7c000";
const ANIMATED: &str = "52494646c400000057454250565038580a000000020000000f00000f0000414e494d060000\
                        00000000000000414e4d464a0000000000000000000f00000f00000000000256503820320000\
                        003001009d012a1000100001402625a000037000fef2eb7ffff9b03ff6f3ff047a01ffffd2e0\
                        fffe9707fff4b83ff4a4000000414e4d46460000000000000000000f00000f00000000000056\
                        5038202e0000003401009d012a1000100000002625a000037000fefb55e3ffff4b83fffa5c1f\
                        ffd2e0ffd2e0fffad5e557acaba000";
const ANIMATED_GIF: &str = "47494638376110001000810000ff00000000000000000000002c000000001000100000\
                            081d0001081c48b0a0c18308132a5cc8b0a1c38710234a9c48b1a2c58101010021f904\
                            01000001002c0000000010001000810000ff000000000000000000081d0001081c48b0\
                            a0c18308132a5cc8b0a1c38710234a9c48b1a2c5810101003b";

fn webp_lossless(side: u16, padding: usize) -> Vec<u8> {
    let mut file = bytes_of(LOSSLESS);
    let bits = u32::from(side - 1) | u32::from(side - 1) << 14;
    file[21..25].copy_from_slice(&bits.to_le_bytes());
    file.extend(vec![0; padding]);
    let length = u32::try_from(14 + padding).expect("small");
    file[16..20].copy_from_slice(&length.to_le_bytes());
    file
}

fn webp_lossy(side: u16) -> Vec<u8> {
    let mut file = bytes_of(LOSSY);
    file[26..28].copy_from_slice(&side.to_le_bytes());
    file[28..30].copy_from_slice(&side.to_le_bytes());
    file
}

fn takes(file: &[u8]) -> u64 {
    read(file).expect("a picture").takes
}

#[test]
fn what_decoding_takes_follows_from_how_a_picture_is_coded() {
    assert_eq!(megapixels(|side| jpeg(3, side, 0xc0)), 64);
    assert_eq!(megapixels(|side| jpeg(1, side, 0xc1)), 64);
    assert_eq!(megapixels(|side| progressive(&[0x11; 3], side)), 21);
    assert_eq!(megapixels(|side| progressive(&[0x22, 0x11, 0x11], side)), 31);
    assert_eq!(megapixels(|side| progressive(&[0x11; 4], side)), 16);
    assert_eq!(megapixels(|side| png(side, 8, 2, &[])), 64);
    assert_eq!(megapixels(|side| png(side, 1, 0, &[])), 144);
    assert_eq!(megapixels(|side| png(side, 8, 3, b"\0\0\0\0tRNS\0\0\0\0")), 47);
    assert_eq!(megapixels(|side| png(side, 16, 6, &[])), 24);
    assert_eq!(megapixels(webp_lossy), 38);
    assert_eq!(megapixels(|side| webp_lossless(side, 0)), 23);
    let gif = |side: u16| [b"GIF89a", &side.to_le_bytes()[..], &side.to_le_bytes()].concat();
    assert_eq!(megapixels(gif), 38);
}

#[test]
fn a_baseline_picture_whose_components_come_one_after_the_other_counts_as_progressive() {
    let mut file = progressive(&[0x11; 3], 1_000);
    file[3] = 0xc0;
    assert_eq!(takes(&file), takes(&progressive(&[0x11; 3], 1_000)));
}

#[test]
fn a_lossless_picture_counts_by_its_bytes_too_whatever_its_size() {
    assert!(takes(&webp_lossless(16, 200_000)) < IMAGE_ALLOC);
    assert!(takes(&webp_lossless(16, 400_000)) > IMAGE_ALLOC);
}

#[test]
fn what_says_it_is_longer_than_its_file_or_has_another_size_inside_is_no_picture() {
    // The frame inside is as large as can be, the canvas small.
    let mut inner = bytes_of(WITH_ALPHA);
    let at = inner.windows(3).position(|three| three == [0x9d, 0x01, 0x2a]).expect("a frame");
    inner[at + 3..at + 7].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    assert!(read(&inner).is_none());
    inner[at + 3..at + 7].copy_from_slice(&[0, 8, 0, 8]);
    assert!(read(&inner).is_none());
    // A chunk of 4 GiB behind the picture, for which the decoder would ask the
    // system at once, is not there for it.
    let mut exif = bytes_of(WITH_ALPHA);
    exif[20] |= 0b1000;
    exif.extend(b"EXIF\xff\xff\xff\xff");
    let picture = read(&exif).expect("a picture");
    assert!(!picture.bytes.windows(4).any(|four| four == b"EXIF"));
    assert_eq!(picture.bytes[20] & 0b1000, 0);
    assert!(read(&progressive(&[0x11; 3], 12_001)).is_none());
    assert!(read(&progressive(&[0x11; 3], 0)).is_none());
    assert!(read(&progressive(&[0x11; 5], 10)).is_none());
}

#[test]
fn the_decoder_gets_the_pixels_and_nothing_else() {
    let image = DynamicImage::new_rgb8(40, 20);
    let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let plain = encoded(&image, ImageFormat::Jpeg);
    let segment = |marker: u8, data: &[u8]| {
        let length = u16::try_from(data.len() + 2).expect("small").to_be_bytes();
        [&[0xff, marker], &length[..], data].concat()
    };
    let app1 = segment(0xe1, &[b"Exif\0\0", &exif[..]].concat());
    let profile = segment(0xe2, b"ICC_PROFILE\0\x01\x01some colours");
    let file = [&plain[..2], &app1, &profile, &plain[2..]].concat();
    let picture = read(&file).expect("a picture");
    assert_eq!(picture.orientation, Orientation::Rotate90);
    assert!(picture.bytes.len() < plain.len(), "without APP0 either");
    image::load_from_memory(&picture.bytes).expect("it can still be decoded");
    let plain = encoded(&image, ImageFormat::Png);
    let chunk = |kind: &[u8], data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        let length = u32::try_from(data.len()).expect("small").to_be_bytes();
        [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
    };
    let more = [chunk(b"eXIf", exif), chunk(b"iCCP", b"a\0\0bomb"), chunk(b"zTXt", b"a\0\0bomb")];
    let file = [&plain[..33], &more.concat(), &plain[33..]].concat();
    let picture = read(&file).expect("a picture");
    assert_eq!(picture.orientation, Orientation::Rotate90);
    assert_eq!(picture.bytes, plain);
}

#[test]
fn every_kind_can_still_be_decoded() {
    let deep = DynamicImage::new_rgba16(16, 16);
    for file in [
        bytes_of(LOSSLESS),
        bytes_of(LOSSY),
        bytes_of(WITH_ALPHA),
        bytes_of(ANIMATED),
        bytes_of(ANIMATED_GIF),
        encoded(&deep, ImageFormat::Png),
        encoded(&DynamicImage::new_luma8(16, 16), ImageFormat::Jpeg),
    ] {
        let picture = read(&file).expect("a picture");
        assert!(picture.takes < IMAGE_ALLOC);
        let image = image::load_from_memory_with_format(&picture.bytes, picture.format);
        assert_eq!(image.expect("decoded").height(), 16, "{:?}", picture.format);
    }
    // Of an animation the first frame is kept.
    let picture = read(&bytes_of(ANIMATED)).expect("a picture");
    assert_eq!(picture.bytes.windows(4).filter(|four| four == b"ANMF").count(), 1);
}
