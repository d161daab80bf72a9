//! The interfaces described for programs, with the schemas of the types that are
//! sent: REST as OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.0>), and
//! `asyncapi`.

mod asyncapi;
mod call;
mod examples;
mod frames;
mod names;
mod operations;
mod parameters;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{CALLS, state::Descriptions};
pub use asyncapi::asyncapi;

/// The whole document of REST.
pub(super) fn openapi() -> Value {
    let mut types = call::Types::new();
    let mut paths = Map::new();
    for call in CALLS.iter() {
        let at = paths.entry(format!("/api/v1{}", call.path)).or_insert_with(|| json!({}));
        at[call::method(&call.method)] = call::describe(call, &mut types);
    }
    let origin =
        json!({"default": "http://localhost:8080", "description": "Scheme, host and port"});
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Parlor",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The guarantees are described in docs/PROTOCOL.md; the WebSocket interface in /api/v1/asyncapi.json.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {"url": "/", "description": "The server that this was read from"},
            {"url": "{origin}", "description": "Any other", "variables": {"origin": origin}},
        ],
        "tags": operations::tags(),
        "paths": paths,
        "components": {
            "schemas": types.definitions(),
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of the application, an access token of an account, or an API key",
            }},
        },
        "security": [{"token": []}],
    });
    names::rename(&mut document);
    examples::add(&mut document);
    document
}

pub static DESCRIPTIONS: Descriptions = Descriptions {
    openapi: LazyLock::new(|| openapi().to_string().into()),
    asyncapi: LazyLock::new(|| asyncapi().to_string().into()),
};

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
    fn every_parameter_says_what_it_is() {
        let document = openapi();
        let paths = document["paths"].as_object().expect("paths").values();
        let calls = paths.flat_map(|item| item.as_object().expect("calls").values());
        for parameter in calls.flat_map(|call| call["parameters"].as_array().expect("a list")) {
            assert_ne!(parameter["description"], "", "{}", parameter["name"]);
        }
    }

    /// Clients for Go have a constant for each, by its name alone.
    #[test]
    fn no_two_enumerations_that_have_names_share_a_value() {
        let document = openapi();
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        let mut values = BTreeSet::new();
        for (name, schema) in schemas {
            for value in schema["enum"].as_array().into_iter().flatten() {
                assert!(values.insert(value.to_string()), "{value} of {name}: inline one of them");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = openapi();
        let text = document.to_string();
        for name in text.split("#/components/schemas/").skip(1) {
            let name = name.split('"').next().expect("a name");
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
        assert_eq!(document["openapi"], "3.1.0");
    }

    /// Free by design: what belongs to those who send it, and lines that have a schema of
    /// their own (docs/import.schema.json).
    const FREE: [&str; 6] = ["metadata", "custom", "data", "detail", "info", "lines"];
    const DOCUMENTS: [&str; 6] =
        ["paths", "components", "channels", "operations", "servers", "tags"];

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
        let document = openapi();
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
