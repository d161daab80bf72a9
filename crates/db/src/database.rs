//! Opens the database.

use std::{sync::Arc, time::Duration};

use super::{
    DatabaseUrl, OpenError, PostgresUrl, Reader, copy,
    feed::OwnRows,
    open::{self, Refused, bring_up_to_date, lock, lock::FileLock},
    postgres,
    sqlite::{self, place::Place},
    writers::Writers,
};

/// An open database whose schema is up to date.
pub struct Database {
    pub(super) writers: Writers,
    pub reader: Reader,
    /// Nobody else has the file meanwhile.
    _lock: Option<FileLock>,
}

/// A server on half of a deployment would write what the other half contradicts.
fn refuse_unfinished(url: &DatabaseUrl) -> Result<(), OpenError> {
    let database = url.to_string();
    match copy::is_unfinished(url) {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::Unfinished { database }),
        Err(copy::CopyError::Open(error)) => Err(error),
        Err(error) => Err(OpenError::Open { database, cause: error.to_string() }),
    }
}

impl Database {
    /// Opens the database, makes the file if it is one and is not there, and
    /// migrates it. `lanes` is how many transactions may run at once; SQLite
    /// has one.
    ///
    /// A database that may hold less than clients have seen begins a new life.
    ///
    /// Blocking: call it before the actors start.
    pub fn open(url: &DatabaseUrl, lanes: usize) -> Result<Self, OpenError> {
        let lock = lock(url)?;
        bring_up_to_date(url)?;
        refuse_unfinished(url)?;
        open::complete(url)?;
        if let DatabaseUrl::Postgres(server) = url
            && let Some(caution) = server.caution()
        {
            log::warn!("{caution}");
        }
        let (writers, reader) = match url {
            DatabaseUrl::Sqlite(path) => {
                let (writes, checkpoints) =
                    sqlite::connect::pools(path).map_err(|cause| Refused::Open(cause).of(url))?;
                let (life, marker) =
                    open::sqlite::life::open(path).map_err(|refused| refused.of(url))?;
                let marker = Arc::new(marker);
                let place = Place::of(path);
                let reader = Reader::of_file(path, place.clone(), life);
                (Writers::Sqlite { writes, checkpoints, place, marker }, reader)
            }
            DatabaseUrl::Postgres(server) => {
                let guard =
                    open::postgres::life::open(server).map_err(|refused| refused.of(url))?;
                let pool = postgres::connect::pool(server, lanes, guard.clone());
                let reader = Reader::of_postgres(server, &guard);
                (Writers::Postgres { pool, lanes, guard, own: OwnRows::default() }, reader)
            }
        };
        Ok(Self { writers, reader, _lock: lock })
    }

    /// Lets a replica of the database serve what it may ([`Reader::offload`])
    /// while it is at most so far behind.
    ///
    /// Blocking: call it before the actors start.
    ///
    /// # Errors
    /// It is the replica of another database. One that cannot be reached is
    /// none: it may come later.
    pub fn add_replica(
        &mut self,
        url: &DatabaseUrl,
        replica: &PostgresUrl,
        lag_max: Duration,
    ) -> Result<(), OpenError> {
        let failed = |cause| OpenError::Replica { replica: replica.to_string(), cause };
        let DatabaseUrl::Postgres(primary) = url else {
            return Err(failed("a file has no replicas".to_owned()));
        };
        if let Some(caution) = replica.caution() {
            log::warn!("{caution}");
        }
        open::postgres::replica::check(primary, replica).map_err(failed)?;
        self.reader.add_replica(replica, lag_max);
        Ok(())
    }

    /// Waits until the database is found to be in another life than when it
    /// was opened; nothing that was read from it before is true then.
    pub async fn life_ended(&self) {
        match &self.writers {
            // A file is looked at when it is opened.
            Writers::Sqlite { .. } => std::future::pending().await,
            Writers::Postgres { guard, .. } => guard.ended().await,
        }
    }
}
