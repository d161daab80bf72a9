//! Rooms that everybody has left.

use serde_json::json;

use crate::support::{Outcome, Received, Receiver, Server, Token, User, seqs};

async fn start(settings: &[(&str, &str)]) -> (Server, User) {
    let mut builder = Server::builder().set("PARLOR_RETENTION_TICK", "100ms");
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    let server = builder.start().await;
    let admin = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    (server, admin)
}

async fn leaves(user: &User, room: &str) {
    user.remove_member(room, user).await.expect(204);
}

async fn is_gone(admin: &User, room: &str) {
    let gone = |outcome: &Outcome| outcome.status == 404;
    admin.get_until("its end", &format!("/rooms/{room}"), gone).await;
}

#[tokio::test]
async fn a_private_room_ends_with_its_last_member() {
    let (server, admin) = start(&[]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ann = ann.connect().await;
    ann.say("den", "a secret").await;
    leaves(&ben, "den").await;
    admin.get("/rooms/den").await.expect(200);
    leaves(&ann, "den").await;
    is_gone(&admin, "den").await;
    assert_eq!(at_ann.next_event("room.removed").await["data"]["reason"], "left");
    let told = at_ann.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "room.deleted"), "once is enough: {told:?}");
    // Its id is free, and nothing of it is left.
    ben.create_room("den", "private").await;
    ben.say("den", "new").await;
    let history = ben.history("den", "").await;
    let messages = history["messages"].as_array().expect("a list");
    assert_eq!((messages.len(), seqs(messages).len()), (1, 1));
    assert_eq!(messages[0]["content"], "new");
}

#[tokio::test]
async fn a_direct_room_ends_when_both_are_deleted() {
    let (server, admin) = start(&[]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let room = ann.put("/rooms/direct/ben", json!({})).await.expect(201);
    let room = room["room_id"].as_str().expect("an id");
    ann.say(room, "hi").await;
    admin.delete(&format!("/users/{}", ann.id)).await.expect(204);
    admin.get(&format!("/rooms/{room}")).await.expect(200);
    admin.delete(&format!("/users/{}", ben.id)).await.expect(204);
    is_gone(&admin, room).await;
}

#[tokio::test]
async fn an_open_room_waits_a_while_for_somebody() {
    let (server, admin) = start(&[("PARLOR_EMPTY_ROOM_TTL", "2s")]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("lobby", "public").await;
    ann.create_room("news", "announcement").await;
    ann.create_room("probe", "private").await;
    for room in ["lobby", "news", "probe"] {
        leaves(&ann, room).await;
    }
    is_gone(&admin, "probe").await;
    // Who comes in time keeps it.
    ben.add_member("lobby", &ben).await.expect(201);
    is_gone(&admin, "news").await;
    let lobby = ben.get("/rooms/lobby").await.expect(200);
    assert_eq!((&lobby["role"], &lobby["member_count"]), (&json!("owner"), &json!(1)));
    leaves(&ben, "lobby").await;
    is_gone(&admin, "lobby").await;
}

#[tokio::test]
async fn a_room_of_the_application_stays_when_all_have_left() {
    let (server, admin) = start(&[("PARLOR_EMPTY_ROOM_TTL", "1ms")]).await;
    let roles = json!(["service"]);
    let service = server.user_with("backend", Token::of("backend").claim("roles", roles)).await;
    let ann = server.user("ann").await;
    for (room, kind) in [("board", "private"), ("forum", "public")] {
        service.create_room(room, kind).await;
        leaves(&service, room).await;
    }
    admin.add_member("board", &ann).await.expect(201);
    leaves(&ann, "board").await;
    // One of a user's that was left later has ended.
    ann.create_room("lobby", "public").await;
    leaves(&ann, "lobby").await;
    is_gone(&admin, "lobby").await;
    for room in ["board", "forum"] {
        admin.get(&format!("/rooms/{room}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_user_has_made_so_many_rooms_at_the_most_whoever_is_in_them() {
    let (server, _) = start(&[("PARLOR_ROOMS_PER_USER", "3")]).await;
    let ann = server.user("ann").await;
    for n in 0..6 {
        ann.create_room(&format!("r{n}"), "public").await;
        leaves(&ann, &format!("r{n}")).await;
    }
    let body = json!({"room_id": "r6", "kind": "public"});
    ann.post("/rooms", body.clone()).await.refused(409, "conflict");
    // One that ends makes room for another.
    ann.add_member("r0", &ann).await.expect(201);
    ann.delete("/rooms/r0").await.expect(204);
    ann.post("/rooms", body).await.expect(201);
    server.user("ben").await.create_room("r7", "public").await;
}

#[tokio::test]
async fn whoever_is_told_of_rooms_is_told_of_their_end() {
    let receiver = Receiver::start().await;
    let settings = [
        ("PARLOR_WEBHOOK_URLS", receiver.url.as_str()),
        ("PARLOR_WEBHOOK_SECRET", "a secret of at least 24 bytes"),
        ("PARLOR_WEBHOOK_EVENTS", "room.created,member.left,room.deleted"),
    ];
    let (server, _) = start(&settings).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    leaves(&ann, "den").await;
    let told = receiver.wait_until("three", |received| received.len() == 3).await;
    let told: Vec<_> = told.iter().map(Received::json).collect();
    let kinds: Vec<_> = told.iter().map(|told| told["type"].as_str().expect("a text")).collect();
    assert_eq!(kinds, ["room.created", "member.left", "room.deleted"]);
    assert!(told.iter().all(|told| told["data"]["room_id"] == "den"), "{told:?}");
}
