//! How large the database is.

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::RunQueryDsl;

use super::{Pools, ReadError, Reader, read};

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

impl Reader {
    /// Bytes of the database, with what is free in it; of a file without its log.
    pub async fn database_bytes(&self) -> Result<i64, ReadError> {
        let query = diesel::sql_query(match &self.pools {
            Pools::Sqlite(_) => {
                "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size"
            }
            Pools::Postgres(_) => "SELECT pg_database_size(current_database()) AS bytes",
        });
        let size = read!(self, |conn| query.get_result::<Size>(&mut conn).await)?;
        Ok(size.bytes)
    }
}
