//! Serves the descriptions of the interfaces (OpenAPI and AsyncAPI).

use std::sync::LazyLock;

use actix_web::HttpResponse;
use bytes::Bytes;

use super::{answers::Shared, describe::openapi};
use crate::protocol::describe::asyncapi;

static OPENAPI: LazyLock<String> =
    LazyLock::new(|| openapi().to_json().expect("a description is JSON"));
static ASYNCAPI: LazyLock<String> = LazyLock::new(|| asyncapi().to_string());

/// All who are reading it share the one text.
fn document(text: &'static str) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .insert_header(("content-type", "application/json"))
        .body(Bytes::from_static(text.as_bytes()));
    response.extensions_mut().insert(Shared);
    response
}

pub async fn rest() -> HttpResponse {
    document(&OPENAPI)
}

pub async fn socket() -> HttpResponse {
    document(&ASYNCAPI)
}
