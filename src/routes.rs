//! The one table of routes. (A socket's upgrade is not here: it never
//! reaches actix-web, see `session::upgrade`.)

use actix_web::{
    Resource, Route,
    dev::HttpServiceFactory,
    guard,
    http::header::{CACHE_CONTROL, HeaderValue},
    middleware::DefaultHeaders,
    web::{self, ServiceConfig, to},
};

use crate::rest::{accounts, fallback, health, members, messages, page, read, rooms};
use Verb::{Delete, Post, Put, Read};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(api())
        .service(at("/health/live", [(Read, to(health::live))]))
        .service(at("/health/ready", [(Read, to(health::ready))]))
        .service(at("/ws", [(Read, to(fallback::not_an_upgrade))]))
        .default_service(to(page::file));
}

fn api() -> impl HttpServiceFactory {
    web::scope("/api/v1")
        // Tokens and what people write are nothing for a cache on the way.
        .wrap(DefaultHeaders::new().add((CACHE_CONTROL, "no-store")))
        .service(at("/auth/register", [(Post, to(accounts::register))]))
        .service(at("/auth/login", [(Post, to(accounts::log_in))]))
        .service(at("/auth/refresh", [(Post, to(accounts::refresh))]))
        .service(at("/auth/logout", [(Post, to(accounts::log_out))]))
        .service(at("/me", [(Read, to(accounts::me))]))
        .service(at("/rooms", [(Read, to(rooms::list)), (Post, to(rooms::create))]))
        .service(at("/rooms/{room}", [(Read, to(rooms::show)), (Delete, to(rooms::delete))]))
        .service(at("/rooms/{room}/members", [(Read, to(members::list))]))
        .service(at(
            "/rooms/{room}/members/{user}",
            [(Put, to(members::add)), (Delete, to(members::remove))],
        ))
        .service(at(
            "/rooms/{room}/messages",
            [(Read, to(messages::page)), (Post, to(messages::send)), (Delete, to(messages::clear))],
        ))
        .service(at("/rooms/{room}/messages/count", [(Read, to(messages::count))]))
        .service(at("/messages/{id}", [(Read, to(messages::show))]))
        .service(at("/rooms/{room}/read", [(Read, to(read::show)), (Put, to(read::mark))]))
        .service(at("/rooms/{room}/receipts", [(Read, to(read::receipts))]))
        .service(at("/read-all", [(Post, to(read::mark_all))]))
        .service(at("/unread", [(Read, to(read::unread))]))
        .default_service(to(fallback::no_path))
}

/// What is done with a path.
#[derive(Clone, Copy)]
enum Verb {
    Read,
    Post,
    Put,
    Delete,
}

impl Verb {
    fn guard(self, route: Route) -> Route {
        match self {
            Read => {
                route.guard(guard::fn_guard(|context| fallback::is_reading(&context.head().method)))
            }
            Post => route.guard(guard::Post()),
            Put => route.guard(guard::Put()),
            Delete => route.guard(guard::Delete()),
        }
    }

    fn methods(self) -> &'static str {
        match self {
            Read => "GET, HEAD",
            Post => "POST",
            Put => "PUT",
            Delete => "DELETE",
        }
    }
}

/// A path; its other methods get an error in our own form.
fn at<const N: usize>(path: &str, routes: [(Verb, Route); N]) -> Resource {
    let methods = routes.each_ref().map(|(verb, _)| verb.methods()).join(", ");
    let allowed = HeaderValue::from_str(&methods).expect("methods are plain text");
    let no_method = to(move || std::future::ready(fallback::no_method(allowed.clone())));
    let resource = web::resource(path).default_service(no_method);
    routes.into_iter().fold(resource, |all, (verb, route)| all.route(verb.guard(route)))
}
