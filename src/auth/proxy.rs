//! The address of the client, also behind proxies. Everything that counts,
//! limits, shows or logs an address gets it here.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use actix_http::header::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use crate::log_throttle::LogThrottle;

/// The header in which proxies list the addresses that a request came from.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Headers that show that a request came through a proxy, trusted or not.
pub const FORWARDED: [&str; 4] = [FORWARDED_FOR, "forwarded", "x-real-ip", "via"];

/// The proxies whose `X-Forwarded-For` is trusted.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address; an IPv4 address seen on `[::]` is shown as IPv4.
    pub address: IpAddr,
    /// It comes from this machine, and not on behalf of another.
    pub is_local: bool,
    /// The address was reported by a trusted proxy.
    pub is_proxied: bool,
}

/// An address, or all with the same beginning, such as `10.0.0.0/8`.
fn network(text: &str) -> Option<IpNet> {
    let alone = || text.parse().ok().map(|address: IpAddr| address.into());
    let network: IpNet = text.parse().ok().or_else(alone)?;
    match (network, network.addr().to_canonical()) {
        // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
        (IpNet::V6(network), address @ IpAddr::V4(_)) if network.prefix_len() >= 96 => {
            IpNet::new(address, network.prefix_len() - 96).ok()
        }
        _ => Some(network),
    }
}

impl TrustedProxies {
    /// Reads addresses and networks; the error is the one that is neither.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let networks = texts.map(|text| network(text).ok_or_else(|| text.to_owned()));
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }

    /// Whether `address`, in its plain form, is a proxy's that is trusted.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client of a request that came from `peer` with these headers.
    pub fn client(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> Client {
        let peer = peer_address(peer);
        let is_proxied = self.trusts(peer);
        let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
        if is_proxied {
            let lines: Vec<&[u8]> =
                headers.get_all(FORWARDED_FOR).map(HeaderValue::as_bytes).collect();
            // Whom the proxy does not name is somewhere.
            let is_named = !lines.is_empty() || !is_forwarded;
            let (address, is_whole) = self.last_stranger(peer, &lines);
            let is_local = address.is_loopback() && is_named && is_whole;
            return Client { address, is_local, is_proxied };
        }
        if headers.contains_key(FORWARDED_FOR) && is_near(peer) {
            not_believed(peer);
        }
        Client { address: peer, is_local: peer.is_loopback() && !is_forwarded, is_proxied }
    }

    /// The last address of the lines that no trusted proxy has: each proxy
    /// writes whom it saw at the end, in a line of its own or in the last one,
    /// and what stands before could be anybody's invention: also bytes that make
    /// no text of the line. If a proxy itself wrote what is no address, the last
    /// proxy stands for whoever it was, and the answer is not whole.
    fn last_stranger(&self, peer: IpAddr, lines: &[&[u8]]) -> (IpAddr, bool) {
        let mut client = peer;
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
            if !self.trusts(client) {
                break;
            }
            match parse_hop(hop) {
                Some(address) => client = address,
                None => return (client, false),
            }
        }
        (client, true)
    }
}

/// Whether an address is of a network of one's own, as proxies mostly are.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// Forgotten easily, and noticed only when all people share one limit.
fn not_believed(peer: IpAddr) {
    static FORGOTTEN: LogThrottle = LogThrottle::new();
    if let Some(times) = FORGOTTEN.again() {
        log::info!(
            "ignoring X-Forwarded-For from {peer} ({times} requests): if it is your proxy, add it \
             to PARLOR_TRUSTED_PROXIES"
        );
    }
}

/// The address at the other end of a connection, in its plain form. One that
/// has gone already has none.
pub fn peer_address(peer: Option<SocketAddr>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

/// An address as proxies write it: alone, with a port (Azure's gateway, IIS),
/// or in brackets with or without one.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let alone = bare.parse::<IpAddr>().ok();
    let address = alone.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_http::header::HeaderName;

    use super::*;

    fn proxies(texts: &[&str]) -> TrustedProxies {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        TrustedProxies::parse(&texts).expect("networks")
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    /// Who it is that came from `peer` with these lines of X-Forwarded-For.
    fn client(proxies: &TrustedProxies, peer: &str, lines: &[&'static str]) -> Client {
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
        let lines: Vec<_> = lines.iter().map(|line| (FORWARDED_FOR, *line)).collect();
        proxies.client(Some(peer), &headers(&lines))
    }

    #[test]
    fn only_the_word_of_trusted_proxies_is_taken() {
        let proxies = proxies(&["10.0.0.0/8", "::1"]);
        for (peer, lines, address) in [
            ("192.0.2.1", &["198.51.100.7"][..], "192.0.2.1"),
            ("10.1.2.3", &["198.51.100.7"], "198.51.100.7"),
            ("10.1.2.3", &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            ("10.1.2.3", &["203.0.113.9, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
            ("10.1.2.3", &["nonsense"], "10.1.2.3"),
            ("10.1.2.3", &[], "10.1.2.3"),
            ("::1", &["2001:db8::5"], "2001:db8::5"),
            // Several lines are one list, in their order.
            ("10.1.2.3", &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("10.1.2.3", &["203.0.113.9, 198.51.100.7", "10.9.9.9"], "198.51.100.7"),
            ("10.1.2.3", &["203.0.113.9", "nonsense"], "10.1.2.3"),
            // With ports and in brackets.
            ("10.1.2.3", &["198.51.100.7:40123"], "198.51.100.7"),
            ("10.1.2.3", &["[2001:db8::5]:40123"], "2001:db8::5"),
            ("10.1.2.3", &["[2001:db8::5]"], "2001:db8::5"),
            ("10.1.2.3", &["198.51.100.7, 10.9.9.9:80"], "198.51.100.7"),
            ("10.1.2.3", &["198.51.100.7:x"], "10.1.2.3"),
            // An IPv4 address is the same one on `[::]`.
            ("::ffff:10.1.2.3", &["198.51.100.7"], "198.51.100.7"),
            ("10.1.2.3", &["::ffff:198.51.100.7"], "198.51.100.7"),
            ("::ffff:192.0.2.1", &[], "192.0.2.1"),
        ] {
            let found = client(&proxies, peer, lines).address;
            assert_eq!(found.to_string(), address, "{peer} {lines:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_hide_nobody() {
        let mut headers = HeaderMap::new();
        for line in [&b"\xff"[..], b"127.0.0.1 \xe9, 203.0.113.9, 198.51.100.7"] {
            let line = HeaderValue::from_bytes(line).expect("a value");
            headers.append(HeaderName::from_static(FORWARDED_FOR), line);
        }
        let peer = SocketAddr::new("127.0.0.1".parse().expect("an address"), 4711);
        let client = proxies(&["127.0.0.1"]).client(Some(peer), &headers);
        assert_eq!(client.address.to_string(), "198.51.100.7");
        assert!(!client.is_local);
        // Also where it is the proxy that is not understood.
        headers.append(
            HeaderName::from_static(FORWARDED_FOR),
            HeaderValue::from_bytes(b"\xff").expect("a value"),
        );
        assert!(!proxies(&["127.0.0.1"]).client(Some(peer), &headers).is_local);
    }

    #[test]
    fn networks_are_read_and_nothing_else() {
        assert!(proxies(&["::ffff:10.0.0.0/104"]).trusts("10.3.2.1".parse().expect("one")));
        for bad in ["10.0.0.0/33", "x", "10.0.0.0/x", "2001:db8::/129"] {
            assert_eq!(TrustedProxies::parse(&[bad.to_owned()]).err().as_deref(), Some(bad));
        }
    }

    #[test]
    fn this_machine_is_who_comes_from_it_for_nobody_else() {
        let none = TrustedProxies::default();
        assert!(client(&none, "127.0.0.1", &[]).is_local);
        assert!(client(&none, "::1", &[]).is_local);
        assert!(client(&none, "::ffff:127.0.0.1", &[]).is_local, "seen on [::]");
        assert!(!client(&none, "192.0.2.1", &[]).is_local);
        assert!(!client(&none, "127.0.0.1", &["198.51.100.7"]).is_local, "an unnamed proxy");
        assert!(!client(&none, "127.0.0.1", &["127.0.0.1"]).is_local, "could be invented");
        let via = headers(&[("via", "1.1 Caddy")]);
        let peer = SocketAddr::new("127.0.0.1".parse().expect("an address"), 4711);
        assert!(!none.client(Some(peer), &via).is_local);
        let local = proxies(&["127.0.0.1"]);
        assert!(!local.client(Some(peer), &via).is_local, "it does not say for whom");
        assert!(!client(&local, "127.0.0.1", &["unknown"]).is_local);
        assert!(!client(&local, "127.0.0.1", &["198.51.100.7"]).is_local);
        assert!(client(&local, "127.0.0.1", &["127.0.0.1"]).is_local);
        assert!(client(&local, "127.0.0.1", &[]).is_local);
        assert!(client(&local, "127.0.0.1", &[]).is_proxied);
    }
}
