//! The connections that read, whichever database it is.

use std::path::Path;

use diesel::ConnectionResult;
use diesel_async::{
    AsyncConnection, SimpleAsyncConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool::Pool,
    },
};
use futures_util::FutureExt;

use crate::{
    postgres::{self, PostgresUrl},
    sqlite,
};
use parlor_domain::limits::{READ_CACHE_KIB, READ_CONNECTIONS};

#[derive(Clone)]
pub(crate) enum Pools {
    Sqlite(Pool<sqlite::AsyncConn>),
    Postgres(Pool<postgres::AsyncConn>),
}

/// Runs one read, written once and type-checked against both databases:
/// `read!(self, |conn| …)`, where `select` are the shared reads of the
/// database at hand.
macro_rules! read {
    ($reader:expr, |$conn:ident| $body:expr) => {
        match &$reader.pools {
            $crate::reader::Pools::Sqlite(pool) => {
                #[allow(unused_imports, reason = "not every read uses them")]
                use $crate::select::sqlite as select;
                $crate::reader::pools::read_from!($reader, pool, $conn, Ok(true), $body)
            }
            $crate::reader::Pools::Postgres(pool) => {
                #[allow(unused_imports, reason = "not every read uses them")]
                use $crate::select::postgres as select;
                $crate::reader::pools::read_postgres!($reader, pool, |$conn| $body)
            }
        }
    };
}

/// The same for what only PostgreSQL is asked, from a pool of its connections.
macro_rules! read_postgres {
    ($reader:expr, $pool:expr, |$conn:ident| $body:expr) => {{
        let fence = $reader.fence.clone();
        $crate::reader::pools::read_from!(
            $reader,
            $pool,
            $conn,
            match &fence {
                Some(fence) => fence.holds(&mut $conn).await,
                None => Ok(true),
            },
            $body
        )
    }};
}

/// `holds` is whether the connection shows what it has to.
macro_rules! read_from {
    ($reader:expr, $pool:expr, $conn:ident, $holds:expr, $body:expr) => {{
        let (pool, server) = ($pool.clone(), $reader.server);
        let reading = async move {
            #[allow(unused_mut, reason = "not every read is of the connection itself")]
            let mut $conn = pool.get().await.map_err(|error| server.unconnected(error))?;
            let holds: diesel::QueryResult<bool> = $holds;
            let read: diesel::QueryResult<_> = match holds {
                Ok(true) => async { $body }.await.map(Some),
                Ok(false) => Ok(None),
                Err(error) => Err(error),
            };
            match read {
                Ok(Some(read)) => Ok(read),
                Ok(None) => Err($crate::reader::Failed::BEHIND),
                Err(error) => {
                    $crate::reader::pools::give_up_if_broken!($conn, &error);
                    Err(server.failed(&error))
                }
            }
        };
        $reader.bounded(reading).await
    }};
}

/// A connection on which something failed that may be its own is made anew,
/// whatever that was.
macro_rules! give_up_if_broken {
    ($conn:expr, $error:expr) => {
        if !$crate::write::batch::is_fault_of_a_row($error) {
            drop(diesel_async::pooled_connection::deadpool::Object::take($conn));
        }
    };
}

pub(crate) use give_up_if_broken;
pub(super) use read;
pub(crate) use {read_from, read_postgres};

macro_rules! pool {
    ($manager:expr, $connections:expr) => {
        Pool::builder($manager)
            .max_size($connections)
            .build()
            .expect("a pool without time limits of its own needs no runtime")
    };
}

impl Pools {
    pub fn of_file(path: &Path) -> Self {
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(|path| {
            async move {
                let mut conn = sqlite::AsyncConn::establish(path).await?;
                let pragmas = sqlite::pragmas(READ_CACHE_KIB);
                conn.batch_execute(&format!("{pragmas} PRAGMA query_only = ON;"))
                    .await
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(conn)
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(path.to_string_lossy(), config);
        Self::Sqlite(pool!(manager, READ_CONNECTIONS))
    }

    pub fn of_postgres(url: &PostgresUrl, guard: &postgres::Guard, connections: usize) -> Self {
        let (url, guard) = (url.clone(), guard.clone());
        Self::Postgres(postgres_pool(connections, move || {
            let (url, guard) = (url.clone(), guard.clone());
            async move { postgres::connect_guarded(&url, &guard).await }
        }))
    }

    pub fn of_standby(url: &PostgresUrl) -> Self {
        let url = url.clone();
        Self::Postgres(postgres_pool(READ_CONNECTIONS, move || {
            let url = url.clone();
            async move { postgres::connect_to_standby(&url).await }
        }))
    }
}

fn postgres_pool<F>(
    connections: usize,
    connect: impl Fn() -> F + Send + Sync + 'static,
) -> Pool<postgres::AsyncConn>
where
    F: Future<Output = ConnectionResult<postgres::AsyncConn>> + Send + 'static,
{
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| connect().boxed());
    pool!(AsyncDieselConnectionManager::new_with_config("", config), connections)
}
