//! An example of everything that is asked and answered, made from the schemas, so
//! that none is out of step with them.

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{error::ApiError, protocol::ErrorCode};

/// What fields have in examples, where it fits their type. Of those that may be
/// left out only these are shown.
static SAMPLES: LazyLock<BTreeMap<&str, Value>> = LazyLock::new(|| {
    let samples = [
        ("age_days", json!(365)),
        ("avatar_url", json!("https://cdn.example.org/ann.png")),
        ("attachment_id", json!("7265384921038850")),
        ("ban_seconds", json!(86_400)),
        ("by", json!("ann")),
        ("client_id", json!("0b7e9a52-7c1c-4f0e-9d5e-5a4f6b1c2d3e")),
        ("code", json!("forbidden")),
        ("content", json!("Shall we meet at ten?")),
        ("content_type", json!("image/png")),
        ("context", json!("project-42")),
        ("created_at", json!("2026-11-20T21:00:00.123Z")),
        ("custom", json!({"colour": "green"})),
        ("data", json!({"task_id": "T-7", "done": true})),
        ("emoji", json!("👍")),
        ("epoch", json!("Zk3v0cP1x2A")),
        ("has_more", json!(false)),
        ("highlights", json!([[13, 17]])),
        ("id", json!("ann")),
        ("inbox_seq", json!(12)),
        ("kind", json!("private")),
        ("last_seq", json!(1042)),
        ("list_id", json!("slurs")),
        ("message", json!("there is no such room, or you may not see it")),
        ("message_id", json!("7265384921038848")),
        ("messages", json!(10_000)),
        ("metadata", json!({"card": 7})),
        ("name", json!("Ann")),
        ("new_password", json!("correct horse battery")),
        ("old_password", json!("a wrong horse")),
        ("password", json!("a wrong horse")),
        ("q", json!("meet")),
        ("reason", json!("spam")),
        ("role", json!("moderator")),
        ("room", json!("board:42")),
        ("room_id", json!("board:42")),
        ("seconds", json!(30)),
        ("seq", json!(1042)),
        ("status", json!("online")),
        ("timestamp", json!("2026-11-20T21:00:00.123Z")),
        ("title", json!("The board")),
        ("topic", json!("What is next")),
        ("type", json!("task.updated")),
        ("user", json!("ben")),
        ("user_id", json!("ann")),
        ("user_ids", json!(["ann", "ben"])),
    ];
    samples.into_iter().collect()
});

/// Makes examples of schemas that refer to these.
pub struct Examples<'a> {
    schemas: &'a Value,
}

impl<'a> Examples<'a> {
    /// `schemas`: those of the document, by name.
    pub fn new(schemas: &'a Value) -> Self {
        Self { schemas }
    }

    /// One of a schema; `name` is that of the field that it is of.
    pub fn of(&self, name: &str, schema: &Value) -> Value {
        let schema = self.resolve(schema);
        if let Some(only) = schema.get("const").or_else(|| schema["examples"].get(0)) {
            return only.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.first().and_then(Value::as_str),
            kind => kind.as_str(),
        };
        let sample = SAMPLES.get(name).filter(|sample| fits(sample, schema, kind));
        match (sample, kind) {
            (Some(sample), _) => sample.clone(),
            (None, Some("object")) => self.object(schema),
            (None, Some("array")) => {
                let least = schema["minItems"].as_u64().unwrap_or(1).max(1);
                (0..least).map(|_| self.of("", &schema["items"])).collect()
            }
            (None, Some("string")) => text(schema),
            (None, Some("integer" | "number")) => {
                schema.get("minimum").cloned().unwrap_or(json!(1))
            }
            (None, Some("boolean")) => json!(false),
            (None, _) => json!({"any": "JSON"}),
        }
    }

    /// What a schema refers to, or the first one of those that it offers.
    fn resolve<'s>(&self, schema: &'s Value) -> &'s Value
    where
        'a: 's,
    {
        let one_of = |name: &str| schema[name].as_array().and_then(|all| all.first());
        if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
            return self.resolve(&self.schemas[name]);
        }
        match one_of("anyOf").or_else(|| one_of("oneOf")) {
            Some(first) => self.resolve(first),
            None => schema,
        }
    }

    fn object(&self, schema: &Value) -> Value {
        let mut fields = Map::new();
        let required = schema["required"].as_array();
        let is_shown = |name: &str| {
            required.is_some_and(|names| names.iter().any(|other| other == name))
                || SAMPLES.contains_key(name)
        };
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if is_shown(name) {
                fields.insert(name.clone(), self.of(name, field));
            }
        }
        if fields.is_empty() && schema["additionalProperties"].is_object() {
            fields.insert("name".to_owned(), self.of("", &schema["additionalProperties"]));
        }
        Value::Object(fields)
    }
}

/// Whether a sample is of this schema, as far as names alone may mislead.
fn fits(sample: &Value, schema: &Value, kind: Option<&str>) -> bool {
    let is_of_kind = match kind {
        None => true,
        Some("object") => sample.is_object() && schema.get("properties").is_none(),
        // Of objects there is one sample: what they are made of.
        Some("array") => sample.is_array() && schema["items"].get("$ref").is_none(),
        Some("integer") => sample.is_i64(),
        Some("string") => {
            let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            sample.as_str().is_some_and(|text| !is_number(schema) || is_digits(text))
        }
        _ => sample.is_boolean() && kind == Some("boolean"),
    };
    let is_one = schema["enum"].as_array().is_none_or(|all| all.contains(sample));
    is_of_kind && is_one
}

/// A text that is a number of the server's.
fn is_number(schema: &Value) -> bool {
    schema["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("^[1-9]"))
}

/// A time of the day.
fn is_time_of_day(schema: &Value) -> bool {
    schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("):[0-5]"))
}

fn text(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    match schema["format"].as_str() {
        Some("date-time") => json!("2026-11-20T21:00:00.123Z"),
        _ if is_number(schema) => json!("7265384921038848"),
        _ if is_time_of_day(schema) => json!("22:00"),
        _ => json!("text"),
    }
}

/// Adds one to every body of the document, and to what its paths need.
pub fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let examples = Examples::new(&schemas);
    for path in document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        for call in path.as_object_mut().into_iter().flat_map(Map::values_mut) {
            for parameter in call["parameters"].as_array_mut().into_iter().flatten() {
                if parameter["required"] == true {
                    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
                    parameter["example"] = examples.of(&name, &parameter["schema"]);
                }
            }
            if let Some(body) = call.get_mut("requestBody") {
                add_to_body(body, |schema| examples.of("", schema));
            }
            for (status, answer) in call["responses"].as_object_mut().into_iter().flatten() {
                let meaning = answer["description"].as_str().unwrap_or_default().to_owned();
                add_to_body(answer, |schema| {
                    refusal(status, &meaning).unwrap_or_else(|| examples.of("", schema))
                });
            }
        }
    }
}

fn add_to_body(body: &mut Value, example: impl Fn(&Value) -> Value) {
    let json = body.get_mut("content").and_then(|content| content.get_mut("application/json"));
    if let Some(json) = json {
        json["example"] = example(&json["schema"]);
    }
}

/// The body of an answer with this status, if it is that of an error.
fn refusal(status: &str, meaning: &str) -> Option<Value> {
    let status = status.parse::<StatusCode>().ok().filter(|status| status.as_u16() >= 400)?;
    let is_of = |code: &&ErrorCode| ApiError::new(**code, "").status() == status;
    let code = ErrorCode::ALL.iter().find(is_of).unwrap_or(&ErrorCode::InvalidMessage);
    Some(json!({"error": {"code": code, "message": meaning}}))
}

#[cfg(test)]
mod tests {
    use super::super::openapi;

    /// Every example is of its schema, and everything has one.
    #[test]
    fn examples_are_what_they_are_examples_of() {
        let document = openapi();
        let (mut checked, mut wrong) = (0, Vec::new());
        let mut check = |of: &str, holder: &super::Value| {
            let mut schema = holder["schema"].clone();
            schema["components"] = document["components"].clone();
            let options = jsonschema::options().should_validate_formats(true);
            let validator = options.build(&schema).expect("a good schema");
            let Some(example) = holder.get("example") else {
                wrong.push(format!("{of} has none"));
                return;
            };
            let errors = validator.iter_errors(example).map(|error| format!("{of}: {error}"));
            wrong.extend(errors);
            checked += 1;
        };
        for path in document["paths"].as_object().expect("paths").values() {
            for call in path.as_object().expect("calls").values() {
                let id = call["operationId"].as_str().expect("a name");
                let json = &call["requestBody"]["content"]["application/json"];
                if json.is_object() {
                    check(id, json);
                }
                for parameter in call["parameters"].as_array().expect("a list") {
                    if parameter["required"] == true {
                        check(id, parameter);
                    }
                }
                for (status, answer) in call["responses"].as_object().expect("answers") {
                    let json = &answer["content"]["application/json"];
                    // All refusals have the same schema.
                    if json.is_object() && (status.starts_with('2') || id == "sendMessage") {
                        check(&format!("{id} {status}"), json);
                    }
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
        assert!(checked > 150, "{checked}");
    }
}
