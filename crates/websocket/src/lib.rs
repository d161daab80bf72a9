//! The WebSocket protocol (RFC 6455) with permessage-deflate (RFC 7692),
//! apart from sockets and from what Parlor says through it.
//!
//! A client's bytes become messages in [`Decoder`], which refuses what is
//! wrong at the first byte that makes it so. What the server says is a
//! [`Frame`]: encoded once, compressed at most once for all who agreed to the
//! same parameters ([`Compression`]), and shared.

#![forbid(unsafe_code)]

mod client;
mod decoder;
mod deflate;
mod extension;
mod frame;
mod header;
mod joined;
mod utf8;

pub use client::{client_frame, server_frame};
pub use decoder::{Decoder, Message, Violation};
pub use extension::{Compression, negotiate};
pub use frame::Frame;
pub use joined::Joined;

/// What a frame carries (RFC 6455 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Bytes of a control frame's payload at most (RFC 6455 section 5.5).
const CONTROL_PAYLOAD_MAX: usize = 125;
