//! The body of a request as the pieces of a text.

use actix_web::{HttpRequest, http::header};
use bytes::{Bytes, BytesMut};
use parlor_domain::{FromText, PlainText, limits::command_bytes};
use serde::Deserialize;

use crate::{
    error::ApiError,
    protocol::{ErrorCode, Object},
};

/// A line of a body, or a piece of one that is a text.
#[derive(Default, Deserialize)]
pub(super) struct Piece {
    pub text: Option<PlainText>,
    pub metadata: Option<Object>,
    #[serde(default)]
    pub failed: bool,
}

/// Cuts a body into what can be read of it as it comes.
pub(super) struct Pieces {
    has_lines: bool,
    /// What is still to be completed: a character, or a line.
    rest: BytesMut,
    /// So much of it has no end of a line.
    searched: usize,
    line_bytes: usize,
}

impl Pieces {
    pub fn of(request: &HttpRequest, content_bytes: usize) -> Self {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        let has_lines = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-ndjson"));
        let line_bytes = command_bytes(content_bytes);
        Self { has_lines, rest: BytesMut::new(), searched: 0, line_bytes }
    }

    /// `None`: nothing more comes.
    pub fn take(&mut self, bytes: Option<Bytes>) -> Result<Vec<Piece>, ApiError> {
        let is_last = bytes.is_none();
        self.rest.extend_from_slice(&bytes.unwrap_or_default());
        if self.has_lines { self.lines(is_last) } else { self.text(is_last) }
    }

    fn text(&mut self, is_last: bool) -> Result<Vec<Piece>, ApiError> {
        let wrong = || ApiError::field("body", "must be text in UTF-8");
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(_) => self.rest.len(),
            // The rest of the character is still to come.
            Err(error) if error.error_len().is_none() && !is_last => error.valid_up_to(),
            Err(_) => return Err(wrong()),
        };
        let bytes = self.rest.split_to(whole);
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong())?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let text = PlainText::read(text).map_err(|what| ApiError::field("body", what))?;
        Ok(vec![Piece { text: Some(text), ..Piece::default() }])
    }

    fn lines(&mut self, is_last: bool) -> Result<Vec<Piece>, ApiError> {
        let mut pieces = Vec::new();
        while let Some(end) = self.rest[self.searched..].iter().position(|byte| *byte == b'\n') {
            let line = self.rest.split_to(self.searched + end + 1);
            self.searched = 0;
            pieces.extend(piece(&line)?);
        }
        self.searched = self.rest.len();
        if self.rest.len() > self.line_bytes {
            let what = format!("a line must have at most {} bytes", self.line_bytes);
            return Err(ApiError::new(ErrorCode::TooLarge, what));
        }
        if is_last {
            let line = std::mem::take(&mut self.rest);
            pieces.extend(piece(&line)?);
        }
        Ok(pieces)
    }
}

fn piece(line: &[u8]) -> Result<Option<Piece>, ApiError> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let piece = serde_json::from_slice(line);
    piece.map(Some).map_err(|error| ApiError::field("body", format!("has a wrong line: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(has_lines: bool) -> Pieces {
        Pieces { has_lines, rest: BytesMut::new(), searched: 0, line_bytes: 64 }
    }

    fn texts(taken: Result<Vec<Piece>, ApiError>) -> Vec<String> {
        let text = |piece: Piece| piece.text.map_or_else(String::new, |text| text.0.to_string());
        taken.expect("readable").into_iter().map(text).collect()
    }

    #[test]
    fn a_character_that_is_cut_waits_for_its_rest() {
        let (mut pieces, euro) = (pieces(false), "€".as_bytes());
        assert_eq!(texts(pieces.take(Some(Bytes::copy_from_slice(&euro[..2])))), [""; 0]);
        assert_eq!(texts(pieces.take(Some(Bytes::copy_from_slice(&euro[2..])))), ["€"]);
        assert!(pieces.take(Some(Bytes::from_static(b"\xff"))).is_err());
    }

    #[test]
    fn lines_are_read_when_they_are_whole() {
        let mut lines = pieces(true);
        assert_eq!(
            texts(lines.take(Some(Bytes::from_static(b"{\"text\":\"a\"}\n\n{\"te")))),
            ["a"]
        );
        assert_eq!(texts(lines.take(Some(Bytes::from_static(b"xt\":\"b\"}")))), [""; 0]);
        assert_eq!(texts(lines.take(None)), ["b"]);
        let mut long = pieces(true);
        assert!(long.take(Some(Bytes::from(vec![b' '; 65]))).is_err());
        assert!(pieces(true).take(Some(Bytes::from_static(b"{\"text\":1}\n"))).is_err());
    }
}
