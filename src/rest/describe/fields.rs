//! What may be in a path, a query or a body, field by field.

use serde_json::{Map, Value, json};

use super::calls::Takes;
use parlor_domain::{
    ID_CHARS_MAX, PublicationKey,
    limits::{
        AGE_DAYS_MAX, ATTACHMENTS_PER_MESSAGE, EMOJI_BYTES, HISTORY_PAGE_MAX, ID_BYTES,
        KEPT_MESSAGES_MAX, NAME_CHARS, PASSWORD_BYTES, REASON_CHARS, SEARCH_BYTES,
        SEARCH_OFFSET_MAX, SEARCH_PAGE_MAX, SECONDS_MAX, TITLE_CHARS, TOPIC_CHARS,
    },
};

fn text(least: usize, most: usize) -> Value {
    json!({"type": "string", "minLength": least, "maxLength": most})
}

fn number(least: i64, most: i64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

/// A user's, a room's or a context's.
fn id() -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z0-9._:@+~=|-]{1,64}$"})
}

/// What the server has numbered, as a text.
fn numbered() -> Value {
    json!({"type": "string", "pattern": "^[1-9][0-9]{0,18}$"})
}

fn position() -> Value {
    json!({"type": "integer", "minimum": 0, "format": "int64"})
}

fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn one_of(texts: &[&str]) -> Value {
    json!({"type": "string", "enum": texts})
}

/// The type of a field, by its name. Lengths are in characters, where the
/// server counts bytes: what is longer than this is refused in any case.
fn field(name: &str) -> Value {
    match name {
        "all" | "ephemeral" => json!({"type": "boolean"}),
        "seq" | "inbox_seq" | "before" | "after" | "around" => position(),
        "limit" => number(1, HISTORY_PAGE_MAX),
        "limit:search" => number(1, SEARCH_PAGE_MAX),
        "cursor" => number(0, SEARCH_OFFSET_MAX),
        "cursor:page" => position(),
        "mute_seconds" => number(0, SECONDS_MAX),
        "ban_seconds" => number(1, SECONDS_MAX),
        "age_days" => number(1, AGE_DAYS_MAX),
        "messages" => number(1, KEPT_MESSAGES_MAX),
        "custom" | "metadata" => json!({"type": "object"}),
        "attachments" => {
            json!({"type": "array", "items": numbered(), "maxItems": ATTACHMENTS_PER_MESSAGE})
        }
        "user_ids" => {
            json!({"type": "array", "items": id(), "minItems": 2, "maxItems": 2, "uniqueItems": true})
        }
        "data" => json!({"type": ["object", "array", "string", "number", "boolean", "null"]}),
        "muted_until" | "until" | "expires_at" | "from" | "to" => time(),
        "room" | "user" | "context" | "room_id" | "user_id" | "after:user" | "sender" => id(),
        "id" | "message" | "message_id" | "reply_to" | "thread_id" => numbered(),
        // Where the header stands for a field, it is like it.
        "client_id" | "Idempotency-Key:client_id" => text(1, ID_CHARS_MAX),
        "Idempotency-Key" => text(1, PublicationKey::BYTES_MAX),
        "emoji" => text(1, EMOJI_BYTES),
        "kind" => one_of(&["public", "private", "announcement"]),
        "role" => one_of(&["owner", "moderator", "member", "read_only"]),
        "role:key" => one_of(&["service", "admin"]),
        "name:key" => json!({"type": "string", "pattern": "^[A-Za-z0-9._:@+~=|-]{1,56}$"}),
        "sort" => one_of(&["rank", "newest"]),
        "type" => json!({"type": "string", "pattern": "^[a-z0-9_-]+([.][a-z0-9_-]+)*$",
            "maxLength": 64}),
        "title" => text(0, TITLE_CHARS),
        "topic" => text(0, TOPIC_CHARS),
        "reason" => text(0, REASON_CHARS),
        // Blanks around it do not count.
        "name:account" => json!({"type": "string",
            "description": format!("At most {NAME_CHARS} characters.")}),
        // Eight bytes are two characters at least.
        "password" | "new_password" => text(PASSWORD_BYTES.start() / 4, *PASSWORD_BYTES.end()),
        "password:login" | "old_password" => text(0, *PASSWORD_BYTES.end()),
        "token_id" => text(1, ID_BYTES),
        "content" => json!({"type": "string", "minLength": 1}),
        "q" => text(1, SEARCH_BYTES),
        _ => json!({"type": "string"}),
    }
}

/// The name on the wire.
fn wire(name: &str) -> &str {
    let name = name.trim_end_matches('?');
    name.split(':').next().unwrap_or(name)
}

/// A field that may be left out may also be null.
fn property(name: &str) -> Value {
    let Some(name) = name.strip_suffix('?') else { return field(name) };
    let mut schema = field(name);
    if let Some(kind) = schema.get("type").filter(|kind| kind.is_string()).cloned() {
        schema["type"] = json!([kind, "null"]);
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    schema
}

pub fn body(takes: Takes) -> Option<Value> {
    match takes {
        Takes::Nothing => None,
        Takes::File => Some(json!({
            "required": true,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        })),
        Takes::Json(fields) => {
            let required: Vec<&str> =
                fields.iter().filter(|name| !name.ends_with('?')).map(|name| wire(name)).collect();
            let properties: Map<String, Value> =
                fields.iter().map(|name| (wire(name).to_owned(), property(name))).collect();
            let schema = json!({"type": "object", "properties": properties, "required": &required});
            let needed = !required.is_empty();
            Some(json!({"required": needed, "content": {"application/json": {"schema": schema}}}))
        }
    }
}

pub fn parameters(path: &str, query: &[&str], headers: &[&str]) -> Vec<Value> {
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": field(name)}));
    let in_query = query.iter().map(|name| {
        json!({"name": wire(name), "in": "query", "required": *name == "q", "schema": field(name)})
    });
    let in_header = headers.iter().map(
        |name| json!({"name": wire(name), "in": "header", "required": false, "schema": field(name)}),
    );
    in_path.chain(in_query).chain(in_header).collect()
}
