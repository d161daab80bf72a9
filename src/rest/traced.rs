//! The span of a request.

use actix_web::{
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName},
};
use parlor_process::span::{Span, TRACEPARENT};

use super::State;
use crate::error::ApiError;

/// Of the API alone: nobody looks for what a supervisor asks every few seconds. Who asks
/// says which span theirs is, if that is believed.
pub(super) fn begin(request: &ServiceRequest, state: &State, path: &str) -> Option<Span> {
    if !path.contains("/api/") {
        return None;
    }
    let traceparent = || traceparent(request.headers()).filter(|_| state.takes_traceparent);
    let span = Span::of_request(|| "HTTP", traceparent)?;
    span.set("url.path", path.to_owned());
    Some(span)
}

/// None where there are several: nobody can say which of them counts.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(HeaderName::from_static(TRACEPARENT));
    let only = all.next().filter(|_| all.next().is_none())?;
    only.to_str().ok().map(str::to_owned)
}

/// The request was answered. `method` is one that is known, or none; `route` is it with the
/// pattern of the path, where there is one.
pub(super) fn end<B>(
    span: &Span,
    response: &ServiceResponse<B>,
    (method, route): (Option<&str>, Option<&str>),
    id: &str,
) {
    let status = response.status().as_u16();
    span.set("http.request.method", method.unwrap_or("_OTHER").to_owned());
    if let Some((_, pattern)) = route.and_then(|route| route.split_once(' ')) {
        span.set("http.route", pattern.to_owned());
    }
    // Any path would be a name of its own.
    if let Some(name) = method.and(route).or(method) {
        span.rename(name.to_owned());
    }
    span.set("http.response.status_code", i64::from(status));
    span.set("parlor.request_id", id.to_owned());
    let error = response.response().error().and_then(|error| error.as_error::<ApiError>());
    if let Some(error) = error {
        span.set("error.type", error.code().as_str());
    }
    if status >= 500 {
        span.failed(status.to_string());
    }
    span.end();
}
