//! A database for one test: a file, or a database of the PostgreSQL that
//! `PARLOR_TEST_POSTGRES` names where `PARLOR_TEST_DATABASE` is `postgres`.

#![expect(clippy::disallowed_methods, reason = "the environment says which database is tested")]

use std::path::Path;

use diesel::connection::SimpleConnection;

use crate::{
    DatabaseUrl,
    postgres::{Conn, PostgresUrl, connect::establish},
};
use parlor_domain::limits::POSTGRES_MIGRATION_TIMEOUT;

pub fn is_postgres() -> bool {
    std::env::var("PARLOR_TEST_DATABASE").is_ok_and(|name| name == "postgres")
}

pub fn fresh(dir: &Path) -> DatabaseUrl {
    if !is_postgres() {
        return DatabaseUrl::Sqlite(dir.join("test.db"));
    }
    let server =
        std::env::var("PARLOR_TEST_POSTGRES").expect("PARLOR_TEST_POSTGRES names a server");
    let url: PostgresUrl = server.parse().expect("a good URL");
    let name = format!("unit_{:016x}", rand::random::<u64>());
    beside(&url).batch_execute(&format!("CREATE DATABASE {name}")).expect("it can be made");
    let (server, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}").parse().expect("a good URL")
}

/// A connection beside those of a [`Database`](crate::Database).
pub fn beside(url: &PostgresUrl) -> Conn {
    establish(url, POSTGRES_MIGRATION_TIMEOUT).expect("it can be reached")
}
