//! What all answers have in common: who may read them, how they may be used,
//! and a line in the log.

use actix_cors::Cors;
use actix_web::{
    http::header,
    middleware::{DefaultHeaders, Logger},
};

/// Web pages of the listed origins may call the interface. Tokens travel in
/// a header, so no credentials of the browser are allowed.
pub fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .allowed_header("Idempotency-Key")
        .expose_headers([header::RETRY_AFTER])
        .block_on_origin_mismatch(false)
        .max_age(3600);
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin.trim_end_matches('/')))
}

pub fn security_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::REFERRER_POLICY, "no-referrer"))
}

/// One line a request, at the level `info` of `parlor::access`. The path is
/// logged without its query, in which a token may be.
pub fn access_log() -> Logger {
    Logger::new("%a %{method}xi %{path}xi %s %b %D ms")
        .log_target("parlor::access")
        .custom_request_replace("method", |request| request.method().to_string())
        .custom_request_replace("path", |request| request.path().to_owned())
}
