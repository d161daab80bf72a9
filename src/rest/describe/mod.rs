//! The interfaces described for programs, with the schemas of the types that are
//! sent: REST as OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.0>), and
//! `asyncapi`.

mod asyncapi;
mod call;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::{CALLS, state::Descriptions};
use crate::protocol::Schemas;
pub use asyncapi::asyncapi;

fn document() -> Value {
    let mut schemas = Schemas::new("/components/schemas");
    let mut taken = Schemas::received("/components/schemas");
    let mut paths = Map::new();
    for call in CALLS.iter() {
        let at = paths.entry(format!("/api/v1{}", call.path)).or_insert_with(|| json!({}));
        at[call::method(&call.method)] = call::describe(call, &mut schemas, &mut taken);
    }
    let mut definitions = schemas.definitions();
    definitions.extend(taken.definitions());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Parlor",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The guarantees are described in docs/PROTOCOL.md; the WebSocket interface in /api/v1/asyncapi.json.",
            "license": {"name": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    })
}

pub static DESCRIPTIONS: Descriptions = Descriptions {
    openapi: LazyLock::new(|| openapi().to_json().expect("a description is JSON").into()),
    asyncapi: LazyLock::new(|| asyncapi().to_string().into()),
};

/// The whole document.
pub(super) fn openapi() -> OpenApi {
    serde_json::from_value(document()).expect("the table of calls makes a good document")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_lines_of_the_table_are_the_same_call() {
        let calls: BTreeSet<_> =
            CALLS.iter().map(|call| (call.path, call.method.as_str())).collect();
        assert_eq!(calls.len(), CALLS.len());
    }

    #[test]
    fn every_call_has_a_name_of_its_own_that_is_a_word_of_any_language() {
        let mut names = BTreeSet::new();
        for call in CALLS.iter() {
            let is_word = call.id.starts_with(|c: char| c.is_ascii_lowercase())
                && call.id.chars().all(|c| c.is_ascii_alphanumeric());
            assert!(is_word, "{}", call.id);
            // Some make names of files of it, which are the same in capitals.
            assert!(names.insert(call.id.to_ascii_lowercase()), "{} twice", call.id);
        }
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

    /// All that `value` says and `kept` does not.
    fn lost(value: &Value, kept: &Value, place: &str, lost_at: &mut Vec<String>) {
        match (value, kept) {
            (Value::Object(fields), Value::Object(_)) => {
                for (name, value) in fields {
                    match kept.get(name) {
                        Some(kept) => lost(value, kept, &format!("{place}/{name}"), lost_at),
                        // An empty list says nothing.
                        None if *value == json!([]) => {}
                        None => lost_at.push(format!("{place}/{name}")),
                    }
                }
            }
            (Value::Array(values), Value::Array(all)) if values.len() == all.len() => {
                for (n, (value, kept)) in values.iter().zip(all).enumerate() {
                    lost(value, kept, &format!("{place}/{n}"), lost_at);
                }
            }
            (value, kept) if value == kept || value.as_f64() == kept.as_f64() => {}
            _ => lost_at.push(place.to_owned()),
        }
    }

    #[test]
    fn the_typed_model_keeps_all_that_is_said() {
        let told = serde_json::to_value(openapi()).expect("JSON");
        let mut lost_at = Vec::new();
        lost(&document(), &told, "", &mut lost_at);
        assert_eq!(lost_at, Vec::<String>::new());
    }

    /// Free by design: what belongs to those who send it.
    const FREE: [&str; 5] = ["metadata", "custom", "data", "detail", "info"];
    const DOCUMENTS: [&str; 4] = ["paths", "components", "channels", "operations"];

    fn bare(schema: &Value, place: &str, found: &mut Vec<String>) {
        let Some(fields) = schema.as_object() else { return };
        let is_object = schema["type"] == "object"
            || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("object")));
        let says_more =
            schema["properties"].is_object() || schema["additionalProperties"].is_object();
        if is_object && !says_more {
            found.push(place.to_owned());
        }
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    for (name, schema) in properties {
                        if !FREE.contains(&name.as_str()) && !DOCUMENTS.contains(&name.as_str()) {
                            bare(schema, &format!("{place}.{name}"), found);
                        }
                    }
                }
                (_, Value::Array(several)) => {
                    several.iter().for_each(|schema| bare(schema, place, found));
                }
                (_, value) => bare(value, place, found),
            }
        }
    }

    #[test]
    fn every_answer_says_what_is_in_it() {
        let document = document();
        let mut found = Vec::new();
        for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
            bare(schema, name, &mut found);
        }
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, call) in item.as_object().expect("calls") {
                for (status, response) in call["responses"].as_object().expect("responses") {
                    let schema = &response["content"]["application/json"]["schema"];
                    bare(schema, &format!("{method} {path} {status}"), &mut found);
                    if schema.is_null() && response["content"].get("application/json").is_some() {
                        found.push(format!("{method} {path} {status} says nothing"));
                    }
                }
            }
        }
        assert_eq!(found, Vec::<String>::new());
    }
}
