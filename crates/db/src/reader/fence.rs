//! What a replica has to have before something is read from it.

use diesel::{QueryResult, QueryableByName, sql_types::Bool};
use diesel_async::RunQueryDsl;

use crate::postgres::{
    AsyncConn,
    statement::{Statement, Value},
};
use parlor_domain::{Life, RoomKey, Seq};

/// Asked on the connection that then reads, whichever server it leads to: of
/// several replicas one may be further than another, and each only goes on.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    /// The one that the server has started in.
    pub life: Life,
    /// A place in the write-ahead log, in bytes.
    pub wal: i64,
    /// A position in the timeline of a room.
    pub room: Option<(RoomKey, Seq)>,
}

/// One that was promoted has a history of its own, and follows nobody any
/// more. Whatever changes what a room shows takes a position in it, in the
/// same transaction.
const HOLDS: &str = "SELECT pg_is_in_recovery()
        AND coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn >= ($1)[1], false)
        AND EXISTS (SELECT FROM life WHERE id = ($2)[1])
        AND (cardinality($1) = 1
             OR EXISTS (SELECT FROM room_heads
                        WHERE room_key = ($1)[2] AND last_seq >= ($1)[3])) AS holds";

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    holds: bool,
}

impl Fence {
    pub async fn holds(&self, conn: &mut AsyncConn) -> QueryResult<bool> {
        let mut numbers = vec![self.wal];
        numbers.extend(self.room.into_iter().flat_map(|(room, head)| [room.0, head.0]));
        let values = [Value::Numbers(&numbers), Value::Texts(vec![self.life.as_str()])];
        let asked = Statement { sql: HOLDS, values: &values };
        Ok(asked.get_result::<Answer>(conn).await?.holds)
    }
}
