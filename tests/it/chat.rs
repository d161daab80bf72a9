//! The path of one message between two clients.

use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test]
async fn two_clients_talk() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("board:42", &[&ben]).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);

    let ack = at_alice.say_as("board:42", "a-1", "hi ben ☕").await;
    assert_eq!((&ack["seq"], &ack["duplicate"]), (&json!(1), &json!(false)));
    for socket in [&mut at_alice, &mut at_ben] {
        let event = socket.next_message("board:42").await;
        assert_eq!(event["seq"], 1);
        assert_eq!(event["message_id"], ack["message_id"]);
        assert_eq!(event["timestamp"], ack["created_at"]);
        assert_eq!(
            event["data"],
            json!({
                "message_id": ack["message_id"], "room_id": "board:42", "seq": 1,
                "changed_seq": 1, "sender": {"id": "alice", "name": "alice"},
                "client_id": "a-1", "content": "hi ben ☕", "created_at": ack["created_at"],
            }),
        );
    }
    let answer = at_ben.say("board:42", "hi alice").await;
    assert_eq!(answer["seq"], 2);
    let event = at_alice.next_message("board:42").await;
    assert_eq!(event["data"]["sender"]["id"], "ben");
    assert!(event["data"].get("client_id").is_none(), "none was given: {event}");
}

#[tokio::test]
async fn ids_are_texts_and_times_are_rfc_3339_with_milliseconds() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let ack = alice.connect().await.say("den", "hi").await;
    let id = ack["message_id"].as_str().expect("a text");
    assert!(id.parse::<i64>().expect("64 bits") > 0);
    let time = ack["created_at"].as_str().expect("a text");
    assert_eq!((time.len(), &time[10..11], &time[19..20], &time[23..]), (24, "T", ".", "Z"));
}

#[tokio::test]
async fn a_command_without_an_id_gets_no_ack_but_its_errors_are_told() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    let quiet = |room| json!({"type": "message.send", "data": {"room_id": room, "content": "x"}});
    socket.send_text(&quiet("den").to_string()).await;
    socket.next_message("den").await;
    socket.send_text(&quiet("nowhere").to_string()).await;
    let error = socket.next_event("error").await;
    assert!(error.get("id").is_none(), "{error}");
    assert_eq!(error["data"]["code"], "not_found");
    let told = socket.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "ack"), "{told:?}");
}

#[tokio::test]
async fn a_message_posted_over_rest_is_told_like_one_from_a_socket() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    let mut socket = ben.connect().await;
    let stored = alice.say("den", "over REST").await;
    let event = socket.next_message("den").await;
    assert_eq!(event["message_id"], stored["message_id"]);
    assert_eq!(event["data"]["content"], "over REST");
}

#[tokio::test]
async fn content_is_kept_as_it_was_written() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    let contents = [
        " leading and trailing ".to_owned(),
        "\"quotes\" \\ back/slashes \n lines \t tabs".to_owned(),
        "a\u{1}\u{1f}\u{7f}".to_owned(),
        "👩‍👩‍👧 e\u{301} \u{202e}right to left".to_owned(),
        "<script>alert(1)</script>'; DROP TABLE messages; --".to_owned(),
        "x".repeat(16 * 1024),
        "é".repeat(8 * 1024),
    ];
    for content in &contents {
        socket.say("den", content).await;
        assert_eq!(socket.next_message("den").await["data"]["content"], *content);
    }
    let page = alice.history("den", "").await;
    let stored: Vec<&Value> =
        page["messages"].as_array().expect("a list").iter().map(|m| &m["content"]).collect();
    assert_eq!(stored, contents.iter().collect::<Vec<_>>());
    // The one character that not every database stores.
    let content = json!({"room_id": "den", "content": "a\0b"});
    socket.refused("message.send", content, "invalid_message").await;
}

#[tokio::test]
async fn a_message_can_be_got_by_its_id_by_members_only() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("den", "private").await;
    let stored = alice.say("den", "hi").await;
    let path = format!("/messages/{}", stored["message_id"].as_str().expect("a text"));
    assert_eq!(alice.get(&path).await.expect(200)["content"], "hi");
    ben.get(&path).await.refused(404, "not_found");
    alice.get("/messages/1").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_ping_is_answered_with_a_pong_of_the_same_id() {
    let server = Server::start().await;
    let mut socket = server.user("alice").await.connect().await;
    socket.send_text(r#"{"type":"ping","id":"p-1"}"#).await;
    let pong = socket.next().await;
    assert_eq!((&pong["type"], &pong["id"]), (&json!("pong"), &json!("p-1")));
    socket.send_text(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.next().await["type"], "pong");
}
