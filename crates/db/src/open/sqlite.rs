//! Brings the file up to date.

pub(crate) mod life;

use std::path::Path;

use diesel::{
    connection::SimpleConnection,
    migration::{Migration, MigrationSource},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Refused, has_old_reactions};
use crate::{sqlite::connect::establish, write::message::sqlite::unify_reactions};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

pub(crate) fn migrate(path: &Path) -> Result<Vec<String>, Refused> {
    let failed = |error: &dyn std::fmt::Display| Refused::Migrate(error.to_string());
    let mut conn = establish(path).map_err(Refused::Open)?;
    // SQLite opens a file it cannot write without a word; this says it now.
    conn.batch_execute("BEGIN IMMEDIATE; COMMIT")
        .map_err(|error| Refused::Open(error.to_string()))?;
    let known = known_migrations();
    let applied = conn.applied_migrations().map_err(|error| failed(&error))?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(&version.to_string())) {
        return Err(Refused::Newer(newer.to_string()));
    }
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    if has_old_reactions(&applied) {
        conn.immediate_transaction(unify_reactions).map_err(|error| failed(&error))?;
    }
    let ran = conn.run_pending_migrations(MIGRATIONS).map_err(|error| failed(&error))?;
    Ok(ran.iter().map(ToString::to_string).collect())
}

/// The versions of all migrations that this executable has.
pub(crate) fn known_migrations() -> Vec<String> {
    let known = MigrationSource::<Sqlite>::migrations(&MIGRATIONS);
    let known = known.expect("they were read when this was compiled");
    known.iter().map(|migration| migration.name().version().to_string()).collect()
}
