//! Read marks, receipts and unread counts.

use serde_json::{Value, json};

use crate::support::{Server, Socket, User, without_epoch};

async fn den_with(server: &Server, messages: usize) -> (User, User) {
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    for number in 1..=messages {
        alice.say("den", &format!("message {number}")).await;
    }
    (alice, ben)
}

/// The mark of a user in the next receipts that name them.
async fn next_mark(socket: &mut Socket, user: &str) -> Value {
    let names = |frame: &Value| {
        let receipts = frame["data"]["receipts"].as_array();
        receipts.and_then(|all| all.iter().find(|one| one["user_id"] == user)).cloned()
    };
    let event = socket
        .next_where("receipts", |frame| frame["type"] == "receipts" && names(frame).is_some())
        .await;
    names(&event).expect("just found")["read_seq"].clone()
}

#[tokio::test]
async fn a_mark_set_over_the_socket_is_told_to_all_who_are_there() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 3).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    let ack = at_ben.ask("message.read", json!({"room_id": "den", "seq": 2})).await;
    assert_eq!(ack["room_id"], "den");
    assert_eq!((&ack["read_seq"], &ack["unread"]), (&json!(2), &json!(1)));
    assert_eq!(next_mark(&mut at_alice, "ben").await, 2);
    let expected = json!({"read_seq": 2, "unread": 1, "mentions": 0, "last_seq": 3});
    let told = at_ben.next_event("room.unread").await;
    assert_eq!(without_epoch(&told["data"]), expected);
}

#[tokio::test]
async fn a_mark_set_over_rest_is_told_like_one_from_a_socket() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 3).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    let read = ben.put("/rooms/den/read", json!({"seq": 3})).await.expect(200);
    let expected =
        json!({"room_id": "den", "read_seq": 3, "unread": 0, "mentions": 0, "last_seq": 3});
    assert_eq!(without_epoch(&read), expected);
    assert_eq!(next_mark(&mut at_alice, "ben").await, 3);
    let expected = json!({"read_seq": 3, "unread": 0, "mentions": 0, "last_seq": 3});
    let told = at_ben.next_event("room.unread").await;
    assert_eq!(without_epoch(&told["data"]), expected);
}

#[tokio::test]
async fn a_mark_can_be_named_by_a_message_or_be_all() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 3).await;
    let page = alice.history("den", "").await;
    let second = &page["messages"][1]["message_id"];
    let mut socket = ben.connect().await;
    let ack = socket.ask("message.read", json!({"room_id": "den", "message_id": second})).await;
    assert_eq!(ack["read_seq"], 2);
    let ack = socket.ask("message.read", json!({"room_id": "den", "all": true})).await;
    assert_eq!((&ack["read_seq"], &ack["unread"]), (&json!(3), &json!(0)));
    let read = alice.put("/rooms/den/read", json!({"message_id": second})).await.expect(200);
    assert_eq!(read["read_seq"], 2);
    assert_eq!(alice.put("/rooms/den/read", json!({"all": true})).await.expect(200)["read_seq"], 3);
}

#[tokio::test]
async fn a_message_of_another_room_marks_nothing() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 1).await;
    alice.create_room("attic", "private").await;
    let elsewhere = alice.say("attic", "hi").await;
    let body = json!({"room_id": "den", "message_id": elsewhere["message_id"]});
    ben.connect().await.refused("message.read", body.clone(), "not_found").await;
    ben.put("/rooms/den/read", body).await.refused(404, "not_found");
    assert_eq!(ben.read_state("den").await["read_seq"], 0);
}

#[tokio::test]
async fn a_mark_never_moves_back_and_never_past_the_head() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 3).await;
    let mut at_alice = alice.connect().await;
    let mut socket = ben.connect().await;
    for (asked, got) in [(2, 2), (1, 2), (0, 2), (9_999, 3), (2, 3)] {
        let ack = socket.ask("message.read", json!({"room_id": "den", "seq": asked})).await;
        assert_eq!(ack["read_seq"], got, "asked for {asked}");
    }
    alice.say("den", "the fence").await;
    at_alice.next_message("den").await;
    let told = at_alice.told_so_far().await;
    let marks: Vec<i64> = told
        .iter()
        .filter(|frame| frame["type"] == "receipts")
        .flat_map(|frame| frame["data"]["receipts"].as_array().expect("a list"))
        .filter(|mark| mark["user_id"] == "ben")
        .map(|mark| mark["read_seq"].as_i64().expect("a seq"))
        .collect();
    assert!(marks.is_sorted_by(|a, b| a < b), "only what moved is told: {marks:?}");
}

#[tokio::test]
async fn ones_own_messages_are_not_unread() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 2).await;
    ben.say("den", "from ben").await;
    assert_eq!(ben.read_state("den").await["unread"], 2);
    assert_eq!(alice.read_state("den").await["unread"], 1);
}

#[tokio::test]
async fn unread_messages_are_counted_over_all_rooms() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 2).await;
    alice.room_with("attic", &[&ben]).await;
    alice.room_with("empty", &[&ben]).await;
    alice.say("attic", "hi").await;
    let unread = ben.get("/unread").await.expect(200);
    assert_eq!(unread["total"], 3);
    let rooms = unread["rooms"].as_array().expect("a list");
    assert_eq!(rooms.len(), 2, "{unread}");
    let den = rooms.iter().find(|room| room["room_id"] == "den").expect("listed");
    let expected =
        json!({"room_id": "den", "unread": 2, "mentions": 0, "read_seq": 0, "last_seq": 2});
    assert_eq!(without_epoch(den), expected);
    let none = json!({"total": 0, "mentions": 0, "rooms": [], "has_more": false});
    assert_eq!(alice.get("/unread").await.expect(200), none);
}

#[tokio::test]
async fn read_all_moves_every_mark_that_can_move() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 2).await;
    alice.room_with("attic", &[&ben]).await;
    alice.room_with("empty", &[&ben]).await;
    alice.say("attic", "hi").await;
    let mut socket = ben.connect().await;
    let moved = ben.post("/read-all", json!({})).await.expect(200);
    let mut rooms = moved["rooms"].as_array().expect("a list").clone();
    rooms.sort_by_key(|room| room["room_id"].as_str().expect("an id").to_owned());
    assert_eq!(
        rooms,
        [json!({"room_id": "attic", "read_seq": 1}), json!({"room_id": "den", "read_seq": 2})],
    );
    for _ in 0..2 {
        assert_eq!(socket.next_event("room.unread").await["data"]["unread"], 0);
    }
    assert_eq!(ben.get("/unread").await.expect(200)["total"], 0);
    assert_eq!(ben.post("/read-all", json!({})).await.expect(200)["rooms"], json!([]));
}

#[tokio::test]
async fn receipts_are_listed_page_by_page() {
    let server = Server::start().await;
    let (alice, ben) = den_with(&server, 3).await;
    alice.put("/rooms/den/read", json!({"seq": 1})).await.expect(200);
    ben.put("/rooms/den/read", json!({"seq": 2})).await.expect(200);
    let first = alice.get("/rooms/den/receipts?limit=1").await.expect(200);
    assert_eq!(first["has_more"], true);
    assert_eq!(first["receipts"][0]["user_id"], "alice");
    assert_eq!(first["receipts"][0]["read_seq"], 1);
    assert!(first["receipts"][0]["read_at"].is_string());
    let second = alice.get("/rooms/den/receipts?limit=1&after=alice").await.expect(200);
    assert_eq!(second["has_more"], false);
    assert_eq!(second["receipts"][0]["user_id"], "ben");
    assert_eq!(second["receipts"][0]["read_seq"], 2);
}

#[tokio::test]
async fn strangers_set_no_marks() {
    let server = Server::start().await;
    let (alice, _) = den_with(&server, 1).await;
    alice.create_room("lobby", "public").await;
    let cleo = server.user("cleo").await;
    cleo.put("/rooms/den/read", json!({"all": true})).await.refused(404, "not_found");
    cleo.put("/rooms/lobby/read", json!({"all": true})).await.refused(403, "forbidden");
    cleo.get("/rooms/lobby/read").await.refused(403, "forbidden");
}
