//! What an upgrade request says: docs/PROTOCOL.md, "Connecting".

use std::sync::Arc;

use actix_http::header::{self, HeaderMap, HeaderName};

use crate::{auth::bearer_token, error::ApiError, protocol::PROTOCOL_NAME};
use parlor_domain::{ID_CHARS_MAX, RoomId};

/// The parts of an upgrade request that a session is made from.
#[derive(Debug, PartialEq, Eq)]
pub struct SocketRequest<'a> {
    pub token: Option<String>,
    pub origin: Option<&'a str>,
    pub host: Option<&'a str>,
    /// The client speaks our subprotocol and expects it in the answer.
    pub offers_parlor: bool,
    pub resume: bool,
    pub room: Option<RoomId>,
    pub device_id: Option<Arc<str>>,
}

impl<'a> SocketRequest<'a> {
    pub fn read(headers: &'a HeaderMap, query: &str) -> Result<Self, ApiError> {
        let query = Query::read(query)?;
        let protocols = Protocols::read(headers);
        let bearer = text(headers, header::AUTHORIZATION).and_then(bearer_token);
        let token = bearer.or(protocols.bearer).map(str::to_owned).or(query.token);
        Ok(Self {
            token,
            // One that cannot be read is no browser's, and is nobody's own.
            origin: headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or_default()),
            host: text(headers, header::HOST),
            offers_parlor: protocols.parlor,
            resume: query.resume,
            room: query.room,
            device_id: query.device_id,
        })
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// A browser can set no header but this one, so the token may travel in it.
#[derive(Default)]
struct Protocols<'a> {
    parlor: bool,
    bearer: Option<&'a str>,
}

impl<'a> Protocols<'a> {
    fn read(headers: &'a HeaderMap) -> Self {
        let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let offered = values.filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(','));
        let mut protocols = Self::default();
        for protocol in offered.map(str::trim) {
            protocols.parlor |= protocol == PROTOCOL_NAME;
            protocols.bearer = protocols.bearer.or(protocol.strip_prefix("bearer."));
        }
        protocols
    }
}

#[derive(Default)]
struct Query {
    token: Option<String>,
    resume: bool,
    room: Option<RoomId>,
    device_id: Option<Arc<str>>,
}

impl Query {
    fn read(query: &str) -> Result<Self, ApiError> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "token" => read.token = Some(value.into_owned()),
                "resume" => read.resume = matches!(&*value, "1" | "true"),
                "room" => {
                    let room =
                        RoomId::parse(&value).map_err(|error| ApiError::field("room", error))?;
                    read.room = Some(room);
                }
                "device_id" if value.chars().count() > ID_CHARS_MAX => {
                    return Err(ApiError::field("device_id", "must have at most 64 characters"));
                }
                "device_id" => {
                    read.device_id = Some((&*value).into()).filter(|id: &Arc<str>| !id.is_empty())
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs.map(|(name, value)| (name, header::HeaderValue::from_static(value))).collect()
    }

    fn token(pairs: &[(HeaderName, &'static str)], query: &str) -> Option<String> {
        SocketRequest::read(&headers(pairs), query).expect("a good request").token
    }

    #[test]
    fn the_token_comes_from_the_first_place_that_has_one() {
        let authorization = (header::AUTHORIZATION, "bearer from-header");
        let protocol = (header::SEC_WEBSOCKET_PROTOCOL, "parlor.v1, bearer.from-protocol");
        let all = [authorization, protocol.clone()];
        assert_eq!(token(&all, "token=from-query").as_deref(), Some("from-header"));
        assert_eq!(token(&[protocol], "token=from-query").as_deref(), Some("from-protocol"));
        assert_eq!(token(&[], "token=from%2Dquery").as_deref(), Some("from-query"));
        assert_eq!(token(&[], ""), None);
    }

    #[test]
    fn an_origin_that_cannot_be_read_is_not_taken_for_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(SocketRequest::read(&headers, "").expect("good").origin, None);
        let value = header::HeaderValue::from_bytes(b"http://\xff").expect("a header");
        headers.insert(header::ORIGIN, value);
        assert_eq!(SocketRequest::read(&headers, "").expect("good").origin, Some(""));
    }

    #[test]
    fn the_subprotocol_is_noticed() {
        let offered = headers(&[(header::SEC_WEBSOCKET_PROTOCOL, "other, parlor.v1")]);
        assert!(SocketRequest::read(&offered, "").expect("good").offers_parlor);
    }

    #[test]
    fn the_query_is_read_and_checked() {
        let none = HeaderMap::new();
        let read = SocketRequest::read(&none, "resume=1&room=board:42&x=y").expect("good");
        assert!(read.resume);
        assert_eq!(read.room, Some(RoomId::from_stored("board:42")));
        assert!(SocketRequest::read(&none, "room=a%20b").is_err());
        let long = format!("device_id={}", "x".repeat(65));
        assert!(SocketRequest::read(&none, &long).is_err());
    }
}
