//! Whose request it is that came through a proxy.

use std::{net::IpAddr, sync::Arc};

/// The proxies whose word is taken for where a request came from.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Network]>);

/// Addresses with the same beginning, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        (prefix <= most).then_some(Self { address, prefix })
    }

    fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl TrustedProxies {
    /// Reads addresses and networks; the error is the one that is neither.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let networks = texts.map(|text| Network::parse(text).ok_or_else(|| text.to_owned()));
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client of a request from `peer` with this `X-Forwarded-For`: the
    /// last address in it that no trusted proxy has. What comes before could
    /// be anybody's invention.
    pub fn client(&self, peer: IpAddr, forwarded: Option<&str>) -> IpAddr {
        let mut client = peer;
        for hop in forwarded.unwrap_or_default().rsplit(',') {
            if !self.trusts(client) {
                break;
            }
            match hop.trim().parse() {
                Ok(address) => client = address,
                Err(_) => break,
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_of_trusted_proxies_is_taken() {
        let proxies = TrustedProxies::parse(&["10.0.0.0/8".to_owned(), "::1".to_owned()]);
        let proxies = proxies.expect("networks");
        let address = |text: &str| -> IpAddr { text.parse().expect("an address") };
        for (peer, forwarded, client) in [
            ("192.0.2.1", Some("198.51.100.7"), "192.0.2.1"),
            ("10.1.2.3", Some("198.51.100.7"), "198.51.100.7"),
            ("10.1.2.3", Some("203.0.113.9, 198.51.100.7"), "198.51.100.7"),
            ("10.1.2.3", Some("203.0.113.9, 198.51.100.7, 10.9.9.9"), "198.51.100.7"),
            ("10.1.2.3", Some("nonsense"), "10.1.2.3"),
            ("10.1.2.3", None, "10.1.2.3"),
            ("::1", Some("2001:db8::5"), "2001:db8::5"),
        ] {
            assert_eq!(proxies.client(address(peer), forwarded), address(client), "{peer}");
        }
        assert_eq!(
            TrustedProxies::parse(&["10.0.0.0/33".to_owned()]).err().as_deref(),
            Some("10.0.0.0/33")
        );
        assert!(TrustedProxies::parse(&["x".to_owned()]).is_err());
    }
}
