//! What a client and the server say to each other: docs/PROTOCOL.md.
//!
//! Wire types only. Text from a client becomes a [`ClientFrame`] or a
//! [`Refusal`] with the field that is wrong; what the server says is encoded
//! once, by a function of [`server_frame`], as the bytes that go on the wire.
//! No actor, socket or database here.

#![forbid(unsafe_code)]

mod archive;
mod blocklist_view;
mod client_frame;
mod codes;
pub mod events;
mod frame_id;
mod members_view;
mod message_view;
mod push_view;
mod report_view;
mod request;
mod room_view;
mod schemas;
pub mod server_frame;
mod views;

pub use archive::{read_json_line, read_line};
pub use blocklist_view::{BlocklistSummaryView, BlocklistView, FoundView, ScreenedView};
pub use client_frame::{Auth, ClientFrame, Refusal, Rules};
pub use codes::{Close, ErrorCode};
pub use members_view::{MemberOutcome, MemberResultView, MembersChangedView};
pub use message_view::MessageView;
pub use parlor_domain::AttachmentView;
pub use push_view::{DeviceView, PushView, QuietView};
pub use report_view::{OwnReportView, ReportView, ReportedByView, ReportedView};
pub use request::{Input, Json, Object, null_or};
pub use room_view::{
    BanView, MemberView, ReceiptView, RoomChangeView, RoomEntryView, RoomPreferencesView, RoomView,
    rooms_that_fit,
};
pub use schemas::{AnyRole, AnyRoomKind, AnyStatus, OrNull, Schemas, any_json};
pub use views::*;

/// How many bytes something takes as JSON.
pub fn json_size(value: &impl serde::Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).expect("our views have text keys only");
    count.0
}

/// The subprotocol name of version 1 (`Sec-WebSocket-Protocol`).
pub const PROTOCOL_NAME: &str = "parlor.v1";
