//! Autobahn 6: text is UTF-8, and what is not is refused at the first byte
//! that shows it (RFC 6455 section 8.1, RFC 3629). The byte sequences are
//! Markus Kuhn's stress test for decoders.

use serde_json::json;

use super::{Case, Close, Frame, answer, ask, case, run};

/// Sequences of text: the first and last of each length, the neighbours of
/// the surrogates, noncharacters, which are characters here.
const TEXT: &[&str] = &[
    "Hello-µ@ßöäüàá-UTF-8!!",
    "\u{3BA}\u{1F79}\u{3C3}\u{3BC}\u{3B5}",
    "\u{80}",
    "\u{7FF}",
    "\u{800}",
    "\u{FFFF}",
    "\u{10000}",
    "\u{10FFFF}",
    "\u{D7FF}",
    "\u{E000}",
    "\u{FFFD}",
    "\u{FFFE}",
    "\u{1FFFE}\u{1FFFF}\u{2FFFE}\u{2FFFF}\u{10FFFE}",
    "\u{FDD0}\u{FDEF}",
    "\u{7F}",
    "😀👨\u{200D}👩\u{200D}👧",
];

/// Sequences that no text holds, each with its number.
const NO_TEXT: &[(&str, &[u8])] = &[
    (
        "6.3 a surrogate in the middle",
        b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80edited",
    ),
    ("6.6 five bytes", b"\xF8\x88\x80\x80\x80"),
    ("6.6 six bytes", b"\xFC\x84\x80\x80\x80\x80"),
    ("6.8 the last of five", b"\xFB\xBF\xBF\xBF\xBF"),
    ("6.8 the last of six", b"\xFD\xBF\xBF\xBF\xBF\xBF"),
    ("6.10 above the last character", b"\xF4\x90\x80\x80"),
    ("6.11 a continuation", b"\x80"),
    ("6.11 the last continuation", b"\xBF"),
    ("6.11 two of them", b"\x80\xBF"),
    ("6.11 all of them", &CONTINUATIONS),
    ("6.12 the begin of two, alone", b"\xC3 "),
    ("6.12 all begins of two", b"\xC0 \xC1 \xC2 \xDF "),
    ("6.12 the begin of three, alone", b"\xE1 "),
    ("6.12 the begin of four, alone", b"\xF1 "),
    ("6.13 five without the last", b"\xF8\x80\x80\x80"),
    ("6.13 three without the last", b"\xE0\xA0 "),
    ("6.13 four without the last", b"\xF0\x90\x80 "),
    ("6.13 three without two", b"\xEF "),
    ("6.14 FE", b"\xFE"),
    ("6.14 FF", b"\xFF"),
    ("6.14 both", b"\xFE\xFE\xFF\xFF"),
    ("6.15 a slash in two", b"\xC0\xAF"),
    ("6.15 a slash in three", b"\xE0\x80\xAF"),
    ("6.15 a slash in four", b"\xF0\x80\x80\xAF"),
    ("6.15 a slash in five", b"\xF8\x80\x80\x80\xAF"),
    ("6.15 a slash in six", b"\xFC\x80\x80\x80\x80\xAF"),
    ("6.16 the last overlong two", b"\xC1\xBF"),
    ("6.16 the last overlong three", b"\xE0\x9F\xBF"),
    ("6.16 the last overlong four", b"\xF0\x8F\xBF\xBF"),
    ("6.17 NUL in two", b"\xC0\x80"),
    ("6.17 NUL in three", b"\xE0\x80\x80"),
    ("6.17 NUL in four", b"\xF0\x80\x80\x80"),
    ("6.18 the first high surrogate", b"\xED\xA0\x80"),
    ("6.18 the last high surrogate", b"\xED\xAF\xBF"),
    ("6.18 the first low surrogate", b"\xED\xB0\x80"),
    ("6.18 the last low surrogate", b"\xED\xBF\xBF"),
    ("6.19 a pair of surrogates", b"\xED\xA0\x80\xED\xB0\x80"),
    ("6.19 another pair", b"\xED\xAF\xBF\xED\xBF\xBF"),
];

const CONTINUATIONS: [u8; 64] = {
    let mut bytes = [0; 64];
    let mut index = 0;
    while index < 64 {
        bytes[index] = 0x80 + index as u8;
        index += 1;
    }
    bytes
};

fn text() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, text) in TEXT.iter().enumerate() {
        let whole = ask(text);
        let bytes = whole.as_bytes();
        let each = |(index, byte): (usize, &u8)| {
            let opcode = if index == 0 { Frame::TEXT } else { Frame::CONTINUATION };
            Frame::new(opcode, [*byte]).unfinished()
        };
        let mut fragments: Vec<Frame> = bytes.iter().enumerate().map(each).collect();
        fragments.push(Frame::continuation(""));
        cases.push(case(format!("6.2 text {number}"), &[Frame::text(bytes)], &[answer(text)]));
        cases.push(case(
            format!("6.2 text {number}, a fragment a byte"),
            &fragments,
            &[answer(text)],
        ));
    }
    cases
}

/// Each is refused as a whole, in fragments of a byte, and behind a good
/// begin whose end never comes.
fn no_text() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, bytes) in NO_TEXT {
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        let fragments = [Frame::text(head).unfinished(), Frame::continuation(tail)];
        let begun = [b"{\"", *bytes].concat();
        let announced = begun.len() as u64 + 1_000;
        cases.push(case(*name, &[Frame::text(*bytes)], &[Close(1007)]));
        cases.push(case(format!("{name}, in two fragments"), &fragments, &[Close(1007)]));
        cases.push(case(
            format!("6.4 {name}, before the message is whole"),
            &[Frame::text(&*begun).unfinished(), Frame::ping("")][..1],
            &[Close(1007)],
        ));
        cases.push(case(
            format!("6.4 {name}, before the frame is whole"),
            &[Frame::text(&*begun).claiming(announced)],
            &[Close(1007)],
        ));
    }
    for (name, bytes) in [("two", &b"\xC3"[..]), ("three", b"\xE2\x82"), ("four", b"\xF0\x9F\x98")]
    {
        let name = format!("6.1 a character of {name} bytes, cut at the end of the message");
        cases.push(case(name, &[Frame::text(bytes)], &[Close(1007)]));
    }
    cases
}

/// What is cut in a frame goes on in the next one.
fn cut() -> Vec<Case> {
    let text = json!({"type": "ping", "id": "€"}).to_string();
    let at = text.find('€').expect("it is there") + 1;
    let (head, tail) = text.as_bytes().split_at(at);
    let frames = [Frame::text(head).unfinished(), Frame::ping("p"), Frame::continuation(tail)];
    vec![case("a ping within a character", &frames, &[super::Pong(b"p".to_vec()), answer("€")])]
}

#[tokio::test]
async fn text_of_all_kinds() {
    run(text().into_iter().chain(cut()).collect()).await;
}

#[tokio::test]
async fn what_is_no_text() {
    run(no_text()).await;
}
