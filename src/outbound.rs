//! The one HTTP client for requests that the server itself makes, with limits.

mod socket;

use std::{error::Error, net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    ClientBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{HeaderMap, HeaderName, HeaderValue},
};

pub use socket::{Lost, NoSocket, Socket};

use parlor_domain::limits::{OUTBOUND_IDLE, OUTBOUND_KEPT, OUTBOUND_PING, OUTBOUND_PONG};
use parlor_process::span::{self, Span, TRACEPARENT};

/// Says which implementation of TLS is used where a library asks for none.
pub fn install_tls() {
    // Fails only if one was installed before, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client for requests that the server makes itself, each of which ends
/// within `timeout`. It follows no redirect: who configured an address meant
/// that one, and not where it may lead.
pub fn client(timeout: Duration) -> reqwest::Client {
    made(limited(timeout).pool_idle_timeout(OUTBOUND_IDLE))
}

/// The same for who is to be asked directly, whatever proxy the environment names.
pub fn direct_client(timeout: Duration) -> reqwest::Client {
    made(limited(timeout).no_proxy())
}

/// The same for who looks at a server from outside: each connection is a new one, and
/// the certificate is told.
pub fn looking_client(timeout: Duration) -> reqwest::Client {
    made(limited(timeout).no_proxy().pool_max_idle_per_host(0).tls_info(true))
}

/// The same for services that want connections to be kept, of which one carries all requests
/// over HTTP/2.
pub fn keeping_client(timeout: Duration) -> reqwest::Client {
    let client = pinging(limited(timeout)).http2_keep_alive_while_idle(true);
    made(client.pool_idle_timeout(OUTBOUND_KEPT))
}

/// Without pings, whoever is asked often over HTTP/2 would be asked for minutes on a connection
/// whose other end is gone, until TCP gives it up.
fn pinging(client: ClientBuilder) -> ClientBuilder {
    client.http2_keep_alive_interval(OUTBOUND_PING).http2_keep_alive_timeout(OUTBOUND_PONG)
}

/// A client for addresses that somebody else has named, who is to learn nothing of what
/// only this machine can reach: hosts in private networks are asked only if they may be.
pub fn client_for_others(timeout: Duration, may_be_private: bool) -> reqwest::Client {
    let client = pinging(limited(timeout)).no_proxy();
    made(if may_be_private { client } else { client.dns_resolver(Arc::new(PublicHosts)) })
}

#[expect(clippy::disallowed_methods, reason = "the one client")]
fn limited(timeout: Duration) -> ClientBuilder {
    install_tls();
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("parlor/", env!("CARGO_PKG_VERSION")))
}

fn made(client: ClientBuilder) -> reqwest::Client {
    client.build().expect("a client with a provider for TLS can be made")
}

/// The address of a server, without anything that is not for everybody to see or that a
/// path cannot be put behind.
pub fn bare_url(text: &str) -> Option<reqwest::Url> {
    let url = reqwest::Url::parse(text).ok()?;
    let is_bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_bare && matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// What a program that is asked for the present span is told of it.
pub fn trace_headers() -> HeaderMap {
    let header = |span: Span| {
        let value = HeaderValue::try_from(span.traceparent()).ok()?;
        Some((HeaderName::from_static(TRACEPARENT), value))
    };
    span::current().and_then(header).into_iter().collect()
}

/// Whom a request goes to is noted in the present span: without the path, in which there
/// may be a secret.
pub fn note_server(url: &str) {
    let Some(span) = span::current() else { return };
    let Ok(url) = reqwest::Url::parse(url) else { return };
    if let Some(host) = url.host_str() {
        span.set("server.address", host.to_owned());
    }
    if let Some(port) = url.port_or_known_default() {
        span.set("server.port", i64::from(port));
    }
}

/// What it answers is noted in the present span.
pub fn note_answer(response: &reqwest::Response) {
    if let Some(span) = span::current() {
        span.set("http.response.status_code", i64::from(response.status().as_u16()));
    }
}

/// Whether a URL names a host in a private network by its address. One that is named
/// otherwise is known when it is looked up.
pub fn names_private_address(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    address.is_ok_and(|address| !is_public(address))
}

struct PublicHosts;

impl Resolve for PublicHosts {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<_> = found.filter(|address| is_public(address.ip())).collect();
            match public.is_empty() {
                true => Err("its address is private".into()),
                false => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether an address is one of the internet's
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, and for IPv6).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_benchmark = a == 198 && (b == 18 || b == 19);
            let is_of_protocols = (a, b, c) == (192, 0, 0);
            let is_special = a == 0 || a >= 240 || is_shared || is_benchmark || is_of_protocols;
            let is_own = v4.is_private() || v4.is_loopback() || v4.is_link_local();
            !(is_own || is_special || v4.is_multicast() || v4.is_documentation())
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(v4.into()),
            // Global unicast but for documentation, and what stands for addresses of IPv4.
            None => {
                let [first, second, ..] = v6.segments();
                let is_global = first & 0xe000 == 0x2000;
                is_global && (first, second) != (0x2001, 0x0db8) && first != 0x2002
            }
        },
    }
}

/// The body of an answer, if it has at most so many bytes; or why not.
pub async fn body(mut response: reqwest::Response, most: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(cause)? {
        if body.len() + chunk.len() > most {
            return Err(format!("it answered more than {most} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why a request failed, without the address: there may be a password in it.
pub fn cause(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = error.without_url();
    let mut cause: &dyn Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match cause.to_string() {
        inner if inner == error.to_string() => inner,
        inner => format!("{error}: {inner}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_internet_are_told_from_all_others() {
        for public in ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "192.0.0.192",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
    }

    #[test]
    fn a_private_address_in_a_url_is_known_before_anything_is_asked() {
        let names = |url: &str| names_private_address(&url.parse().expect("a URL"));
        assert!(names("http://127.0.0.1:80/") && names("http://[::1]/") && names("http://0x7f.1/"));
        assert!(!names("https://example.org/") && !names("https://8.8.8.8/"));
    }
}
