//! Brings a PostgreSQL up to date.

pub(crate) mod life;
pub(crate) mod replica;
mod session;

use diesel::{Connection, connection::SimpleConnection, pg::Pg};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::Refused;
use crate::{
    postgres::{PostgresUrl, connect::establish},
    write::{message::postgres::unify_reactions, user_words::postgres as user_words},
};
use parlor_domain::limits::POSTGRES_MIGRATION_TIMEOUT;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Nodes that start together migrate one after the other; the second one
/// finds nothing to do. The lock goes with the connection.
const LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0;
    SET idle_in_transaction_session_timeout = 0; SELECT pg_advisory_lock(7232421)";

pub(crate) fn migrate(url: &PostgresUrl) -> Result<Vec<String>, Refused> {
    on_a_thread(|| run_pending(url))
}

/// Of its own: whoever calls may be inside a runtime.
fn on_a_thread<T: Send>(work: impl FnOnce() -> Result<T, Refused> + Send) -> Result<T, Refused> {
    std::thread::scope(|scope| {
        let failed = |_| Err(Refused::Migrate("the migration panicked".to_owned()));
        scope.spawn(work).join().unwrap_or_else(failed)
    })
}

fn run_pending(url: &PostgresUrl) -> Result<Vec<String>, Refused> {
    session::check(url).map_err(Refused::Open)?;
    let mut conn = establish(url, POSTGRES_MIGRATION_TIMEOUT).map_err(Refused::Open)?;
    conn.batch_execute(LOCK).map_err(|error| Refused::Migrate(error.to_string()))?;
    super::run_pending(&mut conn, MIGRATIONS, |conn| conn.transaction(unify_reactions))
}

/// Users of a version before are found by their names, too.
pub(crate) fn complete(url: &PostgresUrl) -> Result<(), Refused> {
    on_a_thread(|| {
        let mut conn = establish(url, POSTGRES_MIGRATION_TIMEOUT).map_err(Refused::Open)?;
        let done = conn.batch_execute(LOCK).and_then(|()| user_words::complete(&mut conn));
        done.map_err(|error| Refused::Migrate(error.to_string()))
    })
}

/// The versions of all migrations that this executable has.
pub(crate) fn known_migrations() -> Vec<String> {
    super::versions::<Pg>(&MIGRATIONS)
}
