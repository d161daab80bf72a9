//! A WebSocket to a server of Parlor's, as its clients have one.

use actix_http::ws;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use reqwest::{
    RequestBuilder, Response, StatusCode, Upgraded, Version,
    header::{
        CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::cause;
use crate::protocol::PROTOCOL_NAME;
use parlor_domain::limits::{REMOTE_FRAME, REMOTE_SILENCE};
use parlor_websocket::{Opcode, client_frame, server_frame};

pub struct Socket {
    stream: Upgraded,
    input: BytesMut,
    /// Whether the answer had the subprotocol, without which browsers end a connection.
    pub has_protocol: bool,
}

/// Why there is no socket.
pub enum NoSocket {
    /// No answer, or one that makes no sense.
    Broken(String),
    Answered(Response),
}

/// Why a socket says nothing any more.
#[derive(Debug)]
pub struct Lost {
    /// In words that follow "it ends:".
    pub why: String,
    /// That the server closed it with.
    pub code: Option<u16>,
}

impl From<String> for Lost {
    fn from(why: String) -> Self {
        Self { why, code: None }
    }
}

impl Socket {
    /// Asks for one, with a request for `GET /ws`.
    pub async fn open(request: RequestBuilder) -> Result<Self, NoSocket> {
        let key = STANDARD.encode(rand::random::<[u8; 16]>());
        let request = request
            .version(Version::HTTP_11)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key)
            .header(SEC_WEBSOCKET_PROTOCOL, PROTOCOL_NAME);
        let broken = |error| NoSocket::Broken(cause(error));
        let response = request.send().await.map_err(broken)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(NoSocket::Answered(response));
        }
        let header = |name| response.headers().get(name).map(|value| value.as_bytes().to_vec());
        if header(SEC_WEBSOCKET_ACCEPT) != Some(ws::hash_key(key.as_bytes()).to_vec()) {
            return Err(NoSocket::Broken("the answer belongs to another handshake".to_owned()));
        }
        let has_protocol = header(SEC_WEBSOCKET_PROTOCOL) == Some(PROTOCOL_NAME.into());
        let stream = response.upgrade().await.map_err(broken)?;
        Ok(Self { stream, input: BytesMut::new(), has_protocol })
    }

    /// The next of the server's frames that says something. Pings are answered.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn frame(&mut self) -> Result<Value, Lost> {
        loop {
            let next = timeout(REMOTE_SILENCE, self.next());
            match next.await.unwrap_or_else(|_| Err("it is silent".to_owned()))? {
                (Opcode::Text, text) => {
                    let json = serde_json::from_slice(&text);
                    return json.map_err(|_| "what comes is no JSON".to_owned().into());
                }
                (Opcode::Ping, payload) => self.say(Opcode::Pong, &payload).await?,
                (Opcode::Close, payload) => {
                    let code = payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
                    let why = format!("it was closed with {}", code.unwrap_or(1005));
                    return Err(Lost { why, code });
                }
                _ => {}
            }
        }
    }

    /// The next frame of any kind.
    ///
    /// # Errors
    /// Why there is none, in words that follow "it ends:".
    pub async fn next(&mut self) -> Result<(Opcode, Bytes), String> {
        loop {
            let read = server_frame(&mut self.input, REMOTE_FRAME);
            if let Some(frame) = read.map_err(|_| "what comes are no frames".to_owned())? {
                return Ok(frame);
            }
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) => return Err("the connection was cut".to_owned()),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Sends a short frame.
    ///
    /// # Errors
    /// As above.
    pub async fn say(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), String> {
        let frame = client_frame(opcode, payload, rand::random());
        self.stream.write_all(&frame).await.map_err(|error| error.to_string())?;
        self.stream.flush().await.map_err(|error| error.to_string())
    }
}
