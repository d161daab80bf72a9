//! Brings the file up to date.

pub(crate) mod life;

use std::path::Path;

use diesel::{connection::SimpleConnection, sqlite::Sqlite};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::Refused;
use crate::{
    sqlite::connect::establish,
    write::{message::sqlite::unify_reactions, user_words::sqlite as user_words},
};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

pub(crate) fn migrate(path: &Path) -> Result<Vec<String>, Refused> {
    let mut conn = establish(path).map_err(Refused::Open)?;
    // SQLite opens a file it cannot write without a word; this says it now.
    conn.batch_execute("BEGIN IMMEDIATE; COMMIT")
        .map_err(|error| Refused::Open(error.to_string()))?;
    super::run_pending(&mut conn, MIGRATIONS, |conn| conn.immediate_transaction(unify_reactions))
}

/// Users of a version before are found by their names, too.
pub(crate) fn complete(path: &Path) -> Result<(), Refused> {
    let mut conn = establish(path).map_err(Refused::Open)?;
    user_words::complete(&mut conn).map_err(|error| Refused::Migrate(error.to_string()))
}

/// The versions of all migrations that this executable has.
pub(crate) fn known_migrations() -> Vec<String> {
    super::versions::<Sqlite>(&MIGRATIONS)
}
