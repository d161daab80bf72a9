//! Exactly once for the sender.

use reqwest::Method;
use serde_json::json;

use crate::support::{Server, User, history_of};

#[tokio::test]
async fn the_same_client_id_again_gets_the_first_ack_and_stores_nothing() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    let first = at_alice.say_as("den", "once", "hi").await;
    let again = at_alice.say_as("den", "once", "hi").await;
    let other_text = at_alice.say_as("den", "once", "something else").await;
    let elsewhere = alice.connect().await.say_as("den", "once", "hi").await;
    for duplicate in [again, other_text, elsewhere] {
        assert_eq!(duplicate["duplicate"], true);
        for field in ["message_id", "seq", "created_at"] {
            assert_eq!(duplicate[field], first[field], "{field}");
        }
    }
    let next = at_alice.say_as("den", "twice", "ho").await;
    assert_eq!(next["seq"], 2, "no number was used up");
    let seen = at_ben.next_messages("den", 2).await;
    assert_eq!(seen[0]["data"]["content"], "hi");
    assert_eq!(seen[1]["data"]["content"], "ho");
    assert_eq!(history_of(&alice, "den").await.len(), 2);
}

#[tokio::test]
async fn content_within_its_limit_is_taken_however_its_json_is_written() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    let limits = socket.ready["limits"].clone();
    let most = limits["content_bytes"].as_u64().expect("a number") as usize;
    // Each byte but one takes six: \u001b.
    let longest = format!("x{}", "\u{1b}".repeat(most - 1));
    let metadata = json!({"a": "\u{1b}".repeat(670)});
    let data = json!({"room_id": "den", "content": longest, "metadata": metadata});
    socket.ask("message.send", data).await;
    let seen = socket.next_message("den").await;
    assert_eq!(seen["data"]["content"], longest);
    let too_long = json!({"room_id": "den", "content": format!("{longest}x")});
    let error = socket.refused("message.send", too_long.clone(), "too_large").await;
    assert_eq!(error["field"], "content");
    let refused = alice.post("/rooms/den/messages", too_long).await;
    assert_eq!(refused.status, 413);
}

#[tokio::test]
async fn duplicates_in_one_burst_are_stored_once() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    let mut requests = Vec::new();
    for _ in 0..20 {
        let data = json!({"room_id": "den", "client_id": "once", "content": "hi"});
        requests.push(socket.begin("message.send", data).await);
    }
    let mut fresh = 0;
    for id in &requests {
        let ack = socket.answer(id).await.expect("granted");
        assert_eq!(ack["seq"], 1);
        fresh += usize::from(ack["duplicate"] == false);
    }
    assert_eq!(fresh, 1);
    assert_eq!(history_of(&alice, "den").await.len(), 1);
}

#[tokio::test]
async fn client_ids_are_each_senders_own() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    let one = alice.connect().await.say_as("den", "same", "from alice").await;
    let two = ben.connect().await.say_as("den", "same", "from ben").await;
    assert_eq!((&one["seq"], &two["seq"]), (&json!(1), &json!(2)));
    assert_eq!(two["duplicate"], false);
}

#[tokio::test]
async fn a_client_id_used_in_another_room_is_a_conflict() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("one", "private").await;
    alice.create_room("two", "private").await;
    let mut socket = alice.connect().await;
    socket.say_as("one", "once", "hi").await;
    let data = json!({"room_id": "two", "client_id": "once", "content": "hi"});
    socket.refused("message.send", data, "conflict").await;
    assert_eq!(history_of(&alice, "two").await.len(), 0);
}

#[tokio::test]
async fn a_bad_row_does_not_fail_its_neighbours() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("one", "private").await;
    alice.create_room("two", "private").await;
    let mut socket = alice.connect().await;
    socket.say_as("one", "taken", "hi").await;
    let mut requests = Vec::new();
    for number in 0..50 {
        let client_id = if number % 5 == 0 { "taken".to_owned() } else { format!("n-{number}") };
        let data = json!({"room_id": "two", "client_id": client_id, "content": "hi"});
        requests.push(socket.begin("message.send", data).await);
    }
    let mut stored = Vec::new();
    for (number, id) in requests.iter().enumerate() {
        match socket.answer(id).await {
            Ok(ack) => stored.push(ack["seq"].as_i64().expect("a seq")),
            Err(error) => {
                assert_eq!(number % 5, 0);
                assert_eq!(error["code"], "conflict");
            }
        }
    }
    assert_eq!(stored, (1..=40).collect::<Vec<i64>>(), "no gap where a row was refused");
}

#[tokio::test]
async fn rest_knows_a_repetition_by_its_client_id_or_idempotency_key() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let path = "/rooms/den/messages";
    let body = json!({"content": "hi", "client_id": "c-1"});
    let first = alice.post(path, body.clone()).await.expect(201);
    assert_eq!(first["duplicate"], false);
    let again = alice.post(path, body).await.expect(200);
    assert_eq!((&again["duplicate"], &again["seq"]), (&json!(true), &first["seq"]));

    let keyed = || {
        let request = alice.request(Method::POST, path).header("Idempotency-Key", "k-1");
        User::outcome(request.json(&json!({"content": "ho"})))
    };
    let first = keyed().await.expect(201);
    let again = keyed().await.expect(200);
    assert_eq!(again["message_id"], first["message_id"]);
    let at_socket = alice.connect().await.say_as("den", "k-1", "ho").await;
    assert_eq!(at_socket["message_id"], first["message_id"], "it is the client_id");
}
