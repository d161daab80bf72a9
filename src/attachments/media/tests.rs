use std::cell::Cell;

use parlor_domain::limits::{MEDIA_READ_BYTES, MEDIA_READS};
use proptest::prelude::*;

use super::*;

/// A file in memory, that knows how often it was read.
struct Memory<'a> {
    bytes: &'a [u8],
    reads: &'a Cell<usize>,
}

impl Source for Memory<'_> {
    async fn read(&self, first: u64, last: u64) -> Result<Bytes, StoreError> {
        self.reads.set(self.reads.get() + 1);
        let at = |place: u64| usize::try_from(place).expect("small");
        assert!(at(last) - at(first) < MEDIA_READ_BYTES, "no more at once");
        Ok(Bytes::copy_from_slice(&self.bytes[at(first)..=at(last)]))
    }
}

fn look_at(kind: &str, bytes: &[u8]) -> (Media, usize) {
    let reads = Cell::new(0);
    let reading = read(Memory { bytes, reads: &reads }, kind, bytes.len() as u64);
    let media = futures_util::future::FutureExt::now_or_never(reading);
    (media.expect("it waits for nothing").expect("it can be read"), reads.get())
}

fn look(kind: &str, bytes: &[u8]) -> Media {
    look_at(kind, bytes).0
}

fn sound(duration_ms: i64) -> Media {
    Media { duration_ms: Some(duration_ms), dimensions: None, is_sound: true }
}

fn film(duration_ms: i64, width: i64, height: i64) -> Media {
    let dimensions = Some((width, height));
    Media { duration_ms: Some(duration_ms), dimensions, is_sound: false }
}

const UNKNOWN: Media = Media { duration_ms: None, dimensions: None, is_sound: false };

// MP4

fn in_box(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let size = u32::try_from(content.len() + 8).expect("small").to_be_bytes();
    [&size[..], kind.as_bytes(), &content].concat()
}

fn movie_header(ticks_a_second: u32, ticks: u32) -> Vec<u8> {
    let numbers = [0, 0, 0, ticks_a_second, ticks].map(u32::to_be_bytes).concat();
    in_box("mvhd", &[&numbers, &[0; 80]])
}

fn track(handler: &str, [a, b, c, d]: [i32; 4], width: u32, height: u32) -> Vec<u8> {
    let matrix = [a, b, 0, c, d, 0, 0, 0, 0x4000_0000].map(i32::to_be_bytes).concat();
    let sides = [width << 16, height << 16].map(u32::to_be_bytes).concat();
    let header = in_box("tkhd", &[&[0; 40], &matrix, &sides]);
    let handler = in_box("hdlr", &[&[0; 8], handler.as_bytes(), &[0; 13]]);
    in_box("trak", &[&header, &in_box("mdia", &[&in_box("mdhd", &[&[0; 24]]), &handler])])
}

const ONE: i32 = 0x1_0000;
const UPRIGHT: [i32; 4] = [ONE, 0, 0, ONE];

fn mp4(moov: &[&[u8]]) -> Vec<u8> {
    let start = in_box("ftyp", &[b"isom\0\0\0\0isomavc1"]);
    [start, in_box("mdat", &[&[7; 200_000]]), in_box("moov", moov)].concat()
}

#[test]
fn an_mp4_says_how_long_it_is_and_how_large() {
    let header = movie_header(600, 7_530);
    let (video, audio) = (track("vide", UPRIGHT, 1_280, 720), track("soun", UPRIGHT, 0, 0));
    let whole = mp4(&[&header, &audio, &video]);
    let (media, reads) = look_at("video/mp4", &whole);
    assert_eq!(media, film(12_550, 1_280, 720));
    assert_eq!(reads, 2, "its beginning and its end");
    // A phone that was held upright.
    for turned in [[0, ONE, -ONE, 0], [0, -ONE, ONE, 0]] {
        let video = track("vide", turned, 1_920, 1_080);
        assert_eq!(look("video/mp4", &mp4(&[&header, &video])), film(12_550, 1_080, 1_920));
    }
    let voice = look("video/mp4", &mp4(&[&header, &audio]));
    assert_eq!((voice, voice.kind("video/mp4")), (sound(12_550), "audio/mp4"));
    assert_eq!(film(1, 1, 1).kind("video/mp4"), "video/mp4");
}

#[test]
fn a_movie_that_is_made_as_it_plays_says_its_length_elsewhere_or_not_at_all() {
    let audio = track("soun", UPRIGHT, 0, 0);
    let fragments = in_box("mehd", &[&[0; 4], &3_000_u32.to_be_bytes()]);
    let told = mp4(&[&movie_header(1_000, 0), &in_box("mvex", &[&fragments]), &audio]);
    assert_eq!(look("audio/mp4", &told), sound(3_000));
    for ticks in [0, u32::MAX] {
        let untold = mp4(&[&movie_header(1_000, ticks), &audio]);
        assert_eq!(look("audio/mp4", &untold), Media { duration_ms: None, ..sound(0) });
    }
}

#[test]
fn long_numbers_of_an_mp4_are_read_as_well() {
    let numbers = [[0; 8], [0; 8]].concat();
    let long = in_box(
        "mvhd",
        &[&[1, 0, 0, 0], &numbers, &1_000_u32.to_be_bytes(), &90_000_u64.to_be_bytes(), &[0; 80]],
    );
    let inner = [long, track("soun", UPRIGHT, 0, 0)].concat();
    let size = (inner.len() as u64 + 16).to_be_bytes();
    let moov = [&[0, 0, 0, 1][..], b"moov", &size, &inner].concat();
    assert_eq!(look("audio/mp4", &moov), sound(90_000));
    // One that goes on to the end of the file.
    let open = [&[0, 0, 0, 0][..], b"moov", &inner].concat();
    assert_eq!(look("audio/mp4", &open), sound(90_000));
}

// Matroska

fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let size = 0x1000_0000 | u32::try_from(content.len()).expect("small");
    [id, &size.to_be_bytes(), content].concat()
}

fn webm(segment_size: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
    let header = element(&[0x1a, 0x45, 0xdf, 0xa3], &element(&[0x42, 0x82], b"webm"));
    let mut parts = parts.concat();
    // As encoders leave room in front of what they know only in the end.
    parts.splice(0..0, element(&[0xec], &[0; 90_000]));
    [&header[..], &[0x18, 0x53, 0x80, 0x67][..], segment_size, &parts].concat()
}

const OPEN: &[u8] = &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

fn info(ticks: f64) -> Vec<u8> {
    let scale = element(&[0x2a, 0xd7, 0xb1], &1_000_000_u32.to_be_bytes());
    element(
        &[0x15, 0x49, 0xa9, 0x66],
        &[scale, element(&[0x44, 0x89], &ticks.to_be_bytes())].concat(),
    )
}

fn tracks(entries: &[Vec<u8>]) -> Vec<u8> {
    let entries: Vec<u8> = entries.iter().flat_map(|entry| element(&[0xae], entry)).collect();
    element(&[0x16, 0x54, 0xae, 0x6b], &entries)
}

fn video(sides: &[(&[u8], u16)]) -> Vec<u8> {
    let sides = sides.iter().flat_map(|(id, side)| element(id, &side.to_be_bytes()));
    [element(&[0x83], &[1]), element(&[0xe0], &sides.collect::<Vec<u8>>())].concat()
}

const WIDTH: &[u8] = &[0xb0];
const HEIGHT: &[u8] = &[0xba];

#[test]
fn a_webm_says_how_long_it_is_and_how_large() {
    let (audio, shown) = (element(&[0x83], &[2]), video(&[(WIDTH, 640), (HEIGHT, 480)]));
    let cluster = element(&[0x1f, 0x43, 0xb6, 0x75], &[0; 64]);
    let whole = webm(OPEN, &[info(2_345.6), tracks(&[audio.clone(), shown]), cluster]);
    assert_eq!(look("video/webm", &whole), film(2_345, 640, 480));
    let wide: [(&[u8], u16); 4] =
        [(WIDTH, 720), (HEIGHT, 576), (&[0x54, 0xb0], 1_024), (&[0x54, 0xba], 576)];
    let stretched = webm(OPEN, &[info(1.0), tracks(&[video(&wide)])]);
    assert_eq!(look("video/webm", &stretched), film(1, 1_024, 576));
    // A browser records without knowing how long it will be.
    let voice = look("video/webm", &webm(OPEN, &[tracks(&[audio])]));
    assert_eq!(voice, Media { duration_ms: None, ..sound(0) });
    assert_eq!(voice.kind("video/webm"), "audio/webm");
}

#[test]
fn a_length_that_is_none_is_not_taken() {
    let audio = tracks(&[element(&[0x83], &[2])]);
    for ticks in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300, 0.4] {
        let media = look("video/webm", &webm(OPEN, &[info(ticks), audio.clone()]));
        assert_eq!(media, Media { duration_ms: None, ..sound(0) }, "{ticks}");
    }
    let longest = MEDIA_MS_MAX as f64;
    assert_eq!(look("video/webm", &webm(OPEN, &[info(longest), audio])), sound(MEDIA_MS_MAX));
}

// Sound

fn page(position: i64, serial: u32, packet: &[u8]) -> Vec<u8> {
    let length = u8::try_from(packet.len()).expect("small");
    let (position, serial) = (position.to_le_bytes(), serial.to_le_bytes());
    [&b"OggS\0\0"[..], &position, &serial, &[0; 8], &[1, length], packet].concat()
}

#[test]
fn an_ogg_ends_where_its_last_page_says() {
    let opus = b"OpusHead\x01\x02\x38\x01\0\0\0\0\0\0\0";
    let vorbis = b"\x01vorbis\0\0\0\0\x02\x44\xac\0\0";
    let rest = [page(5_000, 7, &[1; 200]), vec![3; 100_000], page(48_312, 7, &[2; 9])].concat();
    let others = [page(-1, 7, &[]), page(99_999_999, 8, &[4; 9])].concat();
    let file = |first: &[u8]| [&page(0, 7, first)[..], &rest, &others].concat();
    assert_eq!(look("audio/ogg", &file(opus)), sound(1_000), "less what is not heard");
    assert_eq!(look("audio/ogg", &file(vorbis)), sound(1_095));
    assert_eq!(look("audio/ogg", &file(b"fishead\0")), UNKNOWN);
}

#[test]
fn a_flac_and_a_wav_say_how_many_samples_there_are() {
    let mut flac = b"fLaC\0\0\0\x22".to_vec();
    // 44,100 a second, two channels of 16 bits, 441,000 of them.
    flac.extend([&[0; 10][..], &[0x0a, 0xc4, 0x42, 0xf0, 0, 6, 0xba, 0xa8], &[0; 16]].concat());
    assert_eq!(look("audio/x-flac", &flac), sound(10_000));
    let chunk =
        |name: &[u8], size: u32, content: &[u8]| [name, &size.to_le_bytes(), content].concat();
    let format = [&[1, 0, 1, 0][..], &8_000_u32.to_le_bytes(), &16_000_u32.to_le_bytes(), &[2, 0]];
    let format = chunk(b"fmt ", 16, &[&format.concat()[..], &[16, 0]].concat());
    let wav = |size: u32| {
        let list = chunk(b"LIST", 3, b"abc\0");
        let data = chunk(b"data", size, &[0; 24_000]);
        [&b"RIFF\0\0\0\0WAVE"[..], &list, &format, &data].concat()
    };
    for size in [24_000, 0xffff_ffff, 24_001] {
        assert_eq!(look("audio/x-wav", &wav(size)), sound(1_500), "{size}");
    }
    assert_eq!(look("audio/x-wav", &wav(8_000)), sound(500));
}

/// Frames of 128 kbit/s and 44,100 Hz.
fn mp3(frames: usize, first: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 417];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
    let mut all = frame.repeat(frames);
    all[36..36 + first.len()].copy_from_slice(first);
    all
}

#[test]
fn an_mp3_says_it_or_is_as_long_as_its_bytes() {
    let tag = [&b"ID3\x04\0\0\0\0\x01\x48"[..], &[0xff; 200]].concat();
    let old_tag = [&b"TAG"[..], &[0; 125]].concat();
    // 41,700 bytes are 2,606 ms of 16,000 a second.
    for file in [
        mp3(100, b""),
        [&tag[..], &mp3(100, b"")].concat(),
        [&mp3(100, b"")[..], &old_tag].concat(),
    ] {
        assert_eq!(look("audio/mpeg", &file), sound(2_606));
    }
    let told = |what: &[u8]| mp3(10, what);
    // 1,000 frames of 1,152 samples.
    assert_eq!(look("audio/mpeg", &told(b"Xing\0\0\0\x01\0\0\x03\xe8")), sound(26_122));
    let vbri = b"VBRI\0\x01\0\0\0\0\0\0\0\0\0\0\x03\xe8";
    assert_eq!(look("audio/mpeg", &told(vbri)), sound(26_122));
    assert_eq!(look("audio/mpeg", &[0xff; 5_000]), UNKNOWN);
    assert_eq!(look("audio/mpeg", b"ID3"), UNKNOWN);
}

// Files that lie

fn all_kinds() -> Vec<(&'static str, Vec<u8>)> {
    let header = movie_header(600, 7_530);
    let (video_track, audio) = (track("vide", UPRIGHT, 1_280, 720), track("soun", UPRIGHT, 0, 0));
    let shown = tracks(&[video(&[(WIDTH, 640), (HEIGHT, 480)])]);
    let ogg = [page(0, 7, b"OpusHead\x01\x02\x38\x01\0\0\0\0\0\0\0"), page(9, 7, b"x")].concat();
    let mut flac = b"fLaC\0\0\0\x22".to_vec();
    flac.extend([9; 34]);
    vec![
        (
            "video/mp4",
            [in_box("ftyp", &[]), in_box("moov", &[&header, &video_track, &audio])].concat(),
        ),
        ("video/webm", webm(OPEN, &[info(5.0), shown])),
        ("audio/ogg", ogg),
        ("audio/mpeg", mp3(4, b"Xing\0\0\0\x01\0\0\x03\xe8")),
        ("audio/x-flac", flac),
        ("audio/x-wav", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0@\x1f\0\0\x80>\0\0".to_vec()),
    ]
}

#[test]
fn a_file_that_is_cut_says_less_and_breaks_nothing() {
    for (kind, whole) in all_kinds() {
        let step = (whole.len() / 500).max(1);
        for length in (0..whole.len()).step_by(step) {
            let (_, reads) = look_at(kind, &whole[..length]);
            assert!(reads <= MEDIA_READS, "{kind}: {reads}");
        }
    }
}

#[test]
fn a_box_is_no_longer_than_what_it_is_in() {
    let header = movie_header(600, 7_530);
    let whole = mp4(&[&header, &track("soun", UPRIGHT, 0, 0)]);
    let at = whole.windows(4).position(|kind| kind == b"mvhd").expect("it is there") - 4;
    for size in [2_u32, 7, 8, 9, 5_000, u32::MAX] {
        let mut lies = whole.clone();
        lies[at..at + 4].copy_from_slice(&size.to_be_bytes());
        assert_eq!(look("audio/mp4", &lies).duration_ms, None, "{size}");
    }
    // With a size of 64 bits that comes round to where it began.
    for size in [u64::MAX, 0, 15, u64::MAX - at as u64] {
        let lies = [&[0, 0, 0, 1][..], b"free", &size.to_be_bytes(), &whole].concat();
        assert_eq!(look("audio/mp4", &lies), UNKNOWN, "{size}");
    }
}

#[test]
fn a_file_with_very_much_in_it_is_not_read_to_its_end() {
    // Small boxes without an end, and small ones far from each other.
    let near = in_box("free", &[]).repeat(200_000);
    let far: Vec<u8> = (0..60).flat_map(|_| in_box("free", &[&[0; 100_000]])).collect();
    let moov = in_box("moov", &[&movie_header(600, 600), &track("soun", UPRIGHT, 0, 0)]);
    for hidden in [near, far] {
        let (media, reads) = look_at("audio/mp4", &[&hidden[..], &moov].concat());
        assert_eq!(media, UNKNOWN);
        assert!(reads <= MEDIA_READS, "{reads}");
    }
    let tracks = track("soun", UPRIGHT, 0, 0).repeat(100_000);
    let (media, reads) = look_at("audio/mp4", &mp4(&[&movie_header(600, 600), &tracks]));
    assert_eq!((media, reads <= MEDIA_READS), (sound(1_000), true));
    let empty = element(&[0xae], &[]).repeat(100_000);
    let many = webm(OPEN, &[info(5.0), element(&[0x16, 0x54, 0xae, 0x6b], &empty)]);
    assert_eq!(look("video/webm", &many).duration_ms, Some(5));
}

proptest! {
    /// Any bytes changed anywhere: it says something or nothing, within its bounds.
    #[test]
    fn whatever_a_file_says_is_within_bounds(
        which in 0_usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let (kind, mut bytes) = all_kinds().swap_remove(which);
        for (at, byte) in changes {
            // Where it says something: behind what only takes room in one of them.
            let place = at.index(bytes.len().min(700));
            let from_end = bytes.len() - 1 - place;
            bytes[if byte % 2 == 0 { place } else { from_end }] = byte;
        }
        let (Media { duration_ms, dimensions, .. }, reads) = look_at(kind, &bytes);
        prop_assert!(reads <= MEDIA_READS);
        prop_assert!(duration_ms.is_none_or(|ms| (1..=MEDIA_MS_MAX).contains(&ms)));
        let fits = |side: i64| (1..=i64::from(VIDEO_SIDE_MAX)).contains(&side);
        prop_assert!(dimensions.is_none_or(|(width, height)| fits(width) && fits(height)));
    }

    #[test]
    fn noise_is_nothing(which in 0_usize..6, noise in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let kind = all_kinds()[which].0;
        let (_, reads) = look_at(kind, &noise);
        prop_assert!(reads <= MEDIA_READS);
    }
}
