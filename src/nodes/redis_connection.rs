//! A connection to Redis: single server, cluster or sentinel.

use std::{error::Error as _, fmt, str::FromStr, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, FromRedisValue,
    IntoConnectionInfo, Pipeline, ProtocolVersion, PushInfo, RedisError, RedisResult,
    TlsCertificates,
    aio::MultiplexedConnection,
    cluster::ClusterClientBuilder,
    cluster_async::ClusterConnection,
    sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType},
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio::sync::mpsc;

use parlor_domain::limits::{REDIS_CONNECT_TIMEOUT, REDIS_RESPONSE_TIMEOUT};

/// Where Redis is: `redis://host:port`, `rediss://` for TLS,
/// `redis+cluster://host:port,host:port`, or
/// `redis+sentinel://host:port,host:port/master`. Shown without its password.
#[derive(Clone)]
pub struct RedisUrl {
    kind: Kind,
    /// Certificates of those who may have signed its own, as PEM; `None`: those that
    /// browsers trust.
    roots: Option<Vec<u8>>,
}

#[derive(Clone)]
enum Kind {
    One(Box<ConnectionInfo>),
    Cluster(Vec<ConnectionInfo>),
    Sentinel { sentinels: Vec<ConnectionInfo>, master: String },
}

/// Why a URL is not understood. It does not repeat it: there may be a
/// password in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must be redis://host:port, rediss://…, redis+cluster://host:port,… or \
     redis+sentinel://host:port,…/master"
)]
pub struct UrlError;

fn info(url: &str) -> Result<ConnectionInfo, UrlError> {
    let info = url.into_connection_info().map_err(|_| UrlError)?;
    // With it what is published comes on the connection that asks.
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(redis))
}

impl FromStr for RedisUrl {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(UrlError)?;
        let each = |hosts: &str| -> Result<Vec<ConnectionInfo>, UrlError> {
            // A password stands before the first host only, and is for all.
            let (login, hosts) = hosts.rsplit_once('@').unwrap_or(("", hosts));
            let at = if login.is_empty() { "" } else { "@" };
            hosts.split(',').map(|host| info(&format!("redis://{login}{at}{host}"))).collect()
        };
        let kind = match scheme {
            "redis" | "rediss" => Kind::One(Box::new(info(url)?)),
            "redis+cluster" => Kind::Cluster(each(rest)?),
            "redis+sentinel" => {
                let (hosts, master) = rest.rsplit_once('/').ok_or(UrlError)?;
                if master.is_empty() {
                    return Err(UrlError);
                }
                Kind::Sentinel { sentinels: each(hosts)?, master: master.to_owned() }
            }
            _ => return Err(UrlError),
        };
        Ok(Self { kind, roots: None })
    }
}

impl RedisUrl {
    /// The same, where a certificate counts that one of these has signed.
    ///
    /// # Errors
    /// Why it cannot: there is no TLS, or they are none.
    pub fn trusting(self, roots: Vec<u8>) -> Result<Self, &'static str> {
        let Kind::One(info) = &self.kind else { return Err("it requires rediss://") };
        if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            return Err("it requires rediss://");
        }
        let is_one = CertificateDer::pem_slice_iter(&roots).next().is_some_and(|one| one.is_ok());
        let with_roots = Self { roots: Some(roots), ..self.clone() };
        match with_roots.client(info) {
            Ok(_) if is_one => Ok(with_roots),
            Ok(_) | Err(_) => Err("it must name a file with certificates in PEM"),
        }
    }

    fn client(&self, info: &ConnectionInfo) -> RedisResult<Client> {
        match &self.roots {
            None => Client::open(info.clone()),
            Some(roots) => {
                let roots = TlsCertificates { client_tls: None, root_cert: Some(roots.clone()) };
                Client::build_with_tls(info.clone(), roots)
            }
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |all: &[ConnectionInfo]| {
            all.iter().map(|info| info.addr().to_string()).collect::<Vec<_>>().join(",")
        };
        match &self.kind {
            Kind::One(info) => write!(f, "redis://{}", info.addr()),
            Kind::Cluster(all) => write!(f, "redis+cluster://{}", each(all)),
            Kind::Sentinel { sentinels, master } => {
                write!(f, "redis+sentinel://{}/{master}", each(sentinels))
            }
        }
    }
}

/// One connection; clones share it.
#[derive(Clone)]
pub(super) enum RedisConnection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// What Redis says by itself.
pub(super) type Pushes = mpsc::UnboundedReceiver<PushInfo>;

impl RedisConnection {
    /// Connects once. What is published comes by the second part.
    pub async fn connect(url: &RedisUrl) -> RedisResult<(Self, Pushes)> {
        // Bounded by Redis, which ends a connection that does not read
        // (`client-output-buffer-limit pubsub`), and by the reader, which
        // does nothing but hand on.
        let (sender, pushes) = mpsc::unbounded_channel();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(REDIS_CONNECT_TIMEOUT))
            .set_response_timeout(Some(REDIS_RESPONSE_TIMEOUT))
            .set_push_sender(sender.clone());
        let connection = match &url.kind {
            Kind::One(info) => {
                let client = url.client(info)?;
                Self::One(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Kind::Sentinel { sentinels, master } => {
                let settings = sentinels.first().map(|info| info.redis_settings().clone());
                let node = settings.map(|settings| {
                    SentinelNodeConnectionInfo::default().set_redis_connection_info(settings)
                });
                let mut sentinel = SentinelClient::build(
                    sentinels.clone(),
                    master.clone(),
                    node,
                    SentinelServerType::Master,
                )?;
                Self::One(sentinel.get_async_connection_with_config(&config).await?)
            }
            Kind::Cluster(all) => {
                let client = ClusterClientBuilder::new(all.clone())
                    .use_protocol(ProtocolVersion::RESP3)
                    .connection_timeout(REDIS_CONNECT_TIMEOUT)
                    .response_timeout(REDIS_RESPONSE_TIMEOUT)
                    .push_sender(sender)
                    .build()?;
                Self::Cluster(client.get_async_connection().await?)
            }
        };
        Ok((connection, pushes))
    }

    /// Runs the commands of a pipeline, each for itself, in one round trip
    /// where one server has them all.
    pub async fn run<T: FromRedisValue>(&mut self, commands: &Pipeline) -> RedisResult<Vec<T>> {
        let all = match self {
            Self::One(connection) => commands.query_async::<Vec<T>>(connection).await?,
            Self::Cluster(connection) => {
                // They are on several servers: all at once, too.
                let each = commands.cmd_iter().map(|command| {
                    let mut connection = connection.clone();
                    async move { command.query_async::<T>(&mut connection).await }
                });
                futures_util::future::try_join_all(each).await?
            }
        };
        Ok(all)
    }

    pub async fn ping(&mut self) -> RedisResult<()> {
        let mut commands = redis::pipe();
        commands.cmd("PING");
        self.run::<String>(&commands).await.map(drop)
    }
}

/// How long until a connection is tried again: soon, then slower.
pub(super) fn pause(tries: u32) -> Duration {
    Duration::from_millis(50_u64 << tries.min(5))
}

/// In one line, without what was sent: what kind of an error it is, and what is beneath.
pub(super) fn cause(error: &RedisError) -> String {
    let beneath = || error.source().map(ToString::to_string);
    match error.detail().map(str::to_owned).or_else(beneath) {
        Some(cause) => format!("{}: {cause}", error.category()),
        None => error.category().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_redis_has_a_url_and_is_shown_without_its_password() {
        for (url, shown) in [
            ("redis://:secret@one:6380", "redis://one:6380"),
            ("redis+cluster://:secret@one:1,two:2", "redis+cluster://one:1,two:2"),
            ("redis+sentinel://one:1,two:2/main", "redis+sentinel://one:1,two:2/main"),
        ] {
            assert_eq!(format!("{:?}", url.parse::<RedisUrl>().expect(url)), shown);
        }
        for bad in ["", "one:6379", "http://one", "redis+sentinel://one:1", "redis+sentinel://one/"]
        {
            assert!(bad.parse::<RedisUrl>().is_err(), "{bad}");
        }
    }
}
