//! Messages that one saves for oneself, and is reminded of.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Receiver, Server, Token, User};

async fn saved(user: &User, query: &str) -> Vec<Value> {
    let page = user.get(&format!("/saved?{query}")).await.expect(200);
    assert_eq!(page["has_more"], false);
    page["saved"].as_array().expect("a list").clone()
}

fn contents(saved: &[Value]) -> Vec<&str> {
    saved.iter().map(|one| one["message"]["content"].as_str().expect("a content")).collect()
}

/// The messages that a user was reminded of, and how often.
async fn reminded(user: &User) -> BTreeMap<String, usize> {
    let inbox = user.get("/inbox?limit=200").await.expect(200);
    let mut times = BTreeMap::new();
    for event in inbox["events"].as_array().expect("a list") {
        assert_eq!(event["type"], "message.reminder");
        let message = event["data"]["message_id"].as_str().expect("an id");
        *times.entry(message.to_owned()).or_default() += 1;
    }
    times
}

#[tokio::test]
async fn what_is_saved_is_told_to_ones_own_devices_and_listed_as_it_is_now() {
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let one = ann.say_id("den", "one").await;
    let two = ann.say_id("den", "two").await;
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    let mut at_ann = ann.connect().await;
    let ack = phone.ask("message.save", json!({"message_id": one, "note": " ask him "})).await;
    let expected = (&json!(one), &json!("den"), &json!(true), &json!("ask him"));
    assert_eq!((&ack["message_id"], &ack["room_id"], &ack["saved"], &ack["note"]), expected);
    for device in [&mut phone, &mut laptop] {
        let told = device.next_event("message.saved").await;
        let place = (&told["room_id"], &told["message_id"], &told["data"]);
        assert_eq!(place, (&json!("den"), &json!(one), &ack));
    }
    let path = format!("/messages/{two}/saved");
    ben.put(&path, json!({"remind_at": "2099-01-01T00:00:00Z"})).await.expect(200);
    assert_eq!(contents(&saved(&ben, "").await), ["two", "one"]);
    assert_eq!(contents(&saved(&ben, "reminders=true").await), ["two"]);
    assert_eq!(saved(&ann, "").await, [Value::Null; 0]);
    let told = at_ann.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "message.saved"), "{told:?}");
    // One page after the other, also of reminders.
    let fields = json!({"message_id": one, "remind_in_seconds": 3_000});
    let again = phone.ask("message.save", fields).await;
    assert_eq!((&again["saved_at"], again.get("note")), (&ack["saved_at"], None));
    for (query, order) in [("", ["two", "one"]), ("&reminders=true", ["one", "two"])] {
        let mut cursor = String::new();
        for (content, has_more) in order.into_iter().zip([true, false]) {
            let page = ben.get(&format!("/saved?limit=1{query}{cursor}")).await.expect(200);
            let shown = (&page["saved"][0]["message"]["content"], &page["has_more"]);
            assert_eq!(shown, (&json!(content), &json!(has_more)), "{query}");
            let next = page["cursor"].as_str().unwrap_or_default();
            cursor = format!("&cursor={next}");
        }
    }
    // It is durable, and shows what has become of the message.
    server.kill9().await;
    server.start_again().await;
    ann.edit(&one, "one!").await.expect(200);
    ann.erase(&two).await.expect(200);
    let listed = saved(&ben, "").await;
    assert_eq!(contents(&listed), ["", "one!"]);
    assert!(listed[0]["message"]["deleted_at"].is_string(), "{listed:?}");
    let root = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    let export = root.get("/users/ben/export").await.expect(200);
    assert_eq!(contents(export["saved"].as_array().expect("a list")), ["", "one!"]);
    // What is taken away is told, also of a tombstone; who has left is shown nothing.
    let mut phone = ben.connect().await;
    ben.delete(&path).await.expect(204);
    let gone = phone.next_event("message.saved").await;
    assert_eq!((&gone["message_id"], &gone["data"]["saved"]), (&json!(two), &json!(false)));
    ben.delete(&path).await.expect(204);
    ann.remove_member("den", &ben).await;
    assert_eq!(saved(&ben, "").await, [Value::Null; 0]);
    ann.add_member("den", &ben).await.expect(201);
    assert_eq!(contents(&saved(&ben, "").await), ["one!"]);
    ann.delete("/rooms/den/messages").await.expect(204);
    assert_eq!(saved(&ben, "").await, [Value::Null; 0]);
}

#[tokio::test]
async fn what_cannot_be_saved_is_refused() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("den", "private").await;
    ann.create_room("hall", "public").await;
    let message = ann.say_id("den", "one").await;
    let in_hall = ann.say_id("hall", "one").await;
    for id in [&message, &in_hall, "7", "none"] {
        let path = format!("/messages/{id}/saved");
        ben.put(&path, json!({})).await.refused(404, "not_found");
    }
    let mut socket = ann.connect().await;
    for (field, fields) in [
        ("message_id", json!({})),
        ("note", json!({"message_id": message, "note": "x".repeat(501)})),
        ("remind_at", json!({"message_id": message, "remind_at": "2020-01-01T00:00:00Z"})),
        ("remind_at", json!({"message_id": message, "remind_at": "tomorrow"})),
        ("remind_in_seconds", json!({"message_id": message, "remind_in_seconds": 0})),
        (
            "remind_at",
            json!({"message_id": message, "remind_at": "2099-01-01T00:00:00Z", "remind_in_seconds": 5}),
        ),
    ] {
        let error = socket.refused("message.save", fields, "invalid_message").await;
        assert_eq!(error["field"], field, "{error}");
    }
    ann.erase(&message).await.expect(200);
    socket.refused("message.save", json!({"message_id": message}), "not_found").await;
    socket.ask("message.unsave", json!({"message_id": message})).await;
    assert_eq!(saved(&ann, "").await, [Value::Null; 0]);
}

#[tokio::test]
async fn one_is_reminded_at_the_time_on_all_devices_and_over_a_webhook() {
    let receiver = Receiver::start().await;
    let server = Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", receiver.url))
        .set("PARLOR_WEBHOOK_SECRET", "a secret of at least 24 bytes")
        .set("PARLOR_WEBHOOK_EVENTS", "message.reminder")
        .start()
        .await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let [deleted, left_alone, wanted] =
        [ann.say_id("den", "a").await, ann.say_id("den", "b").await, ann.say_id("den", "c").await];
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    for (message, note) in [(&deleted, "gone"), (&wanted, "now")] {
        let fields = json!({"message_id": message, "note": note, "remind_in_seconds": 1});
        phone.ask("message.save", fields).await;
    }
    phone.ask("message.save", json!({"message_id": left_alone})).await;
    ann.erase(&deleted).await.expect(200);
    for device in [&mut phone, &mut laptop] {
        let told = device.next_event("message.reminder").await;
        assert_eq!(told["inbox_seq"], 1);
        let data = &told["data"];
        let expected = (&json!("den"), &json!(wanted), &json!("now"));
        assert_eq!((&data["room_id"], &data["message_id"], &data["note"]), expected);
        // Of what was deleted nobody is reminded: it is taken away.
        let is_gone =
            |frame: &Value| frame["type"] == "message.saved" && frame["data"]["saved"] == false;
        let gone = device.next_where("what is gone", is_gone).await;
        assert_eq!(gone["message_id"], json!(deleted));
    }
    let received = receiver.wait_until("a webhook", |received| !received.is_empty()).await;
    let hook = received[0].json();
    assert_eq!(hook["type"], "message.reminder");
    let data = &hook["data"];
    let expected = (&json!("ben"), &json!("den"), &json!(wanted), &json!("now"));
    let told = (&data["user_id"], &data["room_id"], &data["message_id"], &data["note"]);
    assert_eq!(told, expected);
    assert_eq!(data["message"]["content"], "c");
    let listed = saved(&ben, "").await;
    assert_eq!(contents(&listed), ["b", "c"]);
    assert!(listed[1]["reminded_at"].is_string() && listed[0].get("reminded_at").is_none());
    assert_eq!(saved(&ben, "reminders=true").await, [Value::Null; 0]);
}

#[tokio::test]
async fn each_reminder_comes_once_also_over_a_crash_and_to_who_is_away() {
    const MESSAGES: usize = 40;
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut expected = BTreeMap::new();
    for number in 0..MESSAGES {
        let message = ann.say_id("den", &format!("{number}")).await;
        let path = format!("/messages/{message}/saved");
        // Some come before the crash, and some while nobody is there.
        let soon = json!({"remind_in_seconds": if number % 2 == 0 { 1 } else { 2 }});
        ben.put(&path, soon).await.expect(200);
        expected.insert(message, 1);
    }
    let mut phone = ben.connect().await;
    phone.next_event("message.reminder").await;
    server.kill9().await;
    server.start_again().await;
    let is_last = |inbox: &crate::support::Outcome| {
        inbox.status == 200 && inbox.json()["inbox_seq"] == json!(MESSAGES)
    };
    ben.get_until("all reminders", "/inbox", is_last).await;
    assert_eq!(reminded(&ben).await, expected);
    // One who comes now finds them, and no more of them come later.
    let mut phone = ben.connect().await;
    for number in 1..=MESSAGES {
        assert_eq!(phone.next_event("message.reminder").await["inbox_seq"], number);
    }
    server.restart().await;
    assert_eq!(reminded(&ben).await, expected);
}
