//! The text of a message: it is understood, or refused with the request's own
//! `id` and within the bounds.

#![no_main]
#![allow(dead_code, reason = "of the server's modules only what parses is run")]

// The modules themselves, because the server would take minutes to build.
#[path = "../../src/protocol/client_frame.rs"]
mod client_frame;
#[path = "../../src/protocol/codes.rs"]
mod codes;
#[path = "../../src/protocol/fields.rs"]
mod fields;
#[path = "../../src/protocol/frame_id.rs"]
mod frame_id;

use client_frame::{ClientCommand, ClientFrame, FrameRules, Refusal};
use codes::ErrorCode;
use libfuzzer_sys::fuzz_target;
use parlor_domain::limits::REQUEST_ID_BYTES;
use serde_json::Value;

const RULES: FrameRules = FrameRules { content_bytes: 64, rooms: 3 };

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // The `id` as any reader of JSON sees it.
    let read = serde_json::from_str::<Value>(text).ok();
    let given = read.as_ref().and_then(|frame| frame.as_object()?.get("id")?.as_str());
    if let Some(given) = given {
        assert_eq!(frame_id::find(text).as_deref(), Some(given));
    }
    let given = given.filter(|id| (1..=REQUEST_ID_BYTES).contains(&id.len()));

    let id = match ClientFrame::parse(text, RULES) {
        Ok(ClientFrame { id, command }) => {
            match command {
                ClientCommand::Send { draft, .. } | ClientCommand::Edit { draft, .. } => {
                    assert!(draft.content.len() <= RULES.content_bytes);
                }
                ClientCommand::Resume { rooms, .. } => assert!(rooms.len() <= RULES.rooms),
                _ => {}
            }
            id
        }
        Err((id, refusal)) => {
            assert!(matches!(refusal.code, ErrorCode::InvalidMessage | ErrorCode::TooLarge));
            assert!(!refusal.message.is_empty());
            id
        }
    };
    if read.is_some() {
        assert_eq!(id.as_deref(), given);
    }
});
