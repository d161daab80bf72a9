//! Requests for paths and methods that do not exist.

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        Method,
        header::{ALLOW, HeaderValue},
    },
};

use crate::{error::ApiError, protocol::ErrorCode};

pub async fn no_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ErrorCode::NotFound, "there is nothing at this path"))
}

/// Says which methods the path has (RFC 9110 section 15.5.6).
pub fn no_method(allowed: HeaderValue) -> HttpResponse {
    let error =
        ApiError::new(ErrorCode::MethodNotAllowed, "this path does not support this method");
    let mut response = error.error_response();
    response.headers_mut().insert(ALLOW, allowed);
    response
}

/// What only reads is also asked for without its body.
pub fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Somebody asked for the socket as if it were a page.
pub async fn not_an_upgrade() -> Result<HttpResponse, ApiError> {
    let what = "this is a WebSocket: send an upgrade request (RFC 6455)";
    Err(ApiError::new(ErrorCode::InvalidMessage, what))
}
