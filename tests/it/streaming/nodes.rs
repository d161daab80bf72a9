//! Readers on other nodes than the writer's.

use serde_json::json;

use super::{Reading, append, start};
use crate::support::Cluster;

#[tokio::test]
async fn a_reader_on_another_node_gets_all_of_it_also_from_the_middle_on() {
    let mut cluster = Cluster::start(2).await;
    let (bot, ann) = (cluster.nodes[0].user("bot").await, cluster.nodes[1].user("ann").await);
    let ben = cluster.nodes[1].user("ben").await;
    bot.room_with("den", &[&ann, &ben]).await;
    let (mut at_bot, mut at_ann) = (bot.connect().await, ann.connect().await);
    let question = ann.say_id("den", "well?").await;
    let id = start(&mut at_bot, json!({"room_id": "den", "reply_to": question})).await;
    let is_it = |frame: &serde_json::Value| {
        frame["type"] == "message.created" && frame["message_id"] == id.as_str()
    };
    let created = at_ann.next_where("the answer", is_it).await["data"].clone();
    let mut reading = Reading::of(&created);
    append(&mut at_bot, &id, "one ").await;
    reading.until(&mut at_ann, "one ").await;
    append(&mut at_bot, &id, "two ").await;
    reading.until(&mut at_ann, "one two ").await;
    let mut at_ben = ben.connect().await;
    let mut late = Reading::of(&ben.message(&id).await.expect(200));
    append(&mut at_bot, &id, "three").await;
    reading.until(&mut at_ann, "one two three").await;
    late.until(&mut at_ben, "one two three").await;
    at_ann.ask("message.stop", json!({"message_id": id})).await;
    assert_eq!(at_bot.next_event("message.stop").await["data"]["user_id"], "ann");
    // With its node it dies, and is ended by the other.
    cluster.nodes[0].server.kill9().await;
    let ended = at_ann.next_event("message.updated").await;
    assert_eq!(ended["data"]["state"], "interrupted");
    let text = ended["data"]["content"].as_str().expect("a text");
    assert!("one two three".starts_with(text), "{text}");
}
