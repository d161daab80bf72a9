//! Logs and counts each request.

use std::{future::Ready, net::IpAddr, time::Instant};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, ResponseError,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware::Next,
    web,
};

use super::{
    State,
    answers::{Answer, Shared, UnderWay},
    arriving::pace_body,
    streams::is_stream,
    traced,
};
use crate::{
    auth::Client,
    error::ApiError,
    limiter::{Limited, network},
    metrics::{Limit, metrics},
    places::Place,
    request_id::{HEADER, RequestName, logged, request_id},
    transport::{Body, Connection},
};
use parlor_domain::{UserKey, limits::RETRY_AFTER};
use parlor_process::span;

/// The path is logged without its query, in which a token may be, and cut.
pub async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let id = request_id(request.headers().get(HEADER));
    let method = logged(request.method().as_str()).to_owned();
    let path = logged(request.path()).to_owned();
    let state =
        request.app_data::<web::Data<State>>().cloned().ok_or_else(ApiError::unavailable)?;
    let client = state.proxies.client(request.peer_addr(), request.headers());
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(RequestName(id.clone()));
    let span = traced::begin(&request, &state, &path);
    let body = Body::of(&request);
    let answering = request.conn_data::<Connection>().map(|of| of.answering(body));
    if !is_stream(&request) {
        pace_body(&mut request, state.request_timeout);
    }
    let (response, entered) = match enter(&state, client) {
        Ok(entered) => {
            let response = span::within(span.clone(), next.call(request)).await?;
            (response.map_into_boxed_body(), entered)
        }
        Err(error) => (request.into_response(error.error_response()), None),
    };
    let mut response = hold(&state, client, response, UnderWay::new(entered, answering));
    let (status, time) = (response.status().as_u16(), began.elapsed());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, id);
    }
    let route = response.request().match_pattern();
    let known = known(response.request().method());
    let route = route.map(|path| format!("{} {path}", known.unwrap_or("other")));
    if let Some(span) = span {
        traced::end(&span, &response, (known, route.as_deref()), &id);
    }
    metrics().http(route, status, time);
    let latency_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let address = client.address.to_string();
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

/// Anybody may make a method up.
fn known(method: &Method) -> Option<&'static str> {
    const KNOWN: &[Method] = &[
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    KNOWN.iter().find(|known| *known == method).map(Method::as_str)
}

/// Connections are counted where they are accepted. Those of a proxy stand for
/// many, so the requests of each of its clients are counted here.
fn enter(state: &State, client: Client) -> Result<Option<Place<IpAddr>>, ApiError> {
    if !client.is_proxied {
        return Ok(None);
    }
    match state.proxied.take(network(client.address), 1) {
        Some(entered) => Ok(Some(entered)),
        None => {
            metrics().limited(Limit::Address);
            Err(Limited { retry_after: RETRY_AFTER }.into())
        }
    }
}

/// The answer as it goes out, or, where too much waits already for the same
/// reader, why it does not.
fn hold(
    state: &State,
    client: Client,
    mut response: ServiceResponse<BoxBody>,
    under_way: UnderWay,
) -> ServiceResponse<BoxBody> {
    let user = response.request().extensions().get::<UserKey>().copied();
    let is_shared = response.response().extensions().contains::<Shared>();
    let size = if is_shared { BodySize::None } else { response.response().body().size() };
    match state.answers.hold(size, client.address, user) {
        Ok(held) => response.map_body(|_, body| Answer::boxed(body, held, under_way)),
        Err(error) => {
            metrics().limited(Limit::Answer);
            let (head, body) = error.error_response().into_parts();
            *response.response_mut().status_mut() = head.status();
            // What other headers said of the body is true no more; those of
            // CORS let a page read why.
            for name in [header::ETAG, header::CACHE_CONTROL, header::CONTENT_DISPOSITION] {
                response.headers_mut().remove(name);
            }
            for (name, value) in head.headers() {
                response.headers_mut().insert(name.clone(), value.clone());
            }
            response.map_body(|_, _| Answer::boxed(body, None, under_way))
        }
    }
}

impl FromRequest for Client {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().copied();
        std::future::ready(known.ok_or_else(ApiError::unavailable))
    }
}
