//! How much applications have submitted that is still there.

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::RunQueryDsl;

use super::{Pools, ReadError, Reader, read};

/// What waits to be carried out, and what was refused and is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct SubmissionBacklog {
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    /// How long the first of them has waited, in seconds.
    #[diesel(sql_type = BigInt)]
    pub oldest_s: i64,
    #[diesel(sql_type = BigInt)]
    pub refused: i64,
}

impl Reader {
    /// On SQLite nothing is submitted.
    pub async fn submission_backlog(&self) -> Result<SubmissionBacklog, ReadError> {
        if let Pools::Sqlite(_) = self.pools {
            return Ok(SubmissionBacklog::default());
        }
        let query = diesel::sql_query(
            "SELECT count(*) FILTER (WHERE refused IS NULL) AS waiting,
                 coalesce(extract(epoch FROM clock_timestamp()
                     - min(at) FILTER (WHERE refused IS NULL)), 0)::bigint AS oldest_s,
                 count(refused) AS refused
             FROM submissions",
        );
        read!(self, |conn| query.get_result::<SubmissionBacklog>(&mut conn).await)
    }
}
