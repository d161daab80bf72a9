//! The Pusher protocol, version 7: a private channel, and client events.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Dialect, Role, body};
use crate::{Result, frame, wire::excerpt};

pub const KEY: &str = "bench-key";
pub const SECRET: &str = "bench-secret";
const PATH: &str = "/app/bench-key?protocol=7&client=bench&version=1";
const CHANNEL: &str = "private-lobby";
const BLOCK: usize = 64;

pub struct Pusher;

impl Dialect for Pusher {
    fn path(&self, _role: Role) -> &'static str {
        PATH
    }

    fn greets(&self) -> bool {
        true
    }

    /// The sender subscribes too: only members may send to a channel. They do
    /// not get their own.
    fn hear(&mut self, _from: usize, text: &[u8], reply: &mut Vec<u8>) -> Result<bool> {
        let said: Value = serde_json::from_slice(text)?;
        let answer = match said["event"].as_str() {
            Some("pusher:connection_established") => {
                let data: Value = serde_json::from_str(said["data"].as_str().unwrap_or_default())?;
                let socket = data["socket_id"].as_str().unwrap_or_default();
                let signature = sign(&format!("{socket}:{CHANNEL}"));
                let auth = format!("{KEY}:{signature}");
                json!({ "event": "pusher:subscribe", "data": { "channel": CHANNEL, "auth": auth } })
            }
            Some("pusher:ping") => json!({ "event": "pusher:pong", "data": {} }),
            Some("pusher_internal:subscription_succeeded") => return Ok(true),
            _ => return Err(excerpt(text).into()),
        };
        frame::push(reply, frame::TEXT, answer.to_string().as_bytes());
        Ok(false)
    }

    fn message(&self, bytes: usize) -> String {
        let event =
            |data: &str| format!(r#"{{"event":"client-m","channel":"{CHANNEL}","data":{data}}}"#);
        event(&body(bytes.saturating_sub(event("").len())))
    }
}

/// HMAC-SHA256 in hexadecimal. The key is shorter than a block.
fn sign(text: &str) -> String {
    let padded = |pad: u8| {
        let mut key = [pad; BLOCK];
        key.iter_mut().zip(SECRET.bytes()).for_each(|(byte, secret)| *byte ^= secret);
        key
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    let outer = Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}
