//! The socket described for programs: AsyncAPI 3, made from the types that
//! are sent (<https://www.asyncapi.com/docs/reference/specification/v3.0.0>).

use serde_json::{Map, Value, json};

use super::{
    examples::Examples,
    frames::{self, ANSWER, Answer, Around, Command},
    names,
};
use crate::protocol::{PROTOCOL_NAME, Schemas};

const PLACE: &str = "/components/schemas";

/// A message of the channel, as others point to it.
fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/channels/socket/messages/{name}")})
}

fn message(kind: &str, title: &str, payload: &Value) -> Value {
    json!({
        "name": kind,
        "title": title,
        "contentType": "application/json",
        "payload": payload,
    })
}

/// `message.send` as the name of an operation: `messageSend`.
fn name_of(kind: &str) -> String {
    let mut name = String::new();
    for (n, word) in kind.split(['.', '_']).enumerate() {
        match word.split_at_checked(1) {
            Some((first, rest)) if n > 0 => {
                name.extend([first.to_ascii_uppercase().as_str(), rest])
            }
            _ => name.push_str(word),
        }
    }
    name
}

/// Messages and operations, as they come together.
#[derive(Default)]
struct Channel {
    messages: Map<String, Value>,
    operations: Map<String, Value>,
}

impl Channel {
    /// What the server sends, and when it likes to.
    fn add_events(&mut self, schemas: &mut Schemas) {
        let mut sent = Vec::new();
        for (kind, Around { data, fields }) in frames::events(schemas) {
            let payload = frames::frame(&json!({"const": kind}), data.as_ref(), fields);
            let is_answer = matches!(kind, "ack" | "error" | "pong");
            let title = if is_answer { "Answer" } else { "Event" };
            self.messages.insert(kind.to_owned(), message(kind, title, &payload));
            sent.push(reference(kind));
        }
        // The application's own types.
        let kind = json!({"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,64}$"});
        let any = json!({"description": "Any JSON value."});
        let payload = frames::frame(&kind, Some(&any), &["timestamp"]);
        let title = "Event of the application";
        self.messages.insert("application".to_owned(), message("application", title, &payload));
        sent.push(reference("application"));
        let event = json!({
            "action": "send",
            "channel": {"$ref": "#/channels/socket"},
            "summary": "What the server tells",
            "messages": sent,
        });
        self.operations.insert("event".to_owned(), event);
    }

    /// What the server is asked, with its answers.
    fn add_command(&mut self, Command { kind, data, answer }: Command) {
        let mut payload = frames::frame(&frames::type_of(kind), data.as_ref(), &[]);
        // What is not known is ignored.
        payload["additionalProperties"] = json!(true);
        let summary = format!("The command `{kind}`");
        // All that begin so.
        let kind = &*kind.replace('*', "any");
        let name = format!("command.{kind}");
        self.messages.insert(name.clone(), message(kind, "Command", &payload));
        let mut replies: Vec<Value> = match answer {
            Answer::Frames(kinds) => kinds.iter().map(|kind| reference(kind)).collect(),
            Answer::Ack(data) => {
                let ack = format!("ack.{kind}");
                let payload = frames::frame(&json!({"const": "ack"}), Some(&data), ANSWER);
                self.messages.insert(ack.clone(), message("ack", "Answer", &payload));
                vec![reference(&ack)]
            }
        };
        replies.push(reference("error"));
        let channel = json!({"$ref": "#/channels/socket"});
        let operation = json!({
            "action": "receive",
            "channel": channel,
            "summary": summary,
            "messages": [reference(&name)],
            "reply": {"channel": channel, "messages": replies},
        });
        self.operations.insert(name_of(kind), operation);
    }
}

/// Adds one to every message.
fn add_examples(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let examples = Examples::new(&schemas);
    let messages = document["channels"]["socket"]["messages"].as_object_mut();
    for (name, message) in messages.into_iter().flatten() {
        let mut payload = examples.of("", &message["payload"]);
        let is_answer = message["payload"]["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|name| name == "id"));
        // A label of the client's own.
        match name.starts_with("command.") || is_answer {
            true => payload["id"] = json!("c-17"),
            false => drop(payload.as_object_mut().and_then(|payload| payload.remove("id"))),
        }
        message["examples"] = json!([{"payload": payload}]);
    }
}

/// What is said of the upgrade.
fn bindings() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    json!({"ws": {
        "method": "GET",
        "query": {"type": "object", "properties": {
            "token": text("The token, where no header can be set"),
            "resume": {"type": "string", "const": "1", "description": "Nothing is live until `session.resume`"},
            "room": text("A room to join"),
            "device_id": {"type": "string", "maxLength": 64, "description": "Shown in the list of connections"},
        }},
        "headers": {"type": "object", "properties": {
            "Authorization": text("`Bearer <token>`"),
            "Sec-WebSocket-Protocol": text(&format!("`{PROTOCOL_NAME}, bearer.<token>`, from browsers")),
        }},
        "bindingVersion": "0.1.0",
    }})
}

fn servers() -> Value {
    let server = |protocol: &str| {
        json!({
            "host": "{host}",
            "protocol": protocol,
            "variables": {"host": {"default": "localhost:8080", "description": "Host and port"}},
            "security": [{"$ref": "#/components/securitySchemes/token"}],
        })
    };
    json!({"plain": server("ws"), "tls": server("wss")})
}

/// The whole document.
pub fn asyncapi() -> Value {
    let (mut sent, mut received) = (Schemas::new(PLACE), Schemas::received(PLACE));
    let mut channel = Channel::default();
    for command in frames::commands(&mut sent, &mut received) {
        channel.add_command(command);
    }
    channel.add_events(&mut sent);
    let mut definitions = sent.definitions();
    definitions.extend(received.definitions());
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parlor",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The WebSocket interface at /ws. Its guarantees are described in docs/PROTOCOL.md.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": {"socket": {
            "address": "/ws",
            "title": "The socket",
            "bindings": bindings(),
            "messages": channel.messages,
        }},
        "operations": channel.operations,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    });
    names::rename(&mut document);
    add_examples(&mut document);
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_frames_are_as_described() {
        let document = asyncapi();
        let messages = document["channels"]["socket"]["messages"].as_object().expect("messages");
        for (name, message) in messages {
            let mut schema = message["payload"].clone();
            schema["components"] = document["components"].clone();
            let validator = jsonschema::validator_for(&schema).expect("a good schema");
            let errors: Vec<String> = validator
                .iter_errors(&message["examples"][0]["payload"])
                .map(|error| error.to_string())
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn all_that_operations_name_is_there() {
        let document = asyncapi();
        let operations = document["operations"].as_object().expect("operations");
        assert_eq!(operations["messageSend"]["messages"][0], reference("command.message.send"));
        for (name, operation) in operations {
            let replies = operation["reply"]["messages"].as_array().into_iter().flatten();
            for named in operation["messages"].as_array().into_iter().flatten().chain(replies) {
                let pointer = named["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
                assert!(document.pointer(pointer.expect("a place")).is_some(), "{name}: {named}");
            }
        }
    }
}
