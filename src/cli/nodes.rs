use std::time::Duration;

use clap::Args;

use super::parse_duration;

/// Several nodes on one database, and how one of them goes.
#[derive(Args, Debug)]
pub struct NodeArgs {
    /// Redis or Valkey, for several nodes on one PostgreSQL: `redis://…`,
    /// `rediss://…`, `redis+cluster://…`, `redis+sentinel://…/<master>`
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,
    /// What the keys and channels in Redis begin with; the same on all nodes
    #[arg(long, env = "PARLOR_REDIS_PREFIX", default_value = "parlor")]
    pub redis_prefix: String,
    /// Time within which a node hears of what others committed, also where
    /// Redis is away
    #[arg(long, env = "PARLOR_FEED_INTERVAL", default_value = "1s", value_parser = parse_duration)]
    pub feed_interval: Duration,
    /// Stream in Redis whose events are published; switched off by default
    #[arg(long, env = "PARLOR_SERVICE_STREAM")]
    pub service_stream: Option<String>,
    /// Time over which the clients of a node that stops come back
    #[arg(long, env = "PARLOR_GOAWAY_SPREAD", default_value = "2s", value_parser = parse_duration)]
    pub goaway_spread: Duration,
    /// Time between ready turning red and the end, so that a load balancer
    /// sees it
    #[arg(long, env = "PARLOR_DRAIN_DELAY", value_parser = parse_duration)]
    pub drain_delay: Option<Duration>,
}
