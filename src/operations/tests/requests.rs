//! What requests are read as, and what of them is refused.

use parlor_domain::Timestamp;

use crate::{
    operations::frames,
    protocol::{ErrorCode, Input, Refusal, Rules},
};

const RULES: Rules = Rules { content_bytes: 16, rooms: 2, now: Timestamp(0) };

fn read(kind: &str, data: &str) -> Result<(), Refusal> {
    let data = serde_json::from_str(data).expect("an object");
    frames::find(kind, Input::of(data), &RULES).map(drop)
}

#[test]
fn a_refusal_names_the_field() {
    for (kind, data, field) in [
        ("nope", "{}", "type"),
        ("app.", "{}", "type"),
        ("app.*", "{}", "type"),
        ("app.a b", "{}", "type"),
        ("room.join", "{}", "room_id"),
        ("room.join", r#"{"room_id":5}"#, "room_id"),
        ("room.join", r#"{"room_id":"a b"}"#, "room_id"),
        ("room.subscribe", r#"{"room_id":"r","since":-1}"#, "since"),
        ("room.subscribe", r#"{"room_id":"r","since":1,"epoch":[]}"#, "epoch"),
        ("message.send", r#"{"room_id":"r"}"#, "content"),
        ("message.send", r#"{"room_id":"r","content":""}"#, "content"),
        ("message.send", r#"{"room_id":"r","content":" \u200b"}"#, "content"),
        ("message.send", r#"{"room_id":"r","content":"x","metadata":[]}"#, "metadata"),
        ("message.send", r#"{"room_id":"r","content":"x","reply_to":"x"}"#, "reply_to"),
        ("message.send", r#"{"room_id":"r","content":"x","attachments":["7","7"]}"#, "attachments"),
        ("history", r#"{"room_id":"r","limit":0}"#, "limit"),
        ("history", r#"{"room_id":"r","before":1,"after":2}"#, "before"),
        ("message.read", r#"{"room_id":"r"}"#, "seq"),
        ("message.edit", r#"{"message_id":"7","content":" "}"#, "content"),
        ("message.edit", r#"{"content":"x"}"#, "message_id"),
        ("message.delete", r#"{"message_id":7}"#, "message_id"),
        ("reaction.add", r#"{"message_id":"7","emoji":"a b"}"#, "emoji"),
        ("typing", r#"{"room_id":"r","is_typing":1}"#, "is_typing"),
        ("presence.set", r#"{"status":"offline"}"#, "status"),
        ("inbox.ack", "{}", "inbox_seq"),
        ("session.resume", r#"{"rooms":{"a":0,"b":0,"c":0}}"#, "rooms"),
        ("session.resume", r#"{"rooms":{"a":{"since":1,"epoch":""}}}"#, "rooms.a.epoch"),
        ("session.resume", r#"{"rooms":{"b":1,"a":{"since":1,"epoch":7}}}"#, "rooms.a.epoch"),
        ("session.resume", r#"{"rooms":{},"inbox":{"since":-1}}"#, "inbox.since"),
        ("session.resume", r#"{"rooms":{"a":{"epoch":"e"}}}"#, "rooms.a"),
    ] {
        let refusal = read(kind, data).expect_err(data);
        assert_eq!(refusal.field.as_deref(), Some(field), "{kind} {data}");
        assert_eq!(refusal.code, ErrorCode::InvalidMessage, "{kind} {data}");
    }
}

#[test]
fn what_is_good_is_read_also_with_fields_that_nobody_knows() {
    for (kind, data) in [
        ("message.send", r#"{"room_id":"board:42","client_id":"7f","content":"hi","y":[]}"#),
        ("message.send", r#"{"room_id":"r","content":"hi @ann","reply_to":"7","thread_id":"6"}"#),
        ("message.send", r#"{"room_id":"r","attachments":["7"],"metadata":{"a": 1}}"#),
        ("session.resume", r#"{"inbox":{"since":2,"epoch":"e"},"rooms":{"a":5,"b":{"since":6}}}"#),
        ("room.subscribe", r#"{"room_id":"r","since":null}"#),
        ("app.order.place", r#"{"item":{"id":7},"kind":"x"}"#),
    ] {
        assert_eq!(read(kind, data), Ok(()), "{kind} {data}");
    }
}

#[test]
fn content_over_the_limit_is_too_large() {
    let refusal = read("message.send", r#"{"room_id":"r","content":"12345678901234567"}"#);
    let refusal = refusal.expect_err("too large");
    assert_eq!((refusal.code, refusal.field.as_deref()), (ErrorCode::TooLarge, Some("content")));
}
