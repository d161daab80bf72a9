//! A socket as clients open it: through whatever is in between, and back.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::Upgraded;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{
    findings::Findings,
    target::Target,
    upgrade::{Opened, Refused, open},
};
use parlor_domain::limits::{LOOK_FRAME, LOOK_TIMEOUT};
use parlor_websocket::{Opcode, client_frame, server_frame};

const PING: &[u8] = b"parlor doctor";

pub(super) async fn look(target: &Target, found: &mut Findings) {
    match open(target, None, target.token.as_deref()).await {
        Err(refused) => {
            let (what, advice) = refused.told();
            found.wrong(format!("no WebSocket can be opened: {what}"), advice);
            if target.token.is_none() {
                return;
            }
        }
        Ok(opened) => talk(opened, found).await,
    }
    let own = target.own_origin();
    let advice = "the proxy has to pass on Host as the browser sent it; or add this origin to \
                  PARLOR_ALLOWED_ORIGINS";
    page_of(target, &own, advice, found).await;
    if let Some(origin) = target.origin.as_deref().filter(|origin| *origin != own) {
        page_of(target, origin, "add it to PARLOR_ALLOWED_ORIGINS", found).await;
    }
}

/// Whether pages of an origin may open one.
async fn page_of(target: &Target, origin: &str, advice: &str, found: &mut Findings) {
    match open(target, Some(origin), None).await {
        Ok(_) => found.right(format!("pages of {origin} may open a WebSocket")),
        Err(Refused::Answered(answer)) if answer.error_code().as_deref() == Some("forbidden") => {
            found.wrong(format!("pages of {origin} may not open a WebSocket"), advice);
        }
        Err(refused) => {
            let (what, advice) = refused.told();
            found.wrong(format!("pages of {origin} can open no WebSocket: {what}"), advice);
        }
    }
}

async fn talk(Opened { stream, has_protocol }: Opened, found: &mut Findings) {
    found.right("a WebSocket can be opened");
    if !has_protocol {
        found.doubtful(
            "the subprotocol is missing in the answer: browsers end such a connection",
            "the proxy has to pass Sec-WebSocket-Protocol on, in both directions",
        );
    }
    let mut socket = Socket { stream, input: BytesMut::new() };
    match timeout(LOOK_TIMEOUT, socket.greeted(found)).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => {
            return found.wrong(
                format!("the WebSocket ends: {why}"),
                "the proxy has to leave what passes as it is, and a connection open that is silent \
                 for 60 s",
            );
        }
        Err(_) => {
            return found.wrong(
                format!("nothing comes through the WebSocket within {LOOK_TIMEOUT:?}"),
                "the proxy holds back what the server says: turn buffering off for this path",
            );
        }
    }
    // Best effort: the server closes by itself, too.
    let _ = timeout(LOOK_TIMEOUT, socket.say(Opcode::Close, &1000_u16.to_be_bytes())).await;
}

struct Socket {
    stream: Upgraded,
    input: BytesMut,
}

impl Socket {
    async fn greeted(&mut self, found: &mut Findings) -> Result<(), String> {
        let greeting = self.frame().await?;
        match greeting["type"].as_str() {
            Some("session.ready") => {
                let user = greeting["data"]["user"]["id"].as_str().unwrap_or_default();
                found.right(format!("the token signs {user:?} in"));
                let asked = Instant::now();
                self.say(Opcode::Text, br#"{"type":"ping","id":"doctor"}"#).await?;
                while self.frame().await?["type"] != "pong" {}
                found.right(format!("a command is answered in {}", ms(asked.elapsed())));
            }
            Some("auth.required") => {
                found.right("what the server says comes through");
            }
            other => return Err(format!("it does not begin as Parlor does, but with {other:?}")),
        }
        let asked = Instant::now();
        self.say(Opcode::Ping, PING).await?;
        loop {
            match self.next().await? {
                (Opcode::Pong, payload) if payload == PING => break,
                (Opcode::Close, _) => return Err("it was closed".to_owned()),
                _ => {}
            }
        }
        found.right(format!("a ping comes back in {}", ms(asked.elapsed())));
        Ok(())
    }

    /// The next of the server's frames that says something.
    async fn frame(&mut self) -> Result<Value, String> {
        loop {
            match self.next().await? {
                (Opcode::Text, text) => {
                    let json = serde_json::from_slice(&text);
                    return json.map_err(|_| "what comes is no JSON".to_owned());
                }
                (Opcode::Close, payload) => {
                    let code = payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
                    return Err(format!("it was closed with {}", code.unwrap_or(1005)));
                }
                _ => {}
            }
        }
    }

    async fn next(&mut self) -> Result<(Opcode, Bytes), String> {
        loop {
            let read = server_frame(&mut self.input, LOOK_FRAME);
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

    async fn say(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), String> {
        let frame = client_frame(opcode, payload, rand::random());
        self.stream.write_all(&frame).await.map_err(|error| error.to_string())?;
        self.stream.flush().await.map_err(|error| error.to_string())
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
