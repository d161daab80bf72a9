//! Accepting connections, by address, and logging how they end.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use actix_http::error::DispatchError;
use actix_tls::accept::TlsError;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::{
    auth::{TrustedProxies, peer_address},
    config::Config,
    limiter::network,
    log_throttle::LogThrottle,
    metrics::{Limit, metrics},
    places::Places,
    transport::{Paced, Timeouts},
};
use parlor_domain::limits::{FILES_SHARE, HTTP_IDLE_PROXY, HTTP_SEND_BUFFER};

/// Counts the connections of each address, but for those of trusted proxies,
/// which stand for many.
#[derive(Clone)]
pub(super) struct Gate {
    proxies: TrustedProxies,
    places: Places<IpAddr>,
    timeouts: Timeouts,
}

/// A connection, and who is at its other end.
pub(super) type Accepted<T> = (T, Option<SocketAddr>);

impl Gate {
    pub fn new(config: &Config) -> Self {
        let most = most_of_one(config.limits.connections_per_address);
        Self {
            proxies: config.proxies.clone(),
            places: Places::new(most),
            timeouts: config.connections.http,
        }
    }

    /// Takes a connection in, or ends it at once.
    pub fn admit(&self, tcp: TcpStream) -> Result<Accepted<Paced>, ()> {
        let peer = tcp.peer_addr().ok();
        let address = peer_address(peer);
        let mut timeouts = self.timeouts;
        let place = if self.proxies.trusts(address) {
            timeouts.idle = HTTP_IDLE_PROXY;
            None
        } else {
            Some(self.places.take(network(address), 1).ok_or_else(|| refused(address))?)
        };
        // See the limit; and an answer is written as a whole or not at all.
        let socket = SockRef::from(&tcp);
        let configured = socket.set_send_buffer_size(HTTP_SEND_BUFFER);
        if let Err(error) = configured.and_then(|()| tcp.set_nodelay(true)) {
            log::debug!("a connection was closed before it was set up: {error}");
        }
        Ok((Paced::new(tcp, timeouts, place), peer))
    }
}

/// What one address may have of connections, and one client of a proxy of
/// requests, each of which has a connection of the proxy's. A flood must leave
/// files to the others, and to the database.
pub(super) fn most_of_one(configured: usize) -> usize {
    let files = rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(1_024, |(soft, _)| soft);
    share(configured, files)
}

fn share(configured: usize, files: u64) -> usize {
    match configured {
        0 => 0,
        most => most.min(usize::try_from(files / FILES_SHARE).unwrap_or(usize::MAX)),
    }
}

fn refused(address: IpAddr) {
    static REFUSED: LogThrottle = LogThrottle::new();
    metrics().limited(Limit::Address);
    if let Some(times) = REFUSED.again() {
        log::warn!(
            "a connection from {address} was refused: too many connections from one address \
             (PARLOR_CONNECTIONS_PER_ADDRESS; if it is your proxy, add it to \
             PARLOR_TRUSTED_PROXIES) ({times} refused)"
        );
    }
}

/// A failed TLS handshake.
pub(super) fn no_handshake(error: TlsError<std::io::Error, Infallible>) {
    static FAILED: LogThrottle = LogThrottle::new();
    let why = match error {
        TlsError::Timeout => "timed out".to_owned(),
        TlsError::Tls(error) => error.to_string(),
        TlsError::Service(never) => match never {},
    };
    if let Some(times) = FAILED.again() {
        log::info!("a TLS handshake failed: {why} ({times} failed)");
    }
}

/// A connection that failed. Whoever sends something that is not HTTP has got a
/// 400, and causes a line a minute.
pub(super) fn ended(error: DispatchError) {
    static GARBAGE: LogThrottle = LogThrottle::new();
    match error {
        DispatchError::Parse(error) => {
            if let Some(times) = GARBAGE.again() {
                log::info!("a client sent something that is not HTTP: {error} ({times} times)");
            }
        }
        DispatchError::InternalError => log::error!("actix-http failed on a connection"),
        other => log::debug!("a connection ended: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_no_more_than_its_part_of_the_files() {
        assert_eq!(share(2_048, 1_048_576), 2_048);
        assert_eq!(share(2_048, 1_024), 256);
        assert_eq!(share(100, 1_024), 100);
        assert_eq!(share(0, 1_024), 0, "without a bound");
    }
}
