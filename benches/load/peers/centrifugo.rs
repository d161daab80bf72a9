//! Centrifugo's own protocol, version 2, as JSON: commands and replies are a line
//! each.

use super::{Answering, Dialect, ROOM, Role, body, own_room, said};
use crate::{Result, frame, swarm::Carrier, token, wire::excerpt};

/// In `benches/peers/centrifugo.json`, too.
const SECRET: &str = "bench-secret";
/// Of a delivered message beside its data, most of it who has sent it.
const OVERHEAD: usize = 130;

pub struct Centrifugo {
    /// Whether each connection sends into a channel of its own, which it hears.
    pub own_channels: bool,
}

impl Dialect for Centrifugo {
    fn path(&self, _role: Role) -> &'static str {
        "/connection/websocket"
    }

    fn carrier(&self) -> Carrier {
        Carrier { lines: true, ..Carrier::default() }
    }

    fn greets(&self) -> bool {
        true
    }

    /// Whoever only sends need not subscribe. The last command is the second.
    fn greeting(&self, number: usize, role: Role) -> Result<Option<String>> {
        let channel = match role {
            _ if self.own_channels => own_room(number),
            Role::Reader => ROOM.to_string(),
            Role::Sender => String::new(),
        };
        let token = token::sign(SECRET, &format!("user-{number}"))?;
        let connect = |id| format!(r#"{{"id":{id},"connect":{{"token":"{token}"}}}}"#);
        Ok(Some(match channel.is_empty() {
            true => connect(2),
            false => {
                let subscribe = format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"}}}}"#);
                format!("{}\n{subscribe}", connect(1))
            }
        }))
    }

    /// An empty object is a ping, and the answer to it.
    fn hear(&mut self, _from: usize, text: &[u8], reply: &mut Vec<u8>) -> Result<bool> {
        const ERROR: &[u8] = br#","error":"#;
        match text {
            b"{}" => frame::push(reply, frame::TEXT, b"{}"),
            [b'{', b'"', b'i', b'd', ..]
                if !text.windows(ERROR.len()).any(|part| part == ERROR) =>
            {
                return Ok(!text.starts_with(br#"{"id":1,"#));
            }
            other => return Err(excerpt(other).into()),
        }
        Ok(false)
    }

    fn message(&self, bytes: usize) -> String {
        publish(ROOM, &body(bytes.saturating_sub(OVERHEAD)))
    }
}

impl Answering for Centrifugo {
    fn say(&self, number: usize) -> String {
        publish(&own_room(number), &format!("{{{}}}", said()))
    }

    fn is_answer(&self, text: &[u8]) -> bool {
        text.starts_with(br#"{"id":3,"publish":"#)
    }
}

/// Always with the same id: at most one of them is under way where its answer
/// matters.
fn publish(channel: &str, data: &str) -> String {
    format!(r#"{{"id":3,"publish":{{"channel":"{channel}","data":{data}}}}}"#)
}
