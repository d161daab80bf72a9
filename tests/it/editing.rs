//! Messages that are changed and deleted.

use serde_json::{Value, json};

use crate::support::{Server, id_of};

#[tokio::test]
async fn an_edit_takes_a_number_and_reaches_the_others() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let said = at_ann.say("den", "frist").await;
    let id = id_of(&said);
    let edit = json!({"message_id": id, "content": "first"});
    let ack = at_ann.ask("message.edit", edit.clone()).await;
    assert_eq!(ack, json!({"message_id": id, "seq": 2}));
    let told = at_ben.next_event("message.updated").await;
    assert_eq!((&told["seq"], &told["message_id"]), (&json!(2), &json!(id)));
    let message = &told["data"];
    assert_eq!((&message["seq"], &message["changed_seq"]), (&json!(1), &json!(2)));
    assert_eq!(message["content"], "first");
    assert!(message["edited_at"].is_string(), "{message}");
    assert_eq!(ben.message(&id).await.expect(200), *message);
    assert_eq!(ben.history("den", "").await["messages"], json!([message]));
    let again = at_ann.ask("message.edit", edit).await;
    assert_eq!(again["seq"], 2, "what changes nothing takes no number");
    assert_eq!(ann.edit(&id, "once more").await.expect(200)["seq"], 3);
    assert_eq!(ann.last_seq("den").await, 3);
    let told = at_ben.told_so_far().await;
    let changes = told.iter().filter(|frame| frame["type"] == "message.updated").count();
    assert_eq!(changes, 1, "{told:?}");
}

#[tokio::test]
async fn metadata_changes_alone_or_with_the_content() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let body = json!({"content": "Lunch?", "metadata": {"votes": 0}});
    let id = ann.post_message("den", body).await;
    let votes = json!({"message_id": id, "metadata": {"votes": 1}});
    assert_eq!(at_ann.ask("message.edit", votes.clone()).await["seq"], 2);
    let told = at_ben.next_event("message.updated").await["data"].clone();
    assert_eq!((&told["metadata"], &told["content"]), (&json!({"votes": 1}), &json!("Lunch?")));
    assert_eq!(told["edited_at"], Value::Null, "nobody has said anything else");
    assert_eq!(at_ann.ask("message.edit", votes.clone()).await["seq"], 2, "it changes nothing");
    at_ann.ask("message.edit", json!({"message_id": id, "content": "Tea?"})).await;
    assert_eq!(ben.message(&id).await.expect(200)["metadata"], json!({"votes": 1}));
    let body = json!({"content": "Tea!", "metadata": null});
    ann.patch(&format!("/messages/{id}"), body).await.expect(200);
    let now = ben.message(&id).await.expect(200);
    assert_eq!((&now["content"], &now["metadata"]), (&json!("Tea!"), &Value::Null));
    assert!(now["edited_at"].is_string(), "{now}");
    at_ben.refused("message.edit", votes, "forbidden").await;
    let large = json!({"message_id": id, "metadata": {"x": "x".repeat(4_096)}});
    assert_eq!(at_ann.refused("message.edit", large, "too_large").await["field"], "metadata");
    assert_eq!(ann.last_seq("den").await, 4);
}

#[tokio::test]
async fn only_who_wrote_it_edits_and_bad_edits_name_their_field() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let id = ann.say_id("den", "mine").await;
    ben.edit(&id, "yours").await.refused(403, "forbidden");
    let mut at_ann = ann.connect().await;
    for (data, code, field) in [
        (json!({"message_id": id}), "invalid_message", "content"),
        (json!({"message_id": id, "content": ""}), "invalid_message", "content"),
        (json!({"message_id": id, "content": 7}), "invalid_message", "content"),
        (json!({"message_id": id, "content": "x".repeat(16_385)}), "too_large", "content"),
        (json!({"content": "x"}), "invalid_message", "message_id"),
        (json!({"message_id": 7, "content": "x"}), "invalid_message", "message_id"),
        (json!({"message_id": "-7", "content": "x"}), "invalid_message", "message_id"),
    ] {
        let refused = at_ann.refused("message.edit", data.clone(), code).await;
        assert_eq!(refused["field"], field, "{data}");
    }
    at_ann.refused("message.edit", json!({"message_id": "77", "content": "x"}), "not_found").await;
    at_ann.refused("message.delete", json!({}), "invalid_message").await;
    ann.edit("x", "x").await.refused(404, "not_found");
    ann.edit(&id, "").await.refused(400, "invalid_message");
    assert_eq!(ann.last_seq("den").await, 1);
}

#[tokio::test]
async fn a_deleted_message_leaves_its_place_and_nothing_else() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    let body = json!({"content": "the secret for @ben", "metadata": {"secret": true}});
    let id = ann.post_message("den", body).await;
    let answer = ben.reply("den", &id, "what?").await;
    ben.react(&id, "👍").await.expect(200);
    ann.pin(&id).await.expect(200);
    let thread = ben.reply_in_thread("den", &answer, "hm").await;
    assert_eq!(ann.erase(&id).await.expect(200)["seq"], 7);
    let told = at_ben.next_event("message.deleted").await;
    assert_eq!((&told["seq"], &told["data"]["seq"]), (&json!(7), &json!(1)));
    assert!(told["data"]["deleted_at"].is_string(), "{told}");
    for gone in ["metadata", "mentions", "reactions", "pinned", "attachments"] {
        assert_eq!(told["data"][gone], Value::Null, "{gone}");
    }
    let page = ben.history("den", "").await;
    assert_eq!(page["messages"].as_array().expect("messages").len(), 3, "the place stays");
    assert_eq!(page["messages"][0], told["data"]);
    assert_eq!(page["messages"][1]["reply_to"]["deleted"], true);
    // Wherever one looks.
    let (_, resumed) = ben.resume(json!({"den": 0})).await;
    assert_eq!(resumed["rooms"]["den"]["resync"], false);
    for path in [
        "/rooms/den/messages".to_owned(),
        "/rooms/den/messages?around=1".to_owned(),
        "/rooms/den/pins".to_owned(),
        "/rooms".to_owned(),
        "/unread".to_owned(),
        format!("/messages/{id}"),
        format!("/messages/{answer}"),
        format!("/messages/{answer}/thread"),
        format!("/messages/{id}/thread"),
        format!("/messages/{thread}"),
        format!("/messages/{id}/reactions"),
        format!("/messages/{id}/receipts"),
    ] {
        let seen = ben.get(&path).await;
        assert_eq!(seen.status, 200, "{path}");
        assert!(!seen.body.contains("secret") && !seen.body.contains('👍'), "{path}: {seen:?}");
    }
    assert_eq!(ann.get("/rooms/den/messages/count").await.expect(200)["count"], 2);
    assert_eq!(ann.erase(&id).await.expect(200)["seq"], 7, "a second time changes nothing");
    ann.edit(&id, "back").await.refused(404, "not_found");
    ben.react(&id, "👍").await.refused(404, "not_found");
    ann.pin(&id).await.refused(404, "not_found");
    let reply = json!({"content": "to what?", "reply_to": id});
    ben.post("/rooms/den/messages", reply).await.refused(404, "not_found");
    assert_eq!(ann.last_seq("den").await, 7);
}

#[tokio::test]
async fn a_sender_who_repeats_a_deleted_message_does_not_bring_it_back() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut at_ann = ann.connect().await;
    let first = at_ann.say_as("den", "once", "hello @room").await;
    ann.erase(&id_of(&first)).await.expect(200);
    let again = at_ann.say_as("den", "once", "hello @room").await;
    assert_eq!((&again["duplicate"], &again["seq"]), (&json!(true), &json!(1)));
    assert_eq!(ann.history("den", "").await["messages"][0]["content"], "");
}

#[tokio::test]
async fn a_reply_carries_a_small_quote_that_follows_its_message() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ann = ann.connect().await;
    let long = "ä".repeat(1_000);
    let id = ann.say_id("den", &long).await;
    let reply = ben.reply("den", &id, "so long").await;
    let told = at_ann.next_where("the reply", |frame| frame["seq"] == 2).await;
    let quote = &told["data"]["reply_to"];
    assert_eq!((&quote["message_id"], &quote["sender"]["id"]), (&json!(id), &json!("ann")));
    assert_eq!(quote["content"].as_str().expect("text").chars().count(), 140);
    assert!(quote["created_at"].is_string(), "{quote}");
    ann.edit(&id, "short").await.expect(200);
    assert_eq!(ben.message(&reply).await.expect(200)["reply_to"]["content"], "short");
    let history = ben.history("den", "").await;
    assert_eq!(history["messages"][1]["reply_to"]["content"], "short");
    ann.erase(&id).await.expect(200);
    let quote = ben.message(&reply).await.expect(200)["reply_to"].clone();
    assert_eq!((&quote["content"], &quote["deleted"]), (&json!(""), &json!(true)));
}

#[tokio::test]
async fn a_reply_to_what_is_not_there_is_refused_without_a_trace() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("attic", "private").await;
    let secret = ann.say_id("attic", "secret").await;
    ben.create_room("den", "private").await;
    let mut at_ben = ben.connect().await;
    for name in ["reply_to", "thread_id"] {
        let send = |to: &Value| {
            let mut data = json!({"room_id": "den", "content": "hm"});
            data[name] = to.clone();
            data
        };
        let hidden = at_ben.refused("message.send", send(&json!(secret)), "not_found").await;
        let missing = at_ben.refused("message.send", send(&json!("12345")), "not_found").await;
        assert_eq!(hidden, missing, "nothing tells that it is there");
        for bad in [json!(5), json!("x"), json!("0"), json!({"id": "5"})] {
            let refused = at_ben.refused("message.send", send(&bad), "invalid_message").await;
            assert_eq!(refused["field"], name, "{bad}");
        }
    }
    assert_eq!(ben.last_seq("den").await, 0);
}

#[tokio::test]
async fn metadata_is_an_object_of_the_senders_and_bounded() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut at_ann = ann.connect().await;
    let metadata = json!({"task": {"id": 42, "tags": ["a", null, "ä\u{0}\""]}, "x": 1.5});
    let data = json!({"room_id": "den", "content": "see", "metadata": metadata});
    at_ann.ask("message.send", data).await;
    assert_eq!(at_ann.next_message("den").await["data"]["metadata"], metadata);
    let id = id_of(&ann.history("den", "").await["messages"][0]);
    ann.edit(&id, "look").await.expect(200);
    assert_eq!(ann.message(&id).await.expect(200)["metadata"], metadata, "an edit keeps it");
    for bad in [json!([1]), json!("text"), json!(5), json!(true)] {
        let data = json!({"room_id": "den", "content": "x", "metadata": bad});
        let refused = at_ann.refused("message.send", data, "invalid_message").await;
        assert_eq!(refused["field"], "metadata");
    }
    let data = json!({"room_id": "den", "content": "x", "metadata": {"x": "y".repeat(4096)}});
    assert_eq!(at_ann.refused("message.send", data, "too_large").await["field"], "metadata");
    let data = json!({"room_id": "den", "content": "x", "metadata": {}});
    at_ann.ask("message.send", data).await;
}
