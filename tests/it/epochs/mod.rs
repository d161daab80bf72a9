//! A position belongs to one life of a timeline: whoever comes back with one
//! of an earlier life is told to load anew, and nothing is skipped in silence.

mod again;
mod restored;
mod shared;

use serde_json::{Value, json};

use crate::support::{Server, Socket, Token, User};

/// Somebody who speaks for the application.
async fn service(server: &Server) -> User {
    server.user_with("app", Token::of("app").claim("roles", json!(["service"]))).await
}

async fn administrator(server: &Server) -> User {
    server.user_with("admin", Token::of("admin").claim("roles", json!(["admin"]))).await
}

/// The epoch of a room, as REST tells it.
async fn epoch_of(user: &User, room: &str) -> Value {
    let room = user.get(&format!("/rooms/{room}")).await.expect(200);
    assert!(room["epoch"].is_string(), "{room}");
    room["epoch"].clone()
}

fn in_epoch(since: i64, epoch: &Value) -> Value {
    json!({"since": since, "epoch": epoch})
}

/// Comes back to one room with what is named, and gives what came of it.
async fn resumed(user: &User, room: &str, named: Value) -> (Socket, Value) {
    let (socket, answer) = user.resume(json!({room: named})).await;
    (socket, answer["rooms"][room].clone())
}

/// What is named cannot be served: it is said so, and the room is live.
async fn starts_anew(user: &User, room: &str, named: Value) {
    let (mut socket, den) = resumed(user, room, named.clone()).await;
    assert_eq!((&den["resync"], &den["replayed"]), (&json!(true), &json!(0)), "{named}: {den}");
    assert_eq!(den["room"]["epoch"], den["epoch"], "{den}");
    let head = den["last_seq"].as_i64().expect("a position");
    user.say(room, "and on").await;
    assert_eq!(socket.next_message(room).await["seq"], head + 1, "{named}");
}

/// What is named is served: so many events come, and nothing is said to be
/// lost.
async fn goes_on(user: &User, room: &str, named: Value, missed: usize) {
    let (mut socket, den) = resumed(user, room, named.clone()).await;
    assert_eq!(
        (&den["resync"], &den["replayed"]),
        (&json!(false), &json!(missed)),
        "{named}: {den}"
    );
    socket.next_messages(room, missed).await;
}

async fn say_some(user: &User, room: &str, count: usize) {
    for number in 1..=count {
        user.say(room, &format!("message {number}")).await;
    }
}
