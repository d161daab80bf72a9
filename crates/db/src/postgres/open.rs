//! Migrates a PostgreSQL, and makes the pools.

use diesel::{
    Connection, ConnectionError,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource},
    pg::Pg,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Manager, PostgresUrl, life::Guard};
use crate::open::{Refused, has_old_reactions};
use crate::write::message::postgres::unify_reactions;
use parlor_domain::limits::POSTGRES_CONNECT_TIMEOUT;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The connections that write: one a lane.
pub(crate) type WriterPool = r2d2::Pool<Manager>;

/// Nodes that start together migrate one after the other; the second one
/// finds nothing to do. The lock goes with the connection.
const LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0;
    SET idle_in_transaction_session_timeout = 0; SELECT pg_advisory_lock(7232421)";

/// On a thread of its own: whoever calls may be inside a runtime.
pub(crate) fn migrate(url: &PostgresUrl) -> Result<Vec<String>, Refused> {
    std::thread::scope(|scope| {
        let migrating = scope.spawn(|| run_pending(url));
        let failed = |_| Err(Refused::Migrate("the migration panicked".to_owned()));
        migrating.join().unwrap_or_else(failed)
    })
}

fn run_pending(url: &PostgresUrl) -> Result<Vec<String>, Refused> {
    let failed = |error: &dyn std::fmt::Display| Refused::Migrate(error.to_string());
    let mut conn = establish(url)?;
    conn.batch_execute(LOCK).map_err(|error| failed(&error))?;
    let known = known_migrations();
    let applied = conn.applied_migrations().map_err(|error| failed(&error))?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(&version.to_string())) {
        return Err(Refused::Newer(newer.to_string()));
    }
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    if has_old_reactions(&applied) {
        conn.transaction(unify_reactions).map_err(|error| failed(&error))?;
    }
    let ran = conn.run_pending_migrations(MIGRATIONS).map_err(|error| failed(&error))?;
    Ok(ran.iter().map(ToString::to_string).collect())
}

/// The versions of all migrations that this executable has.
pub(crate) fn known_migrations() -> Vec<String> {
    let known = MigrationSource::<Pg>::migrations(&MIGRATIONS);
    let known = known.expect("they were read when this was compiled");
    known.iter().map(|migration| migration.name().version().to_string()).collect()
}

pub(crate) fn establish(url: &PostgresUrl) -> Result<Conn, Refused> {
    r2d2::ManageConnection::connect(&Manager::new(url.clone())).map_err(|error| match error {
        ConnectionError::BadConnection(cause) => Refused::Open(cause),
        other => Refused::Open(other.to_string()),
    })
}

pub(crate) fn pool(url: &PostgresUrl, lanes: usize, guard: Guard) -> Result<WriterPool, Refused> {
    let size = u32::try_from(lanes).unwrap_or(u32::MAX);
    Ok(r2d2::Pool::builder()
        .max_size(size)
        // A database that is away at the moment is there again later.
        .min_idle(Some(0))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_on_check_out(false)
        .connection_timeout(POSTGRES_CONNECT_TIMEOUT)
        .build_unchecked(Manager::guarded(url.clone(), guard)))
}
