//! The Pusher protocol, version 7: a private channel, and client events.

use serde_json::{Value, json};

use super::{Dialect, Role, body};
use crate::{Result, frame, token::hmac_sha256, wire::excerpt};

pub const KEY: &str = "bench-key";
pub const SECRET: &str = "bench-secret";
const PATH: &str = "/app/bench-key?protocol=7&client=bench&version=1";
const CHANNEL: &str = "private-lobby";

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

/// In hexadecimal.
fn sign(text: &str) -> String {
    hmac_sha256(SECRET, text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
