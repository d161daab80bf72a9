//! The frames of the socket, each with the types of its parts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use parlor_domain::{REMINDER, Reminder};

use crate::{
    operations::frames::FRAMES,
    protocol::{
        Auth, DraftView, ErrorView, MemberView, MessageView, ProfileView, RoomChangeView,
        SavedView, ScheduledChangeView, Schemas, ThreadStateView,
        events::{
            AddedView, ClearedView, DeltaView, LeftView, MembersView, PreferencesSetView,
            PresenceView, ReceiptsView, RemovedView, RoomPresenceView, StopView, TypingView,
            UnreadView,
        },
        server_frame::{Empty, GoAwayView, ReadyView, ResumedView, RoomsView, SessionView},
    },
};

/// What a client may say, and what it is answered if that is granted.
pub struct Command {
    pub kind: &'static str,
    pub data: Option<Value>,
    /// The type of the answer: `ack`, if it has one of its own.
    pub answer: Answer,
}

pub enum Answer {
    /// An `ack` with such data.
    Ack(Value),
    /// One of these.
    Frames(&'static [&'static str]),
}

/// All commands.
pub fn commands(sent: &mut Schemas, received: &mut Schemas) -> Vec<Command> {
    let auth = Command {
        kind: "auth",
        data: Some(received.of::<Auth>()),
        // The first one begins the session, a later one goes on with it.
        answer: Answer::Frames(&["session.ready", "auth.failed", "ack"]),
    };
    let ping = Command { kind: "ping", data: None, answer: Answer::Frames(&["pong"]) };
    let operations = FRAMES.iter().map(|frame| Command {
        kind: frame.kind,
        data: Some((frame.takes)(received)),
        answer: Answer::Ack((frame.gives)(sent)),
    });
    [auth, ping].into_iter().chain(operations).collect()
}

/// What is in the data of an ack: that of the command it answers.
fn acks(schemas: &mut Schemas) -> Value {
    let mut all = vec![schemas.of::<SessionView<'_>>(), schemas.of::<Empty>()];
    for frame in FRAMES {
        let ack = (frame.gives)(schemas);
        if !all.contains(&ack) {
            all.push(ack);
        }
    }
    json!({"anyOf": all})
}

/// What comes around the data of a kind of frame.
pub struct Around {
    pub data: Option<Value>,
    /// The fields that are always there besides `type` and `data`.
    pub fields: &'static [&'static str],
}

/// What an answer has besides.
pub const ANSWER: &[&str] = &["id"];
const ROOM_EVENT: &[&str] = &["room_id", "timestamp"];
const PLACED: &[&str] = &["room_id", "timestamp", "seq"];
const OF_MESSAGE: &[&str] = &["room_id", "timestamp", "message_id"];
const INBOX_EVENT: &[&str] = &["timestamp", "inbox_seq"];
const MESSAGE: &[&str] = &["room_id", "timestamp", "seq", "message_id"];

/// What the server says by itself or in answer, by its type.
pub fn events(schemas: &mut Schemas) -> BTreeMap<&'static str, Around> {
    let around = |data, fields| Around { data, fields };
    let message = schemas.of::<MessageView<'_>>();
    let member = schemas.of::<MemberView<'_>>();
    BTreeMap::from([
        ("ack", around(Some(acks(schemas)), ANSWER)),
        ("error", around(Some(schemas.of::<ErrorView<'_>>()), &[])),
        ("pong", around(None, &[])),
        ("auth.required", around(None, &[])),
        ("auth.failed", around(Some(schemas.of::<ErrorView<'_>>()), &[])),
        ("session.ready", around(Some(schemas.of::<ReadyView<'_>>()), &[])),
        ("session.rooms", around(Some(schemas.of::<RoomsView<'_>>()), &[])),
        ("session.resumed", around(Some(schemas.of::<ResumedView<'_>>()), ANSWER)),
        ("server.goaway", around(Some(schemas.of::<GoAwayView<'_>>()), &[])),
        ("message.created", around(Some(message.clone()), MESSAGE)),
        ("message.updated", around(Some(message.clone()), MESSAGE)),
        ("message.deleted", around(Some(message), MESSAGE)),
        ("message.delta", around(Some(schemas.of::<DeltaView<'_>>()), OF_MESSAGE)),
        ("message.stop", around(Some(schemas.of::<StopView<'_>>()), &["timestamp", "message_id"])),
        ("message.saved", around(Some(schemas.of::<SavedView<'_>>()), OF_MESSAGE)),
        ("message.scheduled", around(Some(schemas.of::<ScheduledChangeView<'_>>()), ROOM_EVENT)),
        (REMINDER, around(Some(schemas.of::<Reminder>()), INBOX_EVENT)),
        ("room.cleared", around(Some(schemas.of::<ClearedView>()), PLACED)),
        ("receipts", around(Some(schemas.of::<ReceiptsView<'_>>()), ROOM_EVENT)),
        ("typing", around(Some(schemas.of::<TypingView<'_>>()), ROOM_EVENT)),
        ("presence", around(Some(schemas.of::<PresenceView<'_>>()), &["timestamp"])),
        ("room.presence", around(Some(schemas.of::<RoomPresenceView<'_>>()), ROOM_EVENT)),
        ("room.unread", around(Some(schemas.of::<UnreadView<'_>>()), ROOM_EVENT)),
        ("room.draft", around(Some(schemas.of::<DraftView<'_>>()), ROOM_EVENT)),
        ("thread.state", around(Some(schemas.of::<ThreadStateView<'_>>()), ROOM_EVENT)),
        ("room.preferences", around(Some(schemas.of::<PreferencesSetView>()), ROOM_EVENT)),
        ("member.joined", around(Some(member.clone()), ROOM_EVENT)),
        ("member.updated", around(Some(member), ROOM_EVENT)),
        ("member.left", around(Some(schemas.of::<LeftView<'_>>()), ROOM_EVENT)),
        ("user.updated", around(Some(schemas.of::<ProfileView<'_>>()), &["timestamp"])),
        ("room.members", around(Some(schemas.of::<MembersView>()), ROOM_EVENT)),
        ("room.added", around(Some(schemas.of::<AddedView<'_>>()), ROOM_EVENT)),
        ("room.updated", around(Some(schemas.of::<RoomChangeView<'_>>()), ROOM_EVENT)),
        ("room.removed", around(Some(schemas.of::<RemovedView>()), ROOM_EVENT)),
        ("room.deleted", around(None, ROOM_EVENT)),
    ])
}

fn fields() -> Map<String, Value> {
    let fields = json!({
        "id": {"type": "string", "minLength": 1, "maxLength": 64},
        "room_id": {"type": "string"},
        "seq": {"type": "integer", "minimum": 1},
        "inbox_seq": {"type": "integer", "minimum": 1},
        "message_id": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The type of a command, or of all that begin so.
pub fn type_of(kind: &str) -> Value {
    match kind.strip_suffix('*') {
        Some(start) => json!({
            "type": "string",
            "pattern": format!("^{}[A-Za-z0-9_.:-]+$", start.replace('.', "[.]")),
            "examples": [format!("{start}open")],
        }),
        None => json!({"const": kind}),
    }
}

/// A whole frame of one type.
pub fn frame(kind: &Value, data: Option<&Value>, required: &[&str]) -> Value {
    let mut properties = fields();
    properties.insert("type".to_owned(), kind.clone());
    let mut all: Vec<&str> = vec!["type"];
    all.extend(required);
    if let Some(data) = data {
        properties.insert("data".to_owned(), data.clone());
        all.push("data");
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": all,
        "additionalProperties": false,
    })
}
