//! What differs between servers in what the client says to them.

use super::{body, message_text};
use crate::{Result, swarm::Carrier, wire::excerpt};

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

    fn carrier(&self) -> Carrier {
        Carrier::default()
    }

    /// Whether a connection takes part only after an exchange of texts; if
    /// not, it does with the upgrade.
    fn greets(&self) -> bool {
        false
    }

    /// What a connection says first, if it has to.
    fn greeting(&self, _number: usize, _role: Role) -> Result<Option<String>> {
        Ok(None)
    }

    /// Any text that is not a message of ours. True once the connection takes
    /// part.
    fn hear(&mut self, _from: usize, text: &[u8], _reply: &mut Vec<u8>) -> Result<bool> {
        Err(format!("a frame that was not expected: {}", excerpt(text)).into())
    }

    /// What the sender says for readers to get a text of about `bytes` bytes.
    fn message(&self, bytes: usize) -> String {
        body(bytes)
    }
}

/// One that answers a message once it has it.
pub trait Answering: Dialect {
    /// What a connection says into the room that is its own: the same content
    /// on every server.
    fn say(&self, number: usize) -> String;

    /// Whether a text is the answer to it.
    fn is_answer(&self, text: &[u8]) -> bool;
}

/// The room of a connection that has one of its own.
pub fn own_room(number: usize) -> String {
    format!("room-{number}")
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

/// The room of the comparison on our own server.
pub const ROOM: &str = "lobby";

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

    /// The event is as long as it is.
    fn message(&self, _bytes: usize) -> String {
        message_text(ROOM)
    }
}

impl Answering for Parlor {
    fn say(&self, number: usize) -> String {
        message_text(&own_room(number))
    }

    fn is_answer(&self, text: &[u8]) -> bool {
        text.starts_with(br#"{"type":"ack""#)
    }
}
