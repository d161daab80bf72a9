//! What a client says.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{ErrorCode, frame_id};
use parlor_domain::{Timestamp, Whole, limits::REQUEST_ID_BYTES, shows_something};

/// One frame of a client: docs/PROTOCOL.md, "Frames".
#[derive(Debug, PartialEq)]
pub struct ClientFrame {
    /// The client's own label; what has none gets no ack.
    pub id: Option<Box<str>>,
    pub kind: String,
    pub data: Map<String, Value>,
}

/// `data` of a session's first frame, if it had no token before; later it goes
/// on with another one.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Auth {
    pub token: String,
}

/// What a request is checked by that no type says.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub content_bytes: usize,
    pub rooms: usize,
    pub now: Timestamp,
}

impl Rules {
    /// Content that has to speak for itself: blanks and what cannot be seen
    /// say nothing.
    pub fn shown_content(&self, content: &str) -> Result<(), Refusal> {
        self.content(content)?;
        match shows_something(content) {
            true => Ok(()),
            false => Err(Refusal::field("content", "must have at least one visible character")),
        }
    }

    pub fn content(&self, content: &str) -> Result<(), Refusal> {
        match content.is_empty() {
            true => Err(Refusal::field("content", "must not be empty")),
            false => self.content_size(content),
        }
    }

    /// The content of what is not sent yet.
    ///
    /// # Errors
    /// It is too large.
    pub fn content_size(&self, content: &str) -> Result<(), Refusal> {
        match content.len() > self.content_bytes {
            true => Err(Refusal::too_large("content", self.content_bytes)),
            false => Ok(()),
        }
    }

    /// The end of what lasts until a time or for some seconds, or for good. One
    /// that is over is a mistake, a time zone or a typing error: it would end
    /// what it says before it began.
    pub fn end<const LEAST: i64, const MOST: i64>(
        &self,
        name: &'static str,
        until: Option<Timestamp>,
        (other, seconds): (&str, Option<Whole<LEAST, MOST>>),
    ) -> Result<Option<Timestamp>, Refusal> {
        match (until, seconds) {
            (Some(_), Some(_)) => {
                Err(Refusal::field(name, &format!("and {other} exclude each other")))
            }
            (Some(until), None) if until <= self.now => {
                Err(Refusal::field(name, "must lie in the future"))
            }
            (None, Some(Whole(seconds))) => {
                Ok(Some(Timestamp(self.now.0.saturating_add(seconds * 1000))))
            }
            (until, None) => Ok(until),
        }
    }
}

/// Why a frame is not understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: ErrorCode,
    /// For a person.
    pub message: String,
    pub field: Option<Cow<'static, str>>,
}

impl Refusal {
    /// `what` continues a sentence that starts with the field's name.
    pub fn field(name: impl Into<Cow<'static, str>>, what: &str) -> Self {
        let name = name.into();
        Self {
            code: ErrorCode::InvalidMessage,
            message: format!("{name} {what}"),
            field: Some(name),
        }
    }

    /// What is read is not said, or in more than one way.
    pub fn no_target() -> Self {
        Self::field("seq", "or message_id or all is needed, and only one of them")
    }

    /// A field that is over its limit.
    pub fn too_large(name: &'static str, bytes_max: usize) -> Self {
        let message = format!("{name} must have at most {bytes_max} bytes");
        Self { code: ErrorCode::TooLarge, message, field: Some(name.into()) }
    }

    fn frame(what: &str) -> Self {
        Self { code: ErrorCode::InvalidMessage, message: what.to_owned(), field: None }
    }
}

impl ClientFrame {
    /// Reads one text frame.
    ///
    /// The error carries the request's `id` where it could be read, so that
    /// the client knows which of its requests is refused.
    pub fn parse(text: &str) -> Result<Self, (Option<Box<str>>, Refusal)> {
        let mut frame = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(frame)) => frame,
            Ok(_) => return Err((None, Refusal::frame("a frame must be a JSON object"))),
            Err(error) => {
                let id = frame_id::find(text).and_then(request_id);
                return Err((id, Refusal::frame(&format!("a frame must be JSON: {error}"))));
            }
        };
        let id = match frame.remove("id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(request_id(id).ok_or_else(wrong_id)?),
            Some(_) => return Err(wrong_id()),
        };
        match parts(frame) {
            Ok((kind, data)) => Ok(Self { id, kind, data }),
            Err(refusal) => Err((id, refusal)),
        }
    }
}

/// A request's own label, if it is one.
fn request_id(id: String) -> Option<Box<str>> {
    (1..=REQUEST_ID_BYTES).contains(&id.len()).then(|| id.into())
}

fn wrong_id() -> (Option<Box<str>>, Refusal) {
    (None, Refusal::field("id", "must be a text of 1 to 64 bytes"))
}

/// The type of a frame, and its data.
fn parts(mut frame: Map<String, Value>) -> Result<(String, Map<String, Value>), Refusal> {
    let kind = match frame.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(Refusal::field("type", "must be a text")),
        None => return Err(Refusal::field("type", "is missing")),
    };
    match frame.remove("data") {
        None | Some(Value::Null) => Ok((kind, Map::new())),
        Some(Value::Object(data)) => Ok((kind, data)),
        Some(_) => Err(Refusal::field("data", "must be an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Option<Box<str>>, Refusal) {
        ClientFrame::parse(text).expect_err(text)
    }

    #[test]
    fn a_frame_has_a_type_and_data_and_may_have_an_id() {
        let text = r#"{"type":"message.send","id":"c-1","x":1,"data":{"room_id":"board:42"}}"#;
        let frame = ClientFrame::parse(text).expect("a good frame");
        assert_eq!((frame.id.as_deref(), &*frame.kind), (Some("c-1"), "message.send"));
        assert_eq!(frame.data["room_id"], "board:42");
        let frame = ClientFrame::parse(r#"{"type":"ping","id":null,"data":null}"#).expect("good");
        assert_eq!((frame.id, frame.data.len()), (None, 0));
    }

    #[test]
    fn a_refusal_names_the_request_and_the_field() {
        for (text, field) in [
            (r#"{"id":"a"}"#, "type"),
            (r#"{"id":"a","type":7}"#, "type"),
            (r#"{"id":"a","type":"room.join","data":[]}"#, "data"),
        ] {
            let (id, refusal) = refused(text);
            assert_eq!(id.as_deref(), Some("a"), "{text}");
            assert_eq!(refusal.field.as_deref(), Some(field), "{text}");
            assert_eq!(refusal.code, ErrorCode::InvalidMessage, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_or_has_no_good_id_is_refused_without_id() {
        for text in ["", "[]", "7", "{", r#"{"id":7,"type":"ping"}"#, r#"{"id":"","type":"ping"}"#]
        {
            assert_eq!(refused(text).0, None, "{text}");
        }
    }

    #[test]
    fn what_the_parser_cannot_read_is_refused_with_its_id() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(130), "}".repeat(130));
        for metadata in [deep.as_str(), r#"{"a":1e400}"#, r#"{"a":"\ud83d"}"#] {
            let text = format!(r#"{{"data":{{"metadata":{metadata}}},"id":"a"}}"#);
            let (id, refusal) = refused(&text);
            assert_eq!((id.as_deref(), refusal.code), (Some("a"), ErrorCode::InvalidMessage));
        }
        let long = format!(r#"{{"id":"{}","n":1e400}}"#, "x".repeat(65));
        assert_eq!(refused(&long).0, None, "longer than an id may be");
    }
}
