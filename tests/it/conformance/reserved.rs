//! Autobahn 3 and 4: bits and opcodes that mean nothing (RFC 6455 section 5.2).

use super::{Case, Close, Expected, Frame, Pong, answer, ask, case, run};

fn bits() -> Vec<Case> {
    let good = || Frame::text(ask("a"));
    let bad = |bits| Frame::text(ask("b")).reserved_bits(bits);
    vec![
        case("3.1 RSV3", &[bad(1)], &[Close(1002)]),
        case(
            "3.2 RSV2 after a good one",
            &[good(), bad(2), Frame::ping("")],
            &[answer("a"), Close(1002)],
        ),
        case("3.3 RSV2 and RSV3", &[good(), bad(3), Frame::ping("")], &[answer("a"), Close(1002)]),
        case("3.4 RSV1, not negotiated", &[good(), bad(4)], &[answer("a"), Close(1002)]),
        case("3.5 RSV1 and RSV3", &[bad(5)], &[Close(1002)]),
        case("3.6 RSV1 and RSV2 of a ping", &[Frame::ping("").reserved_bits(6)], &[Close(1002)]),
        case("3.7 all of a close", &[Frame::close(1000, b"").reserved_bits(7)], &[Close(1002)]),
        case("RSV3 of binary", &[Frame::new(Frame::BINARY, "x").reserved_bits(1)], &[Close(1002)]),
        case("RSV2 of a pong", &[Frame::new(Frame::PONG, "").reserved_bits(2)], &[Close(1002)]),
    ]
}

/// 4.1: 3 to 7; 4.2: 11 to 15. Alone, with a payload, after a good message,
/// and before a ping, which gets no pong.
fn opcodes() -> Vec<Case> {
    let mut cases = Vec::new();
    for opcode in (3..=7).chain(11..=15) {
        let mut row = |what: &str, frames: &[Frame], expected: &[Expected]| {
            cases.push(case(
                format!("4.{} opcode {opcode} {what}", 1 + opcode / 11),
                frames,
                expected,
            ));
        };
        row("alone", &[Frame::new(opcode, "")], &[Close(1002)]);
        row("with a payload", &[Frame::new(opcode, "x")], &[Close(1002)]);
        row(
            "after a ping",
            &[Frame::ping("p"), Frame::new(opcode, "")],
            &[Pong(b"p".to_vec()), Close(1002)],
        );
        row("before a ping", &[Frame::new(opcode, "x"), Frame::ping("")], &[Close(1002)]);
        row(
            "after a message",
            &[Frame::text(ask("a")), Frame::new(opcode, "x")],
            &[answer("a"), Close(1002)],
        );
        row(
            "between fragments",
            &[Frame::text("{").unfinished(), Frame::new(opcode, "x")],
            &[Close(1002)],
        );
    }
    cases
}

#[tokio::test]
async fn reserved_bits() {
    run(bits()).await;
}

#[tokio::test]
async fn reserved_opcodes() {
    run(opcodes()).await;
}
