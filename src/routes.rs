//! The table of routes. (The WebSocket upgrade is not here: it never reaches
//! actix-web, see `session::upgrade`.)

use actix_web::{
    Resource, Route,
    dev::HttpServiceFactory,
    guard,
    http::header::{CACHE_CONTROL, HeaderValue},
    middleware::DefaultHeaders,
    web::{self, ServiceConfig, to},
};

use indexmap::IndexMap;

use crate::operations::calls::CALLS;
use crate::rest::{
    accounts, admin, api_keys, attachments, bans, blocks, documents, events, export, fallback,
    health, members, messages, metrics, page, presence, read, rooms, search, tokens, webhooks,
};
use Verb::{Delete, Patch, Post, Put, Read};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(api())
        .service(at("/metrics", vec![(Read, to(metrics::prometheus))]))
        .service(at("/health/live", vec![(Read, to(health::live))]))
        .service(at("/health/ready", vec![(Read, to(health::ready))]))
        .service(at("/ws", vec![(Read, to(fallback::not_an_upgrade))]))
        .default_service(to(page::file));
}

fn api() -> impl HttpServiceFactory {
    let mut routes = Routes::default();
    for call in CALLS {
        routes.at(call.path, [(call.verb, (call.route)())]);
    }
    for add in [accounts, rooms, messages, attachments, people, administration, descriptions] {
        add(&mut routes);
    }
    web::scope("/api/v1")
        // Tokens and what people write are nothing for a cache on the way.
        .wrap(DefaultHeaders::new().add((CACHE_CONTROL, "no-store")))
        .configure(|config| routes.register(config))
        .default_service(to(fallback::no_path))
}

/// The methods of each path.
#[derive(Default)]
struct Routes(IndexMap<&'static str, Vec<(Verb, Route)>>);

impl Routes {
    fn at<const N: usize>(&mut self, path: &'static str, routes: [(Verb, Route); N]) -> &mut Self {
        self.0.entry(path).or_default().extend(routes);
        self
    }

    fn register(self, config: &mut ServiceConfig) {
        for (path, routes) in self.0 {
            config.service(at(path, routes));
        }
    }
}

fn accounts(routes: &mut Routes) {
    routes
        .at("/auth/register", [(Post, to(accounts::register))])
        .at("/auth/login", [(Post, to(accounts::log_in))])
        .at("/auth/refresh", [(Post, to(accounts::refresh))])
        .at("/auth/logout", [(Post, to(accounts::log_out))])
        .at("/auth/password", [(Post, to(accounts::change_password))])
        .at("/me", [(Read, to(accounts::me))]);
}

fn rooms(routes: &mut Routes) {
    routes
        .at("/rooms", [(Read, to(rooms::list))])
        .at("/rooms/{room}", [(Read, to(rooms::show))])
        .at("/rooms/{room}/members", [(Read, to(members::list))])
        .at("/rooms/{room}/bans", [(Read, to(bans::list))])
        .at("/rooms/{room}/read", [(Read, to(read::show))])
        .at("/rooms/{room}/receipts", [(Read, to(read::receipts))])
        .at("/rooms/{room}/presence", [(Read, to(presence::of_room))])
        .at("/rooms/{room}/events", [(Read, to(events::of_room))]);
}

fn messages(routes: &mut Routes) {
    routes
        .at("/rooms/{room}/messages", [(Read, to(messages::page))])
        .at("/rooms/{room}/messages/count", [(Read, to(messages::count))])
        .at("/rooms/{room}/pins", [(Read, to(messages::pins))])
        .at("/messages/{message}", [(Read, to(messages::show))])
        .at("/messages/{message}/thread", [(Read, to(messages::thread))])
        .at("/messages/{message}/receipts", [(Read, to(messages::receipts))])
        .at("/messages/{message}/reactions", [(Read, to(messages::reactions))]);
}

fn attachments(routes: &mut Routes) {
    routes
        .at("/attachments", [(Post, to(attachments::upload))])
        .at("/attachments/{id}", [(Read, to(attachments::show)), (Delete, to(attachments::delete))])
        .at("/attachments/{id}/content", [(Read, to(attachments::content))])
        .at("/attachments/{id}/thumbnail", [(Read, to(attachments::thumbnail))]);
}

fn people(routes: &mut Routes) {
    routes
        .at("/read-all", [(Post, to(read::mark_all))])
        .at("/search", [(Read, to(search::search))])
        .at("/unread", [(Read, to(read::unread))])
        .at("/inbox", [(Read, to(events::inbox))])
        .at("/blocks", [(Read, to(blocks::list))])
        .at("/users/{user}/presence", [(Read, to(presence::of_user))]);
}

fn administration(routes: &mut Routes) {
    routes
        .at("/connections", [(Read, to(admin::connections))])
        .at("/connections/count", [(Read, to(admin::count))])
        .at("/rooms/{room}/connections", [(Read, to(admin::connections_of_room))])
        .at("/rooms/{room}/connections/count", [(Read, to(admin::count_of_room))])
        .at("/users/{user}/connections", [(Read, to(admin::connections_of_user))])
        .at("/users/{user}/connections/count", [(Read, to(admin::count_of_user))])
        .at("/rooms/{room}/retention", [(Read, to(admin::retention))])
        .at("/users/{user}", [(Delete, to(admin::delete_user))])
        .at("/users/{user}/export", [(Read, to(export::user))])
        .at("/users/{user}/revoke", [(Post, to(tokens::revoke_user))])
        .at(
            "/users/{user}/ban",
            [(Read, to(tokens::show_ban)), (Put, to(tokens::ban)), (Delete, to(tokens::unban))],
        )
        .at("/tokens/revoke", [(Post, to(tokens::revoke))])
        .at("/api-keys", [(Read, to(api_keys::list)), (Post, to(api_keys::create))])
        .at("/api-keys/{id}", [(Delete, to(api_keys::revoke))])
        .at("/webhooks", [(Read, to(webhooks::list))])
        .at("/webhooks/dead", [(Read, to(webhooks::dead))])
        .at("/webhooks/dead/replay", [(Post, to(webhooks::replay_all))])
        .at("/webhooks/dead/{id}", [(Delete, to(webhooks::delete))])
        .at("/webhooks/dead/{id}/replay", [(Post, to(webhooks::replay))])
        .at("/stats", [(Read, to(metrics::stats))])
        .at("/audit", [(Read, to(admin::audit))]);
}

fn descriptions(routes: &mut Routes) {
    routes
        .at("/openapi.json", [(Read, to(documents::rest))])
        .at("/asyncapi.json", [(Read, to(documents::socket))]);
}

/// What is done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Read,
    Post,
    Put,
    Patch,
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
            Patch => route.guard(guard::Patch()),
            Delete => route.guard(guard::Delete()),
        }
    }

    /// As a description calls it.
    pub fn name(self) -> &'static str {
        match self {
            Read => "get",
            Post => "post",
            Put => "put",
            Patch => "patch",
            Delete => "delete",
        }
    }

    fn methods(self) -> &'static str {
        match self {
            Read => "GET, HEAD",
            Post => "POST",
            Put => "PUT",
            Patch => "PATCH",
            Delete => "DELETE",
        }
    }
}

/// A path; its other methods get an error in our own form.
fn at(path: &str, routes: Vec<(Verb, Route)>) -> Resource {
    let methods: Vec<_> = routes.iter().map(|(verb, _)| verb.methods()).collect();
    let allowed = HeaderValue::from_str(&methods.join(", ")).expect("methods are plain text");
    let no_method = to(move || std::future::ready(fallback::no_method(allowed.clone())));
    let resource = web::resource(path).default_service(no_method);
    routes.into_iter().fold(resource, |all, (verb, route)| all.route(verb.guard(route)))
}
