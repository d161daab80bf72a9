//! Who waits for whom: one slow answer holds up only its sender in that room.

use serde_json::json;

use super::{accepts, asked, contents, gated, start};
use crate::support::{Receiver, Reply, history_of};

/// As the limits of the server say.
const EACH: usize = 4;
const UNDECIDED_EACH: usize = 64;

#[tokio::test]
async fn messages_of_one_sender_keep_their_order_and_hold_up_nobody_else() {
    let receiver = Receiver::start().await;
    let (gate, slow) = gated(accepts());
    receiver.answer_with(move |asked| match asked.json()["data"]["content"].as_str() {
        Some("slow") => slow.clone(),
        _ => accepts(),
    });
    let server = start(&receiver, &[]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.room_with("pub", &[&ben]).await;
    let (mut sender, mut reader) = (ann.connect().await, ben.connect().await);
    let mut answers = Vec::new();
    for content in ["before", "slow", "behind", "last"] {
        let data = json!({"room_id": "den", "content": content});
        answers.push(sender.begin("message.send", data).await);
    }
    assert_eq!(reader.next_message("den").await["data"]["content"], "before");
    // All are asked about at once, and the later ones have their answers.
    receiver.wait_until("all questions", |received| received.len() == 4).await;
    sender.say("pub", "elsewhere").await;
    reader.say("den", "another's").await;
    assert_eq!(reader.next_message("den").await["data"]["content"], "another's");
    gate.send_replace(true);
    for answer in &answers {
        sender.answer(answer).await.expect("stored");
    }
    let history = history_of(&ann, "den").await;
    assert_eq!(contents(&history), ["before", "another's", "slow", "behind", "last"]);
    let told = reader.next_messages("den", 3).await;
    let told: Vec<_> = told.iter().map(|event| event["data"]["content"].clone()).collect();
    assert_eq!(told, ["slow", "behind", "last"]);
}

#[tokio::test]
async fn edits_of_one_message_keep_their_order() {
    let receiver = Receiver::start().await;
    let (gate, slow) = gated(accepts());
    receiver.answer_with(move |asked| match asked.json()["data"]["content"].as_str() {
        Some("first") => slow.clone(),
        _ => accepts(),
    });
    let server = start(&receiver, &[]).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let id = ann.say_id("den", "hi").await;
    let mut socket = ann.connect().await;
    let edit = |content| json!({"message_id": id, "content": content});
    let first = socket.begin("message.edit", edit("first")).await;
    let second = socket.begin("message.edit", edit("second")).await;
    receiver.wait_until("all questions", |received| received.len() == 3).await;
    gate.send_replace(true);
    let first = socket.answer(&first).await.expect("edited");
    let second = socket.answer(&second).await.expect("edited");
    assert!(first["seq"].as_i64() < second["seq"].as_i64());
    assert_eq!(ann.message(&id).await.expect(200)["content"], "second");
}

#[tokio::test]
async fn one_user_uses_up_nothing_of_anothers() {
    let receiver = Receiver::start().await;
    receiver.answer_with(|asked| match asked.json()["data"]["user"]["id"].as_str() {
        Some("ann") => Reply::Silence,
        _ => accepts(),
    });
    let server = start(&receiver, &[]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut socket = ann.connect().await;
    let message = |n| json!({"room_id": "den", "content": format!("message {n}")});
    for n in 0..UNDECIDED_EACH {
        socket.begin("message.send", message(n)).await;
    }
    let beyond = socket.refused("message.send", message(UNDECIDED_EACH), "unavailable").await;
    assert!(beyond["retry_after_ms"].is_u64(), "{beyond}");
    ben.say("den", "hi").await;
    let received = receiver.received();
    let of_ann = asked(&received).iter().filter(|content| content.starts_with("message")).count();
    assert!(of_ann <= EACH, "{of_ann} at once");
    assert_eq!(contents(&history_of(&ben, "den").await), ["hi"]);
}
