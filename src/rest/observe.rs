//! One line of the log and one count for each request.

use std::time::Instant;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::HeaderValue,
    middleware::Next,
};

use crate::{
    metrics::metrics,
    request_id::{HEADER, request_id},
};

/// The path is logged without its query, in which a token may be.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let id = request_id(request.headers().get(HEADER));
    let (method, path) = (request.method().to_string(), request.path().to_owned());
    let peer = request.peer_addr().map_or_else(String::new, |peer| peer.ip().to_string());
    let mut response = next.call(request).await?;
    let (status, time) = (response.status().as_u16(), began.elapsed());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, id);
    }
    metrics().http(status, time);
    let latency_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    log::info!(
        target: "parlor::access",
        request_id = id.as_str(),
        peer = peer.as_str(),
        method = method.as_str(),
        path = path.as_str(),
        status = status,
        latency_ms = latency_ms;
        "request"
    );
    Ok(response)
}
