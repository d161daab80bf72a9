//! RFC 6455 framing, byte by byte.

use serde_json::json;

use crate::support::{Frame, RawSocket, Server, User};

const PING: &str = r#"{"type":"ping","id":"p"}"#;

/// The longest message by default.
const FRAME_BYTES: usize = 126_976;

/// A text frame that is a JSON ping of exactly this many bytes.
fn ping_of(bytes: usize) -> String {
    let frame = |filler: &str| format!(r#"{{"type":"ping","id":"p","filler":"{filler}"}}"#);
    frame(&"x".repeat(bytes - frame("").len()))
}

async fn start() -> (Server, User) {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    (server, alice)
}

#[tokio::test]
async fn broken_framing_is_closed_with_its_code() {
    let (server, alice) = start().await;
    let utf8_cut = "é".as_bytes()[..1].to_vec();
    let long = vec![b'x'; 126];
    let table: Vec<(&str, Vec<Frame>, u16)> = vec![
        ("an unmasked frame", vec![Frame::text(PING).unmasked()], 1002),
        ("a reserved bit", vec![Frame::text(PING).reserved_bits(4)], 1002),
        ("the second reserved bit", vec![Frame::text(PING).reserved_bits(2)], 1002),
        ("the third reserved bit", vec![Frame::text(PING).reserved_bits(1)], 1002),
        ("a reserved data opcode", vec![Frame::new(0x3, "x")], 1002),
        ("the last reserved data opcode", vec![Frame::new(0x7, "x")], 1002),
        ("a reserved control opcode", vec![Frame::new(0xB, "x")], 1002),
        ("the last reserved control opcode", vec![Frame::new(0xF, "x")], 1002),
        ("a fragmented ping", vec![Frame::ping("x").unfinished()], 1002),
        ("a fragmented close", vec![Frame::close(1000, b"").unfinished()], 1002),
        ("a ping that is too long", vec![Frame::ping(long.clone())], 1002),
        ("a pong that is too long", vec![Frame::new(Frame::PONG, long.clone())], 1002),
        ("a close that is too long", vec![Frame::close(1000, &long)], 1002),
        ("a close of one byte", vec![Frame::new(Frame::CLOSE, [3])], 1002),
        ("a reserved close code", vec![Frame::close(1005, b"")], 1002),
        ("a close code of no range", vec![Frame::close(999, b"")], 1002),
        ("a continuation of nothing", vec![Frame::continuation("x")], 1002),
        (
            "an unfinished continuation of nothing",
            vec![Frame::continuation("x").unfinished()],
            1002,
        ),
        ("a message within another", vec![Frame::text("{").unfinished(), Frame::text("}")], 1002),
        ("a binary message", vec![Frame::new(Frame::BINARY, PING)], 1003),
        ("an empty binary message", vec![Frame::new(Frame::BINARY, "")], 1003),
        ("a binary fragment", vec![Frame::new(Frame::BINARY, "x").unfinished()], 1003),
        ("text that is none", vec![Frame::text(b"\xff\xfe".to_vec())], 1007),
        ("an overlong character", vec![Frame::text(b"\xc0\xaf".to_vec())], 1007),
        ("half a surrogate pair", vec![Frame::text(b"\xed\xa0\x80".to_vec())], 1007),
        ("half a character at the end", vec![Frame::text(utf8_cut.clone())], 1007),
        (
            "half a character in the last fragment",
            vec![Frame::text("x").unfinished(), Frame::continuation(utf8_cut)],
            1007,
        ),
        (
            "a broken first fragment, before the message is whole",
            vec![Frame::text(b"\xff".to_vec()).unfinished()],
            1007,
        ),
        ("a message that is too big", vec![Frame::text(ping_of(FRAME_BYTES + 1))], 1009),
        (
            "fragments that are too big together",
            vec![
                Frame::text(vec![b'x'; FRAME_BYTES - 40_000]).unfinished(),
                Frame::continuation(vec![b'x'; FRAME_BYTES - 40_000]).unfinished(),
            ],
            1009,
        ),
    ];
    let mut wrong = Vec::new();
    for (what, frames, code) in table {
        let mut socket = RawSocket::connect(server.address(), alice.token()).await;
        for frame in frames {
            socket.send(frame).await;
        }
        let closed = socket.close_code().await;
        if closed != Some(code) {
            wrong.push(format!("{what}: {closed:?} instead of {code}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // It serves on.
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    socket.send(Frame::text(PING)).await;
    assert_eq!(socket.next_json().await["type"], "pong");
}

#[tokio::test]
async fn a_message_that_is_announced_too_big_is_closed_before_it_has_come() {
    let (server, alice) = start().await;
    for first in [
        Frame::text("").claiming(FRAME_BYTES as u64 + 1),
        Frame::text("").claiming(1 << 40),
        Frame::text("").unfinished().claiming(FRAME_BYTES as u64 + 1),
        Frame::new(Frame::BINARY, "").claiming(1 << 40),
    ] {
        let mut socket = RawSocket::connect(server.address(), alice.token()).await;
        socket.send(first.clone()).await;
        let code = socket.close_code().await;
        // What is binary is refused either way.
        assert!(matches!(code, Some(1003 | 1009)), "{first:?}: closed with {code:?}");
    }
}

#[tokio::test]
async fn unusual_but_good_framing_is_understood() {
    let (server, alice) = start().await;
    let (head, tail) = PING.split_at(5);
    let bytes = PING.bytes().map(|byte| Frame::continuation([byte]).unfinished());
    let one_by_one =
        [Frame::text("").unfinished()].into_iter().chain(bytes).chain([Frame::continuation("")]);
    let table: Vec<(&str, Vec<Frame>)> = vec![
        ("one frame", vec![Frame::text(PING)]),
        ("a mask of zeros", vec![Frame::text(PING).masked_with([0; 4])]),
        ("the biggest message", vec![Frame::text(ping_of(FRAME_BYTES))]),
        ("a 16-bit length", vec![Frame::text(ping_of(126))]),
        ("a message of 65,535 bytes", vec![Frame::text(ping_of(65_535))]),
        ("two fragments", vec![Frame::text(head).unfinished(), Frame::continuation(tail)]),
        ("a fragment a byte", one_by_one.collect()),
        (
            "control frames between fragments",
            vec![
                Frame::text(head).unfinished(),
                Frame::new(Frame::PONG, "unasked for"),
                Frame::continuation(tail),
            ],
        ),
        ("an unasked pong", vec![Frame::new(Frame::PONG, ""), Frame::text(PING)]),
    ];
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    for (what, frames) in table {
        for frame in frames {
            socket.send(frame).await;
        }
        let pong = socket.next_json().await;
        assert_eq!((&pong["type"], &pong["id"]), (&json!("pong"), &json!("p")), "{what}");
    }
}

#[tokio::test]
async fn lengths_in_more_bytes_than_needed_are_understood_or_refused_as_broken() {
    let (server, alice) = start().await;
    for frame in [Frame::text(PING).wide16(), Frame::text(PING).wide64()] {
        let mut socket = RawSocket::connect(server.address(), alice.token()).await;
        socket.send(frame).await;
        let answer = socket.next_frame().await.expect("an answer");
        let refused = answer.opcode() == Frame::CLOSE && answer.payload.starts_with(&[3, 234]);
        assert!(answer.opcode() == Frame::TEXT || refused, "{answer:?}");
    }
}

#[tokio::test]
async fn a_close_reason_that_is_no_text_is_refused() {
    let (server, alice) = start().await;
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    socket.send(Frame::close(1000, b"\xff")).await;
    let code = socket.close_code().await;
    assert!(matches!(code, Some(1002 | 1007)), "closed with {code:?}");
}

#[tokio::test]
async fn a_ping_is_echoed_also_between_fragments() {
    let (server, alice) = start().await;
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    let (head, tail) = PING.split_at(5);
    socket.send(Frame::ping("")).await;
    assert_eq!(socket.next_of(Frame::PONG).await.payload, b"");
    socket.send(Frame::ping(vec![0xFE; 125])).await;
    assert_eq!(socket.next_of(Frame::PONG).await.payload, [0xFE; 125]);
    socket.send(Frame::text(head).unfinished()).await;
    socket.send(Frame::ping("in between")).await;
    assert_eq!(socket.next_of(Frame::PONG).await.payload, b"in between");
    socket.send(Frame::continuation(tail)).await;
    assert_eq!(socket.next_json().await["type"], "pong");
}

#[tokio::test]
async fn a_close_is_answered_with_a_close_and_the_connection_ends() {
    let (server, alice) = start().await;
    for (frame, code) in [
        (Frame::close(1000, b"bye"), 1000),
        (Frame::close(1001, b""), 1001),
        (Frame::close(3000, b"an application's own"), 3000),
        (Frame::close(4999, "ünïcode".as_bytes()), 4999),
    ] {
        let mut socket = RawSocket::connect(server.address(), alice.token()).await;
        socket.send(frame).await;
        assert_eq!(socket.close_code().await, Some(code));
    }
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    socket.send(Frame::new(Frame::CLOSE, "")).await;
    let answer = socket.next_of(Frame::CLOSE).await;
    assert!(answer.payload.is_empty() || answer.payload == [3, 232], "{answer:?}");
    assert_eq!(socket.next_frame().await, None);
}

#[tokio::test]
async fn nothing_is_heard_after_a_close() {
    let (server, alice) = start().await;
    alice.create_room("den", "private").await;
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    let late = json!({"type": "message.send", "data": {"room_id": "den", "content": "late"}});
    let bytes = [Frame::close(1000, b"").encode(), Frame::text(late.to_string()).encode()].concat();
    socket.write(&bytes).await;
    assert_eq!(socket.close_code().await, Some(1000));
    let count = alice.get("/rooms/den/messages/count").await.expect(200);
    assert_eq!(count["count"], 0);
}

#[tokio::test]
async fn frames_that_come_in_pieces_or_together_are_the_same() {
    let (server, alice) = start().await;
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    for byte in Frame::text(PING).encode() {
        socket.write(&[byte]).await;
    }
    assert_eq!(socket.next_json().await["type"], "pong");
    let together = Frame::text(PING).encode().repeat(100);
    socket.write(&together).await;
    for _ in 0..100 {
        assert_eq!(socket.next_json().await["type"], "pong");
    }
}

#[tokio::test]
async fn a_configured_size_is_the_limit() {
    let server = Server::builder()
        .set("PARLOR_FRAME_BYTES", 30_000)
        .set("PARLOR_CONTENT_BYTES", 100)
        .start()
        .await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    assert_eq!(socket.ready["limits"]["frame_bytes"], 30_000);
    socket.say("den", &"x".repeat(100)).await;
    let data = json!({"room_id": "den", "content": "x".repeat(101)});
    let error = socket.refused("message.send", data, "too_large").await;
    assert_eq!(error["field"], "content");
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    socket.send(Frame::text(ping_of(30_000))).await;
    assert_eq!(socket.next_json().await["type"], "pong");
    socket.send(Frame::text(ping_of(30_001))).await;
    assert_eq!(socket.close_code().await, Some(1009));
}
