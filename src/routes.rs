//! The one table of routes. (A socket's upgrade is not here: it never
//! reaches actix-web, see `session::upgrade`.)

use actix_web::{
    Resource,
    web::{self, ServiceConfig, delete, get, post, put},
};

use crate::rest::{accounts, fallback, health, members, messages, page, read, rooms};

pub fn configure(config: &mut ServiceConfig) {
    let api = web::scope("/api/v1")
        .service(at("/auth/register").route(post().to(accounts::register)))
        .service(at("/auth/login").route(post().to(accounts::log_in)))
        .service(at("/auth/refresh").route(post().to(accounts::refresh)))
        .service(at("/auth/logout").route(post().to(accounts::log_out)))
        .service(at("/me").route(get().to(accounts::me)))
        .service(at("/rooms").route(get().to(rooms::list)).route(post().to(rooms::create)))
        .service(at("/rooms/{room}").route(get().to(rooms::show)).route(delete().to(rooms::delete)))
        .service(at("/rooms/{room}/members").route(get().to(members::list)))
        .service(
            at("/rooms/{room}/members/{user}")
                .route(put().to(members::add))
                .route(delete().to(members::remove)),
        )
        .service(
            at("/rooms/{room}/messages")
                .route(get().to(messages::page))
                .route(post().to(messages::send))
                .route(delete().to(messages::clear)),
        )
        .service(at("/rooms/{room}/messages/count").route(get().to(messages::count)))
        .service(at("/messages/{id}").route(get().to(messages::show)))
        .service(at("/rooms/{room}/read").route(get().to(read::show)).route(put().to(read::mark)))
        .service(at("/rooms/{room}/receipts").route(get().to(read::receipts)))
        .service(at("/read-all").route(post().to(read::mark_all)))
        .service(at("/unread").route(get().to(read::unread)))
        .default_service(web::to(fallback::no_path));
    config
        .service(api)
        .service(at("/health/live").route(get().to(health::live)))
        .service(at("/health/ready").route(get().to(health::ready)))
        .service(at("/ws").route(get().to(fallback::not_an_upgrade)))
        .service(at("/{file:.*}").route(get().to(page::file)))
        .default_service(web::to(fallback::no_path));
}

/// A path; its other methods get an error in our own form.
fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(fallback::no_method))
}
