//! Everything that only reads, on diesel-async and a pool of its own, so that
//! a long read never stands in the way of a write.

mod messages;
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
use crate::limits::{READ_CACHE_KIB, READ_CONNECTIONS, READ_TIMEOUT};

pub use messages::Replay;

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
    async fn read<'a, T, F>(
        &self,
        read: impl FnOnce(Object<AsyncConn>) -> F,
    ) -> Result<T, ReadError>
    where
        F: Future<Output = diesel::QueryResult<T>> + 'a,
    {
        let reading = async {
            let conn = self.pool.get().await.map_err(|error| {
                log::error!("no connection to read from the database: {error}");
                ReadError
            })?;
            read(conn).await.map_err(|error| {
                log::error!("a read failed: {error}");
                ReadError
            })
        };
        tokio::time::timeout(self.timeout, reading).await.unwrap_or_else(|_| {
            log::error!("a read took longer than {:?}", self.timeout);
            Err(ReadError)
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), ReadError> {
        self.read(|mut conn| async move { conn.batch_execute("SELECT 1").await }).await
    }
}
