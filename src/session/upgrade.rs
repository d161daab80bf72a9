//! From an HTTP request to a session.
//!
//! This runs beside actix-web: its middleware and extractors do not see an
//! upgrade, so the token, the origin and the errors are dealt with here, by
//! the same functions that REST uses.

use std::{net::IpAddr, rc::Rc, time::Instant};

use actix::{AsyncContext, Context};
use actix_codec::{AsyncRead, AsyncWrite, Framed};
use actix_http::{
    HttpMessage, Request, RequestHead, Response, ResponseBuilder, StatusCode, Version,
    body::BodySize,
    h1::{self, Message},
    header,
    ws::{self, HandshakeError},
};
use bytes::Bytes;
use futures_util::SinkExt;

use super::{
    actor::{Session, Start},
    driver::drive,
    hub::Queue,
    inbound::Inbound,
    link::Link,
    socket_request::SocketRequest,
    worker::{Entered, Worker, count_limited},
};
use crate::{
    auth::{Client, Door, Identity},
    chat::Origin,
    clock,
    error::ApiError,
    limiter::{ErrorBudget, Limited, network},
    log_throttle::LogThrottle,
    metrics::{Limit, metrics},
    places::Place,
    protocol::{ErrorCode, PROTOCOL_NAME},
    request_id::{self, logged, request_id},
    transport::{InTurn, Socket},
};
use parlor_domain::limits::RETRY_AFTER;
use parlor_websocket::{Compression, Decoder, negotiate};

/// The path of the socket.
const PATH: &str = "/ws";

/// An HTTP request that asks for another protocol, with its connection.
pub type UpgradeRequest<T> = (Request, Framed<InTurn<T>, h1::Codec>);

/// Answers one upgrade request: with a session, or with an error.
pub async fn upgrade<T>(
    worker: Rc<Worker>,
    (request, mut framed): UpgradeRequest<T>,
) -> Result<(), actix_http::Error>
where
    T: AsyncRead + AsyncWrite + Unpin + Into<Socket>,
{
    let id = request_id(request.headers().get(request_id::HEADER));
    let client = worker.settings.proxies.client(request.peer_addr(), request.headers());
    // Boxed, or the task of each connection had room for it twice, and what is let
    // go of then lies in pieces between what stays.
    let accepted = Box::pin(accept(&worker, &request, client, &id)).await;
    log_upgrade(&id, &request, client, accepted.as_ref().err());
    match accepted {
        Ok((mut response, accepted)) => {
            if let Ok(id) = header::HeaderValue::from_str(&id) {
                response.headers_mut().insert(request_id::HEADER, id);
            }
            let head = Message::Item((response, BodySize::None));
            if framed.send(head).await.is_ok() {
                let parts = framed.into_parts();
                let (io, kept) = parts.io.into_parts();
                let mut first = parts.read_buf;
                first.extend_from_slice(&kept);
                run(worker, io.into(), &first, accepted);
            }
        }
        Err(error) => refuse(&mut framed, &error, &id).await,
    }
    Ok(())
}

/// One line of the log for each, as for other requests.
fn log_upgrade(id: &str, request: &Request, client: Client, refused: Option<&ApiError>) {
    let status = refused.map_or(101, |error| error.status().as_u16());
    let client = client.address.to_string();
    if let Some(error) = refused {
        metrics().error(error.code().as_str());
    }
    log::info!(
        target: "parlor::access",
        request_id = id,
        client = client.as_str(),
        method = logged(request.method().as_str()),
        path = logged(request.path()),
        status = status;
        "upgrade"
    );
}

/// What was agreed to with a client.
struct Accepted {
    start: Start,
    compression: Option<Compression>,
    entered: Entered,
}

async fn accept(
    worker: &Worker,
    request: &Request,
    client: Client,
    request_id: &str,
) -> Result<(Response<()>, Accepted), ApiError> {
    if request.path() != PATH {
        return Err(ApiError::new(ErrorCode::NotFound, "there is nothing at this path"));
    }
    let mut response = handshake(request.head())?;
    // Before anything that costs: the token is not looked at.
    worker.settings.limiters.connect_from(client.address).inspect_err(count_limited)?;
    let asked = SocketRequest::read(request.headers(), request.uri().query().unwrap_or_default())?;
    if !worker.settings.origins.allows(asked.origin, asked.host) {
        return Err(refused_origin(asked.origin, asked.host));
    }
    let token = match (asked.token, &worker.settings.cookie) {
        (None, Some(cookie)) => cookie.token(request.headers(), true)?,
        (token, _) => token,
    };
    let identity: Option<Identity> = match &token {
        Some(token) => {
            let (authenticator, from) = (&worker.authenticator, client.address);
            Some(authenticator.authenticate(token, request_id, Door::Upgrade, from).await?)
        }
        None => None,
    };
    if let Some(identity) = &identity {
        worker.check_connect(identity)?;
    }
    if asked.offers_parlor {
        response.insert_header((header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL_NAME));
    }
    let compression = worker.settings.compress_from.and_then(|min_bytes| {
        let offers = request.headers().get_all(header::SEC_WEBSOCKET_EXTENSIONS);
        let (agreed, answer) =
            negotiate(offers.filter_map(|value| value.to_str().ok()), min_bytes)?;
        response.insert_header((header::SEC_WEBSOCKET_EXTENSIONS, answer));
        Some(agreed)
    });
    let guest = match identity {
        Some(_) => None,
        None => Some(guest(worker, client)?),
    };
    let entered = worker.enter().ok_or_else(ApiError::unavailable)?;
    let origin = Origin {
        device_id: asked.device_id,
        address: Some(client.address),
        connected_at: clock::now(),
    };
    let request_id = request_id.into();
    let (resume, join) = (asked.resume, asked.room);
    let start = Start { identity, guest, resume, join, origin, request_id };
    Ok((response.finish().drop_body(), Accepted { start, compression, entered }))
}

/// Who has no token yet takes a place among those of their address.
fn guest(worker: &Worker, client: Client) -> Result<Place<IpAddr>, ApiError> {
    let place = worker.settings.guests.take(network(client.address), 1);
    place.ok_or_else(|| {
        metrics().limited(Limit::Address);
        ApiError::from(Limited { retry_after: RETRY_AFTER })
    })
}

/// Both are the client's own words, and nothing else is told: which origins
/// are allowed is nobody's business. Behind a proxy the usual cause is that it
/// does not pass `Host` on.
fn refused_origin(origin: Option<&str>, host: Option<&str>) -> ApiError {
    static REFUSED: LogThrottle = LogThrottle::new();
    let (origin, host) = (origin.unwrap_or_default(), host.unwrap_or_default());
    if let Some(times) = REFUSED.again() {
        log::warn!(
            "the origin {origin:?} may not connect: it is neither that of the host {host:?}, which \
             a proxy has to pass on, nor in PARLOR_ALLOWED_ORIGINS ({times} refused)"
        );
    }
    let why = format!(
        "pages of the origin {origin:?} may not connect: it is neither that of the host {host:?} \
         nor allowed"
    );
    ApiError::new(ErrorCode::Forbidden, why)
}

/// What is asked over HTTP/1.0 cannot be upgraded (RFC 9110 section 7.8).
fn handshake(request: &RequestHead) -> Result<ResponseBuilder, ApiError> {
    if request.version < Version::HTTP_11 {
        return Err(ApiError::upgrade_required("a WebSocket needs HTTP/1.1"));
    }
    ws::handshake(request).map_err(|error| match error {
        HandshakeError::NoVersionHeader | HandshakeError::UnsupportedVersion => {
            ApiError::upgrade_required("Sec-WebSocket-Version must be 13")
        }
        other => {
            let what = format!("not a WebSocket handshake: {other}");
            ApiError::new(ErrorCode::InvalidMessage, what)
        }
    })
}

/// The same headers as those of a REST call that is refused.
async fn refuse<T>(framed: &mut Framed<T, h1::Codec>, error: &ApiError, id: &str)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let body = Bytes::from(error.to_json());
    let mut response = Response::build(error.status());
    response.insert_header((header::CONTENT_TYPE, "application/json")).force_close();
    if let Ok(id) = header::HeaderValue::from_str(id) {
        response.insert_header((request_id::HEADER, id));
    }
    if error.status() == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    }
    if let Some(seconds) = error.retry_after_seconds() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    if error.status() == StatusCode::UPGRADE_REQUIRED {
        // RFC 6455 section 4.4, RFC 9110 section 15.5.22.
        response.insert_header((header::UPGRADE, "websocket"));
        response.insert_header((header::SEC_WEBSOCKET_VERSION, "13"));
    }
    let response = response.finish().drop_body();
    debug_assert_ne!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let size = BodySize::Sized(body.len() as u64);
    // A peer that has gone needs no answer.
    if framed.feed(Message::Item((response, size))).await.is_ok() {
        let _ = framed.feed(Message::Chunk(Some(body))).await;
        // Its `close` would only flush the socket, not what it still holds.
        let _ = framed.flush().await;
        let _ = framed.close().await;
    }
}

/// Starts the session and lets go of everything HTTP: what stays is the
/// socket, the actor and one task.
fn run(worker: Rc<Worker>, socket: Socket, first: &[u8], accepted: Accepted) {
    let Accepted { start, compression, entered } = accepted;
    let id = worker.next_session_id();
    let errors = ErrorBudget::new(worker.settings.rates.errors, Instant::now());
    let queue = Queue::new(id, compression, worker.send_queue_limits());
    let link = match Link::new(queue, socket, errors) {
        Ok(link) => link,
        Err(error) => return log::debug!("a socket was gone before its session began: {error}"),
    };
    let decoder = Decoder::new(worker.settings.limits.frame_bytes, compression.is_some());
    let hub = worker.hub.clone();
    let session = Session::new(worker, link.clone(), entered, start);
    let mut context = Context::new();
    context.add_stream(Inbound::new(link.clone(), first, decoder));
    let actor = context.into_future(session);
    actix_web::rt::spawn(drive(link, actor, move || hub.with(|hub| hub.drained(id))));
}
