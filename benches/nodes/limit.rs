//! What the database does by itself: the same rows, by a client that does
//! nothing else.

use std::{
    fmt,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;
use tokio_postgres::NoTls;

use super::{client::call, cluster::Cluster};

const CALL: &str = "SELECT * FROM parlor_store_messages($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const CONTENT: &str = "what one says to another in a chat, some forty bytes";

pub struct Limit {
    per_second: f64,
    call_ms: f64,
    database_us: f64,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per_second, call_ms, database_us } = self;
        write!(
            f,
            "{per_second:>7.0} rows/s  {call_ms:.2} ms a call  {database_us:.0} us of \
             PostgreSQL's CPU a row"
        )
    }
}

/// So many connections store so many messages in a call, each into a room of its
/// own, one call after the other.
pub async fn stored(cluster: &Cluster, connections: usize, rows: usize, time: Duration) -> Limit {
    let database = cluster.database().expect("it is on PostgreSQL");
    let (url, before) = (database.url(), database.cpu());
    let began = Instant::now();
    let calling = (0..connections).map(|connection| {
        let url = url.clone();
        async move {
            let (client, connected) =
                tokio_postgres::connect(&url, NoTls).await.expect("it is there");
            tokio::spawn(connected);
            let owner = format!("owner-{rows}-{connection}");
            for row in 0..rows {
                let room = json!({"room_id": format!("{owner}-{row}"), "kind": "private"});
                call(cluster.node(0), &owner, Method::POST, "/rooms", room).await;
            }
            let query = "SELECT m.room_key, m.user_key FROM members m \
                JOIN users u ON u.key = m.user_key WHERE u.id = $1 ORDER BY m.room_key";
            let places = client.query(query, &[&owner]).await.expect("rooms");
            let rooms: Vec<i64> = places.iter().map(|row| row.get(0)).collect();
            let senders: Vec<i64> = places.iter().map(|row| row.get(1)).collect();
            let locks: Vec<i64> = rooms.iter().map(|room| room * 2 + 1).collect();
            let store = client.prepare(CALL).await.expect("it is known");
            let (mut calls, mut next) = (0_u32, 1 + (connection as i64) * 1_000_000_000);
            next += (rows as i64) * 100_000_000_000;
            let began = Instant::now();
            while began.elapsed() < time {
                let ids: Vec<i64> = (next..).take(rooms.len()).collect();
                next += rooms.len() as i64;
                let client_ids: Vec<Option<String>> =
                    ids.iter().map(|id| Some(id.to_string())).collect();
                let (by_admin, contents) = (vec![false; ids.len()], vec![CONTENT; ids.len()]);
                let stored = client
                    .query(
                        &store,
                        &[
                            &locks,
                            &ids,
                            &rooms,
                            &senders,
                            &by_admin,
                            &client_ids,
                            &contents,
                            &ids,
                            &true,
                        ],
                    )
                    .await
                    .expect("stored");
                assert_eq!(stored.len(), rooms.len());
                calls += 1;
            }
            (calls, began.elapsed())
        }
    });
    let all = futures_util::future::join_all(calling).await;
    let database = database.cpu() - before;
    let calls: f64 = all.iter().map(|(calls, _)| f64::from(*calls)).sum();
    let stored = calls * rows as f64;
    let time = began.elapsed().min(all.iter().map(|(_, time)| *time).max().unwrap_or_default());
    Limit {
        per_second: stored / time.as_secs_f64(),
        call_ms: time.as_secs_f64() * 1_000.0 * connections as f64 / calls,
        database_us: database * 1e6 / stored,
    }
}
