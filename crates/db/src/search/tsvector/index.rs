//! Looking into the table.

use diesel::{
    QueryableByName, RunQueryDsl,
    sql_types::{Array, BigInt, Double, Nullable, Text},
};

use super::super::{Hit, Sort, Wanted};
use crate::{
    postgres::{Guard, Manager, PostgresUrl},
    write::batch::is_fault_of_a_row,
};
use parlor_domain::{MessageId, limits::SEARCH_CONNECTIONS};

/// The index; clones share its connections.
#[derive(Clone)]
pub(crate) struct TableIndex {
    pool: r2d2::Pool<Manager>,
}

#[derive(QueryableByName)]
struct HitRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Double)]
    rank: f64,
}

impl TableIndex {
    /// Connects when it is needed.
    pub fn open(url: &PostgresUrl, guard: &Guard) -> Self {
        let pool = r2d2::Pool::builder()
            .max_size(SEARCH_CONNECTIONS)
            .min_idle(Some(0))
            .test_on_check_out(true)
            // Whoever wants one hears why there is none.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Manager::new(url.clone(), guard.clone()));
        Self { pool }
    }

    pub fn find(&self, wanted: &Wanted) -> Result<(Vec<Hit>, bool), String> {
        let mut pooled = self.pool.get().map_err(|error| error.to_string())?;
        let rooms: Vec<i64> = wanted.rooms.iter().map(|room| room.0).collect();
        let (from, to) = wanted.times();
        let order = match wanted.sort {
            Sort::Rank => "rank DESC, message_id DESC",
            Sort::Newest => "message_id DESC",
        };
        let rows = diesel::sql_query(format!(
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
        .bind::<Text, _>(wanted.query.to_whole_tsquery())
        .load::<HitRow>(&mut pooled.conn);
        pooled.is_broken |= rows.as_ref().is_err_and(|error| !is_fault_of_a_row(error));
        let rows = rows.map_err(|error| error.to_string())?;
        let hits = rows.iter().map(|row| Hit { message: MessageId(row.id), rank: row.rank });
        let limit = usize::try_from(wanted.limit).unwrap_or(0);
        Ok((hits.take(limit).collect(), rows.len() > limit))
    }
}
