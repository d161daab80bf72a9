//! Socket.IO 4 on Engine.IO 4, over WebSocket from the start.

use super::{Dialect, Role, body};
use crate::{Result, frame, wire::excerpt};

pub struct SocketIo;

impl Dialect for SocketIo {
    fn path(&self, role: Role) -> &'static str {
        match role {
            Role::Reader => "/socket.io/?EIO=4&transport=websocket&role=reader",
            Role::Sender => "/socket.io/?EIO=4&transport=websocket&role=sender",
        }
    }

    fn greets(&self) -> bool {
        true
    }

    /// The handshake is two steps, `0` of Engine.IO and `40` of Socket.IO;
    /// pings are texts of their own.
    fn hear(&mut self, _from: usize, text: &[u8], reply: &mut Vec<u8>) -> Result<bool> {
        match text {
            [b'0', ..] => frame::push(reply, frame::TEXT, b"40"),
            b"2" => frame::push(reply, frame::TEXT, b"3"),
            [b'4', b'0', ..] => return Ok(true),
            other => {
                return Err(format!("a packet that was not expected: {}", excerpt(other)).into());
            }
        }
        Ok(false)
    }

    fn message(&self, bytes: usize) -> String {
        let event = |data: &str| format!(r#"42["m",{data}]"#);
        event(&body(bytes.saturating_sub(event("").len())))
    }
}
