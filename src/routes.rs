//! The routes: those of the table of calls, and what is there besides. (The
//! WebSocket upgrade is not here: it never reaches actix-web, see
//! `session::upgrade`.)

use actix_web::{
    Resource, Route,
    dev::HttpServiceFactory,
    guard,
    http::{
        Method,
        header::{CACHE_CONTROL, HeaderValue},
    },
    middleware::DefaultHeaders,
    web::{self, JsonConfig, ServiceConfig, to},
};
use indexmap::IndexMap;

use crate::error::json_error;
use crate::rest::{CALLS, assistants, fallback, health, metrics, page};

type Routes = Vec<(Method, Route)>;

pub fn configure(config: &mut ServiceConfig) {
    let read = |route| vec![(Method::GET, route)];
    config
        .service(api())
        .service(at("/metrics", read(to(metrics::prometheus))))
        .service(at("/health/live", read(to(health::live))))
        .service(at("/health/ready", read(to(health::ready))))
        .service(at("/ws", read(to(fallback::not_an_upgrade))))
        .service(at("/mcp", vec![(Method::POST, to(assistants::answer))]))
        .default_service(to(page::file));
}

fn api() -> impl HttpServiceFactory {
    let mut paths = IndexMap::<_, (Routes, Option<usize>)>::new();
    for call in CALLS.iter() {
        let (routes, body_bytes) = paths.entry(call.path).or_default();
        routes.push((call.method.clone(), (call.route)()));
        *body_bytes = call.body_bytes.max(*body_bytes);
    }
    let resources = paths.into_iter().map(|(path, (routes, body_bytes))| match body_bytes {
        Some(bytes) => at(path, routes).app_data(json(bytes)),
        None => at(path, routes),
    });
    let scope = web::scope("/api/v1")
        // Tokens and what people write are nothing for a cache on the way.
        .wrap(DefaultHeaders::new().add((CACHE_CONTROL, "no-store")))
        .default_service(to(fallback::no_path));
    resources.fold(scope, |scope, resource| scope.service(resource))
}

/// How bodies of JSON are read.
pub fn json(bytes_max: usize) -> JsonConfig {
    JsonConfig::default().limit(bytes_max).error_handler(json_error)
}

/// A path; its other methods get an error in our own form.
fn at(path: &str, routes: Routes) -> Resource {
    let methods = routes.iter().map(|(method, _)| match *method {
        Method::GET => "GET, HEAD",
        _ => method.as_str(),
    });
    let allowed = HeaderValue::from_str(&methods.collect::<Vec<_>>().join(", "));
    let allowed = allowed.expect("methods are plain text");
    let no_method = to(move || std::future::ready(fallback::no_method(allowed.clone())));
    let resource = web::resource(path).default_service(no_method);
    routes.into_iter().fold(resource, |all, (method, route)| {
        all.route(match method {
            Method::GET => route.guard(guard::Any(guard::Get()).or(guard::Head())),
            method => route.method(method),
        })
    })
}
