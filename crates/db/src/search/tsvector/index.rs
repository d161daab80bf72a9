//! Looking into the table.

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Double, Nullable, Text},
};
use diesel_async::RunQueryDsl;

use super::super::{Hit, Sort, Wanted};
use crate::{
    postgres::{Guard, PostgresUrl},
    reader::{Needs, Pools, ReadError, Reader, pools::read_postgres},
};
use parlor_domain::{MessageId, limits::SEARCH_CONNECTIONS};

/// The index; clones share its connections.
#[derive(Clone)]
pub(crate) struct TableIndex {
    reader: Reader,
}

#[derive(QueryableByName)]
struct HitRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Double)]
    rank: f64,
}

impl TableIndex {
    /// Connects when it is needed; beside what else is read, which is not to
    /// wait for it.
    pub fn open(url: &PostgresUrl, guard: &Guard, beside: &Reader) -> Self {
        let connections = usize::try_from(SEARCH_CONNECTIONS).unwrap_or(1);
        let pools = Pools::of_postgres(url, guard, connections);
        Self { reader: beside.on(pools) }
    }

    /// The index is behind the messages by itself, so a replica's is as good.
    /// What it finds is read from the primary by whoever shows it.
    pub async fn find(&self, wanted: &Wanted) -> Result<(Vec<Hit>, bool), ReadError> {
        self.reader.offload(Needs::Recent, async |reader| reader.words(wanted).await).await
    }
}

impl Reader {
    async fn words(&self, wanted: &Wanted) -> Result<(Vec<Hit>, bool), ReadError> {
        let Pools::Postgres(pool) = &self.pools else { return Err(ReadError) };
        let rooms: Vec<i64> = wanted.rooms.iter().map(|room| room.0).collect();
        let (from, to) = wanted.times();
        let order = match wanted.sort {
            Sort::Rank => "rank DESC, message_id DESC",
            Sort::Newest => "message_id DESC",
        };
        let query = diesel::sql_query(format!(
            "SELECT message_id AS id,
                 (ts_rank(words, $1::tsquery) + ts_rank(words, $8::tsquery))::float8 AS rank
             FROM message_words
             WHERE words @@ $1::tsquery AND room_key = ANY($2)
               AND ($3 IS NULL OR sender_key = $3) AND created_at >= $4 AND created_at < $5
             ORDER BY {order} LIMIT $6 OFFSET $7"
        ))
        .bind::<Text, _>(wanted.query.to_tsquery())
        .bind::<Array<BigInt>, _>(rooms)
        .bind::<Nullable<BigInt>, _>(wanted.sender.map(|sender| sender.0))
        .bind::<BigInt, _>(from)
        .bind::<BigInt, _>(to)
        .bind::<BigInt, _>(wanted.limit + 1)
        .bind::<BigInt, _>(wanted.offset)
        .bind::<Text, _>(wanted.query.to_whole_tsquery());
        let rows: Vec<HitRow> =
            read_postgres!(self, pool, |conn| query.load::<HitRow>(&mut conn).await)?;
        let hits = rows.iter().map(|row| Hit { message: MessageId(row.id), rank: row.rank });
        let limit = usize::try_from(wanted.limit).unwrap_or(0);
        Ok((hits.take(limit).collect(), rows.len() > limit))
    }
}
