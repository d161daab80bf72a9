//! What a client and the server say to each other: docs/PROTOCOL.md.
//!
//! Wire types only. Text from a client becomes a [`ClientFrame`] or a
//! [`Refusal`] with the field that is wrong; what the server says is encoded
//! once, by a function of [`server_frame`], as the bytes that go on the wire.
//! No actor, socket or database here.

mod client_frame;
mod codes;
pub mod describe;
pub mod events;
mod fields;
mod message_view;
mod room_view;
pub mod server_frame;
mod views;

pub use client_frame::{ClientCommand, ClientFrame, FrameRules, Refusal};
pub use codes::{Close, ErrorCode};
pub use fields::{Draft, Fields};
pub use message_view::MessageView;
pub use room_view::{BanView, MemberView, ReceiptView, RoomChangeView, RoomView};
pub use views::*;

/// The subprotocol name of version 1 (`Sec-WebSocket-Protocol`).
pub const PROTOCOL_NAME: &str = "parlor.v1";
