//! What is told of sound and films: how long they play, how large they are shown, and how
//! loud they are.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Outcome, Server, User, within};

async fn upload(user: &User, query: &str, bytes: impl Into<Vec<u8>>) -> Outcome {
    let path = format!("/attachments?{query}");
    User::outcome(user.request(Method::POST, &path).body(bytes.into())).await
}

/// Sound of so many milliseconds, 8,000 samples a second of one byte.
fn wav(ms: u32) -> Vec<u8> {
    let format =
        [&[1, 0, 1, 0][..], &8_000_u32.to_le_bytes(), &8_000_u32.to_le_bytes(), &[1, 0, 8, 0]];
    let (bytes, samples) = ((ms * 8).to_le_bytes(), vec![0x80; ms as usize * 8]);
    let head = [&b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0"[..], &format.concat(), b"data", &bytes];
    [head.concat(), samples].concat()
}

fn in_box(kind: &str, content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).expect("small").to_be_bytes();
    [&size[..], kind.as_bytes(), content].concat()
}

/// A film with its headers at the end: of ten seconds, 640 by 360, or turned by a phone.
fn mp4(is_turned: bool) -> Vec<u8> {
    let be = |numbers: &[u32]| numbers.iter().flat_map(|one| one.to_be_bytes()).collect::<Vec<_>>();
    let (one, minus) = (0x1_0000, 0xffff_0000);
    let matrix = match is_turned {
        true => be(&[0, one, 0, minus, 0, 0, 0, 0, 0x4000_0000]),
        false => be(&[one, 0, 0, 0, one, 0, 0, 0, 0x4000_0000]),
    };
    let track = [vec![0; 40], matrix, be(&[640 << 16, 360 << 16])].concat();
    let handler = in_box("hdlr", &[&[0; 8][..], b"vide", &[0; 13]].concat());
    let track = [in_box("tkhd", &track), in_box("mdia", &handler)].concat();
    let movie = [be(&[0, 0, 0, 1_000, 10_000]), vec![0; 80]].concat();
    let movie = [in_box("mvhd", &movie), in_box("trak", &track)].concat();
    let start = in_box("ftyp", b"isom\0\0\0\0isomavc1");
    [start, in_box("mdat", &[5; 300_000]), in_box("moov", &movie)].concat()
}

/// What a browser records: sound only, and nothing says how long it is.
fn recorded() -> Vec<u8> {
    let head =
        b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff";
    let tracks = b"\x16\x54\xae\x6b\x85\xae\x83\x83\x81\x02";
    let cluster = b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff\xe7\x81\x00";
    [&head[..], tracks, cluster, &[0xa3; 500]].concat()
}

#[tokio::test]
async fn everybody_is_told_how_long_a_message_plays_and_how_loud_it_is() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    let told = "name=voice.webm&duration_ms=4200&waveform=0,40,100";
    let made = upload(&ann, told, recorded()).await.expect(201);
    let expected = json!({
        "attachment_id": made["attachment_id"], "name": "voice.webm", "content_type": "audio/webm",
        "size": recorded().len(), "duration_ms": 4_200, "waveform": [0, 40, 100],
        "has_thumbnail": false,
    });
    assert_eq!(made, expected);
    let send = json!({"attachments": [made["attachment_id"]]});
    ann.post("/rooms/den/messages", send).await.expect(201);
    assert_eq!(at_ben.next_message("den").await["data"]["attachments"], json!([expected]));
    let history = ben.history("den", "").await;
    assert_eq!(history["messages"][0]["attachments"], json!([expected]));
    let id = made["attachment_id"].as_str().expect("an id");
    assert_eq!(ben.get(&format!("/attachments/{id}")).await.expect(200), expected);
    // Other files have none of it.
    let text = upload(&ann, "name=a.txt", "a text").await.expect(201);
    assert_eq!((text.get("duration_ms"), text.get("waveform")), (None, None));
}

#[tokio::test]
async fn what_a_file_says_counts_before_what_is_told_of_it() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let made = upload(&ann, "name=a.wav&duration_ms=99&waveform=7", wav(1_500)).await.expect(201);
    assert_eq!((&made["duration_ms"], &made["waveform"]), (&json!(1_500), &json!([7])));
    for (is_turned, width, height) in [(false, 640, 360), (true, 360, 640)] {
        let made = upload(&ann, "name=a.mp4", mp4(is_turned)).await.expect(201);
        assert_eq!(made["content_type"], "video/mp4");
        assert_eq!((&made["width"], &made["height"]), (&json!(width), &json!(height)));
        assert_eq!((&made["duration_ms"], &made["has_thumbnail"]), (&json!(10_000), &json!(false)));
    }
    // Where sound is not allowed, what looks like a film is taken as one.
    let films = Server::builder().set("PARLOR_ATTACHMENT_TYPES", "video/*").start().await;
    let ann = films.user("ann").await;
    let made = upload(&ann, "name=a.webm", recorded()).await.expect(201);
    assert_eq!(made["content_type"], "video/webm");
    upload(&ann, "name=a.wav", wav(10)).await.refused(400, "invalid_message");
}

#[tokio::test]
async fn what_is_no_waveform_is_refused_and_so_is_one_of_a_text() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let long = vec!["1"; 65].join(",");
    for (field, value) in [
        ("waveform", ""),
        ("waveform", "1,,2"),
        ("waveform", "101"),
        ("waveform", "-1"),
        ("waveform", "loud"),
        ("waveform", &long),
        ("duration_ms", "0"),
        ("duration_ms", "604800001"),
        ("duration_ms", "1.5"),
    ] {
        let refused = upload(&ann, &format!("name=a.wav&{field}={value}"), wav(10)).await;
        assert_eq!(refused.refused(400, "invalid_message")["field"], field, "{value}");
    }
    for told in ["waveform=1", "duration_ms=1"] {
        let refused = upload(&ann, &format!("name=a.txt&{told}"), "a text").await;
        let field = told.split('=').next().expect("a name");
        assert_eq!(refused.refused(400, "invalid_message")["field"], field);
    }
    let files = server.data_dir().join("attachments");
    let gone = async {
        while count_files(&files) > 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the store to be empty", gone).await;
}

fn count_files(path: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    let count = |entry: std::fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() { count_files(&path) } else { 1 }
    };
    entries.flatten().map(count).sum()
}

/// Files whose headers are cut, lie, or have no end.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let start = in_box("ftyp", b"isom\0\0\0\0isomavc1");
    let with = |rest: &[u8]| [&start[..], rest].concat();
    let nested = (0..2_000).fold(Vec::new(), |inner: Vec<u8>, _| in_box("moov", &inner));
    let huge = [&b"\0\0\0\x01moov"[..], &u64::MAX.to_be_bytes(), &[0; 64]].concat();
    let webm =
        &b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"[..];
    let tracks = [
        webm,
        &b"\x16\x54\xae\x6b\x01\xff\xff\xff\xff\xff\xff\xff"[..],
        &b"\xae\x80".repeat(2_000_000),
    ];
    vec![
        ("video/mp4", with(&mp4(false)[..300_050])),
        ("video/mp4", with(&in_box("free", &[]).repeat(2_000_000))),
        ("video/mp4", with(&nested)),
        ("video/mp4", with(&huge)),
        ("video/mp4", with(b"\xff\xff\xff\xffmoov\0\0\0\x6cmvhd")),
        ("video/webm", tracks.concat()),
        ("video/webm", [webm, &[0; 300]].concat()),
        ("audio/ogg", b"OggS".repeat(3_000_000)),
        ("audio/mpeg", [&b"ID3\x04\0\0\x7f\x7f\x7f\x7f"[..], &[0xff; 100_000]].concat()),
        ("audio/mpeg", [&b"ID3"[..], &[0xff; 16_000_000]].concat()),
        ("audio/x-flac", b"fLaC\0".to_vec()),
        ("audio/x-wav", [&b"RIFF\0\0\0\0WAVE"[..], &b"junk\0\0\0\0".repeat(1_000_000)].concat()),
    ]
}

#[tokio::test]
async fn files_that_lie_are_stored_and_cost_no_more_than_others() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    upload(&ann, "name=a.mp4", vec![1; 16_000_000]).await;
    let before = server.peak_bytes();
    let began = Instant::now();
    for (kind, bytes) in hostile() {
        let size = bytes.len();
        let made = upload(&ann, "name=a", bytes).await.expect(201);
        assert_eq!((&made["content_type"], &made["size"]), (&json!(kind), &json!(size)));
        assert_eq!(made.get("duration_ms").and(made.get("width")), None, "{made}");
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let more = server.peak_bytes().saturating_sub(before);
    assert!(more < 64 * 1024 * 1024, "{more} bytes more");
    server.nobody().get("/openapi.json").await.expect(200);
}

#[tokio::test]
async fn a_link_plays_a_film_in_parts() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let made = upload(&ann, "name=a.mp4", mp4(false)).await.expect(201);
    let id = made["attachment_id"].as_str().expect("an id");
    let link: Value = ann.get(&format!("/attachments/{id}/link")).await.expect(200);
    let request = server.nobody().plain(Method::GET, link["url"].as_str().expect("a URL"));
    // As browsers begin.
    let answer = request.header("range", "bytes=0-").send().await.expect("an answer");
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (206.try_into().expect("one"), &"video/mp4".parse().expect("a type"))
    );
    assert_eq!(answer.bytes().await.expect("a body"), mp4(false));
}
