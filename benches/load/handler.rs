//! What the connections tell a scenario.

use std::fmt::{self, Display};

use crate::Result;

/// What a scenario does with what it is told.
pub trait Handler {
    /// A text frame has come on connection `from`, read at `now`. Frames put
    /// into `reply` go out on the same connection.
    fn text(&mut self, from: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()>;

    /// Connection `from` has ended, and not by [`Swarm::close`](crate::swarm::Swarm::close). Where nothing
    /// else is expected, that ends the run.
    fn ended(&mut self, from: usize, end: &End) -> Result<()> {
        Err(format!("connection {from}: {end}").into())
    }
}

/// How a connection has ended.
pub struct End {
    /// Of the close frame; none if it ended without one.
    pub code: Option<u16>,
    cause: String,
}

impl End {
    pub fn closed(code: u16, reason: &str) -> Self {
        End { code: Some(code), cause: format!("closed by the server with {code} {reason:?}") }
    }

    pub fn silent(cause: impl Display) -> Self {
        End { code: None, cause: cause.to_string() }
    }
}

impl Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}
