//! Rooms: who may make, see, join, leave and delete them.

use serde_json::{Value, json};

use crate::support::{Server, Token};

#[tokio::test]
async fn who_makes_a_room_owns_it() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let body = json!({"room_id": "board:42", "kind": "public", "title": "The board"});
    let room = alice.post("/rooms", body).await.expect(201);
    assert_eq!(room["room_id"], "board:42");
    assert_eq!((&room["kind"], &room["title"]), (&json!("public"), &json!("The board")));
    assert_eq!((&room["role"], &room["last_seq"]), (&json!("owner"), &json!(0)));
    assert_eq!((&room["read_seq"], &room["unread"]), (&json!(0), &json!(0)));
    let seen = alice.get("/rooms/board:42").await.expect(200);
    assert_eq!((&seen["room_id"], &seen["member_count"]), (&json!("board:42"), &json!(1)));
}

#[tokio::test]
async fn a_room_is_private_and_gets_an_id_unless_something_else_is_said() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let one = alice.post("/rooms", json!({})).await.expect(201);
    let two = alice.post("/rooms", json!({})).await.expect(201);
    assert_eq!(one["kind"], "private");
    assert_ne!(one["room_id"], two["room_id"]);
    let path = format!("/rooms/{}", one["room_id"].as_str().expect("a text"));
    alice.get(&path).await.expect(200);
}

#[tokio::test]
async fn an_id_is_taken_once_for_all() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("den", "private").await;
    for user in [&alice, &ben] {
        let again = user.post("/rooms", json!({"room_id": "den"})).await;
        again.refused(409, "conflict");
    }
}

#[tokio::test]
async fn a_private_room_does_not_exist_for_strangers() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("den", "private").await;
    alice.say("den", "secret").await;
    let hidden = ben.get("/rooms/den").await.refused(404, "not_found");
    let missing = ben.get("/rooms/nowhere").await.refused(404, "not_found");
    assert_eq!(hidden["message"], missing["message"], "the answer does not tell which it is");
    for path in ["/rooms/den/members", "/rooms/den/messages", "/rooms/den/read"] {
        ben.get(path).await.refused(404, "not_found");
    }
    ben.add_member("den", &ben).await.refused(404, "not_found");
    ben.delete("/rooms/den").await.refused(404, "not_found");
    let mut socket = ben.connect().await;
    let room = json!({"room_id": "den"});
    for command in ["room.join", "room.subscribe", "room.leave", "history"] {
        socket.refused(command, room.clone(), "not_found").await;
    }
    let send = json!({"room_id": "den", "content": "hello?"});
    socket.refused("message.send", send, "not_found").await;
}

#[tokio::test]
async fn a_public_room_is_seen_by_all_and_used_by_members() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("lobby", "public").await;
    let seen = ben.get("/rooms/lobby").await.expect(200);
    assert!(seen.get("role").is_none_or(Value::is_null), "{seen}");
    ben.get("/rooms/lobby/messages").await.refused(403, "forbidden");
    let mut socket = ben.connect().await;
    let send = json!({"room_id": "lobby", "content": "hello?"});
    socket.refused("message.send", send.clone(), "forbidden").await;
    socket.refused("room.subscribe", json!({"room_id": "lobby"}), "forbidden").await;

    let joined = socket.ask("room.join", json!({"room_id": "lobby"})).await;
    assert_eq!((&joined["last_seq"], &joined["room"]["role"]), (&json!(0), &json!("member")));
    socket.ask("message.send", send).await;
    assert_eq!(socket.next_message("lobby").await["seq"], 1);
}

#[tokio::test]
async fn joining_twice_is_joining_once() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("lobby", "public").await;
    let mut at_alice = alice.connect().await;
    let mut at_ben = ben.connect().await;
    at_ben.ask("room.join", json!({"room_id": "lobby"})).await;
    at_ben.ask("room.join", json!({"room_id": "lobby"})).await;
    assert_eq!(ben.add_member("lobby", &ben).await.status, 200);
    let joined = at_alice.next_event("member.joined").await;
    assert_eq!(joined["data"]["user"], json!({"id": "ben", "name": "ben"}));
    assert_eq!(joined["data"]["role"], "member");
    ben.say("lobby", "the fence").await;
    at_alice.next_message("lobby").await;
    let told = at_alice.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "member.joined"), "{told:?}");
}

#[tokio::test]
async fn who_leaves_is_out() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    at_ben.ask("room.leave", json!({"room_id": "den"})).await;
    assert_eq!(at_alice.next_event("member.left").await["data"]["user"]["id"], "ben");
    assert_eq!(at_ben.next_event("room.removed").await["room_id"], "den");
    ben.get("/rooms/den").await.refused(404, "not_found");
    at_ben.refused("room.leave", json!({"room_id": "den"}), "not_found").await;
}

#[tokio::test]
async fn an_owner_cannot_leave_others_alone_but_leaves_an_empty_room() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    let mut socket = alice.connect().await;
    socket.refused("room.leave", json!({"room_id": "den"}), "conflict").await;
    alice.remove_member("den", &alice).await.refused(409, "conflict");
    ben.remove_member("den", &ben).await.expect(204);
    socket.ask("room.leave", json!({"room_id": "den"})).await;
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_all() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    alice.say("den", "hi").await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    ben.delete("/rooms/den").await.refused(403, "forbidden");
    alice.delete("/rooms/den").await.expect(204);
    for socket in [&mut at_alice, &mut at_ben] {
        assert_eq!(socket.next_event("room.deleted").await["room_id"], "den");
    }
    alice.get("/rooms/den").await.refused(404, "not_found");
    let send = json!({"room_id": "den", "content": "anyone?"});
    at_ben.refused("message.send", send, "not_found").await;
    assert_eq!(ben.get("/rooms").await.expect(200)["rooms"], json!([]));
    // A new room of the same name begins anew, behind all that was in the old
    // one: a position that somebody still has means nothing in it.
    alice.create_room("den", "private").await;
    let seq = alice.say("den", "anew").await["seq"].as_i64().expect("a position");
    assert!(seq > 1, "{seq}");
    let history = alice.history("den", "").await;
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_list_of_rooms_shows_the_last_message_and_the_unread() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    alice.room_with("attic", &[&ben]).await;
    alice.say("den", "one").await;
    alice.say("den", "two").await;
    let list = ben.get("/rooms").await.expect(200);
    let rooms = list["rooms"].as_array().expect("a list");
    assert_eq!(rooms.len(), 2);
    let den = rooms.iter().find(|room| room["room_id"] == "den").expect("listed");
    assert_eq!(den["last_message"]["content"], "two");
    assert_eq!((&den["unread"], &den["last_seq"]), (&json!(2), &json!(2)));
    let attic = rooms.iter().find(|room| room["room_id"] == "attic").expect("listed");
    assert_eq!((&attic["last_message"], &attic["unread"]), (&Value::Null, &json!(0)));
}

#[tokio::test]
async fn a_user_is_in_as_many_rooms_as_allowed() {
    let server = Server::builder().set("PARLOR_ROOMS_PER_USER", 2).start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("one", "private").await;
    alice.create_room("two", "private").await;
    alice.post("/rooms", json!({"room_id": "three"})).await.refused(409, "conflict");
    ben.create_room("lobby", "public").await;
    alice.add_member("lobby", &alice).await.refused(409, "conflict");
    alice.delete("/rooms/one").await.expect(204);
    alice.add_member("lobby", &alice).await.expect(201);
}

#[tokio::test]
async fn an_admin_may_do_what_an_owner_may() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let ben = server.user("ben").await;
    let token = Token::of("root").claim("roles", json!(["admin"]));
    let root = server.user_with("root", token).await;
    alice.create_room("den", "private").await;
    alice.say("den", "hi").await;
    root.get("/rooms/den").await.expect(200);
    root.history("den", "").await;
    root.add_member("den", &ben).await.expect(201);
    root.remove_member("den", &ben).await.expect(204);
    root.delete("/rooms/den/messages").await.expect(204);
    root.delete("/rooms/den").await.expect(204);
}
