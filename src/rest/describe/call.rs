//! A line of the table, described from the types of its function.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::{operations, parameters};
use crate::{
    error::ErrorBody,
    operations::IDEMPOTENCY_KEY,
    protocol::Schemas,
    rest::{
        call::{Call, field_of, parts_of},
        reply::{Given, Granted},
    },
};

/// The types that the calls have.
pub struct Types {
    sent: Schemas,
    received: Schemas,
    /// Of what is in bodies, by name.
    bodies: Map<String, Value>,
}

impl Types {
    pub fn new() -> Self {
        let place = "/components/schemas";
        let (sent, received) = (Schemas::new(place), Schemas::received(place));
        Self { sent, received, bodies: Map::new() }
    }

    pub fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.sent.definitions();
        all.extend(self.received.definitions());
        all.extend(self.bodies);
        all
    }

    /// The body of a call is a type of its own: clients have a class of it.
    fn add_body(&mut self, call: &Call, schema: Value) -> Value {
        let (first, rest) = call.id.split_at(1);
        let name = format!("{}{rest}Request", first.to_ascii_uppercase());
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        self.bodies.insert(name, schema);
        reference
    }
}

/// One call as OpenAPI describes it.
pub fn describe(call: &Call, types: &mut Types) -> Value {
    let given = (call.gives)(&mut types.sent);
    let fields = Fields::of((call.fields)(&mut types.received));
    let (parameters, body) = fields.split(call, given.heeds);
    let mut operation = json!({
        "operationId": call.id,
        "summary": call.summary,
        "description": operations::description(call.id),
        "tags": [operations::tag(call.path)],
        "responses": responses(call, given, &parameters, &mut types.sent),
        "parameters": parameters,
    });
    match body {
        Some(Body::File) => {
            let file = json!({"schema": {"type": "string", "format": "binary"}});
            operation["requestBody"] =
                json!({"required": true, "content": {"application/octet-stream": file}});
        }
        Some(Body::Json { schema, is_needed }) => {
            let content = json!({"application/json": {"schema": types.add_body(call, schema)}});
            operation["requestBody"] = json!({"required": is_needed, "content": content});
        }
        None => {}
    }
    if !call.taken.token {
        operation["security"] = json!([]);
    }
    operation
}

/// As OpenAPI writes it.
pub fn method(method: &Method) -> String {
    method.as_str().to_ascii_lowercase()
}

/// The fields of a request.
struct Fields {
    /// What the type says of itself.
    what: Option<Value>,
    properties: Map<String, Value>,
    required: Vec<String>,
}

enum Body {
    File,
    Json { schema: Value, is_needed: bool },
}

impl Fields {
    fn of(mut schema: Value) -> Self {
        let properties = match schema["properties"].take() {
            Value::Object(properties) => properties,
            _ => Map::new(),
        };
        let required = schema["required"].as_array().into_iter().flatten();
        let required = required.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        Self { what: schema.get("description").cloned(), properties, required }
    }

    fn parameter(&mut self, name: &str, field: &str, place: &str) -> Value {
        let mut schema = self.properties.remove(field).unwrap_or_else(|| json!({"type": "string"}));
        // It can be left out, and cannot be null: it is written as a text.
        if let Some(kind) = schema["type"].get(0).cloned() {
            schema["type"] = kind;
        }
        if let Some(texts) = schema["anyOf"].get(0).cloned() {
            schema = texts;
        }
        let required = place == "path" || self.required.iter().any(|name| name == field);
        let own = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let what = own.unwrap_or_else(|| parameters::description(name).into());
        json!({
            "name": name,
            "in": place,
            "description": what,
            "required": required,
            "schema": schema,
        })
    }

    /// What of them is in the path, the query and the headers, and the body
    /// that the rest is.
    fn split(mut self, call: &Call, heeds: &[&str]) -> (Vec<Value>, Option<Body>) {
        for property in self.properties.values_mut().filter_map(Value::as_object_mut) {
            // What may be left out is not null then, which its type does not allow.
            if property.get("default").is_some_and(Value::is_null) {
                property.remove("default");
            }
        }
        let mut parameters: Vec<Value> =
            parts_of(call.path).map(|part| self.parameter(part, field_of(part), "path")).collect();
        if self.properties.contains_key(IDEMPOTENCY_KEY) {
            parameters.push(self.parameter(IDEMPOTENCY_KEY, IDEMPOTENCY_KEY, "header"));
        }
        if call.form.in_query {
            let names: Vec<String> = self.properties.keys().cloned().collect();
            parameters.extend(names.iter().map(|name| self.parameter(name, name, "query")));
        }
        parameters.extend(heeds.iter().map(|name| self.parameter(name, name, "header")));
        if call.taken.file {
            return (parameters, Some(Body::File));
        }
        if !call.form.has_body {
            return (parameters, None);
        }
        let required: Vec<&String> =
            self.required.iter().filter(|name| self.properties.contains_key(*name)).collect();
        let is_needed = !required.is_empty();
        for property in self.properties.values_mut().filter_map(Value::as_object_mut) {
            // Generators take what has a default for something that is always there.
            property.remove("default");
        }
        let mut schema =
            json!({"type": "object", "properties": self.properties, "required": required});
        if let Some(what) = self.what {
            schema["description"] = what;
        }
        (parameters, Some(Body::Json { schema, is_needed }))
    }
}

/// Every status that a call may have.
fn responses(call: &Call, given: Given, parameters: &[Value], schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    for Granted { status, what, headers, content } in given.responses {
        let response = response(what.unwrap_or(call.summary), headers, content);
        responses.insert(status.to_string(), response);
    }
    let error = json!({"application/json": {"schema": schemas.of::<ErrorBody<'_>>()}});
    for status in refusals(call, parameters) {
        let headers: &[_] = match status {
            401 => &[("WWW-Authenticate", "The required authentication scheme")],
            429 | 503 => &[("Retry-After", "Seconds")],
            _ => &[],
        };
        let refusal = response(meaning(status), headers, Some(error.clone()));
        responses.insert(status.to_string(), refusal);
    }
    Value::Object(responses)
}

fn refusals(call: &Call, parameters: &[Value]) -> BTreeSet<u16> {
    let mut all = call.taken.refusals.clone();
    all.extend(call.also);
    // Too much of one, or of all.
    all.extend([429, 503]);
    // The ids that the server gives are there or not, and what is in a header
    // that matters to nobody is passed over.
    let is_checked = |parameter: &Value| {
        let is_own = matches!(parameter["name"].as_str(), Some("id" | "message"));
        let is_field = parameter["in"] != "header" || parameter["name"] == IDEMPOTENCY_KEY;
        is_field && !is_own
    };
    if parameters.iter().any(is_checked) {
        all.insert(400);
    }
    if call.path.contains('{') {
        all.insert(404);
    }
    if call.form.has_body || call.taken.file {
        all.extend([400, 408, 413]);
    }
    all
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "Invalid request; `field` names the invalid field",
        401 => "Missing or invalid token",
        403 => "Not allowed",
        404 => "Not found, or hidden from this user",
        408 => "The body came too slowly",
        409 => "Conflict with existing data",
        413 => "Over a size limit",
        429 => "Rate limit exceeded",
        503 => "Temporarily unavailable; safe to retry",
        _ => "Internal server error",
    }
}

fn response(what: &str, headers: &[(&str, &str)], content: Option<Value>) -> Value {
    let header = |(name, what): &(&str, &str)| {
        ((*name).to_owned(), json!({"description": what, "schema": {"type": "string"}}))
    };
    let always = [("X-Request-Id", "Id of this request, also in the server's log")];
    let headers: Map<String, Value> = always.iter().chain(headers).map(header).collect();
    let mut response = json!({"description": what, "headers": headers});
    if let Some(content) = content {
        response["content"] = content;
    }
    response
}
