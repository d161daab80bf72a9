//! What several nodes share beside the rooms: who is running, the feed, and
//! what applications submit.
//!
//! Not through the [`Writer`](super::Writer): a lease must not wait behind
//! messages.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::{
    RunQueryDsl,
    pooled_connection::deadpool::{Object, Pool},
};

use super::{
    Database,
    feed::OwnRows,
    postgres::{AsyncConn, Guard},
    reader::{Pools, pools::give_up_if_broken},
    writers::Writers,
};
use parlor_domain::{
    Epoch, RoomKey, Timestamp,
    limits::{NODE_LEASE, NODE_NUMBER_REST, NODE_NUMBERS, READ_TIMEOUT},
};

/// The nodes of one PostgreSQL; clones share the pool.
#[derive(Clone)]
pub struct Nodes {
    pool: Pool<AsyncConn>,
    guard: Guard,
    own: OwnRows,
}

/// A node that has a number, by the database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub number: u8,
    pub now: Timestamp,
}

/// A node that is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveNode {
    pub number: u8,
    pub incarnation: String,
}

#[derive(QueryableByName)]
struct LeaseRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    now: i64,
}

#[derive(QueryableByName)]
struct NodeRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    incarnation: String,
}

#[derive(QueryableByName)]
struct Newest {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Runs a query with a connection and a time limit.
macro_rules! load {
    ($nodes:expr, $row:ty, $query:expr) => {
        Nodes::within(async {
            let mut conn = $nodes.pool.get().await.map_err(|error| error.to_string())?;
            let rows: diesel::QueryResult<Vec<$row>> = $query.load(&mut conn).await;
            rows.map_err(|error| {
                give_up_if_broken!(conn, &error);
                error.to_string()
            })
        })
        .await
    };
}

mod feed;
mod submissions;

pub use submissions::{Refused, Submission};

const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

impl Database {
    /// `None` where there can be only one node.
    pub fn nodes(&self) -> Option<Nodes> {
        match (&self.reader.pools, &self.writers) {
            (Pools::Postgres(pool), Writers::Postgres { guard, own, .. }) => {
                Some(Nodes { pool: pool.clone(), guard: guard.clone(), own: own.clone() })
            }
            _ => None,
        }
    }
}

fn node_of(NodeRow { id, incarnation }: NodeRow) -> Option<LiveNode> {
    Some(LiveNode { number: u8::try_from(id).ok()?, incarnation })
}

fn lease(rows: Vec<LeaseRow>) -> Option<Lease> {
    let row = rows.into_iter().next()?;
    Some(Lease { number: u8::try_from(row.id).ok()?, now: Timestamp(row.now) })
}

/// The errors are for the operator; the caller logs them, once.
impl Nodes {
    async fn within<T>(reading: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let late = |_| Err("the database does not answer".to_owned());
        tokio::time::timeout(READ_TIMEOUT, reading).await.unwrap_or_else(late)
    }

    /// The life that this node has started in, as a short text.
    pub fn life(&self) -> Epoch {
        self.guard.life().epoch_of(RoomKey(0))
    }

    /// Makes sure that the database is still in the life that this node has
    /// started in, also where no connection was cut.
    pub async fn check_life(&self) -> Result<(), String> {
        Self::within(async {
            let mut conn = self.pool.get().await.map_err(|error| error.to_string())?;
            self.guard.check(&mut conn).await.map_err(|error| {
                drop(Object::take(conn));
                error.to_string()
            })
        })
        .await
    }

    /// Takes a number that nobody has, nor had lately; `None` if another node
    /// was faster, or all are taken.
    pub async fn claim(&self, incarnation: &str, address: &str) -> Result<Option<Lease>, String> {
        let (lease_s, rest_s) = (NODE_LEASE.as_secs(), NODE_NUMBER_REST.as_secs());
        let query = diesel::sql_query(format!(
            "WITH free AS (
                 SELECT n FROM generate_series(0, {NODE_NUMBERS} - 1) AS n
                 LEFT JOIN nodes ON nodes.id = n
                 WHERE nodes.id IS NULL
                    OR nodes.until < clock_timestamp() - interval '{rest_s} s'
                 ORDER BY n LIMIT 1
             )
             INSERT INTO nodes (id, incarnation, address, until)
             SELECT n, $1, $2, clock_timestamp() + interval '{lease_s} s' FROM free
             ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation,
                 address = excluded.address, until = excluded.until
             WHERE nodes.until < clock_timestamp() - interval '{rest_s} s'
             RETURNING id, {NOW} AS now"
        ));
        let query =
            query.bind::<Text, _>(incarnation.to_owned()).bind::<Text, _>(address.to_owned());
        Ok(lease(load!(self, LeaseRow, query)?))
    }

    /// Goes on with a number; `None` if it is lost.
    pub async fn renew(&self, number: u8, incarnation: &str) -> Result<Option<Lease>, String> {
        let lease_s = NODE_LEASE.as_secs();
        let query = diesel::sql_query(format!(
            "UPDATE nodes SET until = clock_timestamp() + interval '{lease_s} s'
             WHERE id = $1 AND incarnation = $2 AND until > clock_timestamp()
             RETURNING id, {NOW} AS now"
        ));
        let query =
            query.bind::<BigInt, _>(i64::from(number)).bind::<Text, _>(incarnation.to_owned());
        Ok(lease(load!(self, LeaseRow, query)?))
    }

    /// The node goes: nobody has to wait for its lease.
    pub async fn release(&self, number: u8, incarnation: &str) -> Result<(), String> {
        let query = diesel::sql_query(
            "UPDATE nodes SET until = clock_timestamp() WHERE id = $1 AND incarnation = $2
             RETURNING id, 0::bigint AS now",
        );
        let query =
            query.bind::<BigInt, _>(i64::from(number)).bind::<Text, _>(incarnation.to_owned());
        load!(self, LeaseRow, query).map(drop)
    }

    /// All nodes that have a number or had it lately, by number.
    pub async fn listed(&self) -> Result<Vec<LiveNode>, String> {
        let query = diesel::sql_query("SELECT id, incarnation FROM nodes ORDER BY id");
        Ok(load!(self, NodeRow, query)?.into_iter().filter_map(node_of).collect())
    }

    /// The nodes that are running, by number.
    pub async fn live(&self) -> Result<Vec<LiveNode>, String> {
        let query = diesel::sql_query(
            "SELECT id, incarnation FROM nodes WHERE until > clock_timestamp() ORDER BY id",
        );
        Ok(load!(self, NodeRow, query)?.into_iter().filter_map(node_of).collect())
    }
}
