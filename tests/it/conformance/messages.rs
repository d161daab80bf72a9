//! Autobahn 1 and 2: messages of all lengths, pings and pongs (RFC 6455
//! sections 5.2, 5.5.2, 5.5.3).

use super::{Case, Close, Error, Frame, Pong, answer, ask_of, case, run};

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("1.1.1 an empty text", &[Frame::text("")], &[Error("invalid_message")]),
        case("1.1.2 125 bytes", &[Frame::text(ask_of("a", 125))], &[answer("a")]),
        case("1.1.3 126 bytes", &[Frame::text(ask_of("a", 126))], &[answer("a")]),
        case("1.1.4 127 bytes", &[Frame::text(ask_of("a", 127))], &[answer("a")]),
        case("1.1.5 128 bytes", &[Frame::text(ask_of("a", 128))], &[answer("a")]),
        case("1.1.6 65,535 bytes", &[Frame::text(ask_of("a", 65_535))], &[answer("a")]),
        case("1.1.7 65,536 bytes", &[Frame::text(ask_of("a", 65_536))], &[answer("a")]),
        case("1.1.8 in pieces", &[Frame::text(ask_of("a", 65_537))], &[answer("a")]),
        case("length in 2 bytes for 1", &[Frame::text(ask_of("a", 50)).wide16()], &[Close(1002)]),
        case("length in 8 bytes for 1", &[Frame::text(ask_of("a", 50)).wide64()], &[Close(1002)]),
        case("length in 8 bytes for 2", &[Frame::text(ask_of("a", 500)).wide64()], &[Close(1002)]),
        case("highest bit", &[Frame::text("").claiming(1 << 63)], &[Close(1002)]),
        case("no mask", &[Frame::text(ask_of("a", 50)).unmasked()], &[Close(1002)]),
        case(
            "a mask of zeros",
            &[Frame::text(ask_of("a", 50)).masked_with([0; 4])],
            &[answer("a")],
        ),
        case("2.1 a ping", &[Frame::ping("")], &[Pong(vec![])]),
        case("2.2 with text", &[Frame::ping("Hello")], &[Pong(b"Hello".to_vec())]),
        case(
            "2.3 with bytes",
            &[Frame::ping(b"\0\xFF\xFE\x7F")],
            &[Pong(b"\0\xFF\xFE\x7F".to_vec())],
        ),
        case("2.4 of 125 bytes", &[Frame::ping([0xFE; 125])], &[Pong(vec![0xFE; 125])]),
        case("2.5 of 126 bytes", &[Frame::ping([0xFE; 126])], &[Close(1002)]),
        case("2.6 in pieces", &[Frame::ping([7; 125])], &[Pong(vec![7; 125])]),
        case("2.7 an unasked pong", &[Frame::new(Frame::PONG, "")], &[]),
        case("2.8 with text", &[Frame::new(Frame::PONG, "unasked")], &[]),
        case(
            "2.9 then a ping",
            &[Frame::new(Frame::PONG, "x"), Frame::ping("y")],
            &[Pong(b"y".to_vec())],
        ),
        case("a pong of 126 bytes", &[Frame::new(Frame::PONG, [0; 126])], &[Close(1002)]),
    ];
    for (number, opcode) in [("1.2.1", Frame::BINARY)] {
        for length in [0, 125, 126, 127, 128, 65_535, 65_536] {
            let name = format!("{number} {length} binary bytes");
            cases.push(case(name, &[Frame::new(opcode, vec![0xFE; length])], &[Close(1003)]));
        }
    }
    let ten: Vec<Frame> = (0..10).map(|n| Frame::ping(format!("ping {n}"))).collect();
    let pongs: Vec<_> = (0..10).map(|n| Pong(format!("ping {n}").into_bytes())).collect();
    cases.push(case("2.10 ten pings", &ten, &pongs));
    cases
}

#[tokio::test]
async fn messages_pings_and_pongs() {
    run(cases()).await;
}
