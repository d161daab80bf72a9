//! The socket described for programs: AsyncAPI 3, made from the types that
//! are sent (<https://www.asyncapi.com/docs/reference/specification/v3.0.0>).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    operations::frames::FRAMES,
    protocol::{
        Auth, ErrorView, MemberView, MessageView, RoomChangeView, Schemas,
        events::{
            AddedView, ClearedView, LeftView, MembersView, PresenceView, ReceiptsView, RemovedView,
            RoomPresenceView, TypingView, UnreadView,
        },
        server_frame::{Empty, GoAwayView, ReadyView, ResumedView, RoomsView, SessionView},
    },
};

/// The data of each command, by its type.
fn commands(schemas: &mut Schemas) -> BTreeMap<&'static str, Option<Value>> {
    let own = [("auth", Some(schemas.of::<Auth>())), ("ping", None)];
    let operations = FRAMES.iter().map(|frame| (frame.kind, Some((frame.takes)(schemas))));
    own.into_iter().chain(operations).collect()
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
struct Around {
    data: Option<Value>,
    /// The fields that are always there besides `type` and `data`.
    fields: &'static [&'static str],
}

const ROOM_EVENT: &[&str] = &["room_id", "timestamp"];
const PLACED: &[&str] = &["room_id", "timestamp", "seq"];
const MESSAGE: &[&str] = &["room_id", "timestamp", "seq", "message_id"];

fn events(schemas: &mut Schemas) -> BTreeMap<&'static str, Around> {
    let around = |data, fields| Around { data, fields };
    let message = schemas.of::<MessageView<'_>>();
    let member = schemas.of::<MemberView<'_>>();
    BTreeMap::from([
        ("ack", around(Some(acks(schemas)), &["id"][..])),
        ("error", around(Some(schemas.of::<ErrorView<'_>>()), &[])),
        ("pong", around(None, &[])),
        ("auth.required", around(None, &[])),
        ("auth.failed", around(Some(schemas.of::<ErrorView<'_>>()), &[])),
        ("session.ready", around(Some(schemas.of::<ReadyView<'_>>()), &[])),
        ("session.rooms", around(Some(schemas.of::<RoomsView<'_>>()), &[])),
        ("session.resumed", around(Some(schemas.of::<ResumedView<'_>>()), &["id"])),
        ("server.goaway", around(Some(schemas.of::<GoAwayView<'_>>()), &[])),
        ("message.created", around(Some(message.clone()), MESSAGE)),
        ("message.updated", around(Some(message.clone()), MESSAGE)),
        ("message.deleted", around(Some(message), MESSAGE)),
        ("room.cleared", around(Some(schemas.of::<ClearedView>()), PLACED)),
        ("receipts", around(Some(schemas.of::<ReceiptsView<'_>>()), ROOM_EVENT)),
        ("typing", around(Some(schemas.of::<TypingView<'_>>()), ROOM_EVENT)),
        ("presence", around(Some(schemas.of::<PresenceView<'_>>()), &["timestamp"])),
        ("room.presence", around(Some(schemas.of::<RoomPresenceView<'_>>()), ROOM_EVENT)),
        ("room.unread", around(Some(schemas.of::<UnreadView<'_>>()), ROOM_EVENT)),
        ("member.joined", around(Some(member.clone()), ROOM_EVENT)),
        ("member.updated", around(Some(member), ROOM_EVENT)),
        ("member.left", around(Some(schemas.of::<LeftView<'_>>()), ROOM_EVENT)),
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

/// A whole frame of one type.
fn frame(kind: &Value, data: Option<&Value>, required: &[&str]) -> Value {
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

fn message(name: &str, payload: &Value) -> Value {
    json!({"name": name, "contentType": "application/json", "payload": payload})
}

/// The whole document.
pub fn asyncapi() -> Value {
    let mut schemas = Schemas::new("/components/schemas");
    let (mut messages, mut sent, mut received) = (Map::new(), Vec::new(), Vec::new());
    let mut taken = Schemas::received("/components/schemas");
    for (kind, data) in commands(&mut taken) {
        let mut payload = frame(&json!({"const": kind}), data.as_ref(), &[]);
        // What is not known is ignored.
        payload["additionalProperties"] = json!(true);
        let name = format!("command.{kind}");
        sent.push(json!({"$ref": format!("#/channels/socket/messages/{name}")}));
        messages.insert(name.clone(), message(kind, &payload));
    }
    for (kind, Around { data, fields }) in events(&mut schemas) {
        let payload = frame(&json!({"const": kind}), data.as_ref(), fields);
        received.push(json!({"$ref": format!("#/channels/socket/messages/{kind}")}));
        messages.insert(kind.to_owned(), message(kind, &payload));
    }
    // The application's own types.
    let own = frame(
        &json!({"type": "string", "pattern": "^[a-z0-9_.-]{1,64}$"}),
        Some(&json!({})),
        &["timestamp"],
    );
    received.push(json!({"$ref": "#/channels/socket/messages/application"}));
    messages.insert("application".to_owned(), message("application", &own));
    let mut definitions = schemas.definitions();
    definitions.extend(taken.definitions());
    let channel = json!({"$ref": "#/channels/socket"});
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parlor",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The WebSocket interface at /ws. Its guarantees are described in docs/PROTOCOL.md.",
        },
        "defaultContentType": "application/json",
        "channels": {"socket": {"address": "/ws", "messages": messages}},
        "operations": {
            "command": {"action": "receive", "channel": channel, "messages": sent},
            "event": {"action": "send", "channel": channel, "messages": received},
        },
        "components": {"schemas": definitions},
    })
}
