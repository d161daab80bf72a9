//! Autobahn 9 and 10: long messages, in frames, fragments and pieces of all
//! sizes, and the limit (RFC 6455 sections 5.4, 10.4).

use super::{Case, Close, Frame, MESSAGE_MAX, answer, ask_of, case, run};

/// A message in fragments of so many bytes.
fn fragmented(length: usize, size: usize) -> Vec<Frame> {
    let text = ask_of("a", length);
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
    let end = pieces.len() - 1;
    let frame = |(index, piece): (usize, &&[u8])| {
        let opcode = if index == 0 { Frame::TEXT } else { Frame::CONTINUATION };
        let frame = Frame::new(opcode, *piece);
        if index == end { frame } else { frame.unfinished() }
    };
    pieces.iter().enumerate().map(frame).collect()
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("9.1.1 64 KiB", &[Frame::text(ask_of("a", 64 << 10))], &[answer("a")]),
        case("9.1.2 the longest", &[Frame::text(ask_of("a", MESSAGE_MAX))], &[answer("a")]),
        case("9.1.3 one byte more", &[Frame::text(ask_of("a", MESSAGE_MAX + 1))], &[Close(1009)]),
        case("9.1.4 a terabyte, announced", &[Frame::text("").claiming(1 << 40)], &[Close(1009)]),
        case(
            "9.1.5 the longest length",
            &[Frame::text("").claiming(i64::MAX as u64)],
            &[Close(1009)],
        ),
        case("fragments one byte too long", &fragmented(MESSAGE_MAX + 1, 4_096), &[Close(1009)]),
        case("10.1.1 64 KiB in 1,300s", &fragmented(65_536, 1_300), &[answer("a")]),
    ];
    for size in [64, 256, 1_024, 4_096, 16_384, 65_536, MESSAGE_MAX] {
        let name = format!("9.3 the longest in fragments of {size}");
        cases.push(case(name, &fragmented(MESSAGE_MAX, size), &[answer("a")]));
    }
    for length in [16, 64, 256, 1_024, 4_096, 16_384, 65_536, 131_072] {
        let frames = vec![Frame::text(ask_of("a", length.max(30))); 20];
        cases.push(case(format!("9.7 twenty of {length}"), &frames, &vec![answer("a"); 20]));
    }
    cases
}

#[tokio::test]
async fn long_messages() {
    run(cases()).await;
}
