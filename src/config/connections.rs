//! Connections of clients: where from, how protected, and how long they may take.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{ConfigError, Switch, parse_duration, set};
use crate::{
    auth::{OriginPolicy, TokenCookie, parse_origin},
    session::HeartbeatConfig,
    transport::{Certificate, Timeouts},
};
use parlor_domain::limits::{COMPRESSION_MIN_BYTES, HTTP_IDLE, positive};

#[derive(Args, Debug)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionArgs {
    /// Web origins, besides the server's own, whose pages may use the server,
    /// separated by commas; `*` allows any; such as `https://app.example.org`
    #[arg(long, env = "PARLOR_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// Cookie of the application's own sign-in that carries the token of requests
    /// without `Authorization`, from pages of this server and of the allowed origins
    /// only (docs/SECURITY.md, "A page of another origin"), such as `__Host-session`
    #[arg(long, env = "PARLOR_TOKEN_COOKIE")]
    pub token_cookie: Option<String>,
    /// PEM file with the certificate chain; together with the key it enables https
    /// and wss. SIGHUP reloads both files, for new connections; such as
    /// `/etc/parlor/fullchain.pem`
    #[arg(long, env = "PARLOR_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key of the certificate, such as
    /// `/etc/parlor/privkey.pem`
    #[arg(long, env = "PARLOR_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Whether WebSocket messages may be compressed (permessage-deflate)
    #[arg(long, env = "PARLOR_COMPRESSION", value_enum, default_value_t = Switch::On)]
    pub compression: Switch,
    /// Size in bytes from which a message to a client is compressed
    #[arg(long, env = "PARLOR_COMPRESSION_MIN_BYTES", default_value_t = COMPRESSION_MIN_BYTES, value_parser = positive)]
    pub compression_min_bytes: usize,
    /// Whether assistants may use the server over HTTP, at `/mcp`, with the token of a
    /// user (docs/ASSISTANTS.md)
    #[arg(long, env = "PARLOR_MCP", value_enum, default_value_t = Switch::On)]
    pub mcp: Switch,
    /// Interval between pings
    #[arg(long, env = "PARLOR_HEARTBEAT_INTERVAL", default_value = "54s", value_parser = parse_duration)]
    pub heartbeat_interval: Duration,
    /// Close a connection after this long without hearing from it (4408)
    #[arg(long, env = "PARLOR_HEARTBEAT_TIMEOUT", default_value = "60s", value_parser = parse_duration)]
    pub heartbeat_timeout: Duration,
    /// Close a connection whose socket has accepted no data for this long (4413)
    #[arg(long, env = "PARLOR_WRITE_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub write_timeout: Duration,
    /// Time limit for a new connection to send its token (4501), and its resume
    /// (4408)
    #[arg(long, env = "PARLOR_AUTH_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub auth_timeout: Duration,
    /// Time limit for the head of an HTTP request; its body must arrive at 1 KiB per
    /// second or faster (otherwise 408)
    #[arg(long, env = "PARLOR_REQUEST_TIMEOUT", default_value = "20s", value_parser = parse_duration)]
    pub request_timeout: Duration,
    /// Abort an HTTP response that is read at less than 1 KiB per second for this
    /// long
    #[arg(long, env = "PARLOR_RESPONSE_TIMEOUT", default_value = "60s", value_parser = parse_duration)]
    pub response_timeout: Duration,
}

#[derive(Debug)]
pub struct ConnectionConfig {
    pub allowed_origins: Vec<String>,
    /// The cookie that may carry a token; `None`: none.
    pub cookie: Option<TokenCookie>,
    pub certificate: Option<Certificate>,
    /// Size from which a message may be compressed; `None`: never.
    pub compress_from: Option<usize>,
    /// Whether assistants are served.
    pub assistants: bool,
    pub heartbeat: HeartbeatConfig,
    pub auth_timeout: Duration,
    /// Time limits for HTTP clients.
    pub http: Timeouts,
}

impl ConnectionConfig {
    pub fn new(args: ConnectionArgs) -> Result<Self, ConfigError> {
        if args.heartbeat_timeout <= args.heartbeat_interval {
            let why = "it must be longer than --heartbeat-interval (PARLOR_HEARTBEAT_INTERVAL)";
            return Err(ConfigError::value("heartbeat-timeout", why));
        }
        let allowed_origins = origins(&args.allowed_origins)?;
        Ok(Self {
            cookie: cookie(set(args.token_cookie), &allowed_origins)?,
            allowed_origins,
            certificate: certificate(args.tls_cert, args.tls_key)?,
            compress_from: (args.compression == Switch::On).then_some(args.compression_min_bytes),
            assistants: args.mcp == Switch::On,
            heartbeat: HeartbeatConfig {
                interval: args.heartbeat_interval,
                timeout: args.heartbeat_timeout,
                write_timeout: args.write_timeout,
            },
            auth_timeout: args.auth_timeout,
            http: Timeouts {
                request: args.request_timeout,
                response: args.response_timeout,
                idle: HTTP_IDLE,
            },
        })
    }
}

/// The origins as browsers send them; `*` stays as it is.
fn origins(texts: &[String]) -> Result<Vec<String>, ConfigError> {
    let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    let checked = texts.map(|text| match text {
        "*" => Ok(text.to_owned()),
        _ => parse_origin(text).ok_or_else(|| {
            let why = "is not an origin such as https://app.example.org";
            ConfigError::value("allowed-origins", format!("{text:?} {why}"))
        }),
    });
    checked.collect()
}

/// A browser would send the cookie of whoever is signed in from any page there is.
fn cookie(name: Option<String>, origins: &[String]) -> Result<Option<TokenCookie>, ConfigError> {
    let Some(name) = name else { return Ok(None) };
    if origins.iter().any(|origin| origin == "*") {
        let why = "it requires exact origins in PARLOR_ALLOWED_ORIGINS, which has *";
        return Err(ConfigError::value("token-cookie", why));
    }
    let cookie = TokenCookie::new(&name, OriginPolicy::new(origins));
    let none = || ConfigError::value("token-cookie", format!("no cookie can be called {name:?}"));
    cookie.ok_or_else(none).map(Some)
}

fn certificate(
    chain: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<Certificate>, ConfigError> {
    match (chain, key) {
        (None, None) => Ok(None),
        (Some(chain), Some(key)) => Certificate::load(&chain, &key)
            .map(Some)
            .map_err(|error| ConfigError::Environment(error.to_string())),
        (Some(_), None) => Err(ConfigError::value("tls-cert", "it requires PARLOR_TLS_KEY")),
        (None, Some(_)) => Err(ConfigError::value("tls-key", "it requires PARLOR_TLS_CERT")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_origins_is_checked() {
        let list = |text: &str| origins(&text.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(list(" https://A.example/ , *,").expect("valid"), ["https://a.example", "*"]);
        assert!(list("https://a.example,b.example").is_err());
    }
}
