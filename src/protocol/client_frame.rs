//! What a client says.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};

use super::{
    ErrorCode,
    fields::{Draft, Fields},
    frame_id,
};
use parlor_domain::{
    ClientId, HistoryCursor, Position, RoomId, Timestamp, Whole,
    limits::{HISTORY_PAGE, HISTORY_PAGE_MAX, REQUEST_ID_BYTES, SECONDS_MAX},
    shows_something,
};

/// One request of a client.
#[derive(Debug, PartialEq)]
pub struct ClientFrame {
    /// The client's own label; what has none gets no ack.
    pub id: Option<Box<str>>,
    pub command: ClientCommand,
}

/// The commands of docs/PROTOCOL.md.
#[derive(Debug, PartialEq)]
pub enum ClientCommand {
    Auth {
        token: String,
    },
    Ping,
    Subscribe {
        room: RoomId,
        since: Option<Position>,
    },
    Unsubscribe {
        room: RoomId,
    },
    Resume {
        rooms: BTreeMap<RoomId, Position>,
        inbox: Option<Position>,
        more: bool,
    },
    Send {
        room: RoomId,
        client_id: Option<ClientId>,
        draft: Draft,
    },
    History {
        room: RoomId,
        cursor: HistoryCursor,
        limit: i64,
    },
    /// One of the table of operations, or of no table.
    Other {
        kind: String,
        data: Map<String, Value>,
    },
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
            false => Err(Refusal::field("content", "must have something in it that can be seen")),
        }
    }

    pub fn content(&self, content: &str) -> Result<(), Refusal> {
        if content.is_empty() {
            return Err(Refusal::field("content", "must not be empty"));
        }
        match content.len() > self.content_bytes {
            true => Err(Refusal::too_large("content", self.content_bytes)),
            false => Ok(()),
        }
    }

    /// The end of what lasts until a time or for some seconds, or for good. One
    /// that is over is a mistake, a time zone or a typing error: it would end
    /// what it says before it began.
    pub fn end<const LEAST: i64>(
        &self,
        name: &'static str,
        until: Option<Timestamp>,
        (other, seconds): (&str, Option<Whole<LEAST, SECONDS_MAX>>),
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

    /// A field that is over its limit.
    pub(super) fn too_large(name: &'static str, bytes_max: usize) -> Self {
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
    pub fn parse(text: &str, rules: Rules) -> Result<Self, (Option<Box<str>>, Refusal)> {
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
        match command(frame, rules) {
            Ok(command) => Ok(Self { id, command }),
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

fn command(mut frame: Map<String, Value>, rules: Rules) -> Result<ClientCommand, Refusal> {
    let kind = match frame.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(Refusal::field("type", "must be a text")),
        None => return Err(Refusal::field("type", "is missing")),
    };
    let mut data = match frame.remove("data") {
        None | Some(Value::Null) => Fields(Map::new()),
        Some(Value::Object(data)) => Fields(data),
        Some(_) => return Err(Refusal::field("data", "must be an object")),
    };
    Ok(match kind.as_str() {
        "message.send" => ClientCommand::Send {
            room: data.room()?,
            client_id: data.client_id()?,
            draft: data.draft(rules.content_bytes)?,
        },
        "history" => ClientCommand::History {
            room: data.room()?,
            cursor: data.history_cursor()?,
            limit: data.limit(HISTORY_PAGE, HISTORY_PAGE_MAX)?,
        },
        "room.subscribe" => ClientCommand::Subscribe { room: data.room()?, since: data.since()? },
        "room.unsubscribe" => ClientCommand::Unsubscribe { room: data.room()? },
        "session.resume" => ClientCommand::Resume {
            rooms: data.positions(rules.rooms)?.into_iter().collect(),
            inbox: data.position_or_none("inbox")?,
            more: data.truth_or_false("more")?,
        },
        "ping" => ClientCommand::Ping,
        "auth" => ClientCommand::Auth { token: data.text("token")? },
        _ => ClientCommand::Other { kind, data: data.0 },
    })
}

#[cfg(test)]
mod tests {
    use parlor_domain::{MessageId, Seq};

    use super::*;

    const RULES: Rules = Rules { content_bytes: 16, rooms: 2, now: Timestamp(0) };

    fn refused(text: &str) -> (Option<Box<str>>, Refusal) {
        ClientFrame::parse(text, RULES).expect_err(text)
    }

    #[test]
    fn a_send_is_read_with_all_its_fields() {
        let text = r#"{"type":"message.send","id":"c-1","x":1,
            "data":{"room_id":"board:42","client_id":"7f","content":"hi","y":[]}}"#;
        let frame = ClientFrame::parse(text, RULES).expect("a good frame");
        assert_eq!(frame.id.as_deref(), Some("c-1"));
        let ClientCommand::Send { room, client_id, draft } = frame.command else {
            panic!("not a send");
        };
        assert_eq!((room.as_str(), &*draft.content), ("board:42", "hi"));
        assert_eq!(draft.extras, None);
        assert_eq!(client_id.expect("given").as_str(), "7f");
    }

    #[test]
    fn a_refusal_names_the_request_and_the_field() {
        for (text, field) in [
            (r#"{"id":"a"}"#, "type"),
            (r#"{"id":"a","type":7}"#, "type"),
            (r#"{"id":"a","type":"room.join","data":[]}"#, "data"),
            (r#"{"id":"a","type":"room.unsubscribe"}"#, "room_id"),
            (r#"{"id":"a","type":"room.unsubscribe","data":{"room_id":5}}"#, "room_id"),
            (r#"{"id":"a","type":"room.unsubscribe","data":{"room_id":"a b"}}"#, "room_id"),
            (r#"{"id":"a","type":"room.subscribe","data":{"room_id":"r","since":-1}}"#, "since"),
            (r#"{"id":"a","type":"message.send","data":{"room_id":"r"}}"#, "content"),
            (r#"{"id":"a","type":"message.send","data":{"room_id":"r","content":""}}"#, "content"),
            (r#"{"id":"a","type":"history","data":{"room_id":"r","limit":0}}"#, "limit"),
            (
                r#"{"id":"a","type":"history","data":{"room_id":"r","before":1,"after":2}}"#,
                "before",
            ),
            (r#"{"id":"a","type":"session.resume","data":{"rooms":{"a":0,"b":0,"c":0}}}"#, "rooms"),
            (r#"{"id":"a","type":"auth"}"#, "token"),
            (
                r#"{"id":"a","type":"message.send","data":{"room_id":"r","content":" \u200b"}}"#,
                "content",
            ),
            (
                r#"{"id":"a","type":"message.send","data":{"room_id":"r","content":"x","metadata":[]}}"#,
                "metadata",
            ),
            (
                r#"{"id":"a","type":"message.send","data":{"room_id":"r","content":"x","reply_to":"x"}}"#,
                "reply_to",
            ),
        ] {
            let (id, refusal) = refused(text);
            assert_eq!(id.as_deref(), Some("a"), "{text}");
            assert_eq!(refusal.field.as_deref(), Some(field), "{text}");
            assert_eq!(refusal.code, ErrorCode::InvalidMessage, "{text}");
        }
    }

    #[test]
    fn what_a_message_has_besides_its_content_is_read() {
        let text = r#"{"type":"message.send","data":{"room_id":"r","content":"hi @ann",
            "reply_to":"7","thread_id":"6","metadata":{"a": 1}}}"#;
        let frame = ClientFrame::parse(text, RULES).expect("a good frame");
        let ClientCommand::Send { draft, .. } = frame.command else { panic!("not a send") };
        let extras = draft.extras.expect("there are some");
        assert_eq!((extras.reply_to, extras.thread), (Some(MessageId(7)), Some(MessageId(6))));
        assert_eq!(extras.metadata.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(extras.mentioned.candidates, [["ann"]]);
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

    #[test]
    fn a_position_is_a_number_or_a_number_in_an_epoch() {
        let text = r#"{"type":"session.resume","data":{"inbox":{"since":2,"epoch":"e"},
            "rooms":{"a":5,"b":{"since":6}}}}"#;
        let frame = ClientFrame::parse(text, RULES).expect("a good frame");
        let ClientCommand::Resume { rooms, inbox, .. } = frame.command else { panic!("no resume") };
        let seqs: Vec<_> = rooms.values().map(|at| (at.seq, at.epoch.is_some())).collect();
        assert_eq!(seqs, [(Seq(5), false), (Seq(6), false)]);
        let epoch = parlor_domain::Epoch::parse("e").expect("a text");
        assert_eq!(inbox, Some(Position { seq: Seq(2), epoch: Some(epoch) }));
        for (data, field) in [
            (r#"{"rooms":{"a":{"epoch":"e"}}}"#, "rooms.a"),
            (r#"{"rooms":{"a":{"since":1,"epoch":""}}}"#, "rooms.a"),
            (r#"{"rooms":{"b":1,"a":{"since":1,"epoch":7}}}"#, "rooms.a"),
            (r#"{"rooms":{},"inbox":{"since":-1}}"#, "inbox"),
        ] {
            let (_, refusal) = refused(&format!(r#"{{"type":"session.resume","data":{data}}}"#));
            assert_eq!(refusal.field.as_deref(), Some(field), "{data}");
        }
        let text = r#"{"type":"room.subscribe","data":{"room_id":"r","since":1,"epoch":[]}}"#;
        assert_eq!(refused(text).1.field.as_deref(), Some("epoch"));
    }

    #[test]
    fn content_over_the_limit_is_too_large() {
        let text =
            r#"{"type":"message.send","data":{"room_id":"r","content":"12345678901234567"}}"#;
        let (_, refusal) = refused(text);
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            (ErrorCode::TooLarge, Some("content"))
        );
    }
}
