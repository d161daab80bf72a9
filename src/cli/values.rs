//! Parsers for option values.

use std::{net::Ipv6Addr, time::Duration};

use parlor_domain::{
    Contact, display_text,
    limits::{NAME_CHARS, TOKEN_AGE_MAX},
};

const CENTURY_MS: u64 = 100 * 365 * 86_400_000;

/// A number and a unit: `500ms`, `54s`, `15m`, `24h`, `30d`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
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

/// A number of bytes. Units mean 1,000 to some and 1,024 to others.
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    let what = "it must be a whole number of bytes without a unit, such as 26214400 for 25 MiB";
    text.parse().map_err(|_| what.to_owned())
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

pub(super) fn parse_positive(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "it must be a whole number above 0".to_owned())
}

pub(super) fn parse_contact(text: &str) -> Result<Contact, String> {
    Contact::parse(text).ok_or_else(|| "it must be anyone, shared or backend".to_owned())
}

/// A token is good for no longer, whatever it says.
pub(super) fn parse_token_ttl(text: &str) -> Result<Duration, String> {
    let days = TOKEN_AGE_MAX.as_secs() / 86_400;
    let ttl = parse_duration(text)?;
    if ttl > TOKEN_AGE_MAX { Err(format!("a token is valid for {days}d at most")) } else { Ok(ttl) }
}

/// A name as the server takes it, too.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    let what = || format!("a name must have 1 to {NAME_CHARS} visible characters");
    display_text(text, NAME_CHARS).ok().filter(|name| !name.is_empty()).ok_or_else(what)
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

    #[test]
    fn a_name_is_one_that_the_server_takes() {
        assert_eq!(parse_name("Ann Ä."), Ok("Ann Ä.".to_owned()));
        for bad in ["", "\u{200b}", "a\nb", &"x".repeat(101)] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_asked_for_no_longer_than_it_can_be_good() {
        assert!(parse_token_ttl("400d").is_ok());
        assert!(parse_token_ttl("401d").is_err());
    }
}
