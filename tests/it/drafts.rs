//! What one has begun to write is on all of one's devices.

use serde_json::{Value, json};

use crate::support::{Server, Token, User};

fn without_time(draft: &Value) -> Value {
    let mut draft = draft.clone();
    assert!(draft["updated_at"].is_string(), "{draft}");
    draft.as_object_mut().expect("a draft").remove("updated_at");
    draft
}

async fn drafts(user: &User) -> Vec<Value> {
    let page = user.get("/drafts").await.expect(200);
    assert_eq!(page["has_more"], false);
    page["drafts"].as_array().expect("a list").iter().map(without_time).collect()
}

#[tokio::test]
async fn a_draft_is_told_to_ones_own_devices_and_kept_until_it_is_taken_away() {
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let root = ann.say("den", "shall we?").await["message_id"].clone();
    let reply = json!({"content": "yes", "thread_id": root});
    let reply = ann.post("/rooms/den/messages", reply).await.expect(201)["message_id"].clone();
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    let mut at_ann = ann.connect().await;
    let of_room = json!({"room_id": "den", "content": "I think", "metadata": {"reply_to": "7"}});
    let ack = phone.ask("draft.set", of_room.clone()).await;
    assert_eq!(without_time(&ack), of_room);
    for device in [&mut phone, &mut laptop] {
        let told = device.next_event("room.draft").await;
        assert_eq!((&told["room_id"], &told["data"]), (&json!("den"), &ack));
    }
    // A thread has one of its own, whichever of its messages names it.
    let fields = json!({"content": "no ", "thread_id": reply});
    let set = ben.put("/rooms/den/draft", fields).await.expect(200);
    let of_thread = json!({"room_id": "den", "thread_id": root, "content": "no "});
    assert_eq!(without_time(&set), of_thread);
    assert_eq!(laptop.next_event("room.draft").await["data"], set);
    assert_eq!(drafts(&ben).await, [of_thread.clone(), of_room]);
    assert_eq!(drafts(&ann).await, [Value::Null; 0]);
    let told = at_ann.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "room.draft"), "{told:?}");
    // One page after the other.
    let page = ben.get("/drafts?limit=1").await.expect(200);
    assert_eq!((&page["drafts"][0]["content"], &page["has_more"]), (&json!("no "), &json!(true)));
    let cursor = page["cursor"].as_str().expect("a cursor");
    let page = ben.get(&format!("/drafts?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!(page["drafts"][0]["content"], "I think");
    assert_eq!((&page["has_more"], page.get("cursor")), (&json!(false), None));
    // They are durable, and go when they are taken away.
    server.kill9().await;
    server.start_again().await;
    let gone = ben.put("/rooms/den/draft", json!({"content": ""})).await.expect(200);
    assert_eq!(without_time(&gone), json!({"room_id": "den", "content": ""}));
    assert_eq!(drafts(&ben).await, [of_thread]);
    // All that is known of a user has them, too; who has left is not shown them.
    let root = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    let export = root.get("/users/ben/export").await.expect(200);
    assert_eq!(export["drafts"][0]["content"], "no ");
    ann.remove_member("den", &ben).await;
    assert_eq!(drafts(&ben).await, [Value::Null; 0]);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused() {
    let server = Server::builder().set("PARLOR_CONTENT_BYTES", 100).start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("den", "private").await;
    ann.create_room("hall", "public").await;
    for (room, status, code) in [("den", 404, "not_found"), ("hall", 403, "forbidden")] {
        let draft = json!({"content": "hello"});
        ben.put(&format!("/rooms/{room}/draft"), draft).await.refused(status, code);
    }
    let mut socket = ann.connect().await;
    for (field, fields, code) in [
        ("content", json!({}), "invalid_message"),
        ("content", json!({"content": "x".repeat(101)}), "too_large"),
        ("metadata", json!({"content": "x", "metadata": {"a": "x".repeat(5_000)}}), "too_large"),
        ("metadata", json!({"content": "x", "metadata": [1]}), "invalid_message"),
        ("thread_id", json!({"content": "x", "thread_id": 7}), "invalid_message"),
    ] {
        let mut fields = fields;
        fields["room_id"] = json!("den");
        let error = socket.refused("draft.set", fields, code).await;
        assert_eq!(error["field"], field, "{error}");
    }
    let elsewhere = ann.say("hall", "here").await["message_id"].clone();
    for thread in [json!("7"), elsewhere] {
        let draft = json!({"room_id": "den", "content": "x", "thread_id": thread});
        socket.refused("draft.set", draft, "not_found").await;
    }
    assert_eq!(drafts(&ann).await, [Value::Null; 0]);
}
