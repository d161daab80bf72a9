//! The text of a message: it is understood, or refused with the request's own
//! `id` and within the bounds; and so is what it asks for, whichever fields it
//! has.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use parlor_domain::{
    AttachmentId, ClientId, DisplayText, Emoji, Epoch, EventKind, MessageId, PlainText, Position,
    PublicationKey, Role, RoomId, RoomKind, Seq, Status, Timestamp, UserId, Whole,
    limits::REQUEST_ID_BYTES,
};
use parlor_protocol::{ClientFrame, ErrorCode, Input, Json, Object, Refusal};
use serde::Deserialize;
use serde_json::Value;

/// A request with a field of each kind that there is.
#[derive(Deserialize)]
#[expect(dead_code, reason = "it counts that they can be read")]
struct Everything {
    room_id: Option<RoomId>,
    user_id: Option<UserId>,
    user_ids: Option<[UserId; 2]>,
    client_id: Option<ClientId>,
    message_id: Option<MessageId>,
    attachments: Option<Vec<AttachmentId>>,
    key: Option<PublicationKey>,
    r#type: Option<EventKind>,
    epoch: Option<Epoch>,
    until: Option<Timestamp>,
    kind: Option<RoomKind>,
    role: Option<Role>,
    status: Option<Status>,
    emoji: Option<Emoji>,
    content: Option<PlainText>,
    title: Option<DisplayText<8>>,
    limit: Option<Whole<1, 200>>,
    seq: Option<Seq>,
    inbox: Option<Position>,
    rooms: Option<BTreeMap<RoomId, Position>>,
    metadata: Option<Object>,
    data: Option<Json>,
    all: Option<bool>,
}

fn is_fair(refusal: &Refusal) {
    assert!(matches!(refusal.code, ErrorCode::InvalidMessage | ErrorCode::TooLarge));
    assert!(!refusal.message.is_empty());
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // The `id` as any reader of JSON sees it.
    let read = serde_json::from_str::<Value>(text).ok();
    let given = read.as_ref().and_then(|frame| frame.as_object()?.get("id")?.as_str());
    let is_frame = given.is_some();
    let given = given.filter(|id| (1..=REQUEST_ID_BYTES).contains(&id.len()));
    // It is found without the parser, too: in a frame that is cut off.
    if let Some(cut) = text.trim_end().strip_suffix('}').filter(|_| is_frame) {
        let (id, refusal) = ClientFrame::parse(cut).expect_err("no JSON any more");
        assert_eq!(id.as_deref(), given);
        is_fair(&refusal);
    }

    let id = match ClientFrame::parse(text) {
        Ok(ClientFrame { id, kind: _, data }) => {
            if let Err(refusal) = Input::of(data).read::<Everything>() {
                is_fair(&refusal);
                assert!(refusal.field.is_some_and(|field| field.len() < 160));
            }
            id
        }
        Err((id, refusal)) => {
            is_fair(&refusal);
            id
        }
    };
    if read.is_some() {
        assert_eq!(id.as_deref(), given);
    }
});
