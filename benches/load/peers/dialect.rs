//! What differs between servers in what the client says to them.

use crate::{Result, wire::excerpt};

/// What a connection is for.
#[derive(Clone, Copy, PartialEq)]
pub enum Role {
    Reader,
    Sender,
}

pub trait Dialect {
    /// What a connection asks for in its upgrade.
    fn path(&self, role: Role) -> &'static str;

    /// Header lines of the upgrade, each ended.
    fn headers(&self) -> &'static str {
        ""
    }

    /// Whether a connection takes part only after an exchange of texts; if
    /// not, it does with the upgrade.
    fn greets(&self) -> bool {
        false
    }

    /// Any text that is not a message of ours. True once the connection takes
    /// part.
    fn hear(&mut self, _from: usize, text: &[u8], _reply: &mut Vec<u8>) -> Result<bool> {
        Err(format!("a frame that was not expected: {}", excerpt(text)).into())
    }

    /// The text with which the sender has `body` broadcast.
    fn message(&self, body: &str) -> String {
        body.to_string()
    }

    /// Bytes of a reader's text beside the body.
    fn overhead(&self) -> usize {
        0
    }
}

/// The whole text of a frame is the message.
pub struct Plain;

impl Dialect for Plain {
    fn path(&self, role: Role) -> &'static str {
        match role {
            Role::Reader => "/",
            Role::Sender => "/send",
        }
    }
}

/// Our own server, once `join` has brought everybody in.
pub struct Parlor;

impl Dialect for Parlor {
    fn path(&self, _role: Role) -> &'static str {
        "/ws"
    }

    fn hear(&mut self, _from: usize, text: &[u8], _reply: &mut Vec<u8>) -> Result<bool> {
        if text.starts_with(br#"{"type":"error""#) {
            return Err(format!("a message was refused: {}", excerpt(text)).into());
        }
        Ok(true)
    }
}
