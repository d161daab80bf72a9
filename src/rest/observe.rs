//! One line of the log and one count for each request.

use std::{future::Ready, time::Instant};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::HeaderValue,
    middleware::Next,
    web,
};

use super::State;
use crate::{
    auth::Client,
    error::ApiError,
    metrics::metrics,
    request_id::{HEADER, RequestName, request_id},
};

/// The path is logged without its query, in which a token may be.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let id = request_id(request.headers().get(HEADER));
    let (method, path) = (request.method().to_string(), request.path().to_owned());
    let client = client(request.request());
    if let Some(client) = client {
        request.extensions_mut().insert(client);
    }
    let address = client.map_or_else(String::new, |client| client.address.to_string());
    request.extensions_mut().insert(RequestName(id.clone()));
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
        client = address.as_str(),
        method = method.as_str(),
        path = path.as_str(),
        status = status,
        latency_ms = latency_ms;
        "request"
    );
    Ok(response)
}

fn client(request: &HttpRequest) -> Option<Client> {
    let state = request.app_data::<web::Data<State>>()?;
    Some(state.proxies.client(request.peer_addr(), request.headers()))
}

impl FromRequest for Client {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().copied();
        std::future::ready(known.ok_or_else(ApiError::unavailable))
    }
}
