//! The connections that read, whichever database it is.

use std::path::Path;

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
                $crate::reader::pools::read_from!($reader, pool, $conn, $body)
            }
            $crate::reader::Pools::Postgres(pool) => {
                #[allow(unused_imports, reason = "not every read uses them")]
                use $crate::select::postgres as select;
                $crate::reader::pools::read_from!($reader, pool, $conn, $body)
            }
        }
    };
}

macro_rules! read_from {
    ($reader:expr, $pool:expr, $conn:ident, $body:expr) => {{
        let pool = $pool.clone();
        let reading = async move {
            #[allow(unused_mut, reason = "not every read is of the connection itself")]
            let mut $conn = pool.get().await.map_err($crate::reader::unconnected)?;
            let read: diesel::QueryResult<_> = async { $body }.await;
            read.map_err(|error| {
                $crate::reader::pools::give_up_if_broken!($conn, &error);
                $crate::reader::failed(&error)
            })
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
pub(super) use {read, read_from};

macro_rules! pool {
    ($manager:expr) => {
        Pool::builder($manager)
            .max_size(READ_CONNECTIONS)
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
        Self::Sqlite(pool!(manager))
    }

    pub fn of_postgres(url: &PostgresUrl, guard: &postgres::Guard) -> Self {
        let (url, guard) = (url.clone(), guard.clone());
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_| {
            let (url, guard) = (url.clone(), guard.clone());
            async move { postgres::connect_guarded(&url, &guard).await }.boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config("", config);
        Self::Postgres(pool!(manager))
    }
}
