//! The application is told of who has not read something for a while: once, for all of
//! their rooms.

use serde_json::{Value, json};

use crate::support::{Received, Receiver, Reply, Server, User};

const SECRET: &str = "a secret of at least 24 bytes";

async fn start(receiver: &Receiver, again: &str) -> Server {
    Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", receiver.url))
        .set("PARLOR_WEBHOOK_SECRET", SECRET)
        .set("PARLOR_UNREAD_AFTER", "1s")
        .set("PARLOR_UNREAD_AGAIN", again)
        .start()
        .await
}

fn told(received: &[Received]) -> Vec<Value> {
    let events = received.iter().map(Received::json);
    events
        .filter(|event| event["type"] == "user.unread")
        .map(|event| event["data"].clone())
        .collect()
}

/// Waits until a user has been told so often; gives what the last one says.
async fn told_of(receiver: &Receiver, user: &str, times: usize) -> Value {
    let of_user = |received: &[Received]| {
        told(received).into_iter().filter(|data| data["user_id"] == user).collect::<Vec<_>>()
    };
    let received =
        receiver.wait_until("what is unread", |received| of_user(received).len() >= times).await;
    let all = of_user(&received);
    assert_eq!(all.len(), times, "{all:?}");
    all[times - 1].clone()
}

/// The user is told of everything that was said before this one, which is not read either.
async fn and_nothing_else(receiver: &Receiver, server: &Server, ann: &User) {
    let zoe = server.user("zoe").await;
    ann.room_with("behind", &[&zoe]).await;
    ann.say("behind", "the last").await;
    told_of(receiver, "zoe", 1).await;
}

#[tokio::test]
async fn who_has_not_read_is_told_of_once_for_all_rooms() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, "1h").await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    ann.room_with("den", &[&ben, &cleo]).await;
    ann.room_with("attic", &[&ben]).await;
    ann.room_with("muted", &[&ben]).await;
    ann.room_with("calls", &[&ben]).await;
    for (room, which) in [("muted", "nothing"), ("calls", "mentions")] {
        let fields = json!({"notifications": which});
        ben.patch(&format!("/rooms/{room}/preferences"), fields).await.expect(200);
    }
    // Somebody who is there and has not read is told of, too; who has read is not.
    let mut at_ben = ben.connect().await;
    let mut at_cleo = cleo.connect().await;
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
    at_cleo.ask("message.read", json!({"room_id": "den", "all": true})).await;
    let data = told_of(&receiver, "ben", 1).await;
    assert_eq!((&data["unread"], &data["mentions"]), (&json!(4), &json!(2)));
    assert_eq!(data["rooms_total"], 3);
    let rooms: Vec<(&str, &str)> = data["rooms"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|room| {
            let newest = room["last_message"]["content"].as_str().expect("a text");
            (room["room_id"].as_str().expect("an id"), newest)
        })
        .collect();
    assert_eq!(rooms, [("calls", "@ben!"), ("attic", "three"), ("den", "@ben, two")]);
    assert_eq!(data["rooms"][2]["unread"], 2);
    // More of it within the hour waits, unless something has been read.
    ann.say("attic", "four").await;
    and_nothing_else(&receiver, &server, &ann).await;
    at_ben.ask("message.read", json!({"room_id": "den", "all": true})).await;
    ann.say("attic", "five").await;
    let data = told_of(&receiver, "ben", 2).await;
    assert_eq!((&data["unread"], &data["mentions"]), (&json!(4), &json!(1)));
    let received = told(&receiver.received());
    let others =
        received.iter().filter(|data| data["user_id"] != "ben" && data["user_id"] != "zoe");
    assert_eq!(others.count(), 0, "who has read, or wrote it, is told nothing: {received:?}");
}

#[tokio::test]
async fn what_waits_is_told_when_its_time_has_come() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, "3s").await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.say("den", "one").await;
    assert_eq!(told_of(&receiver, "ben", 1).await["unread"], 1);
    ann.say("den", "two").await;
    assert_eq!(told_of(&receiver, "ben", 2).await["unread"], 2);
    // Nothing came since: there is nothing to say again.
    and_nothing_else(&receiver, &server, &ann).await;
    told_of(&receiver, "ben", 2).await;
}

#[tokio::test]
async fn what_was_read_before_it_could_be_told_is_not_told() {
    let receiver = Receiver::start().await;
    let mut server = start(&receiver, "1h").await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    receiver.answer(Reply::Body(503, String::new()));
    ann.say("den", "one").await;
    receiver.wait_until("a first attempt", |received| !told(received).is_empty()).await;
    ben.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    let before = told(&receiver.received()).len();
    receiver.answer(Reply::Body(200, String::new()));
    // Nor is it after a crash, or what was said while nobody looked is lost.
    ann.say("den", "two").await;
    server.kill9().await;
    server.start_again().await;
    let received =
        receiver.wait_until("the next one", |received| told(received).len() > before).await;
    let last = told(&received).pop().expect("it was told");
    assert_eq!(
        (&last["unread"], &last["rooms"][0]["last_message"]["content"]),
        (&json!(1), &json!("two"))
    );
}
