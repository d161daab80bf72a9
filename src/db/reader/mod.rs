//! Everything that only reads, on diesel-async and a pool of its own, so that
//! a long read never stands in the way of a write.

mod attachments;
mod events;
mod identity;
mod members;
mod messages;
mod outbox;
mod people;
mod rooms;
mod users;

use std::{future::Future, path::Path, time::Duration};

use diesel_async::{
    AsyncConnection, SimpleAsyncConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use futures_util::FutureExt;

use super::backend::{AsyncConn, pragmas};
use crate::{
    limits::{READ_CACHE_KIB, READ_CONNECTIONS, READ_TIMEOUT},
    metrics::metrics,
};

pub use messages::{Missed, Replay};
pub use outbox::{Backlog, Letter};
pub use people::{Audited, Trim};
pub use rooms::Arrival;

/// A handle for reading; clones share the pool.
#[derive(Clone)]
pub struct Reader {
    pool: Pool<AsyncConn>,
    timeout: Duration,
}

/// A read failed. The cause has been logged; for the user it is
/// `unavailable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database could not be read")]
pub struct ReadError;

impl Reader {
    pub(super) fn new(path: &Path) -> Self {
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(|path| {
            async move {
                let mut conn = AsyncConn::establish(path).await?;
                let pragmas = format!("{} PRAGMA query_only = ON;", pragmas(READ_CACHE_KIB));
                conn.batch_execute(&pragmas)
                    .await
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(conn)
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(path.to_string_lossy(), config);
        let pool = Pool::builder(manager)
            .max_size(READ_CONNECTIONS)
            .build()
            .expect("a pool without time limits of its own needs no runtime");
        Self { pool, timeout: READ_TIMEOUT }
    }

    /// Runs one read with a connection and a time limit.
    ///
    /// In a task of its own, which runs to its end even if nobody waits any
    /// more: diesel-async 0.9 panics where a query that runs is dropped on a
    /// runtime of one thread, as actix's are.
    async fn read<T, F>(
        &self,
        read: impl FnOnce(Object<AsyncConn>) -> F + 'static,
    ) -> Result<T, ReadError>
    where
        T: 'static,
        F: Future<Output = diesel::QueryResult<T>>,
    {
        let pool = self.pool.clone();
        let reading = actix::spawn(async move {
            let conn = pool.get().await.map_err(|error| {
                log::error!("no connection to read from the database: {error}");
                ReadError
            })?;
            read(conn).await.map_err(|error| {
                log::error!("a read failed: {error}");
                metrics().read_failures.add(1);
                ReadError
            })
        });
        match tokio::time::timeout(self.timeout, reading).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => {
                log::error!("a read ended without a result: {error}");
                Err(ReadError)
            }
            Err(_) => {
                log::error!("a read took longer than {:?}", self.timeout);
                metrics().read_failures.add(1);
                Err(ReadError)
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), ReadError> {
        self.read(move |mut conn| async move { conn.batch_execute("SELECT 1").await }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Database;

    /// Without a task of its own a read that is dropped while it runs panics.
    #[actix_web::test]
    async fn a_read_that_takes_too_long_is_an_error_and_the_next_one_is_served() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = Database::open(&dir.path().join("test.db")).expect("it opens");
        let hurried = Reader { timeout: Duration::from_millis(1), ..database.reader.clone() };
        let slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n \
                    WHERE x < 300000) SELECT max(x) FROM n";
        let read = hurried.read(move |mut conn| async move { conn.batch_execute(slow).await });
        assert_eq!(read.await, Err(ReadError));
        assert_eq!(database.reader.ping().await, Ok(()));
    }
}
