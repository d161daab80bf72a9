//! Several nodes on one database, and how a node stops.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{ConfigError, StoreConfig, parse_duration, set};
use crate::nodes::RedisUrl;

#[derive(Args, Debug)]
#[command(next_help_heading = "Several nodes on one PostgreSQL (docs/SCALING.md)")]
pub struct NodeArgs {
    /// Redis or Valkey: `redis://…`, `rediss://…` for TLS,
    /// `redis+cluster://host:port,host:port`,
    /// `redis+sentinel://host:port,host:port/<master>`; such as
    /// `redis://:password@127.0.0.1:6379`
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,
    /// File with the certificates, as PEM, of those who may have signed that of a Redis
    /// with `rediss://`; by default those that browsers trust; such as
    /// `/etc/ssl/redis-ca.pem`
    #[arg(long, env = "PARLOR_REDIS_CA")]
    pub redis_ca: Option<PathBuf>,
    /// Prefix of the keys and channels in Redis; the same on all nodes
    #[arg(long, env = "PARLOR_REDIS_PREFIX", default_value = "parlor")]
    pub redis_prefix: String,
    /// How often a node reads what others committed: the longest delay when Redis
    /// is down
    #[arg(long, env = "PARLOR_FEED_INTERVAL", default_value = "1s", value_parser = parse_duration)]
    pub feed_interval: Duration,
    /// Redis stream whose events are published (docs/PROTOCOL.md, "Over a stream"),
    /// such as `app-events`
    #[arg(long, env = "PARLOR_SERVICE_STREAM")]
    pub service_stream: Option<String>,
    /// Redis channel whose events are published, at most once (docs/PROTOCOL.md, "Over a
    /// channel"), such as `app-events`
    #[arg(long, env = "PARLOR_SERVICE_CHANNEL")]
    pub service_channel: Option<String>,
    /// Time over which the clients of a stopping node spread their reconnects
    #[arg(long, env = "PARLOR_GOAWAY_SPREAD", default_value = "2s", value_parser = parse_duration)]
    pub goaway_spread: Duration,
    /// Delay between /health/ready turning red and the shutdown, for the load
    /// balancer to notice; none by default; such as `5s`
    #[arg(long, env = "PARLOR_DRAIN_DELAY", value_parser = parse_duration)]
    pub drain_delay: Option<Duration>,
}

#[derive(Debug)]
pub struct NodeConfig {
    pub redis: Option<RedisUrl>,
    pub redis_prefix: String,
    pub feed_interval: Duration,
    pub services: Option<ServiceConfig>,
    pub goaway_spread: Duration,
    pub drain_delay: Duration,
}

/// Where other programs publish, also to a single node.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    pub redis: RedisUrl,
    pub stream: Option<String>,
    pub channel: Option<String>,
}

impl ServiceConfig {
    fn new(
        redis: Option<&RedisUrl>,
        stream: Option<String>,
        channel: Option<String>,
    ) -> Result<Option<Self>, ConfigError> {
        let option = match (&stream, &channel) {
            (Some(_), _) => "service-stream",
            (None, Some(_)) => "service-channel",
            (None, None) => return Ok(None),
        };
        let redis = redis.ok_or_else(|| ConfigError::value(option, "it requires REDIS_URL"))?;
        Ok(Some(Self { redis: redis.clone(), stream, channel }))
    }
}

fn trusting(url: Option<RedisUrl>, ca: Option<PathBuf>) -> Result<Option<RedisUrl>, ConfigError> {
    let Some(ca) = ca.filter(|ca| !ca.as_os_str().is_empty()) else { return Ok(url) };
    let wrong = |why: String| ConfigError::value("redis-ca", why);
    let url = url.ok_or_else(|| wrong("it requires REDIS_URL".to_owned()))?;
    let roots = std::fs::read(&ca);
    let roots = roots.map_err(|error| wrong(format!("cannot read {}: {error}", ca.display())))?;
    url.trusting(roots).map(Some).map_err(|why| wrong(why.to_owned()))
}

impl NodeConfig {
    pub fn new(args: NodeArgs, store: &StoreConfig) -> Result<Self, ConfigError> {
        let redis = set(args.redis_url).map(|url| url.parse()).transpose();
        let redis = redis.map_err(|why| ConfigError::value("redis-url", why))?;
        let redis = trusting(redis, args.redis_ca)?;
        let (stream, channel) = (set(args.service_stream), set(args.service_channel));
        let services = ServiceConfig::new(redis.as_ref(), stream, channel)?;
        if redis.is_some() && services.is_none() && store.database.file().is_some() {
            log::warn!(
                "ignoring REDIS_URL: SQLite supports only a single node, which needs no Redis"
            );
        }
        let redis = redis.filter(|_| store.database.file().is_none());
        Ok(Self {
            redis,
            redis_prefix: args.redis_prefix,
            feed_interval: args.feed_interval,
            services,
            goaway_spread: args.goaway_spread,
            drain_delay: args.drain_delay.unwrap_or_default(),
        })
    }
}
