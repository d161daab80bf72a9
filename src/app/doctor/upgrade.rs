//! Asking for a WebSocket, and what it means if there is none.

use std::time::Instant;

use reqwest::{
    Method,
    header::{AUTHORIZATION, ORIGIN},
};

use super::target::{Answer, Target, read};
use crate::outbound::{NoSocket, Socket};

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
) -> Result<Socket, Refused> {
    let mut request = target.request(Method::GET, "/ws");
    if let Some(origin) = origin {
        request = request.header(ORIGIN, origin);
    }
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let asked = Instant::now();
    match Socket::open(request).await {
        Ok(socket) => Ok(socket),
        Err(NoSocket::Broken(why)) => Err(Refused::Broken(why)),
        Err(NoSocket::Answered(response)) => {
            let answer = read(response, asked.elapsed()).await.map_err(Refused::Broken)?;
            Err(Refused::Answered(answer))
        }
    }
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
