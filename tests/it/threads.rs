//! Threads: a root with its own count and last reply.

use serde_json::{Value, json};

use crate::support::{Server, User, seqs};

async fn thread_of(user: &User, root: &str) -> Value {
    user.message(root).await.expect(200)["thread"].clone()
}

#[tokio::test]
async fn a_reply_in_a_thread_moves_its_roots_count_and_last_reply() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let root = ann.say_id("den", "root").await;
    let mut at_ann = ann.connect().await;
    let first = ben.reply_in_thread("den", &root, "first").await;
    let told = at_ann.changes_up_to("den", 3).await;
    assert_eq!(seqs(&told), [2, 3]);
    assert_eq!(
        (&told[0]["type"], &told[0]["data"]["thread_id"]),
        (&json!("message.created"), &json!(root))
    );
    assert_eq!(told[1]["type"], "message.updated");
    let thread = &told[1]["data"]["thread"];
    assert_eq!((&told[1]["message_id"], &thread["count"]), (&json!(root), &json!(1)));
    assert_eq!(
        (&thread["last_reply"]["message_id"], &thread["last_reply"]["content"]),
        (&json!(first), &json!("first"))
    );
    let second = ann.reply_in_thread("den", &root, "second").await;
    let thread = thread_of(&ben, &root).await;
    assert_eq!(
        (&thread["count"], &thread["last_reply"]["message_id"]),
        (&json!(2), &json!(second))
    );
    let page = ben.get(&format!("/messages/{root}/thread?limit=1")).await.expect(200);
    assert_eq!((&page["root"]["message_id"], &page["has_more"]), (&json!(root), &json!(true)));
    assert_eq!(seqs(page["replies"].as_array().expect("replies")), [2]);
    let page = ben.get(&format!("/messages/{root}/thread?after=2")).await.expect(200);
    assert_eq!(page["replies"][0]["content"], "second");
    assert_eq!(page["has_more"], false);
    ben.get(&format!("/messages/{root}/thread?after=x")).await.refused(400, "invalid_message");
}

#[tokio::test]
async fn a_reply_in_a_thread_may_quote_another_one() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let root = ann.say_id("den", "root").await;
    let reply = ann.reply_in_thread("den", &root, "reply").await;
    let body = json!({"content": "both", "thread_id": root, "reply_to": reply});
    let both = ann.post_message("den", body).await;
    assert_eq!(thread_of(&ann, &root).await["count"], 2);
    let both = ann.message(&both).await.expect(200);
    assert_eq!(
        (&both["thread_id"], &both["reply_to"]["message_id"]),
        (&json!(root), &json!(reply))
    );
}

#[tokio::test]
async fn deleted_replies_do_not_count_and_the_last_one_is_the_newest_left() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let root = ann.say_id("den", "root").await;
    let first = ann.reply_in_thread("den", &root, "first").await;
    let second = ann.reply_in_thread("den", &root, "the secret").await;
    let mut at_ben = ben.connect().await;
    ann.erase(&second).await.expect(200);
    let told = at_ben.changes_up_to("den", 7).await;
    assert_eq!(
        (&told[0]["type"], &told[1]["type"]),
        (&json!("message.deleted"), &json!("message.updated"))
    );
    let thread = &told[1]["data"]["thread"];
    assert_eq!((&thread["count"], &thread["last_reply"]["message_id"]), (&json!(1), &json!(first)));
    let page = ben.get(&format!("/messages/{root}/thread")).await;
    assert!(!page.body.contains("secret"), "{page:?}");
    assert_eq!(page.expect(200)["replies"].as_array().expect("replies").len(), 2, "a tombstone");
    ann.edit(&first, "the first").await.expect(200);
    assert_eq!(thread_of(&ben, &root).await["last_reply"]["content"], "the first");
    ann.erase(&first).await.expect(200);
    assert_eq!(thread_of(&ben, &root).await, Value::Null, "no reply, no thread");
    let third = ann.reply_in_thread("den", &root, "third").await;
    let thread = thread_of(&ben, &root).await;
    assert_eq!((&thread["count"], &thread["last_reply"]["message_id"]), (&json!(1), &json!(third)));
}

#[tokio::test]
async fn a_thread_goes_on_when_its_root_is_deleted() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let root = ann.say_id("den", "root").await;
    let alone = ann.say_id("den", "alone").await;
    ann.reply_in_thread("den", &root, "first").await;
    ann.erase(&root).await.expect(200);
    ann.erase(&alone).await.expect(200);
    ann.reply_in_thread("den", &root, "second").await;
    let seen = ann.message(&root).await.expect(200);
    assert_eq!((&seen["content"], &seen["thread"]["count"]), (&json!(""), &json!(2)));
    assert!(seen["deleted_at"].is_string());
    let body = json!({"content": "too late", "thread_id": alone});
    ann.post("/rooms/den/messages", body).await.refused(404, "not_found");
}

#[tokio::test]
async fn many_reply_at_once_and_the_count_is_exact() {
    let server = Server::start().await;
    let mut users = Vec::new();
    for number in 0..5 {
        users.push(server.user(&format!("u{number}")).await);
    }
    let others: Vec<&User> = users[1..].iter().collect();
    users[0].room_with("den", &others).await;
    let root = users[0].say_id("den", "root").await;
    let mut listener = users[0].connect().await;
    let mut tasks = Vec::new();
    for user in &users {
        let (user, root) = (user.clone(), root.clone());
        tasks.push(tokio::spawn(async move {
            let mut socket = user.connect().await;
            for number in 0..20 {
                let data = json!({"room_id": "den", "content": "x", "thread_id": root,
                    "client_id": number.to_string()});
                socket.ask("message.send", data.clone()).await;
                // Sent again, it is there once.
                assert_eq!(socket.ask("message.send", data).await["duplicate"], true);
            }
        }));
    }
    for task in tasks {
        task.await.expect("all is sent");
    }
    assert_eq!(thread_of(&users[0], &root).await["count"], 100);
    let told = listener.changes_up_to("den", 201).await;
    assert_eq!(seqs(&told), (2..=201).collect::<Vec<i64>>());
    let counts: Vec<i64> = told
        .iter()
        .filter(|frame| frame["type"] == "message.updated")
        .map(|frame| frame["data"]["thread"]["count"].as_i64().expect("a number"))
        .collect();
    assert_eq!(counts, (1..=100).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_reply_to_a_reply_belongs_to_the_thread_of_its_root() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let root = ann.say_id("den", "root").await;
    let reply = ann.reply_in_thread("den", &root, "reply").await;
    let nested = ann.reply_in_thread("den", &reply, "nested").await;
    assert_eq!(ann.message(&nested).await.expect(200)["thread_id"], root.as_str());
    assert_eq!(ann.message(&reply).await.expect(200)["thread"], Value::Null);
    assert_eq!(thread_of(&ann, &root).await["count"], 2);
    // Also where the reply is gone, and the root after it.
    ann.erase(&reply).await.expect(200);
    ann.erase(&root).await.expect(200);
    let last = ann.reply_in_thread("den", &nested, "last").await;
    let deep = ann.reply_in_thread("den", &reply, "deep").await;
    let page = ann.get(&format!("/messages/{root}/thread")).await.expect(200);
    let ids: Vec<&Value> =
        page["replies"].as_array().expect("a list").iter().map(|m| &m["message_id"]).collect();
    assert_eq!(ids, [&json!(reply), &json!(nested), &json!(last), &json!(deep)]);
    assert_eq!(page["root"]["thread"]["count"], 3);
    // A reply of another room names no thread here.
    ann.create_room("attic", "private").await;
    let body = json!({"content": "x", "thread_id": reply});
    ann.post("/rooms/attic/messages", body).await.refused(404, "not_found");
}
