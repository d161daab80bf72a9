//! What may be answered: every status, with its headers and its body.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    calls::{Call, Gives, Takes},
    is_public,
};
use crate::{error::ErrorBody, protocol::describe::Schemas};

/// What every call of this form may be refused with.
pub fn refusals(path: &str, has_query: bool, has_body: bool) -> BTreeSet<u16> {
    let mut all = BTreeSet::new();
    // Too much of one, or of all.
    all.extend([429, 503]);
    if is_description(path) {
        return all;
    }
    // Something of ours is wrong.
    all.insert(500);
    if !is_public(path) {
        // The token; who is banned, or may not do it.
        all.extend([401, 403]);
    }
    let has_id =
        ["{room}", "{user}", "{emoji}", "{message}"].iter().any(|name| path.contains(name));
    if has_id || has_query || has_body {
        all.insert(400);
    }
    if path.contains('{') {
        all.insert(404);
    }
    if has_body {
        all.extend([408, 413]);
    }
    all
}

fn is_description(path: &str) -> bool {
    path.ends_with(".json")
}

pub fn meaning(status: u16) -> &'static str {
    match status {
        400 => "Invalid request; `field` names the invalid field",
        401 => "Missing or invalid token",
        403 => "Not allowed",
        404 => "Not found, or hidden from this user",
        408 => "The body came too slowly",
        409 => "Conflict with existing data",
        413 => "Over a size limit",
        429 => "Rate limit exceeded",
        500 => "Internal server error",
        503 => "Temporarily unavailable; safe to retry",
        _ => "Already existed",
    }
}

fn headers(names: &[(&str, &str)]) -> Value {
    let one = |(name, what): &(&str, &str)| {
        ((*name).to_owned(), json!({"description": what, "schema": {"type": "string"}}))
    };
    let all: Map<String, Value> =
        [("X-Request-Id", "Id of this request, also in the server's log")]
            .iter()
            .chain(names)
            .map(one)
            .collect();
    Value::Object(all)
}

pub fn refusal(status: u16, error: &Value) -> Value {
    let headers = match status {
        401 => headers(&[("WWW-Authenticate", "The required authentication scheme")]),
        429 | 503 => headers(&[("Retry-After", "Seconds")]),
        _ => headers(&[]),
    };
    json!({
        "description": meaning(status),
        "headers": headers,
        "content": {"application/json": {"schema": error}},
    })
}

const TAG: (&str, &str) = ("ETag", "Identifies the content of the file");
const PART: (&str, &str) = ("Content-Range", "The range returned, or the size of the file");

/// A file, and what else comes of conditions and ranges (RFC 9110).
fn of_a_file(responses: &mut Map<String, Value>, error: &Value) {
    let file = json!({"*/*": {"schema": {"type": "string", "format": "binary"}}});
    let mut insert = |status: &str, what: &str, names: &[(&str, &str)], has_file: bool| {
        let mut response = json!({"description": what, "headers": headers(names)});
        if has_file {
            response["content"] = file.clone();
        }
        responses.insert(status.to_owned(), response);
    };
    insert("200", "The file", &[TAG], true);
    insert("206", "The part of it that was asked for", &[TAG, PART], true);
    insert("304", "Not modified", &[TAG], false);
    for (status, what, names) in [
        ("412", "The file does not match the condition", &[][..]),
        ("416", "Range not satisfiable", &[PART][..]),
    ] {
        responses.insert(status.to_owned(), refused_file(what, names, error));
    }
}

fn refused_file(what: &str, names: &[(&str, &str)], error: &Value) -> Value {
    json!({
        "description": what,
        "headers": headers(names),
        "content": {"application/json": {"schema": error}},
    })
}

pub fn granted(what: &str, content: Option<Value>) -> Value {
    let mut response = json!({"description": what, "headers": headers(&[])});
    if let Some(content) = content {
        response["content"] = content;
    }
    response
}

/// Every status that a call may have.
pub fn responses(path: &str, call: &Call, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    let content = match call.gives {
        Gives::Nothing | Gives::File => None,
        Gives::One(schema) => Some(json!({"application/json": {"schema": schema(schemas)}})),
        Gives::Picture => {
            let picture = json!({"schema": {"type": "string", "format": "binary"}});
            Some(json!({"image/jpeg": picture, "image/png": picture}))
        }
    };
    let error = schemas.of::<ErrorBody<'_>>();
    match call.gives {
        Gives::File => of_a_file(&mut responses, &error),
        _ => {
            let granted = granted(call.summary, content.clone());
            responses.insert(call.status.to_string(), granted);
        }
    }
    if matches!(call.gives, Gives::Picture) {
        let known = json!({"description": "Not modified", "headers": headers(&[TAG])});
        responses.insert("304".to_owned(), known);
        let another = refused_file("The file does not match the condition", &[], &error);
        responses.insert("412".to_owned(), another);
    }
    let (good, bad): (Vec<u16>, Vec<u16>) = call.also.iter().partition(|status| **status < 400);
    for status in good {
        let what = if status == 201 { "Created" } else { meaning(status) };
        responses.insert(status.to_string(), granted(what, content.clone()));
    }
    let has_body = !matches!(call.takes, Takes::Nothing);
    for status in refusals(path, !call.query.is_empty(), has_body).into_iter().chain(bad) {
        responses.insert(status.to_string(), refusal(status, &error));
    }
    Value::Object(responses)
}
