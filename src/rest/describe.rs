//! The REST interface described for programs: OpenAPI 3.1
//! (<https://spec.openapis.org/oas/v3.1.0>), with the schemas of the types that
//! are sent.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::protocol::{
    AttachmentView, BanView, ErrorView, HistoryView, MemberView, MessageView, ReadMarkView,
    ReceiptView, RoomView, StoredMessageView, UserView,
    describe::Schemas,
    events::PresenceView,
    server_frame::{ChangedView, DeliveredView, SelfView},
};

/// What a call takes.
#[derive(Clone, Copy)]
enum Takes {
    Nothing,
    /// A JSON object with these fields; those with `?` may be left out.
    Json(&'static [&'static str]),
    /// Any bytes.
    File,
}

/// What a call gives when it is granted.
#[derive(Clone, Copy)]
enum Gives {
    Nothing,
    /// One of the types in [`types`].
    One(&'static str),
    /// An object with a list of them under this name.
    List(&'static str, &'static str),
    /// Some other object.
    Object,
    File,
}

use Gives::{List, Nothing as None_, Object, One};
use Takes::{File, Json, Nothing};

/// A path with what can be done there: the method, the fields of the query,
/// what it takes, the status, what it gives, and what it is for.
type Call = (&'static str, &'static [&'static str], Takes, u16, Gives, &'static str);

const PAGE: &[&str] = &["after", "limit"];
const CURSORS: &[&str] = &["before", "after", "around", "limit"];
const SEND: Takes =
    Json(&["content?", "client_id?", "reply_to?", "thread_id?", "metadata?", "attachments?"]);
const EVENT: Takes = Json(&["type", "data?", "ephemeral?"]);
const REASON: Takes = Json(&["reason?"]);
const SEARCH: &[&str] = &["q", "room_id", "sender", "from", "to", "sort", "limit", "cursor"];

/// Every call there is. A test holds it against the table of routes.
#[rustfmt::skip]
const CALLS: &[(&str, &[Call])] = &[
    ("/auth/register", &[("post", &[], Json(&["user_id", "password", "name?"]), 201, Object, "Make an account")]),
    ("/auth/login", &[("post", &[], Json(&["user_id", "password"]), 200, Object, "Log in")]),
    ("/auth/refresh", &[("post", &[], Json(&["refresh_token"]), 200, Object, "New tokens for a refresh token")]),
    ("/auth/logout", &[("post", &[], Json(&["refresh_token"]), 204, None_, "End a login")]),
    ("/me", &[("get", &[], Nothing, 200, One("Self"), "Who one is")]),
    ("/rooms", &[
        ("get", &[], Nothing, 200, List("rooms", "Room"), "One's rooms, with the last message of each"),
        ("post", &[], Json(&["room_id?", "kind?", "title?", "topic?", "custom?"]), 201, One("Room"), "Make a room"),
    ]),
    ("/rooms/direct/{user}", &[("put", &[], Nothing, 200, One("Room"), "The one room with another user")]),
    ("/rooms/{room}", &[
        ("get", &[], Nothing, 200, One("Room"), "A room"),
        ("patch", &[], Json(&["title?", "topic?", "custom?"]), 200, One("Room"), "Change what a room says of itself"),
        ("delete", &[], Nothing, 204, None_, "Delete a room"),
    ]),
    ("/rooms/{room}/transfer", &[("post", &[], Json(&["user_id"]), 204, None_, "Hand a room over")]),
    ("/rooms/{room}/members", &[("get", PAGE, Nothing, 200, List("members", "Member"), "Members")]),
    ("/rooms/{room}/members/{user}", &[
        ("put", &[], Nothing, 200, One("Member"), "Add a member, or join"),
        ("patch", &[], Json(&["role?", "muted_until?", "mute_seconds?"]), 200, One("Member"), "Give a role, or mute"),
        ("delete", &[], Nothing, 204, None_, "Remove a member, or leave"),
    ]),
    ("/rooms/{room}/bans", &[("get", PAGE, Nothing, 200, List("bans", "Ban"), "Who may not come")]),
    ("/rooms/{room}/bans/{user}", &[
        ("put", &[], Json(&["until?", "ban_seconds?", "reason?"]), 204, None_, "Ban"),
        ("delete", &[], Nothing, 204, None_, "End a ban"),
    ]),
    ("/rooms/{room}/read", &[
        ("get", &[], Nothing, 200, One("ReadMark"), "One's own read mark"),
        ("put", &[], Json(&["seq?", "message_id?", "all?"]), 200, One("ReadMark"), "Move it"),
    ]),
    ("/rooms/{room}/delivered", &[("put", &[], Json(&["seq"]), 200, One("Delivered"), "Say what has come")]),
    ("/rooms/{room}/receipts", &[("get", PAGE, Nothing, 200, List("receipts", "Receipt"), "The members' marks")]),
    ("/rooms/{room}/presence", &[("get", &[], Nothing, 200, Object, "Who is there")]),
    ("/rooms/{room}/events", &[
        ("get", PAGE, Nothing, 200, Object, "What the application published"),
        ("post", &[], EVENT, 201, Object, "Publish into a room"),
    ]),
    ("/rooms/{room}/messages", &[
        ("get", CURSORS, Nothing, 200, One("History"), "A page of history"),
        ("post", &[], SEND, 201, One("StoredMessage"), "Send"),
        ("delete", &[], Nothing, 204, None_, "Delete all messages"),
    ]),
    ("/rooms/{room}/messages/count", &[("get", &[], Nothing, 200, Object, "How many messages there are")]),
    ("/rooms/{room}/pins", &[("get", &[], Nothing, 200, List("messages", "Message"), "Pinned messages")]),
    ("/messages/{id}", &[
        ("get", &[], Nothing, 200, One("Message"), "A message"),
        ("patch", &[], Json(&["content"]), 200, One("Changed"), "Edit"),
        ("delete", &[], Nothing, 200, One("Changed"), "Delete"),
    ]),
    ("/messages/{id}/thread", &[("get", PAGE, Nothing, 200, Object, "A thread")]),
    ("/messages/{id}/receipts", &[("get", PAGE, Nothing, 200, Object, "Who has read it")]),
    ("/messages/{id}/reactions", &[("get", PAGE, Nothing, 200, Object, "Who reacted")]),
    ("/messages/{id}/reactions/{emoji}", &[
        ("put", &[], Nothing, 200, One("Changed"), "React"),
        ("delete", &[], Nothing, 200, One("Changed"), "Take a reaction back"),
    ]),
    ("/messages/{id}/pin", &[
        ("put", &[], Nothing, 200, One("Changed"), "Pin"),
        ("delete", &[], Nothing, 200, One("Changed"), "Unpin"),
    ]),
    ("/attachments", &[("post", &["name"], File, 201, One("Attachment"), "Upload a file")]),
    ("/attachments/{id}", &[
        ("get", &[], Nothing, 200, One("Attachment"), "An attachment"),
        ("delete", &[], Nothing, 204, None_, "Take an upload back"),
    ]),
    ("/attachments/{id}/content", &[("get", &[], Nothing, 200, Gives::File, "The file")]),
    ("/attachments/{id}/thumbnail", &[("get", &[], Nothing, 200, Gives::File, "A small picture of it")]),
    ("/read-all", &[("post", &[], Nothing, 200, Object, "Mark everything read")]),
    ("/unread", &[("get", &[], Nothing, 200, List("rooms", "ReadMark"), "What is unread")]),
    ("/search", &[("get", SEARCH, Nothing, 200, Object, "Search one's rooms")]),
    ("/inbox", &[
        ("get", PAGE, Nothing, 200, Object, "What the application told one"),
        ("put", &[], Json(&["inbox_seq"]), 204, None_, "Say what one has"),
    ]),
    ("/blocks", &[("get", PAGE, Nothing, 200, List("users", "User"), "Whom one has blocked")]),
    ("/blocks/{user}", &[
        ("put", &[], Nothing, 204, None_, "Block"),
        ("delete", &[], Nothing, 204, None_, "Unblock"),
    ]),
    ("/users/{user}/presence", &[("get", &[], Nothing, 200, One("Presence"), "Whether a user is there")]),
    ("/users/{user}/events", &[("post", &[], EVENT, 201, Object, "Tell a user (service)")]),
    ("/roles/{context}/events", &[("post", &[], EVENT, 201, Object, "Tell a role context (service)")]),
    ("/broadcast", &[("post", &[], EVENT, 201, Object, "Tell everyone (service)")]),
    ("/connections", &[("get", PAGE, Nothing, 200, Object, "Open connections (admin)")]),
    ("/connections/count", &[("get", &[], Nothing, 200, Object, "How many (admin)")]),
    ("/rooms/{room}/connections", &[("get", PAGE, Nothing, 200, Object, "Those of a room (admin)")]),
    ("/rooms/{room}/connections/count", &[("get", &[], Nothing, 200, Object, "How many (admin)")]),
    ("/users/{user}/connections", &[("get", PAGE, Nothing, 200, Object, "Those of a user (admin)")]),
    ("/users/{user}/connections/count", &[("get", &[], Nothing, 200, Object, "How many (admin)")]),
    ("/rooms/{room}/disconnect", &[("post", &[], REASON, 200, Object, "Close a room's connections (admin)")]),
    ("/users/{user}/disconnect", &[("post", &[], REASON, 200, Object, "Close a user's connections (admin)")]),
    ("/rooms/{room}/retention", &[
        ("get", &[], Nothing, 200, Object, "What a room keeps (admin)"),
        ("put", &[], Json(&["age_days?", "messages?"]), 204, None_, "Say what it keeps (admin)"),
    ]),
    ("/users/{user}", &[("delete", &[], Nothing, 204, None_, "Delete a user with their data (admin)")]),
    ("/users/{user}/export", &[("get", &[], Nothing, 200, Object, "All data of a user (admin)")]),
    ("/users/{user}/revoke", &[("post", &[], Nothing, 204, None_, "End all tokens of a user (admin)")]),
    ("/users/{user}/ban", &[
        ("get", &[], Nothing, 200, Object, "Whether a user is banned (admin)"),
        ("put", &[], Json(&["until?", "reason?"]), 204, None_, "Ban a user (admin)"),
        ("delete", &[], Nothing, 204, None_, "End a ban (admin)"),
    ]),
    ("/tokens/revoke", &[("post", &[], Json(&["token_id", "expires_at?"]), 204, None_, "End a token (admin)")]),
    ("/api-keys", &[
        ("get", &[], Nothing, 200, Object, "Keys of services (admin)"),
        ("post", &[], Json(&["name", "role?"]), 201, Object, "Make a key (admin)"),
    ]),
    ("/api-keys/{id}", &[("delete", &[], Nothing, 204, None_, "End a key (admin)")]),
    ("/webhooks", &[("get", &[], Nothing, 200, Object, "Webhooks (admin)")]),
    ("/webhooks/dead", &[("get", &["after"], Nothing, 200, Object, "Those given up (admin)")]),
    ("/webhooks/dead/replay", &[("post", &[], Nothing, 200, Object, "Try them again (admin)")]),
    ("/webhooks/dead/{id}", &[("delete", &[], Nothing, 204, None_, "Forget one (admin)")]),
    ("/webhooks/dead/{id}/replay", &[("post", &[], Nothing, 204, None_, "Try one again (admin)")]),
    ("/stats", &[("get", &[], Nothing, 200, Object, "The numbers (admin)")]),
    ("/audit", &[("get", &["before", "limit"], Nothing, 200, Object, "What administrators did (admin)")]),
    ("/openapi.json", &[("get", &[], Nothing, 200, Object, "This document")]),
    ("/asyncapi.json", &[("get", &[], Nothing, 200, Object, "The socket, described")]),
];

/// The types that calls give, by name.
fn types(schemas: &mut Schemas) -> Map<String, Value> {
    let types = json!({
        "Attachment": schemas.of::<AttachmentView<'_>>(),
        "Ban": schemas.of::<BanView<'_>>(),
        "Changed": schemas.of::<ChangedView>(),
        "Delivered": schemas.of::<DeliveredView<'_>>(),
        "Error": schemas.of::<ErrorView<'_>>(),
        "History": schemas.of::<HistoryView<'_>>(),
        "Member": schemas.of::<MemberView<'_>>(),
        "Message": schemas.of::<MessageView<'_>>(),
        "Presence": schemas.of::<PresenceView<'_>>(),
        "ReadMark": schemas.of::<ReadMarkView<'_>>(),
        "Receipt": schemas.of::<ReceiptView<'_>>(),
        "Room": schemas.of::<RoomView<'_>>(),
        "Self": schemas.of::<SelfView<'_>>(),
        "StoredMessage": schemas.of::<StoredMessageView>(),
        "User": schemas.of::<UserView<'_>>(),
    });
    match types {
        Value::Object(types) => types,
        _ => Map::new(),
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The type of a field, by its name: each means the same everywhere.
fn field(name: &str) -> Value {
    match name {
        "all" | "ephemeral" => json!({"type": "boolean"}),
        "seq" | "inbox_seq" | "mute_seconds" | "ban_seconds" | "age_days" | "messages" => {
            json!({"type": "integer", "minimum": 0})
        }
        "custom" | "metadata" => json!({"type": "object"}),
        "attachments" => json!({"type": "array", "items": {"type": "string"}}),
        // Any JSON.
        "data" => json!({"type": ["object", "array", "string", "number", "boolean", "null"]}),
        "muted_until" => json!({"type": ["string", "null"], "format": "date-time"}),
        "until" | "expires_at" => json!({"type": "string", "format": "date-time"}),
        _ => json!({"type": "string"}),
    }
}

fn body(takes: Takes) -> Option<Value> {
    match takes {
        Nothing => None,
        File => Some(json!({
            "required": true,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        })),
        Json(fields) => {
            let required: Vec<&&str> = fields.iter().filter(|name| !name.ends_with('?')).collect();
            let properties: Map<String, Value> = fields
                .iter()
                .map(|name| name.trim_end_matches('?'))
                .map(|name| (name.to_owned(), field(name)))
                .collect();
            let schema = json!({"type": "object", "properties": properties, "required": required});
            Some(json!({"required": true, "content": {"application/json": {"schema": schema}}}))
        }
    }
}

fn response(gives: Gives, summary: &str) -> Value {
    let json = |schema: Value| json!({"application/json": {"schema": schema}});
    let content = match gives {
        Gives::Nothing => return json!({"description": summary}),
        One(name) => json(reference(name)),
        List(list, name) => json(json!({
            "type": "object",
            "properties": {
                list: {"type": "array", "items": reference(name)},
                "has_more": {"type": "boolean"},
            },
            "required": [list],
        })),
        Object => json(json!({"type": "object"})),
        Gives::File => {
            json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}})
        }
    };
    json!({"description": summary, "content": content})
}

fn parameters(path: &str, query: &[&str]) -> Vec<Value> {
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(
        |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
    );
    let in_query = query.iter().map(|name| {
        let is_number = matches!(*name, "limit" | "before" | "around" | "cursor");
        let kind = if is_number { "integer" } else { "string" };
        json!({"name": name, "in": "query", "required": *name == "q", "schema": {"type": kind}})
    });
    in_path.chain(in_query).collect()
}

fn operation(path: &str, (method, query, takes, status, gives, summary): &Call) -> Value {
    let name: Vec<&str> = path
        .split(['/', '-', '.'])
        .map(|part| part.trim_matches(['{', '}']))
        .filter(|part| !part.is_empty())
        .collect();
    let mut responses = Map::new();
    responses.insert(status.to_string(), response(*gives, summary));
    // A repetition, or what was there already.
    if *status == 201 {
        responses.insert("200".to_owned(), response(*gives, "It was there already"));
    } else if *method == "put" && matches!(gives, One("Member" | "Room")) {
        responses.insert("201".to_owned(), response(*gives, "It is new"));
    }
    responses.insert(
        "default".to_owned(),
        json!({
            "description": "An error",
            "content": {"application/json": {"schema": {
                "type": "object",
                "properties": {"error": reference("Error")},
                "required": ["error"],
            }}},
        }),
    );
    let mut operation = json!({
        "operationId": format!("{method}_{}", name.join("_")),
        "summary": summary,
        "tags": [name.first().copied().unwrap_or_default()],
        "parameters": parameters(path, query),
        "responses": responses,
    });
    if let Some(body) = body(*takes) {
        operation["requestBody"] = body;
    }
    if path.starts_with("/auth") || path.ends_with(".json") {
        operation["security"] = json!([]);
    }
    operation
}

/// The whole document.
pub fn openapi() -> OpenApi {
    let mut schemas = Schemas::new("/components/schemas");
    let types = types(&mut schemas);
    let mut all = schemas.definitions();
    all.extend(types);
    let paths: Map<String, Value> = CALLS
        .iter()
        .map(|(path, calls)| {
            let of = calls.iter().map(|call| (call.0.to_owned(), operation(path, call)));
            (format!("/api/v1{path}"), Value::Object(of.collect()))
        })
        .collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Parlor",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "docs/PROTOCOL.md says what may be relied on; /api/v1/asyncapi.json describes the socket.",
            "license": {"name": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": all,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    });
    serde_json::from_value(document).expect("the table of calls makes a good document")
}

/// The calls as the table of routes has them, for a test.
#[cfg(test)]
pub(crate) fn calls() -> Vec<(String, String)> {
    let of = |(path, calls): &(&str, &[Call])| {
        let path = (*path).to_owned();
        calls.iter().map(move |call| (path.clone(), call.0.to_owned())).collect::<Vec<_>>()
    };
    CALLS.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Read from the source, because actix-web does not tell its routes.
    #[test]
    fn every_route_is_described_and_every_description_is_a_route() {
        let source = include_str!("../routes.rs");
        let (start, end) = (
            source.find("fn accounts(").expect("there"),
            source.find("/// What is done with a path.").expect("there"),
        );
        let mut routes = BTreeSet::new();
        for part in source[start..end].split("at(").skip(1) {
            let Some(path) = part.split('"').nth(1) else { continue };
            for (verb, method) in [
                ("(Read", "get"),
                ("(Post", "post"),
                ("(Put", "put"),
                ("(Patch", "patch"),
                ("(Delete", "delete"),
            ] {
                if part.contains(verb) {
                    routes.insert((path.to_owned(), method.to_owned()));
                }
            }
        }
        assert!(routes.len() > 80, "{}", routes.len());
        assert_eq!(routes, calls().into_iter().collect::<BTreeSet<_>>());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(openapi()).expect("JSON");
        let text = document.to_string();
        for name in text.split("#/components/schemas/").skip(1) {
            let name = name.split('"').next().expect("a name");
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
        assert_eq!(document["openapi"], "3.1.0");
    }
}
