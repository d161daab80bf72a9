//! A socket as clients open it: through whatever is in between, and back.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::{
    findings::Findings,
    target::Target,
    upgrade::{Refused, open},
};
use crate::outbound::{Lost, Socket};
use parlor_domain::limits::LOOK_TIMEOUT;
use parlor_websocket::Opcode;

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
        Ok(socket) => talk(socket, found).await,
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

async fn talk(mut socket: Socket, found: &mut Findings) {
    found.right("a WebSocket can be opened");
    if !socket.has_protocol {
        found.doubtful(
            "the subprotocol is missing in the answer: browsers end such a connection",
            "the proxy has to pass Sec-WebSocket-Protocol on, in both directions",
        );
    }
    match timeout(LOOK_TIMEOUT, greeted(&mut socket, found)).await {
        Ok(Ok(())) => {}
        Ok(Err(Lost { why, .. })) => {
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

async fn greeted(socket: &mut Socket, found: &mut Findings) -> Result<(), Lost> {
    let greeting = socket.frame().await?;
    match greeting["type"].as_str() {
        Some("session.ready") => {
            let user = greeting["data"]["user"]["id"].as_str().unwrap_or_default();
            found.right(format!("the token signs {user:?} in"));
            let asked = Instant::now();
            socket.say(Opcode::Text, br#"{"type":"ping","id":"doctor"}"#).await?;
            while socket.frame().await?["type"] != "pong" {}
            found.right(format!("a command is answered in {}", ms(asked.elapsed())));
        }
        Some("auth.required") => {
            found.right("what the server says comes through");
        }
        other => {
            return Err(format!("it does not begin as Parlor does, but with {other:?}").into());
        }
    }
    let asked = Instant::now();
    socket.say(Opcode::Ping, PING).await?;
    loop {
        match socket.next().await? {
            (Opcode::Pong, payload) if payload == PING => break,
            (Opcode::Close, _) => return Err("it was closed".to_owned().into()),
            _ => {}
        }
    }
    found.right(format!("a ping comes back in {}", ms(asked.elapsed())));
    Ok(())
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
