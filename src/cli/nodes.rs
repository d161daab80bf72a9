//! The options for running several nodes.

use std::time::Duration;

use clap::Args;

use super::parse_duration;

/// Several nodes on one database, and how a node shuts down.
#[derive(Args, Debug)]
pub struct NodeArgs {
    /// Redis or Valkey, for several nodes on one PostgreSQL: `redis://…`,
    /// `rediss://…`, `redis+cluster://…`, `redis+sentinel://…/<master>`
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,
    /// Prefix of the keys and channels in Redis; the same on all nodes
    #[arg(long, env = "PARLOR_REDIS_PREFIX", default_value = "parlor")]
    pub redis_prefix: String,
    /// How often a node reads what others committed: the longest delay when
    /// Redis is down
    #[arg(long, env = "PARLOR_FEED_INTERVAL", default_value = "1s", value_parser = parse_duration)]
    pub feed_interval: Duration,
    /// Redis stream whose events are published; off by default
    #[arg(long, env = "PARLOR_SERVICE_STREAM")]
    pub service_stream: Option<String>,
    /// Time over which the clients of a stopping node spread their reconnects
    #[arg(long, env = "PARLOR_GOAWAY_SPREAD", default_value = "2s", value_parser = parse_duration)]
    pub goaway_spread: Duration,
    /// Delay between `/health/ready` turning red and the shutdown, for the load
    /// balancer to notice
    #[arg(long, env = "PARLOR_DRAIN_DELAY", value_parser = parse_duration)]
    pub drain_delay: Option<Duration>,
}
