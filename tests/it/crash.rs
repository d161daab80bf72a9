//! kill -9: what was acked is there, what is sent again is there once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;

use crate::support::{Server, Streamed, User, history_of, seqs, stream_until_closed, within};

const SENDERS: usize = 20;
const ACKS_BEFORE_THE_CRASH: usize = 400;

/// Lets everyone send until the server is killed.
async fn stream_into_a_crash(server: &mut Server, users: &[User]) -> Vec<Streamed> {
    let (acks, mut acked) = unbounded_channel();
    // All are there before the first sends, so that all see everything.
    let mut sockets = Vec::new();
    for user in users {
        sockets.push((user.connect().await, user.id.clone()));
    }
    let mut streams = Vec::new();
    for (socket, name) in sockets {
        let acks = acks.clone();
        streams.push(tokio::spawn(
            async move { stream_until_closed(socket, "den", &name, acks).await },
        ));
    }
    for _ in 0..ACKS_BEFORE_THE_CRASH {
        within("an ack", acked.recv()).await.expect("the senders send");
    }
    server.kill9().await;
    let mut all = Vec::new();
    for stream in streams {
        all.push(stream.await.expect("the sender ends"));
    }
    all
}

/// Nobody was told of anything before it was durable, nor out of order.
fn check_what_was_seen(streamed: &[Streamed], stored: &BTreeMap<i64, &Value>) {
    for stream in streamed {
        let seen: Vec<&Value> =
            stream.events.iter().filter(|event| event["type"] == "message.created").collect();
        let seqs = seqs(seen.iter().copied());
        assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<i64>>());
        for event in seen {
            let seq = event["seq"].as_i64().expect("a seq");
            assert_eq!(Some(&&event["data"]), stored.get(&seq), "it was seen and is lost");
        }
    }
}

#[tokio::test]
async fn after_a_crash_every_acked_message_is_there_once_and_in_order() {
    let mut server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut users = Vec::new();
    for number in 0..SENDERS {
        let user = server.user(&format!("user-{number}")).await;
        alice.add_member("den", &user).await.expect(201);
        users.push(user);
    }
    let streamed = stream_into_a_crash(&mut server, &users).await;
    let unacked: usize = streamed.iter().map(|stream| stream.unacked.len()).sum();
    assert!(unacked > 0, "it was killed in the middle of it");

    server.start_again().await;
    let before = history_of(&alice, "den").await;
    let by_seq = before.iter().map(|m| (m["seq"].as_i64().expect("a seq"), m)).collect();
    check_what_was_seen(&streamed, &by_seq);

    // Everyone sends again what it has no ack of, under the same names.
    let mut promised: BTreeMap<String, Value> = BTreeMap::new();
    for (user, stream) in users.iter().zip(streamed) {
        promised.extend(stream.acked);
        let mut socket = user.connect().await;
        for client_id in stream.unacked {
            let ack = socket.say_as("den", &client_id, &client_id).await;
            let stored = before.iter().find(|message| message["client_id"] == client_id.as_str());
            assert_eq!(ack["duplicate"], stored.is_some(), "{client_id}: {ack}");
            promised.insert(client_id, ack);
        }
    }
    let history = history_of(&alice, "den").await;
    assert_eq!(seqs(&history), (1..=history.len() as i64).collect::<Vec<i64>>(), "no gap");
    let names: BTreeSet<&str> =
        history.iter().map(|m| m["client_id"].as_str().expect("given")).collect();
    assert_eq!(names.len(), history.len(), "nothing is there twice");
    assert_eq!(names, promised.keys().map(String::as_str).collect(), "and nothing else");
    for message in &history {
        let ack = &promised[message["client_id"].as_str().expect("given")];
        assert_eq!(message["seq"], ack["seq"]);
        assert_eq!(message["message_id"], ack["message_id"]);
        assert_eq!(message["created_at"], ack["created_at"]);
        assert_eq!(message["content"], message["client_id"]);
    }
    for user in &users {
        let sender = format!("{}-", user.id);
        let own = history.iter().filter(|m| m["sender"]["id"] == user.id.as_str());
        assert!(own.into_iter().all(|m| m["content"].as_str().expect("text").starts_with(&sender)));
    }
}

#[tokio::test]
async fn a_server_that_crashes_again_and_again_keeps_its_promises() {
    let mut server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut promised = Vec::new();
    for round in 0..5 {
        let (acks, mut acked) = unbounded_channel();
        let socket = alice.connect().await;
        let name = format!("round-{round}");
        let stream =
            tokio::spawn(async move { stream_until_closed(socket, "den", &name, acks).await });
        for _ in 0..20 {
            within("an ack", acked.recv()).await.expect("the sender sends");
        }
        server.kill9().await;
        promised.extend(stream.await.expect("the sender ends").acked);
        server.start_again().await;
    }
    let history = history_of(&alice, "den").await;
    assert_eq!(seqs(&history), (1..=history.len() as i64).collect::<Vec<i64>>());
    for (client_id, ack) in promised {
        let stored = &history[ack["seq"].as_u64().expect("a seq") as usize - 1];
        assert_eq!(stored["client_id"], client_id.as_str());
    }
    let mut ids: Vec<i64> = history
        .iter()
        .map(|m| m["message_id"].as_str().expect("a text").parse().expect("a number"))
        .collect();
    assert!(ids.is_sorted(), "ids follow the order");
    ids.dedup();
    assert_eq!(ids.len(), history.len());
}
