//! Several nodes on one database, each with a network of its own to it and
//! to Redis.

use super::{Address, Proxy, Redis, Server, TestDatabase, User};

pub struct Cluster {
    pub redis: Redis,
    pub nodes: Vec<ClusterNode>,
    database: TestDatabase,
}

/// A node, and its ways to what the nodes share.
pub struct ClusterNode {
    pub server: Server,
    pub to_redis: Proxy,
    pub to_postgres: Proxy,
}

impl ClusterNode {
    /// A user who comes to this node.
    pub async fn user(&self, id: &str) -> User {
        self.server.user(id).await
    }
}

impl Cluster {
    pub async fn start(nodes: usize) -> Self {
        let settings = vec![Vec::new(); nodes];
        Self::with(&settings).await
    }

    /// As many nodes as there are lists of settings.
    pub async fn with(settings: &[Vec<(&str, String)>]) -> Self {
        Self::on(TestDatabase::new(), settings).await
    }

    pub async fn on(database: TestDatabase, settings: &[Vec<(&str, String)>]) -> Self {
        let redis = Redis::start().await;
        let mut nodes = Vec::new();
        for own in settings {
            nodes.push(node(&database, &redis, own).await);
        }
        Self { redis, nodes, database }
    }

    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    pub fn addresses(&self) -> Vec<Address> {
        self.nodes.iter().map(|node| node.server.address().clone()).collect()
    }
}

async fn node(database: &TestDatabase, redis: &Redis, own: &[(&str, String)]) -> ClusterNode {
    let (host, name) = database.host_and_name();
    let to_redis = Proxy::in_front_of(redis.address()).await;
    let to_postgres = Proxy::in_front_of(&host).await;
    let url = format!("postgres://postgres@{}/{name}", to_postgres.address().authority());
    let mut builder = Server::builder()
        .set("DATABASE_URL", url)
        // Who is cut off for seconds misses more than a server replays by default.
        .set("PARLOR_REPLAY_EVENTS", 100_000)
        .set("REDIS_URL", to_redis.address().http("").replace("http", "redis"));
    for (name, value) in own {
        builder = builder.set(name, value);
    }
    ClusterNode { server: builder.start().await, to_redis, to_postgres }
}
