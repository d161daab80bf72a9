//! The application is told of who has not read something for a while: once, for all of
//! their rooms.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{Received, Receiver, Reply, Server, User};

const SECRET: &str = "a secret of at least 24 bytes";

async fn start(receiver: &Receiver, after: &str, again: &str) -> Server {
    Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", receiver.url))
        .set("PARLOR_WEBHOOK_SECRET", SECRET)
        .set("PARLOR_WEBHOOK_EVENTS", "user.unread")
        .set("PARLOR_UNREAD_AFTER", after)
        .set("PARLOR_UNREAD_AGAIN", again)
        .start()
        .await
}

/// What a user was told, one letter after the other.
fn told(received: &[Received], user: &str) -> Vec<Value> {
    let data = received.iter().map(|one| one.json()["data"].clone());
    data.filter(|data| data["user_id"] == user).collect()
}

/// Waits until a user has been told so often; gives what the last one says.
async fn told_of(receiver: &Receiver, user: &str, times: usize) -> Value {
    let is_enough = |received: &[Received]| told(received, user).len() >= times;
    let all = told(&receiver.wait_until("what is unread", is_enough).await, user);
    assert_eq!(all.len(), times, "{all:?}");
    all[times - 1].clone()
}

/// Waits until it has been looked at all that was said before this.
async fn until_it_was_looked(receiver: &Receiver, server: &Server, ann: &User, whom: &str) {
    let other = server.user(whom).await;
    ann.room_with(whom, &[&other]).await;
    ann.say(whom, "the last").await;
    told_of(receiver, whom, 1).await;
}

#[tokio::test]
async fn who_has_not_read_is_told_of_once_for_all_rooms() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, "6s", "1h").await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    ann.room_with("den", &[&ben, &cleo]).await;
    for room in ["attic", "muted", "calls"] {
        ann.room_with(room, &[&ben]).await;
    }
    for (room, which) in [("muted", "nothing"), ("calls", "mentions")] {
        let fields = json!({"notifications": which});
        ben.patch(&format!("/rooms/{room}/preferences"), fields).await.expect(200);
    }
    // Somebody who is there and has not read is told of, too; who has read is not.
    let _at_ben = ben.connect().await;
    for (room, text) in [
        ("den", "one"),
        ("den", "@ben, two"),
        ("attic", "three"),
        ("muted", "@ben"),
        ("calls", "so"),
        ("calls", "@ben!"),
    ] {
        ann.say(room, text).await;
    }
    cleo.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    let data = told_of(&receiver, "ben", 1).await;
    assert_eq!((&data["unread"], &data["mentions"]), (&json!(4), &json!(2)));
    assert_eq!(data["rooms_total"], 3);
    let rooms = data["rooms"].as_array().expect("a list").iter();
    let rooms: Vec<_> =
        rooms.map(|room| (&room["room_id"], &room["last_message"]["content"])).collect();
    let expected = [("calls", "@ben!"), ("attic", "three"), ("den", "@ben, two")];
    let expected = expected.map(|(room, text)| (json!(room), json!(text)));
    assert_eq!(rooms, expected.each_ref().map(|(room, text)| (room, text)));
    assert_eq!(data["rooms"][2]["unread"], 2);
    // More of it within the hour waits.
    ann.say("attic", "four").await;
    until_it_was_looked(&receiver, &server, &ann, "zoe").await;
    let received = receiver.received();
    assert_eq!(told(&received, "ben").len(), 1);
    for user in ["ann", "cleo"] {
        assert_eq!(told(&received, user), [Value::Null; 0], "who wrote it, or has read it");
    }
}

#[tokio::test]
async fn what_is_said_later_is_told_after_a_while_and_what_was_told_is_not_told_again() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, "2s", "3s").await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.say("den", "one").await;
    assert_eq!(told_of(&receiver, "ben", 1).await["unread"], 1);
    ann.say("den", "two").await;
    assert_eq!(told_of(&receiver, "ben", 2).await["unread"], 2);
    // Nothing comes: also when it could be told again, there is nothing to say.
    until_it_was_looked(&receiver, &server, &ann, "zoe").await;
    until_it_was_looked(&receiver, &server, &ann, "yan").await;
    told_of(&receiver, "ben", 2).await;
}

#[tokio::test]
async fn what_piles_up_at_a_receiver_that_is_away_is_told_once_as_it_is_then() {
    let receiver = Receiver::start().await;
    let mut server = start(&receiver, "2s", "1s").await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    receiver.answer(Reply::Body(503, String::new()));
    ann.say("den", "one").await;
    receiver.wait_until("a first attempt", |received| !told(received, "ben").is_empty()).await;
    // What was said and not yet looked at is looked at after a crash.
    ann.say("den", "two").await;
    server.kill9().await;
    server.start_again().await;
    let says = |text: &'static str| {
        move |received: &[Received]| {
            let is_it = |data: &Value| data["rooms"][0]["last_message"]["content"] == text;
            told(received, "ben").iter().any(is_it)
        }
    };
    receiver.wait_until("a letter that knows of both", says("two")).await;
    // Two letters wait for zoe, who reads one of her messages: she is told once, of the other.
    let zoe = server.user("zoe").await;
    ann.room_with("garden", &[&zoe]).await;
    ann.say("garden", "three").await;
    receiver.wait_until("one of zoe", |received| !told(received, "zoe").is_empty()).await;
    zoe.put("/rooms/garden/read", json!({"all": true})).await.expect(200);
    ann.say("garden", "four").await;
    let is_four = |received: &[Received]| {
        let all = told(received, "zoe");
        all.last().is_some_and(|data| data["rooms"][0]["last_message"]["content"] == "four")
    };
    receiver.wait_until("the second of zoe", is_four).await;
    let accepted = Arc::new(Mutex::new(Vec::new()));
    let taken = accepted.clone();
    receiver.answer_with(move |received| {
        taken.lock().expect("unpoisoned").extend(told(std::slice::from_ref(received), "zoe"));
        Reply::Body(200, String::new())
    });
    let is_taken = |_: &[Received]| !accepted.lock().expect("unpoisoned").is_empty();
    receiver.wait_until("it again", is_taken).await;
    until_it_was_looked(&receiver, &server, &ann, "yan").await;
    let accepted = accepted.lock().expect("unpoisoned").clone();
    assert_eq!((accepted.len(), &accepted[0]["unread"]), (1, &json!(1)), "{accepted:?}");
}

#[tokio::test]
async fn who_follows_a_thread_is_told_of_its_replies() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, "3s", "1h").await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    let dora = server.user("dora").await;
    ann.room_with("den", &[&ben, &cleo, &dora]).await;
    let root = ann.say_id("den", "root").await;
    for user in [&ben, &cleo, &dora] {
        user.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    }
    for user in [&ben, &dora] {
        user.put(&format!("/threads/{root}/follow"), json!({})).await.expect(200);
    }
    let fields = json!({"notifications": "mentions"});
    dora.patch("/rooms/den/preferences", fields).await.expect(200);
    ann.reply_in_thread("den", &root, "yes").await;
    ann.reply_in_thread("den", &root, "no").await;
    let data = told_of(&receiver, "ben", 1).await;
    assert_eq!((&data["unread"], &data["mentions"]), (&json!(2), &json!(0)));
    assert_eq!((&data["rooms_total"], &data["threads_total"]), (&json!(0), &json!(1)));
    let thread = &data["threads"][0];
    assert_eq!((&thread["unread"], &thread["thread_id"]), (&json!(2), &json!(root)));
    assert_eq!(thread["root"]["thread"]["last_reply"]["content"], "no");
    // Who wants to hear of mentions alone is told of one.
    ann.reply_in_thread("den", &root, "@dora?").await;
    let data = told_of(&receiver, "dora", 1).await;
    assert_eq!((&data["threads"][0]["unread"], &data["mentions"]), (&json!(3), &json!(1)));
    for user in ["ann", "cleo"] {
        assert_eq!(told(&receiver.received(), user), [Value::Null; 0], "{user} does not follow it");
    }
}

#[tokio::test]
async fn of_several_threads_none_is_passed_over_and_nothing_counts_twice() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, "4s", "2s").await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut roots = Vec::new();
    for n in 0..8 {
        let root = ann.say_id("den", &format!("root {n}")).await;
        ben.put(&format!("/threads/{root}/follow"), json!({})).await.expect(200);
        roots.push(root);
    }
    ben.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    for root in &roots {
        ann.reply_in_thread("den", root, "yes").await;
    }
    // Whatever is read of it, the first is not.
    for root in &roots[1..] {
        ben.put(&format!("/threads/{root}/read"), json!({"all": true})).await.expect(200);
    }
    let data = told_of(&receiver, "ben", 1).await;
    assert_eq!((&data["unread"], &data["threads_total"]), (&json!(1), &json!(1)));
    assert_eq!(data["threads"][0]["thread_id"], roots[0]);
    ben.put(&format!("/threads/{}/read", roots[0]), json!({"all": true})).await.expect(200);
    let both = json!({"content": "@ben", "thread_id": roots[0], "in_room": true});
    ann.post_message("den", both).await;
    let data = told_of(&receiver, "ben", 2).await;
    assert_eq!((&data["unread"], &data["mentions"]), (&json!(1), &json!(1)));
    assert_eq!((&data["rooms_total"], &data["threads_total"]), (&json!(1), &json!(0)));
}
