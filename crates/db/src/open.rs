//! What comes before a database is used: its lock, its migrations, its life.

pub(super) mod lock;
pub(super) mod postgres;
pub(super) mod sqlite;

use std::fmt;

use diesel::{QueryResult, backend::Backend, migration::MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use super::DatabaseUrl;
use lock::FileLock;

/// Why the database cannot be used. Its text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the database {database}: {cause}")]
    Open { database: String, cause: String },
    #[error(
        "the database {database} was written by a newer version of parlor (migration {version}); \
         run that version, or restore a backup"
    )]
    Newer { database: String, version: String },
    #[error(
        "the database {database} is in use by another parlor (process {holder}): stop it first"
    )]
    InUse { database: String, holder: String },
    #[error("cannot bring the database {database} up to date: {cause}")]
    Migrate { database: String, cause: String },
    #[error("cannot read from the replica {replica}: {cause}")]
    Replica { replica: String, cause: String },
    #[error("a copy into the database {database} is not finished: run `parlor copy` with it again")]
    Unfinished { database: String },
}

/// Why a step failed; the caller knows the database's name.
#[derive(Debug)]
pub(super) enum Refused {
    Open(String),
    /// By the process with this number.
    InUse(String),
    Newer(String),
    Migrate(String),
}

impl Refused {
    pub fn of(self, url: &DatabaseUrl) -> OpenError {
        let database = url.to_string();
        match self {
            Self::Open(cause) => OpenError::Open { database, cause },
            Self::InUse(holder) => OpenError::InUse { database, holder },
            Self::Newer(version) => OpenError::Newer { database, version },
            Self::Migrate(cause) => OpenError::Migrate { database, cause },
        }
    }
}

/// The migration that is preceded by work which SQL cannot do: reactions get
/// one form (`domain::canonical_emoji`).
pub(super) const UNIFIES_REACTIONS: &str = "00000000000026";
/// The one that made their table.
const MAKES_REACTIONS: &str = "00000000000003";

/// Whether reactions are still to get their form, by the migrations that ran.
fn has_old_reactions(applied: &[String]) -> bool {
    let has = |version: &str| applied.iter().any(|ran| ran == version);
    has(MAKES_REACTIONS) && !has(UNIFIES_REACTIONS)
}

/// Runs the migrations that have not run, behind the work that goes before one of
/// them; gives their names.
fn run_pending<DB: Backend, C: MigrationHarness<DB>>(
    conn: &mut C,
    migrations: EmbeddedMigrations,
    unify_reactions: impl FnOnce(&mut C) -> QueryResult<()>,
) -> Result<Vec<String>, Refused> {
    let failed = |error: &dyn fmt::Display| Refused::Migrate(error.to_string());
    let known = versions::<DB>(&migrations);
    let applied = conn.applied_migrations().map_err(|error| failed(&error))?;
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    if let Some(newer) = applied.iter().find(|version| !known.contains(version)) {
        return Err(Refused::Newer(newer.clone()));
    }
    if has_old_reactions(&applied) {
        unify_reactions(conn).map_err(|error| failed(&error))?;
    }
    let pending = conn.pending_migrations(migrations).map_err(|error| failed(&error))?;
    let mut ran = Vec::with_capacity(pending.len());
    for (at, migration) in pending.iter().enumerate() {
        // Of a large database each may take a while; a new one has nothing to change.
        if !applied.is_empty() {
            let (at, all) = (at + 1, pending.len());
            log::info!("bringing the database up to date: {} ({at} of {all})", migration.name());
        }
        let version = conn.run_migration(migration).map_err(|error| failed(&error))?;
        ran.push(version.to_string());
    }
    Ok(ran)
}

fn versions<DB: Backend>(migrations: &EmbeddedMigrations) -> Vec<String> {
    let known = MigrationSource::<DB>::migrations(migrations);
    let known = known.expect("they were read when this was compiled");
    known.iter().map(|migration| migration.name().version().to_string()).collect()
}

/// Brings the schema up to date; gives the names of the migrations that ran.
///
/// Blocking: call it before the actors start.
pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, OpenError> {
    let _lock = lock(url)?;
    bring_up_to_date(url)
}

/// A file is one process's alone; a PostgreSQL has leases for its nodes.
pub(super) fn lock(url: &DatabaseUrl) -> Result<Option<FileLock>, OpenError> {
    let lock = url.file().map(FileLock::take).transpose();
    lock.map_err(|refused| refused.of(url))
}

pub(super) fn bring_up_to_date(url: &DatabaseUrl) -> Result<Vec<String>, OpenError> {
    let migrated = match url {
        DatabaseUrl::Sqlite(path) => sqlite::migrate(path),
        DatabaseUrl::Postgres(server) => postgres::migrate(server),
    };
    migrated.map_err(|refused| refused.of(url))
}

/// What a server does before it serves, and a copy must not: a copy has what its source
/// has.
pub(super) fn complete(url: &DatabaseUrl) -> Result<(), OpenError> {
    let completed = match url {
        DatabaseUrl::Sqlite(path) => sqlite::complete(path),
        DatabaseUrl::Postgres(server) => postgres::complete(server),
    };
    completed.map_err(|refused| refused.of(url))
}

/// Has the next server that starts on the database begin a new life. One that
/// runs on PostgreSQL notices, and starts anew; one that runs on a file goes
/// on until it is started again.
///
/// Blocking; on a thread of its own, because whoever calls may be inside a
/// runtime.
pub fn renew_life(url: &DatabaseUrl) -> Result<(), OpenError> {
    migrate(url)?;
    leave_life(url)
}

/// The same for a database that is migrated.
pub(super) fn leave_life(url: &DatabaseUrl) -> Result<(), OpenError> {
    let renewed = std::thread::scope(|scope| {
        let renewing = scope.spawn(|| match url {
            DatabaseUrl::Sqlite(path) => sqlite::life::renew(path),
            DatabaseUrl::Postgres(server) => postgres::life::renew(server),
        });
        renewing.join().unwrap_or_else(|_| Err(Refused::Open("writing to it panicked".to_owned())))
    });
    renewed.map_err(|refused| refused.of(url))
}
