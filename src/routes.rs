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

use crate::rest::{
    accounts, admin, api_keys, attachments, bans, blocks, documents, events, export, fallback,
    health, members, messages, metrics, page, presence, read, rooms, search, tokens, webhooks,
};
use Verb::{Delete, Patch, Post, Put, Read};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(api())
        .service(at("/metrics", [(Read, to(metrics::prometheus))]))
        .service(at("/health/live", [(Read, to(health::live))]))
        .service(at("/health/ready", [(Read, to(health::ready))]))
        .service(at("/ws", [(Read, to(fallback::not_an_upgrade))]))
        .default_service(to(page::file));
}

fn api() -> impl HttpServiceFactory {
    web::scope("/api/v1")
        // Tokens and what people write are nothing for a cache on the way.
        .wrap(DefaultHeaders::new().add((CACHE_CONTROL, "no-store")))
        .configure(accounts)
        .configure(rooms)
        .configure(messages)
        .configure(attachments)
        .configure(people)
        .configure(administration)
        .configure(descriptions)
        .default_service(to(fallback::no_path))
}

fn accounts(config: &mut ServiceConfig) {
    config
        .service(at("/auth/register", [(Post, to(accounts::register))]))
        .service(at("/auth/login", [(Post, to(accounts::log_in))]))
        .service(at("/auth/refresh", [(Post, to(accounts::refresh))]))
        .service(at("/auth/logout", [(Post, to(accounts::log_out))]))
        .service(at("/auth/password", [(Post, to(accounts::change_password))]))
        .service(at("/me", [(Read, to(accounts::me))]));
}

fn rooms(config: &mut ServiceConfig) {
    config
        .service(at("/rooms", [(Read, to(rooms::list)), (Post, to(rooms::create))]))
        .service(at("/rooms/direct", [(Post, to(rooms::open_direct_of))]))
        .service(at("/rooms/direct/{user}", [(Put, to(rooms::open_direct))]))
        .service(at(
            "/rooms/{room}",
            [(Read, to(rooms::show)), (Patch, to(rooms::update)), (Delete, to(rooms::delete))],
        ))
        .service(at("/rooms/{room}/transfer", [(Post, to(rooms::transfer))]))
        .service(at("/rooms/{room}/members", [(Read, to(members::list))]))
        .service(at(
            "/rooms/{room}/members/{user}",
            [(Put, to(members::add)), (Patch, to(members::update)), (Delete, to(members::remove))],
        ))
        .service(at("/rooms/{room}/bans", [(Read, to(bans::list))]))
        .service(at(
            "/rooms/{room}/bans/{user}",
            [(Put, to(bans::add)), (Delete, to(bans::remove))],
        ))
        .service(at("/rooms/{room}/read", [(Read, to(read::show)), (Put, to(read::mark))]))
        .service(at("/rooms/{room}/delivered", [(Put, to(read::delivered))]))
        .service(at("/rooms/{room}/receipts", [(Read, to(read::receipts))]))
        .service(at("/rooms/{room}/presence", [(Read, to(presence::of_room))]))
        .service(at(
            "/rooms/{room}/events",
            [(Read, to(events::of_room)), (Post, to(events::to_room))],
        ));
}

fn messages(config: &mut ServiceConfig) {
    config
        .service(at(
            "/rooms/{room}/messages",
            [(Read, to(messages::page)), (Post, to(messages::send)), (Delete, to(messages::clear))],
        ))
        .service(at("/rooms/{room}/messages/count", [(Read, to(messages::count))]))
        .service(at("/rooms/{room}/pins", [(Read, to(messages::pins))]))
        .service(at(
            "/messages/{id}",
            [
                (Read, to(messages::show)),
                (Patch, to(messages::edit)),
                (Delete, to(messages::delete)),
            ],
        ))
        .service(at("/messages/{id}/thread", [(Read, to(messages::thread))]))
        .service(at("/messages/{id}/receipts", [(Read, to(messages::receipts))]))
        .service(at("/messages/{id}/reactions", [(Read, to(messages::reactions))]))
        .service(at(
            "/messages/{id}/reactions/{emoji}",
            [(Put, to(messages::react)), (Delete, to(messages::unreact))],
        ))
        .service(at(
            "/messages/{id}/pin",
            [(Put, to(messages::pin)), (Delete, to(messages::unpin))],
        ));
}

fn attachments(config: &mut ServiceConfig) {
    config
        .service(at("/attachments", [(Post, to(attachments::upload))]))
        .service(at(
            "/attachments/{id}",
            [(Read, to(attachments::show)), (Delete, to(attachments::delete))],
        ))
        .service(at("/attachments/{id}/content", [(Read, to(attachments::content))]))
        .service(at("/attachments/{id}/thumbnail", [(Read, to(attachments::thumbnail))]));
}

fn people(config: &mut ServiceConfig) {
    config
        .service(at("/read-all", [(Post, to(read::mark_all))]))
        .service(at("/search", [(Read, to(search::search))]))
        .service(at("/unread", [(Read, to(read::unread))]))
        .service(at("/inbox", [(Read, to(events::inbox)), (Put, to(events::ack_inbox))]))
        .service(at("/blocks", [(Read, to(blocks::list))]))
        .service(at("/blocks/{user}", [(Put, to(blocks::add)), (Delete, to(blocks::remove))]))
        .service(at("/users/{user}/presence", [(Read, to(presence::of_user))]))
        .service(at("/users/{user}/events", [(Post, to(events::to_user))]))
        .service(at("/roles/{context}/events", [(Post, to(events::to_role_context))]))
        .service(at("/broadcast", [(Post, to(events::to_everyone))]));
}

fn administration(config: &mut ServiceConfig) {
    config
        .service(at("/connections", [(Read, to(admin::connections))]))
        .service(at("/connections/count", [(Read, to(admin::count))]))
        .service(at("/rooms/{room}/connections", [(Read, to(admin::connections_of_room))]))
        .service(at("/rooms/{room}/connections/count", [(Read, to(admin::count_of_room))]))
        .service(at("/users/{user}/connections", [(Read, to(admin::connections_of_user))]))
        .service(at("/users/{user}/connections/count", [(Read, to(admin::count_of_user))]))
        .service(at("/rooms/{room}/disconnect", [(Post, to(admin::disconnect_room))]))
        .service(at("/users/{user}/disconnect", [(Post, to(admin::disconnect_user))]))
        .service(at(
            "/rooms/{room}/retention",
            [(Read, to(admin::retention)), (Put, to(admin::set_retention))],
        ))
        .service(at("/users/{user}", [(Delete, to(admin::delete_user))]))
        .service(at("/users/{user}/export", [(Read, to(export::user))]))
        .service(at("/users/{user}/revoke", [(Post, to(tokens::revoke_user))]))
        .service(at(
            "/users/{user}/ban",
            [(Read, to(tokens::show_ban)), (Put, to(tokens::ban)), (Delete, to(tokens::unban))],
        ))
        .service(at("/tokens/revoke", [(Post, to(tokens::revoke))]))
        .service(at("/api-keys", [(Read, to(api_keys::list)), (Post, to(api_keys::create))]))
        .service(at("/api-keys/{id}", [(Delete, to(api_keys::revoke))]))
        .service(at("/webhooks", [(Read, to(webhooks::list))]))
        .service(at("/webhooks/dead", [(Read, to(webhooks::dead))]))
        .service(at("/webhooks/dead/replay", [(Post, to(webhooks::replay_all))]))
        .service(at("/webhooks/dead/{id}", [(Delete, to(webhooks::delete))]))
        .service(at("/webhooks/dead/{id}/replay", [(Post, to(webhooks::replay))]))
        .service(at("/stats", [(Read, to(metrics::stats))]))
        .service(at("/audit", [(Read, to(admin::audit))]));
}

fn descriptions(config: &mut ServiceConfig) {
    config
        .service(at("/openapi.json", [(Read, to(documents::rest))]))
        .service(at("/asyncapi.json", [(Read, to(documents::socket))]));
}

/// What is done with a path.
#[derive(Clone, Copy)]
enum Verb {
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
fn at<const N: usize>(path: &str, routes: [(Verb, Route); N]) -> Resource {
    let methods = routes.each_ref().map(|(verb, _)| verb.methods()).join(", ");
    let allowed = HeaderValue::from_str(&methods).expect("methods are plain text");
    let no_method = to(move || std::future::ready(fallback::no_method(allowed.clone())));
    let resource = web::resource(path).default_service(no_method);
    routes.into_iter().fold(resource, |all, (verb, route)| all.route(verb.guard(route)))
}
