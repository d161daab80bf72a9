//! The span of a request.

use actix_web::dev::ServiceRequest;
use parlor_process::span::Span;

/// Of the API alone: nobody looks for what a supervisor asks every few seconds.
pub(super) fn begin(request: &ServiceRequest) -> Option<Span> {
    if !request.path().contains("/api/") {
        return None;
    }
    let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    Span::of_request(|| "HTTP", header)
}

/// The request was answered: `route` is its method with the pattern of its path.
pub(super) fn end(span: &Span, route: Option<String>, path: &str, status: u16, id: &str) {
    if let Some(route) = route {
        if let Some((method, pattern)) = route.split_once(' ') {
            span.set("http.request.method", method.to_owned());
            span.set("http.route", pattern.to_owned());
        }
        span.rename(route);
    }
    span.set("url.path", path.to_owned());
    span.set("http.response.status_code", i64::from(status));
    span.set("parlor.request_id", id.to_owned());
    if status >= 500 {
        span.failed(status.to_string());
    }
    span.end();
}
