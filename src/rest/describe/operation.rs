//! An operation of the table, described from its own types.

use serde_json::{Map, Value, json};

use super::{answers, is_public};
use crate::{
    error::ErrorBody,
    operations::calls::{Call, IDEMPOTENCY_KEY, field_of},
    protocol::describe::Schemas,
    routes::Verb,
};

/// One call as OpenAPI describes it. `taken` has the schemas of what is
/// received.
pub fn describe(call: &Call, schemas: &mut Schemas, taken: &mut Schemas) -> Value {
    let name: Vec<&str> = parts(call.path).map(|part| part.trim_matches(['{', '}'])).collect();
    let input = Fields::of((call.takes)(taken));
    let (parameters, body) = input.split(call);
    let has_query = parameters.iter().any(|parameter| parameter["in"] == "query");
    let mut operation = json!({
        "operationId": format!("{}_{}", call.verb.name(), name.join("_")),
        "summary": call.summary,
        "tags": [name.first().copied().unwrap_or_default()],
        "parameters": parameters,
        "responses": responses(call, has_query, body.is_some(), schemas),
    });
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    if is_public(call.path) {
        operation["security"] = json!([]);
    }
    operation
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '-', '.']).filter(|part| !part.is_empty())
}

/// The fields of a request.
struct Fields {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Fields {
    fn of(mut schema: Value) -> Self {
        let properties = match schema["properties"].take() {
            Value::Object(properties) => properties,
            _ => Map::new(),
        };
        let required = schema["required"].as_array().into_iter().flatten();
        let required = required.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        Self { properties, required }
    }

    fn parameter(&mut self, name: &str, field: &str, place: &str) -> Value {
        let schema = self.properties.remove(field).unwrap_or_else(|| json!({"type": "string"}));
        let required = place == "path" || self.required.iter().any(|name| name == field);
        json!({"name": name, "in": place, "required": required, "schema": schema})
    }

    /// What of them is in the path and the query, and the body that the rest
    /// is.
    fn split(mut self, call: &Call) -> (Vec<Value>, Option<Value>) {
        let in_path = parts(call.path).filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> =
            in_path.map(|part| self.parameter(part, field_of(part), "path")).collect();
        if self.properties.contains_key(IDEMPOTENCY_KEY) {
            parameters.push(self.parameter(IDEMPOTENCY_KEY, IDEMPOTENCY_KEY, "header"));
        }
        if call.verb == Verb::Read {
            let names: Vec<String> = self.properties.keys().cloned().collect();
            parameters.extend(names.iter().map(|name| self.parameter(name, name, "query")));
        }
        if self.properties.is_empty() {
            return (parameters, None);
        }
        let required: Vec<&String> =
            self.required.iter().filter(|name| self.properties.contains_key(*name)).collect();
        let is_needed = !required.is_empty();
        let schema = json!({"type": "object", "properties": self.properties, "required": required});
        let content = json!({"application/json": {"schema": schema}});
        (parameters, Some(json!({"required": is_needed, "content": content})))
    }
}

fn responses(call: &Call, has_query: bool, has_body: bool, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    for (n, status) in call.statuses.iter().enumerate() {
        let content = (*status != 204)
            .then(|| json!({"application/json": {"schema": (call.gives)(schemas)}}));
        let what = match (n, status) {
            (0, _) => call.summary,
            (_, 201) => "Created",
            (_, status) => answers::meaning(*status),
        };
        responses.insert(status.to_string(), answers::granted(what, content));
    }
    let error = schemas.of::<ErrorBody<'_>>();
    let refusals = answers::refusals(call.path, has_query, has_body).into_iter();
    for status in refusals.chain(call.also.iter().copied()) {
        responses.insert(status.to_string(), answers::refusal(status, &error));
    }
    Value::Object(responses)
}
