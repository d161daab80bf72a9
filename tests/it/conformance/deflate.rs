//! Autobahn 12 and 13: permessage-deflate (RFC 7692).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use serde_json::{Value, json};

use super::{
    Answer, CONTENT_MAX, Case, Close, Error, Frame, MESSAGE_MAX, Pong, answer, ask, ask_of, case,
    run_offering, start,
};
use crate::support::{RawSocket, Server};

const OFFER: &str = "permessage-deflate; client_max_window_bits";
const RSV1: u8 = 4;
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

fn deflate(message: &[u8], window_bits: u8) -> Vec<u8> {
    let mut state = Compress::new_with_window_bits(Compression::default(), false, window_bits);
    let mut out = Vec::with_capacity(message.len() + 100);
    state.compress_vec(message, &mut out, FlushCompress::Sync).expect("it is compressed");
    assert!(out.ends_with(&TAIL));
    out.truncate(out.len() - TAIL.len());
    out
}

/// A compressed message in one frame.
fn packed(text: &str) -> Frame {
    Frame::text(deflate(text.as_bytes(), 15)).reserved_bits(RSV1)
}

fn cases() -> Vec<Case> {
    let bytes = deflate(ask("a").as_bytes(), 15);
    let (head, tail) = bytes.split_at(7);
    let first = || Frame::text(head).reserved_bits(RSV1).unfinished();
    let stored = |fin: u8, text: &str| {
        let length = text.len() as u16;
        [&[fin][..], &length.to_le_bytes(), &(!length).to_le_bytes(), text.as_bytes()].concat()
    };
    let raw = |bytes: Vec<u8>| Frame::text(bytes).reserved_bits(RSV1);
    let blocks: Vec<u8> =
        [&deflate(b"{\"type\":\"ping\",", 15)[..], &TAIL, &deflate(b"\"id\":\"a\"}", 15)].concat();
    let by_the_byte: Vec<Frame> = std::iter::once(Frame::text("").reserved_bits(RSV1).unfinished())
        .chain(bytes.iter().map(|byte| Frame::continuation([*byte]).unfinished()))
        .chain([Frame::continuation("")])
        .collect();
    vec![
        case("a compressed message", &[packed(&ask("a"))], &[answer("a")]),
        case("an uncompressed one", &[Frame::text(ask("a"))], &[answer("a")]),
        case(
            "one and the other",
            &[packed(&ask("a")), Frame::text(ask("b")), packed(&ask("c"))],
            &[answer("a"), answer("b"), answer("c")],
        ),
        case("an empty one", &[raw(vec![0])], &[Error("invalid_message")]),
        case("in two fragments", &[first(), Frame::continuation(tail)], &[answer("a")]),
        case("a fragment a byte", &by_the_byte, &[answer("a")]),
        case(
            "a ping between",
            &[first(), Frame::ping("p"), Frame::continuation(tail)],
            &[Pong(b"p".to_vec()), answer("a")],
        ),
        case(
            "7.2.3.3 a stored block",
            &[raw([stored(0, &ask("a")), vec![0]].concat())],
            &[answer("a")],
        ),
        case(
            "7.2.3.4 a last block",
            &[raw([stored(1, &ask("a")), vec![0]].concat())],
            &[answer("a")],
        ),
        case("7.2.3.5 several blocks", &[raw(blocks)], &[answer("a")]),
        case(
            "a small window",
            &[Frame::text(deflate(ask_of("a", 5_000).as_bytes(), 9)).reserved_bits(RSV1)],
            &[answer("a")],
        ),
        case("the longest message", &[packed(&ask_of("a", MESSAGE_MAX))], &[answer("a")]),
        case("one byte more", &[packed(&ask_of("a", MESSAGE_MAX + 1))], &[Close(1009)]),
        case("a bomb", &[packed(&" ".repeat(50_000_000))], &[Close(1009)]),
        case(
            "a bomb in fragments",
            &[raw(deflate(&vec![b' '; 9_000_000], 15)).unfinished(), Frame::continuation("")],
            &[Close(1009)],
        ),
        case(
            "RSV1 on a continuation",
            &[first(), Frame::continuation(tail).reserved_bits(RSV1)],
            &[Close(1002)],
        ),
        case("RSV1 on a ping", &[Frame::ping("").reserved_bits(RSV1)], &[Close(1002)]),
        case("RSV1 on a close", &[Frame::close(1000, b"").reserved_bits(RSV1)], &[Close(1002)]),
        case("RSV2", &[Frame::text(ask("a")).reserved_bits(2)], &[Close(1002)]),
        case("RSV1 and RSV3", &[Frame::text(ask("a")).reserved_bits(5)], &[Close(1002)]),
        case(
            "compressed binary",
            &[Frame::new(Frame::BINARY, "x").reserved_bits(RSV1)],
            &[Close(1003)],
        ),
        case("what is no deflate", &[raw(vec![0xFF; 20])], &[Close(1007)]),
        case("a stored block that lies", &[raw(vec![0, 5, 0, 0, 0, b'x'])], &[Close(1007)]),
        case(
            "a match before the begin",
            &[raw(vec![0x4B, 0x04, 0x12, 0x00, 0x72])],
            &[Close(1007)],
        ),
        case("no text inside", &[raw(deflate(b"\xC0\xAF", 15))], &[Close(1007)]),
        case("a character cut short inside", &[raw(deflate(b"\xE2\x82", 15))], &[Close(1007)]),
    ]
}

#[tokio::test]
async fn compressed_messages() {
    run_offering(cases(), Some(OFFER)).await;
}

#[tokio::test]
async fn twelve_and_thirteen_messages_of_all_sizes_in_all_windows() {
    let mut cases = Vec::new();
    for window_bits in 9..=15 {
        for length in [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072] {
            let text = ask_of("a", length.max(30));
            let frame = Frame::text(deflate(text.as_bytes(), window_bits)).reserved_bits(RSV1);
            let name = format!("12 twenty of {length}, window of {window_bits}");
            cases.push(case(name, &vec![frame; 20], &vec![Answer("a".into()); 20]));
        }
    }
    run_offering(cases, Some(OFFER)).await;
}

const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Offers, and what is added to [`AGREED`]; `None`: no extension.
const OFFERS: &[(&str, Option<&str>)] = &[
    ("permessage-deflate", Some("")),
    ("permessage-deflate; client_max_window_bits", Some("")),
    ("permessage-deflate; client_max_window_bits=8", Some("")),
    ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", Some("")),
    ("permessage-deflate; server_max_window_bits=9", Some("; server_max_window_bits=9")),
    ("permessage-deflate; server_max_window_bits=15", Some("; server_max_window_bits=15")),
    ("permessage-deflate; server_max_window_bits=\"12\"", Some("; server_max_window_bits=12")),
    ("permessage-deflate; server_max_window_bits=8, permessage-deflate", Some("")),
    ("x-unknown, permessage-deflate; client_max_window_bits", Some("")),
    ("permessage-deflate; server_max_window_bits=8", None),
    ("permessage-deflate; server_max_window_bits", None),
    ("permessage-deflate; server_max_window_bits=16", None),
    ("permessage-deflate; server_max_window_bits=09", None),
    ("permessage-deflate; client_max_window_bits=7", None),
    ("permessage-deflate; server_no_context_takeover=true", None),
    ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
    ("permessage-deflate; unknown", None),
    ("x-webkit-deflate-frame", None),
];

#[tokio::test]
async fn offers_are_met_or_declined() {
    let (server, alice) = start().await;
    for (offer, added) in OFFERS {
        let agreed = RawSocket::offering(server.address(), alice.token(), Some(offer)).await.1;
        assert_eq!(agreed, added.map(|added| format!("{AGREED}{added}")), "{offer}");
    }
    let off = Server::builder().set("PARLOR_COMPRESSION", "off").start().await;
    let token = off.user("alice").await;
    let agreed = RawSocket::offering(off.address(), token.token(), Some(OFFER)).await.1;
    assert_eq!(agreed, None);
}

/// 13: what the server compresses fits the window that was asked for, and
/// every message can be inflated without those before it.
#[tokio::test]
async fn long_messages_come_compressed_for_the_window_asked_for() {
    let (server, alice) = start().await;
    alice.create_room("lobby", "public").await;
    for window_bits in 9..=15u8 {
        let offer = format!("permessage-deflate; server_max_window_bits={window_bits}");
        let mut socket = RawSocket::offering(server.address(), alice.token(), Some(&offer)).await.0;
        for (length, compressed) in [(100, false), (5_000, true), (CONTENT_MAX, true)] {
            // Repeats lie farther apart than a small window reaches.
            let words = (0..).map(|n| format!("word {} ", n % 3_000));
            let mut content: String = words.take(length / 6).collect();
            content.truncate(length);
            let data = json!({"room_id": "lobby", "content": content});
            let send = json!({"type": "message.send", "data": data}).to_string();
            socket.send(packed(&send)).await;
            let frame = socket.next_of(Frame::TEXT).await;
            assert_eq!(frame.first & 0x40 != 0, compressed, "{length} bytes");
            let bytes = match compressed {
                true => inflate(&frame.payload, window_bits),
                false => frame.payload,
            };
            let event: Value = serde_json::from_slice(&bytes).expect("frames are JSON");
            assert_eq!(event["data"]["content"], content.as_str(), "{window_bits} {length}");
        }
    }
}

fn inflate(message: &[u8], window_bits: u8) -> Vec<u8> {
    let mut state = Decompress::new_with_window_bits(false, window_bits);
    let mut plain = Vec::with_capacity(MESSAGE_MAX);
    for part in [message, &TAIL] {
        state.decompress_vec(part, &mut plain, FlushDecompress::Sync).expect("good deflate");
    }
    plain
}
