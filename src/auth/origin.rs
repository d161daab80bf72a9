//! Which web pages may open a socket (RFC 6455 section 10.2).

use std::sync::Arc;

use actix_http::Uri;

/// The origins that are allowed besides the server's own.
///
/// A browser sends the cookies and tokens of a page only with its origin;
/// what sends none is no browser and is judged by its token alone.
#[derive(Clone, Debug, Default)]
pub struct OriginPolicy {
    allowed: Arc<[String]>,
}

impl OriginPolicy {
    /// `allowed` are origins such as `https://app.example.org`; `*` stands
    /// for any.
    pub fn new(allowed: &[String]) -> Self {
        Self { allowed: allowed.iter().map(|origin| normal(origin)).collect() }
    }

    pub fn allows(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        Self::is_own(origin, host) || self.lists(origin)
    }

    /// Whether an origin is one of those that were named.
    pub(super) fn lists(&self, origin: &str) -> bool {
        let origin = normal(origin);
        self.allowed.iter().any(|allowed| allowed == "*" || *allowed == origin)
    }

    /// Whether a page of an origin was loaded from the host that it asks.
    pub(super) fn is_own(origin: &str, host: Option<&str>) -> bool {
        host.is_some_and(|host| is_own(&normal(origin), host))
    }
}

/// Whether a page of `origin` was loaded from `host`. A browser leaves the
/// port of the scheme away from both, and some proxies write it into `Host`.
fn is_own(origin: &str, host: &str) -> bool {
    let Some((scheme, own)) = origin.split_once("://") else { return false };
    let host = host.trim().to_ascii_lowercase();
    own == host
        || default_port(scheme)
            .and_then(|port| host.strip_suffix(port)?.strip_suffix(':'))
            .is_some_and(|host| own == host)
}

/// The port that is not written (RFC 9110 sections 4.2.1 and 4.2.2).
fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "http" => Some("80"),
        "https" => Some("443"),
        _ => None,
    }
}

/// An origin as a browser sends it: scheme and host in lower case, and the
/// port unless it is the scheme's own. `None` if no browser would send it.
pub fn parse_origin(text: &str) -> Option<String> {
    let origin = normal(text);
    let uri: Uri = origin.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let is_bare = uri.path() == "/" && uri.query().is_none() && !origin.contains('#');
    let is_host = !authority.host().is_empty() && !authority.as_str().contains(['@', '*']);
    if !is_bare || !is_host {
        return None;
    }
    match authority.port() {
        Some(port) if default_port(scheme) == Some(port.as_str()) => {
            Some(format!("{scheme}://{}", authority.host()))
        }
        _ => Some(origin),
    }
}

fn normal(origin: &str) -> String {
    origin.trim().trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_origin_and_the_listed_ones_are_allowed() {
        let policy = OriginPolicy::new(&["https://App.example.org/".to_owned()]);
        let host = Some("chat.example.org:8080");
        for (origin, allowed) in [
            (None, true),
            (Some("http://chat.example.org:8080"), true),
            (Some("https://app.example.org"), true),
            (Some("https://evil.example.org"), false),
            (Some("http://chat.example.org"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            assert_eq!(policy.allows(origin, host), allowed, "{origin:?}");
        }
    }

    #[test]
    fn the_port_of_the_scheme_may_be_in_the_host() {
        let policy = OriginPolicy::default();
        for (origin, host, allowed) in [
            ("https://chat.example.org", "chat.example.org:443", true),
            ("http://Chat.example.org", "chat.example.org:80", true),
            ("https://[2001:db8::1]", "[2001:db8::1]:443", true),
            ("https://chat.example.org", "chat.example.org:80", false),
            ("http://chat.example.org", "chat.example.org:443", false),
            ("https://chat.example.org", "chat.example.org:8443", false),
            ("https://chat.example.org", "chat.example.org443", false),
            ("capacitor://localhost", "localhost:443", false),
        ] {
            assert_eq!(policy.allows(Some(origin), Some(host)), allowed, "{origin} {host}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for (text, origin) in [
            ("https://App.example.org/", "https://app.example.org"),
            ("https://app.example.org:443", "https://app.example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(parse_origin(text).as_deref(), Some(origin));
        }
        for bad in [
            "app.example.org",
            "app.example.org:443",
            "null",
            "",
            "https://",
            "https://a b",
            "https://a.example/x",
            "https://a.example?x",
            "https://a.example#x",
            "https://ann@a.example",
            "https://*.a.example",
        ] {
            assert_eq!(parse_origin(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_star_allows_any_origin() {
        let policy = OriginPolicy::new(&["*".to_owned()]);
        assert!(policy.allows(Some("https://any.example"), None));
    }
}
