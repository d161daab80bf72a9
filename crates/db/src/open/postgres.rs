//! Brings a PostgreSQL up to date.

pub(crate) mod life;

use diesel::{
    Connection,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource},
    pg::Pg,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Refused, has_old_reactions};
use crate::{
    postgres::{PostgresUrl, connect::establish},
    write::message::postgres::unify_reactions,
};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

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
    let mut conn = establish(url).map_err(Refused::Open)?;
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
