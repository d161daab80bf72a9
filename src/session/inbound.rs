//! What a client sends, as messages for its session.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web_actors::ws;
use bytes::BytesMut;
use futures_util::Stream;

use super::{hub::Outlet, link::Link};
use parlor_domain::limits::READ_CHUNK;
use parlor_websocket::{Decoder, Message, Violation};

/// The messages of one connection, up to its end or the first thing that is
/// wrong.
pub(super) struct Inbound {
    link: Rc<Link>,
    decoder: Decoder,
    /// What was read and is not decoded yet.
    bytes: BytesMut,
    state: State,
}

enum State {
    Open,
    /// After each full chunk it pauses once, so that a client which sends
    /// without end does not keep the thread from the others.
    Pausing,
    Ended,
}

impl Inbound {
    /// `first` came together with the upgrade request.
    pub fn new(link: Rc<Link>, first: &[u8], decoder: Decoder) -> Self {
        Self { link, decoder, bytes: BytesMut::from(first), state: State::Open }
    }
}

impl Stream for Inbound {
    type Item = Result<ws::Message, Violation>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.link.is_throttled() {
                // The answer that makes room wakes this connection's task.
                return Poll::Pending;
            }
            match this.state {
                State::Ended => return Poll::Ready(None),
                State::Pausing => {
                    this.state = State::Open;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                State::Open => {}
            }
            if !this.bytes.is_empty() {
                match this.decoder.next(&mut this.bytes) {
                    Ok(Some(message)) => return Poll::Ready(Some(Ok(as_actix(message)))),
                    // Of what was used up, nothing is to be kept.
                    Ok(None) => this.bytes = BytesMut::new(),
                    Err(violation) => {
                        this.state = State::Ended;
                        this.bytes = BytesMut::new();
                        return Poll::Ready(Some(Err(violation)));
                    }
                }
            }
            match ready!(this.link.poll_read(cx)) {
                Ok(bytes) if !bytes.is_empty() => {
                    if bytes.len() == READ_CHUNK {
                        this.state = State::Pausing;
                    }
                    this.bytes = bytes;
                }
                Ok(_) => this.state = State::Ended,
                Err(error) => {
                    if !is_disconnect(&error) {
                        log::debug!("session {}: reading failed: {error}", this.link.queue().id.0);
                    }
                    this.state = State::Ended;
                }
            }
        }
    }
}

/// As an actor takes it.
fn as_actix(message: Message) -> ws::Message {
    match message {
        Message::Text(text) => ws::Message::Text(text),
        Message::Ping(payload) => ws::Message::Ping(payload),
        Message::Pong(payload) => ws::Message::Pong(payload),
        Message::Close(code) => {
            ws::Message::Close(code.map(|code| ws::CloseCode::from(code).into()))
        }
    }
}

fn is_disconnect(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut)
}
