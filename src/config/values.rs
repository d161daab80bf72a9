//! What the values of options are.

use std::{net::Ipv6Addr, time::Duration};

use clap::ValueEnum;
use parlor_domain::Contact;

const CENTURY_MS: u64 = 100 * 365 * 86_400_000;

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// A number and a unit: `500ms`, `54s`, `15m`, `24h`, `30d`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const WHAT: &str = "a duration is a number and a unit, such as 500ms, 54s, 15m, 24h or 30d";
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| WHAT)?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(WHAT.to_owned()),
    };
    match number.checked_mul(unit_ms).filter(|ms| (1..=CENTURY_MS).contains(ms)) {
        Some(ms) => Ok(Duration::from_millis(ms)),
        None => Err("a duration must be above zero and at most 100 years".to_owned()),
    }
}

/// What `--bind` names: an address or a name, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAddress {
    /// An IP address without brackets, or a name; `None`: every address.
    pub host: Option<String>,
    pub port: u16,
}

impl BindAddress {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        const WHAT: &str = "it must be an address and a port, such as 127.0.0.1:8080, [::1]:8080, \
             localhost:8080, or :8080 for every address";
        let (host, port) = text.rsplit_once(':').ok_or(WHAT)?;
        let port = port.parse().map_err(|_| WHAT)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bracketed {
            Some(address) if address.parse::<Ipv6Addr>().is_ok() => address,
            None if host.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) => host,
            _ => return Err(WHAT.to_owned()),
        };
        let host = (!host.is_empty()).then(|| host.to_owned());
        Ok(Self { host, port })
    }
}

impl std::fmt::Display for BindAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            None => write!(f, ":{}", self.port),
            Some(host) if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            Some(host) => write!(f, "{host}:{}", self.port),
        }
    }
}

pub(super) fn parse_contact(text: &str) -> Result<Contact, String> {
    Contact::parse(text).ok_or_else(|| "it must be anyone, shared or backend".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_a_bound() {
        assert_eq!(parse_duration("54s"), Ok(Duration::from_secs(54)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
        for bad in ["", "s", "5", "-1s", "1w", "0s", "99999999999d"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_to_listen_on_has_a_port_and_may_have_a_name() {
        for (text, host) in [
            ("127.0.0.1:8080", Some("127.0.0.1")),
            ("[::1]:8080", Some("::1")),
            ("localhost:8080", Some("localhost")),
            (":8080", None),
        ] {
            let parsed = BindAddress::parse(text).expect(text);
            assert_eq!(parsed, BindAddress { host: host.map(str::to_owned), port: 8080 });
            assert_eq!(parsed.to_string(), text);
        }
        for bad in ["", "8080", "nowhere", "::1:8080", "[::1]", "a b:1", "a:70000", "a:", "[x]:1"] {
            assert!(BindAddress::parse(bad).is_err(), "{bad}");
        }
    }
}
