//! One order for everybody.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Server, history_of, seqs};

const SENDERS: usize = 8;
const EACH: usize = 40;

#[tokio::test]
async fn every_reader_sees_every_message_once_and_in_the_same_order() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut sockets = Vec::new();
    for number in 0..SENDERS {
        let user = server.user(&format!("user-{number}")).await;
        alice.add_member("den", &user).await.expect(201);
        sockets.push(user.connect().await);
    }
    let total = SENDERS * EACH;
    let talking = sockets.into_iter().enumerate().map(|(sender, mut socket)| async move {
        let mut requests = Vec::new();
        for number in 0..EACH {
            let content = format!("{sender}-{number}");
            let data = json!({"room_id": "den", "content": content});
            requests.push(socket.begin("message.send", data).await);
        }
        let mut acked = Vec::new();
        for id in &requests {
            let ack = socket.answer(id).await.expect("granted");
            acked.push(ack["seq"].as_i64().expect("a seq"));
        }
        assert!(acked.is_sorted(), "one sender's messages keep their order: {acked:?}");
        socket.next_messages("den", total).await
    });
    let seen = join_all(talking).await;
    let expected: Vec<i64> = (1..=total as i64).collect();
    for events in &seen {
        assert_eq!(seqs(events), expected);
        assert_eq!(events, &seen[0], "everyone is told the same");
    }
    let history = history_of(&alice, "den").await;
    assert_eq!(seqs(&history), expected);
    for (event, stored) in seen[0].iter().zip(&history) {
        assert_eq!(event["data"], *stored);
    }
}

#[tokio::test]
async fn rooms_are_numbered_each_for_itself() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("one", "private").await;
    alice.create_room("two", "private").await;
    let mut socket = alice.connect().await;
    for round in 1..=5 {
        for room in ["one", "two"] {
            assert_eq!(socket.say(room, "hi").await["seq"], round);
        }
    }
}

#[tokio::test]
async fn answers_come_after_the_events_that_they_follow() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    // A history asked for after an ack holds what was acked.
    for number in 1..=20 {
        socket.say("den", "hi").await;
        let page = socket.ask("history", json!({"room_id": "den", "limit": 1})).await;
        assert_eq!(page["messages"][0]["seq"], number);
    }
}

/// Events of one batch leave as one piece; an answer between them does not
/// change places with them.
#[tokio::test]
async fn the_answers_of_a_burst_keep_their_places_among_its_events() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut readers = Vec::new();
    for _ in 0..12 {
        readers.push(alice.connect().await);
    }
    let mut sender = alice.connect().await;
    let mut requests = Vec::new();
    for number in 0..100 {
        let data = json!({"room_id": "den", "content": format!("message {number}")});
        requests.push(sender.begin("message.send", data).await);
    }
    let mut seqs = (0, 0);
    while seqs != (100, 100) {
        let frame = sender.next().await;
        match frame["type"].as_str() {
            Some("ack") => {
                seqs.0 += 1;
                assert_eq!(frame["id"], requests[seqs.0 - 1].as_str());
                assert_eq!(frame["data"]["seq"], seqs.0);
                assert_eq!(seqs.1, seqs.0 - 1, "each message comes after its ack");
            }
            Some("message.created") => {
                seqs.1 += 1;
                assert_eq!(frame["seq"], seqs.1);
                assert_eq!(seqs.1, seqs.0, "and before the next one");
            }
            _ => {}
        }
    }
    for reader in &mut readers {
        for seq in 1..=100 {
            assert_eq!(reader.next_message("den").await["seq"], seq);
        }
    }
}
