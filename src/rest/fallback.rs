//! What is asked for and not there.

use actix_web::HttpResponse;

use crate::{error::ApiError, protocol::ErrorCode};

pub async fn no_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ErrorCode::NotFound, "there is nothing at this path"))
}

pub async fn no_method() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ErrorCode::MethodNotAllowed, "this path has no such method"))
}

/// Somebody asked for the socket as if it were a page.
pub async fn not_an_upgrade() -> Result<HttpResponse, ApiError> {
    let what = "this is a WebSocket: send an upgrade request (RFC 6455)";
    Err(ApiError::new(ErrorCode::InvalidMessage, what))
}
