//! Asking for a WebSocket, and what it means if there is none.

use std::time::Instant;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Method, Upgraded, Version,
    header::{
        AUTHORIZATION, CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};

use super::target::{Answer, Target, read};
use crate::{outbound, protocol::PROTOCOL_NAME};

/// A socket, and whether its subprotocol came through.
pub(super) struct Opened {
    pub stream: Upgraded,
    pub has_protocol: bool,
}

/// Why there is no socket.
pub(super) enum Refused {
    /// No answer, or one that makes no sense.
    Broken(String),
    Answered(Answer),
}

/// Asks for a socket, as a page of `origin` does if there is one.
pub(super) async fn open(
    target: &Target,
    origin: Option<&str>,
    token: Option<&str>,
) -> Result<Opened, Refused> {
    let key = STANDARD.encode(rand::random::<[u8; 16]>());
    let mut request = target
        .request(Method::GET, "/ws")
        .version(Version::HTTP_11)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key)
        .header(SEC_WEBSOCKET_PROTOCOL, PROTOCOL_NAME);
    if let Some(origin) = origin {
        request = request.header(ORIGIN, origin);
    }
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let asked = Instant::now();
    let response = request.send().await.map_err(outbound::cause).map_err(Refused::Broken)?;
    if response.status().as_u16() != 101 {
        let answer = read(response, asked.elapsed()).await.map_err(Refused::Broken)?;
        return Err(Refused::Answered(answer));
    }
    let header = |name| response.headers().get(name).map(|value| value.as_bytes().to_vec());
    if header(SEC_WEBSOCKET_ACCEPT) != Some(actix_http::ws::hash_key(key.as_bytes()).to_vec()) {
        return Err(Refused::Broken("the answer belongs to another handshake".to_owned()));
    }
    let has_protocol = header(SEC_WEBSOCKET_PROTOCOL) == Some(PROTOCOL_NAME.into());
    let upgraded = response.upgrade().await.map_err(outbound::cause);
    Ok(Opened { stream: upgraded.map_err(Refused::Broken)?, has_protocol })
}

impl Refused {
    /// What happened, and what to do.
    pub fn told(&self) -> (String, &'static str) {
        let answer = match self {
            Self::Broken(why) => {
                let advice = "the proxy has to pass WebSocket upgrades on, over HTTP/1.1 \
                              (docs/PROXIES.md)";
                return (why.clone(), advice);
            }
            Self::Answered(answer) => answer,
        };
        let advice = match (answer.error_code().as_deref(), answer.status) {
            (Some(_), 426) => {
                "the proxy passes the request on over HTTP/1.0: proxy_http_version 1.1 in nginx"
            }
            (Some("invalid_message"), _) => {
                "the proxy leaves the headers Upgrade and Connection out when it passes the \
                 request on: see the recipes in docs/PROXIES.md"
            }
            (Some("unauthorized" | "token_expired"), _) => {
                "the server does not take the token: its log says why (\"a token was refused\")"
            }
            (Some("forbidden"), _) => {
                "the user is banned, or of another origin, or pages of this origin may not connect"
            }
            (Some("rate_limited"), _) => "too many connections came from this address: wait",
            (Some("not_found"), _) => {
                "the proxy has to take the path of the address away, for /ws as well"
            }
            (Some(_), _) => "the server's log says why",
            (None, 502..=504) => "the proxy does not reach Parlor, or gives up too early",
            (None, 200..300) => {
                "something else answers for /ws, such as the page of an application: have the \
                 proxy pass this path to Parlor"
            }
            (None, _) => {
                "the proxy answers itself: it has to pass WebSocket upgrades on (docs/PROXIES.md)"
            }
        };
        (answer.shown(), advice)
    }
}
