//! Threads that one follows: what is unread there, apart from the room.

use serde_json::{Value, json};

use crate::support::{Server, Token, User};

async fn threads(user: &User, query: &str) -> Value {
    user.get(&format!("/threads{query}")).await.expect(200)
}

/// Root, unread and mentions of each thread that a user follows.
async fn followed(user: &User) -> Vec<(Value, i64, i64)> {
    let page = threads(user, "").await;
    assert_eq!(page["has_more"], false);
    let threads = page["threads"].as_array().expect("a list").iter();
    let number = |thread: &Value, field: &str| thread[field].as_i64().expect("a number");
    threads
        .map(|thread| {
            assert_eq!(thread["thread_id"], thread["root"]["message_id"]);
            (
                thread["root"]["content"].clone(),
                number(thread, "unread"),
                number(thread, "mentions"),
            )
        })
        .collect()
}

async fn unread_in(user: &User, room: &str) -> (Value, Value) {
    let state = user.read_state(room).await;
    (state["unread"].clone(), state["mentions"].clone())
}

fn state(thread: &str, following: bool, read_seq: i64, unread: i64, mentions: i64) -> Value {
    json!({
        "room_id": "den", "thread_id": thread, "following": following,
        "read_seq": read_seq, "unread": unread, "mentions": mentions,
    })
}

#[tokio::test]
async fn who_writes_began_it_or_is_mentioned_follows_a_thread_and_its_replies_count_there_alone() {
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let (cleo, dora) = (server.user("cleo").await, server.user("dora").await);
    ann.room_with("den", &[&ben, &cleo, &dora]).await;
    let root = ann.say_id("den", "root").await;
    for user in [&ben, &cleo, &dora] {
        user.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    }
    let mut at_ann = ann.connect().await;
    ben.reply_in_thread("den", &root, "one, @cleo").await;
    // Who began it has one unread from here on, and hears of it.
    let told = at_ann.next_event("thread.state").await;
    assert_eq!((&told["room_id"], &told["data"]), (&json!("den"), &state(&root, true, 1, 1, 0)));
    assert_eq!(followed(&ann).await, [(json!("root"), 1, 0)]);
    assert_eq!(followed(&ben).await, [(json!("root"), 0, 0)]);
    assert_eq!(followed(&cleo).await, [(json!("root"), 1, 1)]);
    assert_eq!(followed(&dora).await, []);
    ben.reply_in_thread("den", &root, "two, @room and @cleo").await;
    assert_eq!(followed(&ann).await, [(json!("root"), 2, 1)]);
    assert_eq!(followed(&cleo).await, [(json!("root"), 2, 2)]);
    assert_eq!(followed(&dora).await, [], "everybody is nobody in particular");
    // Not in the room, unless it is said there, too.
    for user in [&ann, &cleo, &dora] {
        assert_eq!(unread_in(user, "den").await, (json!(0), json!(0)), "{}", user.id);
    }
    let body = json!({"content": "three, @dora", "thread_id": root, "in_room": true});
    let third = ben.post_message("den", body).await;
    assert_eq!(ann.message(&third).await.expect(200)["in_room"], true);
    for (user, mentions) in [(&ann, 0), (&cleo, 0), (&dora, 1)] {
        assert_eq!(unread_in(user, "den").await, (json!(1), json!(mentions)), "{}", user.id);
    }
    assert_eq!(followed(&ann).await, [(json!("root"), 3, 1)]);
    assert_eq!(followed(&dora).await, [(json!("root"), 1, 1)]);
    // What is taken back counts no more, and who writes has read.
    ben.erase(&third).await.expect(200);
    assert_eq!(followed(&ann).await, [(json!("root"), 2, 1)]);
    server.kill9().await;
    server.start_again().await;
    assert_eq!(followed(&ann).await, [(json!("root"), 2, 1)]);
    // On all devices.
    let mut at_ann = ann.connect().await;
    ann.reply_in_thread("den", &root, "four").await;
    assert_eq!(at_ann.next_event("thread.state").await["data"]["unread"], 0);
    assert_eq!(followed(&ann).await, [(json!("root"), 0, 0)]);
    assert_eq!(followed(&ben).await, [(json!("root"), 1, 0)]);
    assert_eq!(unread_in(&ben, "den").await, (json!(0), json!(0)));
}

#[tokio::test]
async fn a_thread_is_read_followed_and_left_off_on_all_of_ones_devices() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let root = ann.say_id("den", "root").await;
    let first = ann.reply_in_thread("den", &root, "one").await;
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    let mut at_ann = ann.connect().await;
    // From here on; and by any message of it.
    let ack = phone.ask("thread.follow", json!({"thread_id": first})).await;
    assert_eq!(ack, state(&root, true, 3, 0, 0));
    for device in [&mut phone, &mut laptop] {
        assert_eq!(device.next_event("thread.state").await["data"], ack);
    }
    let second = ann.reply_in_thread("den", &root, "two").await;
    ann.reply_in_thread("den", &root, "three, @ben").await;
    let page = ben.get(&format!("/messages/{root}/thread")).await.expect(200);
    assert_eq!(page["state"], state(&root, true, 3, 2, 1));
    // Following once more changes nothing.
    let again = phone.ask("thread.follow", json!({"thread_id": root})).await;
    assert_eq!(again, page["state"]);
    let of_reply = ben.get(&format!("/messages/{second}/thread")).await.expect(200);
    assert_eq!(of_reply["state"], page["state"]);
    let before = json!({"thread_id": root, "message_id": root});
    assert_eq!(phone.ask("thread.read", before).await, again);
    let marked = json!({"thread_id": root, "message_id": second});
    let ack = phone.ask("thread.read", marked.clone()).await;
    assert_eq!(ack, state(&root, true, 4, 1, 1));
    assert_eq!(laptop.next_event("thread.state").await["data"], ack);
    // Never back; and what changes nothing is told to nobody.
    let again = phone.ask("thread.read", json!({"thread_id": root, "seq": 1})).await;
    assert_eq!(again, ack);
    let path = format!("/threads/{root}");
    let read = ben.put(&format!("{path}/read"), json!({"all": true})).await.expect(200);
    assert_eq!((&read["unread"], &read["mentions"]), (&json!(0), &json!(0)));
    assert_eq!(laptop.next_event("thread.state").await["data"], read);
    // Who has left off is not made to follow by a mention, but by writing.
    let left = ben.delete(&format!("{path}/follow")).await.expect(200);
    assert_eq!(left["following"], false);
    assert_eq!(laptop.next_event("thread.state").await["data"], left);
    ann.reply_in_thread("den", &root, "four, @ben").await;
    assert_eq!(followed(&ben).await, []);
    let page = ben.get(&format!("/messages/{root}/thread")).await.expect(200);
    assert_eq!((&page["state"]["following"], &page["state"]["unread"]), (&json!(false), &json!(0)));
    ben.reply_in_thread("den", &root, "five").await;
    assert_eq!(followed(&ben).await, [(json!("root"), 0, 0)]);
    assert_eq!(laptop.next_event("thread.state").await["data"]["following"], true);
    let told = at_ann.told_so_far().await;
    let of_others = told.iter().filter(|frame| frame["type"] == "thread.state");
    assert!(of_others.clone().all(|frame| frame["data"]["following"] == true), "{told:?}");
}

#[tokio::test]
async fn threads_are_listed_by_their_newest_reply_and_end_with_the_membership() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut roots = Vec::new();
    for text in ["one", "two", "three"] {
        let root = ann.say_id("den", text).await;
        ben.reply_in_thread("den", &root, "yes").await;
        roots.push(root);
    }
    ann.reply_in_thread("den", &roots[0], "again").await;
    let contents = |page: &Value| -> Vec<String> {
        let threads = page["threads"].as_array().expect("a list").iter();
        threads.map(|thread| thread["root"]["content"].as_str().expect("text").to_owned()).collect()
    };
    let page = threads(&ann, "?limit=2").await;
    assert_eq!(contents(&page), ["one", "three"]);
    assert_eq!((&page["has_more"], &page["unread_threads"]), (&json!(true), &json!(2)));
    let cursor = page["cursor"].as_str().expect("a cursor");
    let page = threads(&ann, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(contents(&page), ["two"]);
    assert_eq!((&page["has_more"], page.get("cursor")), (&json!(false), None));
    assert_eq!(contents(&threads(&ann, "?unread=true").await), ["three", "two"]);
    assert_eq!(contents(&threads(&ann, "?unread=false").await), ["one"]);
    assert_eq!(contents(&threads(&ben, "?unread=true").await), ["one"]);
    // All that is known of a user has them, too; who has left is not shown them.
    let root = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    let export = root.get("/users/ben/export").await.expect(200);
    assert_eq!(export["threads"].as_array().map(Vec::len), Some(3));
    assert_eq!(export["threads"][0]["thread_id"], roots[0]);
    ann.remove_member("den", &ben).await;
    assert_eq!(followed(&ben).await, []);
    let gone = format!("/threads/{}", roots[0]);
    ben.put(&format!("{gone}/follow"), json!({})).await.refused(404, "not_found");
    ben.put(&format!("{gone}/read"), json!({"all": true})).await.refused(404, "not_found");
    // Who comes back has none of it.
    ann.add_member("den", &ben).await.expect(201);
    assert_eq!(followed(&ben).await, []);
    // With the room cleared there are none.
    ann.delete("/rooms/den/messages").await.expect(204);
    assert_eq!(followed(&ann).await, []);
}

#[tokio::test]
async fn what_is_in_no_thread_is_in_its_room_anyway() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let body = json!({"content": "hi", "in_room": true});
    let refused = ann.post("/rooms/den/messages", body).await;
    assert_eq!(refused.refused(400, "invalid_message")["field"], "in_room");
    let mut socket = ann.connect().await;
    let start = json!({"room_id": "den", "in_room": true});
    socket.refused("message.start", start, "invalid_message").await;
    for fields in [json!({"thread_id": "7"}), json!({"thread_id": "7", "seq": 1, "all": true})] {
        socket.refused("thread.read", fields, "invalid_message").await;
    }
    let unknown = json!({"thread_id": "7", "seq": 1});
    socket.refused("thread.read", unknown, "not_found").await;
    socket.refused("thread.follow", json!({"thread_id": "7"}), "not_found").await;
}

#[tokio::test]
async fn a_reply_that_is_being_written_counts_in_its_thread_from_its_end_on() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let root = ann.say_id("den", "root").await;
    ann.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    let mut at_ben = ben.connect().await;
    for (in_room, unread) in [(false, 0), (true, 1)] {
        let start = json!({"room_id": "den", "thread_id": root, "in_room": in_room});
        let id = at_ben.ask("message.start", start).await["message_id"].clone();
        let told = followed(&ann).await;
        assert_eq!(told, [(json!("root"), unread, unread)]);
        let end = json!({"message_id": id, "content": "@ann, done"});
        at_ben.ask("message.finish", end).await;
        let message = ann.message(id.as_str().expect("an id")).await.expect(200);
        assert_eq!(message.get("in_room"), in_room.then_some(&json!(true)));
        assert_eq!(followed(&ann).await, [(json!("root"), unread + 1, unread + 1)]);
        assert_eq!(unread_in(&ann, "den").await, (json!(unread), json!(unread)));
    }
}

#[tokio::test]
async fn all_is_read_at_once_also_in_threads_and_what_counts_there_alone_makes_no_room_unread() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let root = ann.say_id("den", "root").await;
    ann.put(&format!("/threads/{root}/follow"), json!({})).await.expect(200);
    ben.reply_in_thread("den", &root, "one").await;
    ben.reply_in_thread("den", &root, "two").await;
    let mut at_ann = ann.connect().await;
    ann.post("/read-all", json!({})).await.expect(200);
    let told = at_ann.next_event("thread.state").await;
    assert_eq!((&told["data"]["unread"], &told["data"]["read_seq"]), (&json!(0), &json!(5)));
    assert_eq!(followed(&ann).await, [(json!("root"), 0, 0)]);
    // Of others there is only the root to be marked as unread.
    let marked = ben.put("/rooms/den/unread", json!({})).await.expect(200);
    assert_eq!((&marked["unread"], &marked["unread_from"]), (&json!(1), &json!(1)));
}
