//! Messages that are sent later.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Outcome, Receiver, Reply, Server, Socket, Token, User, history_of};

async fn scheduled(user: &User, query: &str) -> Vec<Value> {
    let page = user.get(&format!("/scheduled?{query}")).await.expect(200);
    assert_eq!(page["has_more"], false);
    page["scheduled"].as_array().expect("a list").clone()
}

fn contents(all: &[Value]) -> Vec<&str> {
    all.iter().map(|one| one["content"].as_str().expect("a content")).collect()
}

/// Schedules a message over REST; gives its id.
async fn schedule(user: &User, room: &str, fields: Value) -> String {
    let answer = user.post(&format!("/rooms/{room}/scheduled"), fields).await.expect(201);
    answer["scheduled_id"].as_str().expect("an id").to_owned()
}

async fn send_now(user: &User, id: &str) -> Outcome {
    user.post(&format!("/scheduled/{id}/send"), json!({})).await
}

/// Waits until what was scheduled stands so.
async fn comes_to(socket: &mut Socket, id: &str, state: &str) -> Value {
    let wanted = |frame: &Value| {
        frame["type"] == "message.scheduled"
            && frame["data"]["scheduled_id"] == id
            && frame["data"]["state"] == state
    };
    socket.next_where(state, wanted).await["data"].clone()
}

async fn upload(user: &User, name: &str) -> Value {
    let request = user.request(Method::POST, &format!("/attachments?name={name}"));
    User::outcome(request.body("hello")).await.expect(201)
}

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

#[tokio::test]
async fn a_message_is_sent_at_its_time_and_only_its_author_knows_before() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let root = ben.say_id("den", "when?").await;
    let (mut phone, mut laptop) = (ann.connect().await, ann.connect().await);
    let mut at_ben = ben.connect().await;
    let fields = json!({
        "room_id": "den", "content": "@ben, now", "reply_to": root, "thread_id": root,
        "metadata": {"card": 7}, "client_id": "c-1", "send_in_seconds": 2,
    });
    let ack = phone.ask("message.schedule", fields.clone()).await;
    let id = ack["scheduled_id"].as_str().expect("an id").to_owned();
    for device in [&mut phone, &mut laptop] {
        let told = comes_to(device, &id, "waiting").await;
        assert_eq!(told["scheduled"], ack);
    }
    // Said again it is not sent twice.
    let again = phone.ask("message.schedule", fields).await;
    assert_eq!(again, ack);
    assert_eq!(scheduled(&ann, "").await, std::slice::from_ref(&ack));
    assert_eq!(scheduled(&ben, "").await, [Value::Null; 0]);
    let told = at_ben.next_message("den").await;
    let data = &told["data"];
    assert_eq!((&data["content"], &data["client_id"]), (&json!("@ben, now"), &json!("c-1")));
    let answers = (&data["reply_to"]["message_id"], &data["thread_id"], &data["metadata"]);
    assert_eq!(answers, (&json!(root), &json!(root), &json!({"card": 7})));
    assert_eq!(data["mentions"]["user_ids"], json!(["ben"]));
    assert!(data["created_at"].as_str() >= ack["send_at"].as_str(), "{data} {ack}");
    for device in [&mut phone, &mut laptop] {
        let told = comes_to(device, &id, "sent").await;
        assert_eq!(told["message_id"], data["message_id"]);
    }
    assert_eq!(scheduled(&ann, "").await, [Value::Null; 0]);
    let told = at_ben.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "message.scheduled"), "{told:?}");
}

#[tokio::test]
async fn what_is_scheduled_is_listed_changed_cancelled_and_sent_at_once() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.create_room("attic", "private").await;
    let late = schedule(&ann, "den", json!({"content": "late", "send_in_seconds": 3_000})).await;
    let soon = schedule(&ann, "den", json!({"content": "soon", "send_in_seconds": 2_000})).await;
    let there = json!({"content": "there", "send_in_seconds": 4_000, "metadata": {"a": 1}});
    let there = schedule(&ann, "attic", there).await;
    assert_eq!(contents(&scheduled(&ann, "").await), ["soon", "late", "there"]);
    assert_eq!(contents(&scheduled(&ann, "room_id=attic").await), ["there"]);
    let page = ann.get("/scheduled?limit=2").await.expect(200);
    assert_eq!((page["has_more"].clone(), page["cursor"].clone()), (json!(true), json!("2")));
    assert_eq!(contents(&scheduled(&ann, "limit=2&cursor=2").await), ["there"]);
    // All that is known of a user has them, too.
    let export = admin(&server).await.get("/users/ann/export").await.expect(200);
    let all = export["scheduled"].as_array().expect("a list");
    assert_eq!(contents(all), ["soon", "late", "there"]);
    // Nobody else's, and not what is wrong.
    let mut phone = ann.connect().await;
    let path = format!("/scheduled/{there}");
    ben.patch(&path, json!({"content": "x"})).await.refused(404, "not_found");
    ben.delete(&path).await.refused(404, "not_found");
    send_now(&ben, &there).await.refused(404, "not_found");
    ann.delete("/scheduled/none").await.refused(404, "not_found");
    ann.patch(&path, json!({})).await.refused(400, "invalid_message");
    ann.patch(&path, json!({"content": " "})).await.refused(400, "invalid_message");
    let changed =
        ann.patch(&path, json!({"content": "up there", "send_in_seconds": 10})).await.expect(200);
    assert_eq!((&changed["content"], &changed["metadata"]), (&json!("up there"), &json!({"a": 1})));
    assert_eq!(comes_to(&mut phone, &there, "waiting").await["scheduled"], changed);
    let fields = json!({"scheduled_id": there, "metadata": null});
    let plain = phone.ask("scheduled.change", fields).await;
    assert_eq!((plain.get("metadata"), &plain["send_at"]), (None, &changed["send_at"]));
    assert!(plain["updated_at"].as_str() > changed["updated_at"].as_str());
    assert_eq!(contents(&scheduled(&ann, "").await), ["up there", "soon", "late"]);
    phone.ask("scheduled.cancel", json!({"scheduled_id": soon})).await;
    comes_to(&mut phone, &soon, "cancelled").await;
    phone.refused("scheduled.send", json!({"scheduled_id": soon}), "not_found").await;
    let sent = send_now(&ann, &there).await.expect(200);
    assert_eq!(sent["content"], "up there");
    let ended = comes_to(&mut phone, &there, "sent").await;
    let history = history_of(&ann, "attic").await;
    assert_eq!(
        (contents(&history), &history[0]["message_id"]),
        (vec!["up there"], &ended["message_id"])
    );
    assert_eq!(contents(&scheduled(&ann, "").await), ["late"]);
    // It goes with the room.
    ann.delete("/rooms/den").await.expect(204);
    assert_eq!(scheduled(&ann, "").await, [Value::Null; 0]);
    ann.delete(&format!("/scheduled/{late}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_cannot_be_scheduled_is_refused() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("den", "private").await;
    ann.create_room("news", "announcement").await;
    ben.join("news").await.expect(201);
    let late = json!({"content": "x", "send_in_seconds": 3_000});
    ben.post("/rooms/den/scheduled", late.clone()).await.refused(404, "not_found");
    ben.post("/rooms/news/scheduled", late.clone()).await.refused(403, "forbidden");
    let mut socket = ann.connect().await;
    for (field, fields) in [
        ("content", json!({"send_in_seconds": 30})),
        ("content", json!({"content": " ", "send_in_seconds": 30})),
        ("send_at", json!({"content": "x"})),
        ("send_at", json!({"content": "x", "send_at": "2020-01-01T00:00:00Z"})),
        ("send_at", json!({"content": "x", "send_at": "2099-01-01T00:00:00Z"})),
        ("send_in_seconds", json!({"content": "x", "send_in_seconds": 1})),
        ("metadata", json!({"content": "x", "send_in_seconds": 30, "metadata": [1]})),
    ] {
        let mut fields = fields;
        fields["room_id"] = json!("den");
        let error = socket.refused("message.schedule", fields, "invalid_message").await;
        assert_eq!(error["field"], field, "{error}");
    }
    for (name, value) in [("reply_to", json!("7")), ("attachments", json!(["7"]))] {
        let mut fields = late.clone();
        fields[name] = value;
        ann.post("/rooms/den/scheduled", fields).await.refused(404, "not_found");
    }
    // A name is of one message, wherever it is.
    let named = json!({"content": "x", "send_in_seconds": 3_000, "client_id": "c-1"});
    schedule(&ann, "den", named.clone()).await;
    ann.post("/rooms/news/scheduled", named).await.refused(409, "conflict");
    for _ in 1..100 {
        schedule(&ann, "den", late.clone()).await;
    }
    ann.post("/rooms/den/scheduled", late).await.refused(409, "conflict");
}

#[tokio::test]
async fn what_is_refused_when_it_is_time_is_kept_until_it_is_changed() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut phone = ben.connect().await;
    let id = schedule(&ben, "den", json!({"content": "hello", "send_in_seconds": 3_000})).await;
    ann.mute("den", &ben, 3_000).await.expect(200);
    send_now(&ben, &id).await.expect(200);
    let told = comes_to(&mut phone, &id, "failed").await;
    let failed = json!({"code": "forbidden", "message": "you are muted in this room"});
    assert_eq!(told["scheduled"]["failed"], failed);
    assert_eq!(scheduled(&ben, "").await, [told["scheduled"].clone()]);
    // Changed it is tried again: its time is over.
    ann.patch("/rooms/den/members/ben", json!({"muted_until": null})).await.expect(200);
    ben.patch(&format!("/scheduled/{id}"), json!({"content": "hello!"})).await.expect(200);
    comes_to(&mut phone, &id, "sent").await;
    assert_eq!(contents(&history_of(&ann, "den").await), ["hello!"]);
    // One who has left writes no more, and who was deactivated neither.
    let gone = schedule(&ben, "den", json!({"content": "gone", "send_in_seconds": 3_000})).await;
    ann.remove_member("den", &ben).await.expect(204);
    send_now(&ben, &gone).await.expect(200);
    let told = comes_to(&mut phone, &gone, "failed").await;
    assert_eq!(told["scheduled"]["failed"]["code"], "not_found");
    ann.add_member("den", &ben).await.expect(201);
    ben.patch(&format!("/scheduled/{gone}"), json!({"send_in_seconds": 2})).await.expect(200);
    admin(&server).await.post("/users/ben/deactivate", json!({})).await.expect(204);
    let root = admin(&server).await;
    let has_failed = |export: &Outcome| export.json()["scheduled"][0]["failed"].is_object();
    let export = root.get_until("a failure", "/users/ben/export", has_failed).await;
    let failed = &export.json()["scheduled"][0]["failed"];
    assert_eq!(failed, &json!({"code": "forbidden", "message": "this user is deactivated"}));
    assert_eq!(contents(&history_of(&ann, "den").await), ["hello!"]);
}

#[tokio::test]
async fn slow_mode_delays_and_does_not_refuse() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.put("/rooms/den/slow-mode", json!({"seconds": 2})).await.expect(200);
    let mut phone = ben.connect().await;
    for content in ["one", "two"] {
        schedule(&ben, "den", json!({"content": content, "send_in_seconds": 2})).await;
    }
    let both = phone.next_messages("den", 2).await;
    let said: Vec<_> = both.iter().map(|message| &message["data"]["content"]).collect();
    assert_eq!(said, ["one", "two"]);
    assert_eq!(scheduled(&ben, "").await, [Value::Null; 0]);
}

#[tokio::test]
async fn the_application_is_asked_when_it_is_time() {
    let receiver = Receiver::start().await;
    receiver.answer_with(|asked| {
        let content = asked.json()["data"]["content"].clone();
        let answer = match content.as_str() {
            Some("bad") => json!({"action": "refuse", "reason": "no"}),
            _ => json!({"action": "rewrite", "content": "better"}),
        };
        Reply::Body(200, answer.to_string())
    });
    let server = Server::builder()
        .set("PARLOR_CALLBACK_SECRET", "a secret for questions of 24 bytes")
        .set("PARLOR_BEFORE_SEND_URL", format!("{}/before-send", receiver.url))
        .set("PARLOR_BEFORE_SEND_TIMEOUT", "10s")
        .start()
        .await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut phone = ann.connect().await;
    let bad = schedule(&ann, "den", json!({"content": "bad", "send_in_seconds": 3_000})).await;
    let good = schedule(&ann, "den", json!({"content": "good", "send_in_seconds": 3_000})).await;
    assert_eq!(receiver.received().len(), 0, "it is not sent yet");
    send_now(&ann, &bad).await.expect(200);
    let failed = comes_to(&mut phone, &bad, "failed").await;
    assert_eq!(failed["scheduled"]["failed"], json!({"code": "refused", "message": "no"}));
    send_now(&ann, &good).await.expect(200);
    comes_to(&mut phone, &good, "sent").await;
    assert_eq!(contents(&history_of(&ann, "den").await), ["better"]);
}

#[tokio::test]
async fn each_is_sent_once_also_over_a_crash_and_late() {
    const MESSAGES: usize = 40;
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut expected = Vec::new();
    for number in 0..MESSAGES {
        // Some come before the crash, and some while nobody is there.
        let seconds = if number < MESSAGES / 2 { 2 } else { 3 };
        let content = format!("message {number}");
        schedule(&ann, "den", json!({"content": content, "send_in_seconds": seconds})).await;
        expected.push(content);
    }
    let mut socket = ben.connect().await;
    socket.next_message("den").await;
    server.kill9().await;
    server.start_again().await;
    let is_all = |outcome: &Outcome| {
        let count = outcome.json()["count"].as_u64();
        count.is_some_and(|count| count >= MESSAGES as u64)
    };
    ann.get_until("all messages", "/rooms/den/messages/count", is_all).await;
    let history = history_of(&ann, "den").await;
    let mut said = contents(&history);
    said.sort_unstable();
    expected.sort_unstable();
    assert_eq!(said, expected);
    assert_eq!(scheduled(&ann, "").await, [Value::Null; 0]);
    server.restart().await;
    assert_eq!(history_of(&ann, "den").await.len(), MESSAGES);
}

#[tokio::test]
async fn files_wait_with_what_is_scheduled_for_its_author_alone() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut phone = ann.connect().await;
    let mut files = Vec::new();
    for name in ["kept.txt", "cancelled.txt"] {
        let upload = upload(&ann, name).await;
        files.push(upload["attachment_id"].as_str().expect("an id").to_owned());
    }
    let with = |file: &str| json!({"attachments": [file], "send_in_seconds": 3_000});
    let kept = schedule(&ann, "den", with(&files[0])).await;
    let cancelled = schedule(&ann, "den", with(&files[1])).await;
    assert_eq!(scheduled(&ann, "").await[0]["attachments"][0]["name"], "kept.txt");
    // Of another message it cannot be a part, nor be deleted, nor seen by others.
    let body = json!({"content": "x", "attachments": [files[0]]});
    ann.post("/rooms/den/messages", body).await.refused(404, "not_found");
    ann.post("/rooms/den/scheduled", with(&files[0])).await.refused(404, "not_found");
    ann.delete(&format!("/attachments/{}", files[0])).await.refused(404, "not_found");
    let content = |file: &str| format!("/attachments/{file}/content");
    ben.get(&content(&files[0])).await.refused(404, "not_found");
    ann.get(&content(&files[0])).await.expect_text(200, "hello");
    // It is the message's when that is sent, and goes when it is cancelled.
    send_now(&ann, &kept).await.expect(200);
    comes_to(&mut phone, &kept, "sent").await;
    ben.get(&content(&files[0])).await.expect_text(200, "hello");
    let history = history_of(&ben, "den").await;
    assert_eq!(history[0]["attachments"][0]["attachment_id"], json!(files[0]));
    ann.delete(&format!("/scheduled/{cancelled}")).await.expect(204);
    ann.get(&content(&files[1])).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_would_be_a_repeat_of_what_was_sent_is_not_scheduled() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    ann.post_message("den", json!({"content": "hi", "client_id": "c-1"})).await;
    let again = json!({"content": "later", "client_id": "c-1", "send_in_seconds": 60});
    ann.post("/rooms/den/scheduled", again).await.refused(409, "conflict");
    let both = json!({"content": "later", "in_room": true, "send_in_seconds": 60});
    let refused = ann.post("/rooms/den/scheduled", both).await;
    assert_eq!(refused.refused(400, "invalid_message")["field"], "in_room");
}
