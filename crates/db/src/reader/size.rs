//! How large the database is.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable},
};
use diesel_async::RunQueryDsl;

use super::{Pools, ReadError, Reader, read};

/// How large the database is.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct DatabaseSize {
    /// With what is free in it; of a file without its log.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// Bytes in the file that hold nothing; `None` for a PostgreSQL, which keeps them to
    /// itself.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub free_bytes: Option<i64>,
}

impl Reader {
    /// How large the database is, and how much of that is free.
    pub async fn database_size(&self) -> Result<DatabaseSize, ReadError> {
        let query = diesel::sql_query(match &self.pools {
            Pools::Sqlite(_) => {
                "SELECT page_count * page_size AS bytes, freelist_count * page_size AS free_bytes
                 FROM pragma_page_count, pragma_page_size, pragma_freelist_count"
            }
            Pools::Postgres(_) => {
                "SELECT pg_database_size(current_database()) AS bytes, NULL::BIGINT AS free_bytes"
            }
        });
        read!(self, |conn| query.get_result::<DatabaseSize>(&mut conn).await)
    }
}
