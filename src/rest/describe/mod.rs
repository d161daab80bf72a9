//! The REST interface described for programs: OpenAPI 3.1
//! (<https://spec.openapis.org/oas/v3.1.0>), with the schemas of the types that
//! are sent.

mod answers;
mod calls;
mod fields;
mod operation;
mod shapes;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::protocol::describe::Schemas;
use calls::{CALLS, Call, Gives, Takes};

/// Whether a path needs no token.
fn is_public(path: &str) -> bool {
    let is_to_come_in = path.starts_with("/auth") && path != "/auth/password";
    is_to_come_in || path.ends_with(".json")
}

/// What a call looks for in the headers, besides the token.
fn headers(path: &str, call: &Call) -> &'static [&'static str] {
    match (call.takes, call.gives) {
        // What may be sent again says so in its answer.
        // The one of the two there is.
        (Takes::Json(_), _) if path == "/rooms/direct" => &[],
        (Takes::Json(_), _) if call.also.contains(&200) => match path.ends_with("/messages") {
            true => &["Idempotency-Key:client_id"],
            false => &["Idempotency-Key"],
        },
        (_, Gives::File) => &["Range", "If-None-Match"],
        _ => &[],
    }
}

fn operation(path: &str, call: &Call, schemas: &mut Schemas) -> Value {
    let name: Vec<&str> = path
        .split(['/', '-', '.'])
        .map(|part| part.trim_matches(['{', '}']))
        .filter(|part| !part.is_empty())
        .collect();
    let mut operation = json!({
        "operationId": format!("{}_{}", call.method, name.join("_")),
        "summary": call.summary,
        "tags": [name.first().copied().unwrap_or_default()],
        "parameters": fields::parameters(path, call.query, headers(path, call)),
        "responses": answers::responses(path, call, schemas),
    });
    if let Some(body) = fields::body(call.takes) {
        operation["requestBody"] = body;
    }
    if is_public(path) {
        operation["security"] = json!([]);
    }
    operation
}

fn document() -> Value {
    let mut schemas = Schemas::new("/components/schemas");
    let mut taken = Schemas::received("/components/schemas");
    let mut paths: Map<String, Value> = CALLS
        .iter()
        .map(|(path, calls)| {
            let mut of =
                |call: &Call| (call.method.to_owned(), operation(path, call, &mut schemas));
            let calls: Map<String, Value> = calls.iter().map(&mut of).collect();
            (format!("/api/v1{path}"), Value::Object(calls))
        })
        .collect();
    for call in crate::operations::calls::CALLS {
        let described = operation::describe(call, &mut schemas, &mut taken);
        let path = format!("/api/v1{}", call.path);
        let calls = paths.entry(path).or_insert_with(|| json!({}));
        calls[call.verb.name()] = described;
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

/// The whole document.
pub fn openapi() -> OpenApi {
    serde_json::from_value(document()).expect("the table of calls makes a good document")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Read from the source, because actix-web does not tell its routes.
    #[test]
    fn every_route_is_described_and_every_description_is_a_route() {
        let source = include_str!("../../routes.rs");
        let (start, end) = (
            source.find("fn accounts(").expect("there"),
            source.find("/// What is done with a path.").expect("there"),
        );
        // What the table of operations has is both by itself.
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
                    routes.insert((path, method));
                }
            }
        }
        let all = routes.len() + crate::operations::calls::CALLS.len();
        assert!(all > 80, "{all}");
        let of = |(path, calls): &'static (&str, &[Call])| {
            calls.iter().map(move |call| (*path, call.method))
        };
        assert_eq!(routes, CALLS.iter().flat_map(of).collect::<BTreeSet<_>>());
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
