//! Autobahn 7: the closing handshake (RFC 6455 sections 5.5.1, 7.1, 7.4).

use super::{BareClose, Case, Close, Frame, answer, ask, case, run};

fn handshake() -> Vec<Case> {
    let close = || Frame::close(1000, b"");
    vec![
        case(
            "7.1.1 a message, then a close",
            &[Frame::text(ask("a")), close()],
            &[answer("a"), Close(1000)],
        ),
        case("7.1.2 two closes", &[close(), close()], &[Close(1000)]),
        case("7.1.3 a ping after it", &[close(), Frame::ping("")], &[Close(1000)]),
        case("7.1.4 a message after it", &[close(), Frame::text(ask("a"))], &[Close(1000)]),
        case(
            "7.1.5 a fragment after it",
            &[Frame::text("{").unfinished(), close(), Frame::continuation("}")],
            &[Close(1000)],
        ),
        case("7.1.6 much after it", &[close(), Frame::text(vec![b' '; 200_000])], &[Close(1000)]),
        case("7.3.1 without a code", &[Frame::new(Frame::CLOSE, "")], &[BareClose]),
        case("7.3.2 of one byte", &[Frame::new(Frame::CLOSE, "x")], &[Close(1002)]),
        case("7.3.3 with a code", &[close()], &[Close(1000)]),
        case("7.3.4 with a reason", &[Frame::close(1000, b"Hello World!")], &[Close(1000)]),
        case("7.3.5 of 123 bytes", &[Frame::close(1000, &[b'*'; 123])], &[Close(1000)]),
        case("7.3.6 of 124 bytes", &[Frame::close(1000, &[b'*'; 124])], &[Close(1002)]),
        case(
            "7.5.1 with a reason that is no text",
            &[Frame::close(1000, b"\xCE\xBA\xE1\xBD\xB9\xED\xA0\x80")],
            &[Close(1007)],
        ),
        case("7.5.1 cut in a character", &[Frame::close(1000, b"\xC3")], &[Close(1007)]),
    ]
}

/// 7.7 and 7.9, 7.13: the codes that may go over the wire, and those that may
/// not.
fn codes() -> Vec<Case> {
    let good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    let good = good.into_iter().chain([3000, 3999, 4000, 4999]);
    let bad = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
    let good =
        good.map(|code| case(format!("7.7 {code}"), &[Frame::close(code, b"")], &[Close(code)]));
    let bad = bad
        .into_iter()
        .map(|code| case(format!("7.9 {code}"), &[Frame::close(code, b"")], &[Close(1002)]));
    good.chain(bad).collect()
}

#[tokio::test]
async fn the_closing_handshake() {
    run(handshake()).await;
}

#[tokio::test]
async fn close_codes() {
    run(codes()).await;
}
