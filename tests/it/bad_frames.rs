//! A table of frames that are refused, each with its code; the connection
//! lives on.

use serde_json::{Value, json};

use crate::support::{Server, Socket, User};

/// Frame, code, field.
type Case = (String, &'static str, Option<&'static str>);

fn command(kind: &str, data: Value) -> String {
    json!({"type": kind, "id": "x", "data": data}).to_string()
}

/// What is no frame at all; answered without an id.
fn no_frames() -> Vec<Case> {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let long_id = json!({"type": "ping", "id": "x".repeat(65)}).to_string();
    let texts = [
        ("", None),
        ("rubbish", None),
        ("{", None),
        ("null", None),
        ("true", None),
        ("7", None),
        ("\"text\"", None),
        ("[]", None),
        ("[{\"type\":\"ping\"}]", None),
        ("{\"type\":\"ping\"} {\"type\":\"ping\"}", None),
        ("{'type':'ping'}", None),
        (r#"{"type":"ping","id":7}"#, Some("id")),
        (r#"{"type":"ping","id":""}"#, Some("id")),
        (r#"{"type":"ping","id":{}}"#, Some("id")),
        (long_id.as_str(), Some("id")),
        (deep.as_str(), None),
    ];
    texts.into_iter().map(|(text, field)| (text.to_owned(), "invalid_message", field)).collect()
}

fn bad_frames() -> Vec<Case> {
    let texts = [
        (r#"{"id":"x"}"#, "type"),
        (r#"{"id":"x","type":7}"#, "type"),
        (r#"{"id":"x","type":""}"#, "type"),
        (r#"{"id":"x","type":"nonsense"}"#, "type"),
        (r#"{"id":"x","type":"message.created"}"#, "type"),
        (r#"{"id":"x","type":"MESSAGE.SEND"}"#, "type"),
        (r#"{"id":"x","type":"room.join","data":[]}"#, "data"),
        (r#"{"id":"x","type":"room.join","data":"lobby"}"#, "data"),
        (r#"{"id":"x","type":"room.join"}"#, "room_id"),
    ];
    let invalid = |(text, field): (&str, _)| (text.to_owned(), "invalid_message", Some(field));
    texts.into_iter().map(invalid).collect()
}

fn bad_sends() -> Vec<Case> {
    let bad = |data: Value, field| (command("message.send", data), "invalid_message", Some(field));
    vec![
        bad(json!({}), "room_id"),
        bad(json!({"content": "hi"}), "room_id"),
        bad(json!({"room_id": "", "content": "hi"}), "room_id"),
        bad(json!({"room_id": 7, "content": "hi"}), "room_id"),
        bad(json!({"room_id": "a room", "content": "hi"}), "room_id"),
        bad(json!({"room_id": "räume", "content": "hi"}), "room_id"),
        bad(json!({"room_id": "a/b", "content": "hi"}), "room_id"),
        bad(json!({"room_id": "x".repeat(65), "content": "hi"}), "room_id"),
        bad(json!({"room_id": "den"}), "content"),
        bad(json!({"room_id": "den", "content": null}), "content"),
        bad(json!({"room_id": "den", "content": ""}), "content"),
        bad(json!({"room_id": "den", "content": " \n\u{3000}"}), "content"),
        bad(json!({"room_id": "den", "content": "\u{200b}\u{2060}"}), "content"),
        bad(json!({"room_id": "den", "content": 7}), "content"),
        bad(json!({"room_id": "den", "content": {"text": "hi"}}), "content"),
        bad(json!({"room_id": "den", "content": "hi", "client_id": ""}), "client_id"),
        bad(json!({"room_id": "den", "content": "hi", "client_id": 7}), "client_id"),
        bad(json!({"room_id": "den", "content": "hi", "client_id": "x".repeat(65)}), "client_id"),
        (
            command("message.send", json!({"room_id": "den", "content": "x".repeat(16_385)})),
            "too_large",
            Some("content"),
        ),
        (
            command("message.send", json!({"room_id": "den", "content": "é".repeat(8_193)})),
            "too_large",
            Some("content"),
        ),
        (
            command("message.send", json!({"room_id": "nowhere", "content": "hi"})),
            "not_found",
            None,
        ),
        (command("message.send", json!({"room_id": "bens", "content": "hi"})), "not_found", None),
        (command("message.send", json!({"room_id": "lobby", "content": "hi"})), "forbidden", None),
    ]
}

fn bad_reads() -> Vec<Case> {
    let read = |data: Value, code, field| (command("message.read", data), code, field);
    let invalid = |data, field| read(data, "invalid_message", Some(field));
    vec![
        invalid(json!({"room_id": "den"}), "seq"),
        invalid(json!({"room_id": "den", "seq": -1}), "seq"),
        invalid(json!({"room_id": "den", "seq": "1"}), "seq"),
        invalid(json!({"room_id": "den", "seq": 1.5}), "seq"),
        invalid(json!({"room_id": "den", "seq": 1e30}), "seq"),
        invalid(json!({"room_id": "den", "message_id": 7}), "message_id"),
        invalid(json!({"room_id": "den", "message_id": "rubbish"}), "message_id"),
        invalid(json!({"room_id": "den", "all": "yes"}), "all"),
        invalid(json!({"room_id": "den", "seq": 1, "all": true}), "seq"),
        read(json!({"room_id": "den", "message_id": "1"}), "not_found", None),
        read(json!({"room_id": "nowhere", "all": true}), "not_found", None),
        read(json!({"room_id": "lobby", "all": true}), "forbidden", None),
    ]
}

fn bad_histories() -> Vec<Case> {
    let bad = |data: Value, field| (command("history", data), "invalid_message", Some(field));
    vec![
        bad(json!({}), "room_id"),
        bad(json!({"room_id": "den", "limit": 0}), "limit"),
        bad(json!({"room_id": "den", "limit": 201}), "limit"),
        bad(json!({"room_id": "den", "limit": -1}), "limit"),
        bad(json!({"room_id": "den", "limit": "many"}), "limit"),
        bad(json!({"room_id": "den", "before": -1}), "before"),
        bad(json!({"room_id": "den", "after": "x"}), "after"),
        bad(json!({"room_id": "den", "around": 0.5}), "around"),
        bad(json!({"room_id": "den", "before": 5, "after": 1}), "before"),
        bad(json!({"room_id": "den", "after": 5, "around": 1}), "before"),
        (command("history", json!({"room_id": "bens"})), "not_found", None),
    ]
}

fn bad_subscriptions() -> Vec<Case> {
    let bad =
        |kind: &str, data: Value, field| (command(kind, data), "invalid_message", Some(field));
    let thousand: serde_json::Map<_, _> =
        (0..1_001).map(|number| (format!("r{number}"), json!(0))).collect();
    vec![
        bad("room.subscribe", json!({}), "room_id"),
        bad("room.subscribe", json!({"room_id": "den", "since": -1}), "since"),
        bad("room.subscribe", json!({"room_id": "den", "since": "0"}), "since"),
        bad("room.unsubscribe", json!({"room_id": []}), "room_id"),
        bad("room.leave", json!({"room_id": "a b"}), "room_id"),
        bad("session.resume", json!({}), "rooms"),
        bad("session.resume", json!({"rooms": []}), "rooms"),
        bad("session.resume", json!({"rooms": {"den": -1}}), "rooms.den"),
        bad("session.resume", json!({"rooms": {"board:42": 0, "den": "0"}}), "rooms.den"),
        bad("session.resume", json!({"rooms": {"a b": 0}}), "rooms.a b"),
        bad("session.resume", json!({"rooms": thousand}), "rooms"),
        bad("auth", json!({}), "token"),
        bad("auth", json!({"token": 7}), "token"),
        (command("auth", json!({"token": "rubbish"})), "unauthorized", None),
        (command("room.join", json!({"room_id": "nowhere"})), "not_found", None),
        (command("room.join", json!({"room_id": "bens"})), "not_found", None),
        (command("room.subscribe", json!({"room_id": "nowhere"})), "not_found", None),
        (command("room.subscribe", json!({"room_id": "lobby"})), "forbidden", None),
        (command("room.leave", json!({"room_id": "lobby"})), "not_found", None),
    ]
}

async fn start() -> (Server, User, Socket) {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("den", "private").await;
    ben.create_room("bens", "private").await;
    ben.create_room("lobby", "public").await;
    let socket = alice.connect().await;
    (server, alice, socket)
}

async fn each_is_refused(socket: &mut Socket, cases: Vec<Case>, id: &Value) {
    let mut wrong = Vec::new();
    for (text, code, field) in cases {
        socket.send_text(&text).await;
        let answer = socket.next().await;
        let error = &answer["data"];
        let told = (answer["type"].as_str(), error["code"].as_str(), error["field"].as_str());
        let explained = error["message"].as_str().is_some_and(|text| !text.is_empty());
        if told != (Some("error"), Some(code), field) || answer["id"] != *id || !explained {
            let shown: String = text.chars().take(120).collect();
            wrong.push(format!("{shown}: {answer} instead of {:?}", (code, field)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn bad_frames_are_refused_by_code_and_field_and_the_connection_lives_on() {
    let (_server, alice, mut socket) = start().await;
    let tables = [bad_frames(), bad_sends(), bad_reads(), bad_histories(), bad_subscriptions()];
    let cases: Vec<Case> = tables.into_iter().flatten().collect();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    each_is_refused(&mut socket, no_frames(), &Value::Null).await;
    each_is_refused(&mut socket, cases, &json!("x")).await;
    socket.say("den", "it serves on").await;
    assert_eq!(socket.next_message("den").await["seq"], 1);
    alice.connect().await.say("den", "and others too").await;
}

/// JSON by RFC 8259 that no parser has to take, and what is cut off.
fn unreadable() -> Vec<Case> {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(130), "}".repeat(130));
    let data = [
        r#"{"room_id":"den","content":"\ud83d"}"#,
        r#"{"room_id":"den","content":"x","metadata":{"a":1e400}}"#,
        &format!(r#"{{"room_id":"den","content":"x","metadata":{deep}}}"#),
        r#"{"room_id":"den","content":"cut"#,
    ];
    let frame = |data: &&str| format!(r#"{{"type":"message.send","id":"x","data":{data}}}"#);
    let invalid = |text| (text, "invalid_message", None);
    data.iter().map(frame).map(invalid).collect()
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_is_refused_with_its_id() {
    let (_server, _, mut socket) = start().await;
    each_is_refused(&mut socket, unreadable(), &json!("x")).await;
    socket.say("den", "it serves on").await;
}

#[tokio::test]
async fn what_is_unknown_in_a_good_frame_is_ignored() {
    let (_server, _, mut socket) = start().await;
    let text = json!({
        "type": "message.send", "id": "x", "from": "the future", "v": 2,
        "data": {"room_id": "den", "content": "hi", "mood": "good", "reply_to": null},
    });
    socket.send_text(&text.to_string()).await;
    socket.answer("x").await.expect("granted");
    socket.send_text(" \n {\"type\" : \"ping\", \"id\":\"y\"} \n").await;
    socket.answer("y").await.expect("granted");
}
