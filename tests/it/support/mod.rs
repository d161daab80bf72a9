//! What every test stands on: the built server as a child process, and
//! clients that know it from outside only.

mod address;
mod application;
mod browser;
mod carrier;
mod cluster;
mod conversation;
mod database;
mod driver;
mod frame;
mod moderation;
mod npm;
mod outcome;
mod page;
mod proxy;
mod push;
mod python;
mod raw;
mod receiver;
mod reverse_proxy;
mod rooms;
mod schema;
mod server;
mod services;
mod signal;
mod socket;
mod store;
mod stream;
mod token;
mod user;

use std::{future::Future, time::Duration};

pub use self::{
    address::Address,
    application::Application,
    browser::Browser,
    carrier::{Carrier, Certificate, bridge},
    cluster::Cluster,
    conversation::id_of,
    database::TestDatabase,
    driver::Driver,
    frame::Frame,
    npm::{node_modules, npm},
    outcome::Outcome,
    page::PASSWORD,
    proxy::Proxy,
    push::{Apns, EC_PEM, Fcm, Subscriber},
    python::python,
    raw::RawSocket,
    receiver::{Received, Receiver, Reply},
    reverse_proxy::ReverseProxy,
    rooms::{id_of_room, many_rooms},
    schema::FrameSchemas,
    server::{Builder, EXECUTABLE, Finished, SECRET, Server, run, run_with, spawn},
    services::{PgBouncer, Postgres, Redis, free_port},
    signal::signal,
    socket::{Opening, Socket},
    store::{BUCKET, S3Store},
    stream::{Streamed, stream_until_closed},
    token::{Key, Token, encode, is_signed_with, moment, sign},
    user::{User, history_of, seqs, without_epoch},
};

/// How long anything may take that a test waits for. Generous: it is only
/// ever used up by a test that fails, and the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Waits for `future`; a test that waits in vain says for what.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {DEADLINE:?} in vain for {what}"),
    }
}
