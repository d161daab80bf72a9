//! Finds where the requests on a connection begin and end: pure.
//!
//! Heads are not parsed here: a head ends at its first empty line, and the
//! length of the body is reported by whoever parsed the head, before more is
//! handed over. So the two cannot be made to disagree about where the next
//! request begins.

use std::mem;

use actix_http::HttpMessage;

use parlor_domain::limits::REQUEST_PIECE;

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    None,
    Length(u64),
    Chunked,
}

impl Body {
    /// That of a request which actix-http has parsed, and not refused.
    pub fn of(request: &impl HttpMessage) -> Self {
        if request.chunked().unwrap_or(false) {
            return Self::Chunked;
        }
        let length = request.headers().get(actix_http::header::CONTENT_LENGTH);
        match length.and_then(|length| length.to_str().ok()?.trim().parse().ok()) {
            None | Some(0) => Self::None,
            Some(length) => Self::Length(length),
        }
    }
}

/// What comes on a connection, from the first request to the last.
#[derive(Debug, Default)]
pub struct Requests {
    part: Part,
    has_ended_head: bool,
}

/// The part of a request of which the next byte is one.
#[derive(Debug)]
enum Part {
    Head(Lines),
    Body(u64),
    /// The line before a chunk, with the size so far; whether that is all of
    /// it, and an extension follows (RFC 9112 section 7.1).
    ChunkSize(u64, bool),
    /// So many bytes of a chunk and the line end behind it.
    Chunk(u64),
    Trailers(Lines),
}

impl Default for Part {
    fn default() -> Self {
        Self::Head(Lines::default())
    }
}

impl Requests {
    /// A head comes next, or the rest of one.
    pub fn is_at_head(&self) -> bool {
        matches!(self.part, Part::Head(_))
    }

    /// Whether a head has ended since this was last asked: before more is
    /// handed over it is to be parsed, so that it is known what follows.
    pub fn has_ended_head(&mut self) -> bool {
        mem::take(&mut self.has_ended_head)
    }

    /// Behind the head that was handed over last comes this.
    pub fn expect(&mut self, body: Body) {
        match body {
            Body::None | Body::Length(0) => {}
            Body::Length(length) => self.part = Part::Body(length),
            Body::Chunked => self.part = Part::ChunkSize(0, false),
        }
    }

    /// How many bytes may be read at once, so that at most [`REQUEST_PIECE`]
    /// of them are not [handed over](Self::hand_over): a body is not copied.
    pub fn most(&self) -> u64 {
        match self.part {
            Part::Body(left) => left,
            Part::Chunk(left) => left.max(REQUEST_PIECE as u64),
            Part::Head(_) | Part::ChunkSize(..) | Part::Trailers(_) => REQUEST_PIECE as u64,
        }
    }

    /// How many of these bytes are handed over: up to the end of a head, or of
    /// a body. At least one of any.
    pub fn hand_over(&mut self, bytes: &[u8]) -> usize {
        let mut handed = 0;
        while handed < bytes.len() {
            let rest = &bytes[handed..];
            let is_end = match &mut self.part {
                Part::Head(lines) => {
                    let end = lines.end_in(rest);
                    handed += end.unwrap_or(rest.len());
                    self.has_ended_head |= end.is_some();
                    end.is_some()
                }
                Part::Body(left) => {
                    handed += count_down(left, rest);
                    *left == 0
                }
                Part::ChunkSize(size, is_complete) => {
                    let line = line_of(rest);
                    handed += line.len();
                    for byte in line {
                        match char::from(*byte).to_digit(16).filter(|_| !*is_complete) {
                            Some(digit) => {
                                *size = size.saturating_mul(16).saturating_add(u64::from(digit));
                            }
                            None => *is_complete = true,
                        }
                    }
                    if line.ends_with(b"\n") {
                        self.part = match *size {
                            0 => Part::Trailers(Lines::begun()),
                            size => Part::Chunk(size.saturating_add(2)),
                        };
                    }
                    false
                }
                Part::Chunk(left) => {
                    handed += count_down(left, rest);
                    if *left == 0 {
                        self.part = Part::ChunkSize(0, false);
                    }
                    false
                }
                Part::Trailers(lines) => {
                    let end = lines.end_in(rest);
                    handed += end.unwrap_or(rest.len());
                    end.is_some()
                }
            };
            if is_end {
                self.part = Part::default();
                break;
            }
        }
        handed
    }
}

/// How many of these bytes are of the `left` ones, which become fewer.
fn count_down(left: &mut u64, bytes: &[u8]) -> usize {
    let count = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
    *left -= count as u64;
    count
}

/// Up to the end of the line, or of what there is of it.
fn line_of(bytes: &[u8]) -> &[u8] {
    bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or(bytes)
}

/// Lines up to the first empty one behind one that is not: those before a
/// request are skipped (RFC 9112 section 2.2). A line ends with LF, with or
/// without a CR before it, as it does for httparse.
#[derive(Debug, Default)]
struct Lines {
    has_begun: bool,
    line: Line,
}

/// The line that is not complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Empty,
    /// A CR.
    Return,
    Text,
}

impl Lines {
    /// Lines that the first empty one ends.
    fn begun() -> Self {
        Self { has_begun: true, line: Line::Empty }
    }

    /// How many of these bytes belong to them, if they end here.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut length = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            length += line.len();
            let whole = line.strip_suffix(b"\n");
            match (self.line, whole.unwrap_or(line)) {
                (_, []) => {}
                (Line::Empty, [b'\r']) => self.line = Line::Return,
                _ => self.line = Line::Text,
            }
            if whole.is_some() {
                let is_empty = mem::take(&mut self.line) != Line::Text;
                if is_empty && self.has_begun {
                    return Some(length);
                }
                self.has_begun |= !is_empty;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// What is handed over at once of what comes in pieces of this size, when
    /// each head is followed by this body.
    fn cut(text: &str, body: Body, piece: usize) -> Vec<String> {
        let (mut requests, mut parts) = (Requests::default(), vec![String::new()]);
        for mut bytes in text.as_bytes().chunks(piece) {
            while !bytes.is_empty() {
                assert!(requests.most() > 0);
                let handed = requests.hand_over(bytes);
                assert!(handed > 0, "it would be taken for the end of the connection");
                let part = String::from_utf8_lossy(&bytes[..handed]);
                parts.last_mut().expect("there is one").push_str(&part);
                let has_ended_head = requests.has_ended_head();
                if has_ended_head {
                    requests.expect(body);
                }
                if requests.is_at_head() && (has_ended_head || handed < bytes.len()) {
                    parts.push(String::new());
                }
                bytes = &bytes[handed..];
            }
        }
        parts.retain(|part| !part.is_empty());
        parts
    }

    #[test]
    fn one_head_is_handed_over_at_a_time_however_they_come() {
        let other = "POST /x HTTP/1.1\nHost: x\nA: b\n\n";
        let text = [GET, other, GET].concat();
        for piece in 1..=text.len() {
            assert_eq!(cut(&text, Body::None, piece), [GET, other, GET], "{piece}");
        }
    }

    #[test]
    fn empty_lines_before_a_request_do_not_end_it() {
        let text = format!("\r\n\n\r\n\r\n{GET}");
        for piece in 1..=text.len() {
            assert_eq!(cut(&text, Body::None, piece), [&*text], "{piece}");
        }
        // A CR is not an empty line, but where an LF follows it.
        let text = "GET / HTTP/1.1\r\n\r \r\n\r\n";
        assert_eq!(cut(text, Body::None, 3), [text]);
    }

    #[test]
    fn a_head_without_an_end_is_handed_over_as_it_comes() {
        let mut requests = Requests::default();
        for _ in 0..40 {
            let piece = vec![b'a'; REQUEST_PIECE];
            assert_eq!(requests.most(), REQUEST_PIECE as u64);
            assert_eq!(requests.hand_over(&piece), REQUEST_PIECE);
            assert!(!requests.has_ended_head());
        }
    }

    #[test]
    fn a_body_ends_where_its_length_says() {
        let mut requests = Requests::default();
        assert_eq!(requests.hand_over(GET.as_bytes()), GET.len());
        assert!(requests.has_ended_head());
        assert!(!requests.has_ended_head(), "it is told once");
        requests.expect(Body::Length(100_000));
        assert_eq!(requests.most(), 100_000, "a body is read at once");
        assert_eq!(requests.hand_over(&[b'\n'; 60_000]), 60_000);
        assert!(!requests.is_at_head());
        assert_eq!(requests.most(), 40_000, "nothing behind it");
        assert_eq!(requests.hand_over(&[b'\n'; 60_000]), 40_000);
        assert!(requests.is_at_head() && !requests.has_ended_head());
        assert_eq!(requests.most(), REQUEST_PIECE as u64);
    }

    #[test]
    fn a_body_of_nothing_is_none() {
        let mut requests = Requests::default();
        for body in [Body::None, Body::Length(0)] {
            assert_eq!(requests.hand_over(GET.as_bytes()), GET.len());
            requests.expect(body);
            assert!(requests.is_at_head());
        }
    }

    #[test]
    fn a_chunked_body_ends_behind_its_last_chunk() {
        let bodies = [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "5;a=b\r\n\r\n0\r\n\r\n1A ; ff\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n123\r\n0\r\n\r\n",
            "00a\r\n0123456789\r\n000\r\nTrailer: a\r\nOther: b\r\n\r\n",
        ];
        for body in bodies {
            let text = [GET, body, GET, body].concat();
            let one = [GET, body].concat();
            for piece in 1..=text.len() {
                let parts = cut(&text, Body::Chunked, piece).concat();
                assert_eq!(parts, text, "nothing is lost");
                let mut requests = Requests::default();
                let mut handed = 0;
                while handed < one.len() {
                    let end = text.len().min(handed + piece);
                    handed += requests.hand_over(&text.as_bytes()[handed..end]);
                    if requests.has_ended_head() {
                        requests.expect(Body::Chunked);
                    }
                }
                assert_eq!(handed, one.len(), "{body:?} in pieces of {piece}");
                assert!(requests.is_at_head(), "{body:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_large_chunk_is_read_at_once_and_a_size_that_is_none_ends_nothing() {
        let mut requests = Requests::default();
        requests.expect(Body::Chunked);
        assert_eq!(requests.hand_over(b"100000\r\n"), 8);
        assert_eq!(requests.most(), 0x10_0002);
        assert_eq!(requests.hand_over(&vec![b'x'; 0x10_0000]), 0x10_0000);
        assert_eq!(requests.most(), REQUEST_PIECE as u64);
        assert_eq!(requests.hand_over(b"\r\nfffffffffffffffff\r\n"), 21);
        assert_eq!(requests.most(), u64::MAX);
        assert!(!requests.is_at_head());
    }

    #[test]
    fn what_follows_a_head_is_what_its_parser_says() {
        let body = |name: &'static str, value: &'static str| {
            Body::of(&TestRequest::default().insert_header((name, value)).to_request())
        };
        assert_eq!(Body::of(&TestRequest::default().to_request()), Body::None);
        assert_eq!(body("content-length", "0"), Body::None);
        assert_eq!(body("content-length", "12"), Body::Length(12));
        assert_eq!(body("transfer-encoding", "chunked"), Body::Chunked);
        assert_eq!(body("transfer-encoding", "Chunked"), Body::Chunked);
    }
}
