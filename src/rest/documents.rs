//! Serves the descriptions of the interfaces (OpenAPI and AsyncAPI).

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{State, answers::Shared, reply::Reply, request::NoFields};
use crate::error::ApiError;

#[derive(Serialize, JsonSchema)]
pub(super) struct OpenApiDocument {
    openapi: String,
    info: Map<String, Value>,
    servers: Vec<Map<String, Value>>,
    tags: Vec<Map<String, Value>>,
    paths: Map<String, Value>,
    components: Map<String, Value>,
    security: Vec<BTreeMap<String, Vec<String>>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AsyncApiDocument {
    asyncapi: String,
    info: Map<String, Value>,
    default_content_type: String,
    servers: Map<String, Value>,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    components: Map<String, Value>,
}

/// All who are reading it share the one text.
fn document<D>(text: &Bytes) -> Reply<D> {
    let mut response =
        HttpResponse::Ok().insert_header(("content-type", "application/json")).body(text.clone());
    response.extensions_mut().insert(Shared);
    Reply::made(response)
}

pub(super) async fn rest(
    (): (),
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<OpenApiDocument>, ApiError> {
    Ok(document(&state.descriptions.openapi))
}

pub(super) async fn socket(
    (): (),
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<AsyncApiDocument>, ApiError> {
    Ok(document(&state.descriptions.asyncapi))
}
