//! From an HTTP request to a session.
//!
//! This runs beside actix-web: its middleware and extractors do not see an
//! upgrade, so the token, the origin and the errors are dealt with here, by
//! the same functions that REST uses.

use std::rc::Rc;

use actix_codec::Framed;
use actix_http::{
    HttpMessage, Request, Response, StatusCode,
    body::BodySize,
    h1::{self, Message},
    header, ws,
};
use actix_web_actors::ws::WebsocketContext;
use bytes::Bytes;
use futures_util::SinkExt;
use tokio::net::TcpStream;

use super::{
    actor::{Session, Start},
    link::Link,
    socket::{Inbound, drive},
    socket_request::SocketRequest,
    worker::{Entered, Worker},
};
use crate::{
    auth::Identity,
    error::ApiError,
    protocol::{ErrorCode, PROTOCOL_NAME},
};

/// The path of the socket.
const PATH: &str = "/ws";

/// An HTTP request that asks for another protocol, with its connection.
pub type UpgradeRequest = (Request, Framed<TcpStream, h1::Codec>);

/// Answers one upgrade request: with a session, or with an error.
pub async fn upgrade(
    worker: Rc<Worker>,
    (request, mut framed): UpgradeRequest,
) -> Result<(), actix_http::Error> {
    match accept(&worker, &request).await {
        Ok((response, start, entered)) => {
            let head = Message::Item((response.drop_body(), BodySize::None));
            if framed.send(head).await.is_ok() {
                let parts = framed.into_parts();
                run(worker, parts.io, &parts.read_buf, start, entered);
            }
        }
        Err(error) => refuse(&mut framed, &error).await,
    }
    Ok(())
}

async fn accept(
    worker: &Worker,
    request: &Request,
) -> Result<(Response<()>, Start, Entered), ApiError> {
    if request.path() != PATH {
        return Err(ApiError::new(ErrorCode::NotFound, "there is nothing at this path"));
    }
    let mut response = ws::handshake(request.head()).map_err(|error| {
        ApiError::new(ErrorCode::InvalidMessage, format!("not a WebSocket handshake: {error}"))
    })?;
    let asked = SocketRequest::read(request.headers(), request.uri().query().unwrap_or_default())?;
    if !worker.settings.origins.allows(asked.origin, asked.host) {
        return Err(ApiError::new(ErrorCode::Forbidden, "this origin may not connect"));
    }
    let identity: Option<Identity> = match &asked.token {
        Some(token) => Some(worker.authenticator.authenticate(token).await?),
        None => None,
    };
    if asked.offers_parlor {
        response.insert_header((header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL_NAME));
    }
    let entered = worker.enter().ok_or_else(ApiError::unavailable)?;
    let start = Start { identity, resume: asked.resume, join: asked.room };
    Ok((response.finish().drop_body(), start, entered))
}

async fn refuse(framed: &mut Framed<TcpStream, h1::Codec>, error: &ApiError) {
    let body = Bytes::from(error.to_json());
    let response = Response::build(error.status())
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .force_close()
        .finish()
        .drop_body();
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
fn run(worker: Rc<Worker>, socket: TcpStream, first: &[u8], start: Start, entered: Entered) {
    let id = worker.next_session_id();
    let link = match Link::new(id, socket, worker.outbox_limits()) {
        Ok(link) => link,
        Err(error) => return log::debug!("a socket was gone before its session began: {error}"),
    };
    let frame_bytes = worker.settings.limits.frame_bytes;
    let hub = worker.hub.clone();
    let session = Session::new(worker, link.clone(), entered, start);
    // A copy: the read buffer is far larger than what is left in it.
    let inbound = Inbound::new(link.clone(), Bytes::copy_from_slice(first), frame_bytes);
    let codec = ws::Codec::new().max_size(frame_bytes);
    let actor = WebsocketContext::with_codec(session, inbound, codec);
    actix_web::rt::spawn(drive(link, actor, move || hub.borrow_mut().drained(id)));
}
