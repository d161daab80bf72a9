//! Rooms of two: one for each pair, whoever opens it.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Server, Token, User};

#[tokio::test]
async fn two_users_have_one_room_whoever_opens_it() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let mut at_ben = ben.connect().await;
    let opened = ann.open_direct(&ben).await.expect(201);
    assert_eq!((&opened["kind"], &opened["role"]), (&json!("direct"), &json!("member")));
    assert_eq!(opened["peer"], json!({"id": "ben", "name": "ben"}));
    assert_eq!(opened["member_count"], 2);
    let added = at_ben.next_event("room.added").await;
    assert_eq!(added["data"]["room"]["room_id"], opened["room_id"]);
    assert_eq!(added["data"]["room"]["peer"]["id"], "ann", "each is told of the other");
    let again = ben.open_direct(&ann).await.expect(200);
    assert_eq!(again["room_id"], opened["room_id"]);
    assert_eq!(again["peer"]["id"], "ann");
    let room = opened["room_id"].as_str().expect("an id");
    ann.say(room, "hello").await;
    assert_eq!(at_ben.next_message(room).await["data"]["content"], "hello");
    let ready = ben.connect().await.ready;
    assert_eq!(ready["rooms"][0]["peer"]["id"], "ann");
    assert_eq!(ready["rooms"][0]["unread"], 1);
}

#[tokio::test]
async fn many_pairs_open_their_room_at_once_and_each_pair_has_one() {
    let server = Server::start().await;
    let mut users = Vec::new();
    for number in 0..8 {
        users.push(server.user(&format!("u{number}")).await);
    }
    let pair = |a: &User, b: &User| (a.clone(), b.clone());
    let mut openings = Vec::new();
    for (at, one) in users.iter().enumerate() {
        for other in &users[at + 1..] {
            // Each side twice, all of them at once.
            openings.extend([pair(one, other), pair(other, one)]);
            openings.extend([pair(other, one), pair(one, other)]);
        }
    }
    let opened = join_all(openings.iter().map(|(one, other)| one.open_direct(other))).await;
    for four in opened.chunks(4) {
        let rooms: BTreeSet<String> =
            four.iter().map(|o| o.json()["room_id"].to_string()).collect();
        assert_eq!(rooms.len(), 1, "{four:?}");
        assert_eq!(four.iter().filter(|opened| opened.status == 201).count(), 1, "{four:?}");
    }
    let all: BTreeSet<String> = opened.iter().map(|o| o.json()["room_id"].to_string()).collect();
    assert_eq!(all.len(), 8 * 7 / 2);
    for user in &users {
        let rooms = user.get("/rooms").await.expect(200);
        assert_eq!(rooms["rooms"].as_array().expect("rooms").len(), 7);
    }
}

#[tokio::test]
async fn a_room_of_two_is_for_two_and_for_good() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let cleo = server.user("cleo").await;
    let room = ann.direct(&ben).await;
    ann.add_member(&room, &cleo).await.refused(403, "forbidden");
    cleo.join(&room).await.refused(404, "not_found");
    cleo.get(&format!("/rooms/{room}")).await.refused(404, "not_found");
    cleo.get(&format!("/rooms/{room}/messages")).await.refused(404, "not_found");
    ann.leave(&room).await.refused(403, "forbidden");
    ann.remove_member(&room, &ben).await.refused(403, "forbidden");
    ann.ban(&room, &ben, json!({})).await.refused(403, "forbidden");
    ann.mute(&room, &ben, 60).await.refused(403, "forbidden");
    ann.set_role(&room, &ben, "owner").await.refused(403, "forbidden");
    ann.transfer(&room, &ben).await.refused(403, "forbidden");
    ann.delete(&format!("/rooms/{room}")).await.refused(403, "forbidden");
    ann.patch(&format!("/rooms/{room}"), json!({"title": "x"})).await.refused(403, "forbidden");
    let mut at_cleo = cleo.connect().await;
    at_cleo.refused("room.join", json!({"room_id": room}), "not_found").await;
    at_cleo.refused("room.subscribe", json!({"room_id": room}), "not_found").await;
    let body = json!({"room_id": "own", "kind": "direct"});
    ann.post("/rooms", body).await.refused(400, "invalid_message");
}

#[tokio::test]
async fn nobody_opens_a_room_with_themselves_or_with_a_stranger() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.open_direct(&ann).await.refused(403, "forbidden");
    ann.put("/rooms/direct/nobody", json!({})).await.refused(404, "not_found");
    ann.put("/rooms/direct/a%20b", json!({})).await.refused(400, "invalid_message");
}

#[tokio::test]
async fn the_way_to_direct_rooms_is_no_rooms_id() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let refused = ann.post("/rooms", json!({"room_id": "direct"})).await;
    assert_eq!(refused.refused(400, "invalid_message")["field"], "room_id");
}

#[tokio::test]
async fn a_direct_room_takes_a_place_among_the_rooms_of_who_opens_it() {
    let server = Server::builder().set("PARLOR_ROOMS_PER_USER", 1).start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ben.create_room("own", "private").await;
    ben.open_direct(&ann).await.refused(409, "conflict");
    assert_eq!(ann.get("/rooms").await.expect(200)["rooms"], json!([]), "nothing is left behind");
    let room = ann.open_direct(&ben).await.expect(201);
    let again = ben.open_direct(&ann).await.expect(200);
    assert_eq!(again["room_id"], room["room_id"], "one that is there is opened at the limit, too");
}

#[tokio::test]
async fn who_is_blocked_says_nothing_in_the_room_of_two_until_it_is_lifted() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let room = ann.direct(&ben).await;
    let before = ben.say_id(&room, "before").await;
    let mut at_ben = ben.connect().await;
    ann.block(&ben).await.expect(204);
    ann.block(&ben).await.expect(204);
    let listed = ann.get("/blocks").await.expect(200);
    assert_eq!(listed["users"], json!([{"id": "ben", "name": "ben"}]));
    let said = json!({"room_id": room, "content": "hi"});
    at_ben.refused("message.send", said.clone(), "forbidden").await;
    ben.try_say(&room, "hi").await.refused(403, "forbidden");
    ben.edit(&before, "edited").await.refused(403, "forbidden");
    ben.react(&before, "👍").await.refused(403, "forbidden");
    ben.pin(&before).await.refused(403, "forbidden");
    at_ben.refused("typing", json!({"room_id": room, "is_typing": true}), "forbidden").await;
    // Nor does who has blocked: nobody could answer.
    ann.try_say(&room, "hi").await.refused(403, "forbidden");
    ben.erase(&before).await.expect(200);
    ann.unblock(&ben).await.expect(204);
    at_ben.ask("message.send", said).await;
    assert_eq!(ann.get("/blocks").await.expect(200)["users"], json!([]));
}

#[tokio::test]
async fn a_block_from_before_the_room_holds_in_it() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let mut at_ben = ben.connect().await;
    ann.block(&ben).await.expect(204);
    ben.open_direct(&ann).await.refused(403, "forbidden");
    let room = ann.direct(&ben).await;
    at_ben.next_event("room.added").await;
    let said = json!({"room_id": room, "content": "hi"});
    at_ben.refused("message.send", said, "forbidden").await;
    ben.try_say(&room, "hi").await.refused(403, "forbidden");
    ann.try_say(&room, "the first word").await.refused(403, "forbidden");
    ben.block(&ann).await.expect(204);
    ann.unblock(&ben).await.expect(204);
    ann.try_say(&room, "hi").await.refused(403, "forbidden");
    ben.unblock(&ann).await.expect(204);
    ann.say(&room, "the first word").await;
}

#[tokio::test]
async fn who_is_blocked_is_told_neither_typing_nor_receipts_of_the_other() {
    let server = Server::start().await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    let room = ann.direct(&ben).await;
    ben.say(&room, "hi").await;
    ann.room_with("den", &[&ben, &cleo]).await;
    ben.say("den", "hi").await;
    ann.block(&ben).await.expect(204);
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let mut at_cleo = cleo.connect().await;
    at_ann.refused("typing", json!({"room_id": room, "is_typing": true}), "forbidden").await;
    at_ann.ask("typing", json!({"room_id": "den", "is_typing": true})).await;
    for room in [room.as_str(), "den"] {
        at_ann.ask("message.read", json!({"room_id": room, "all": true})).await;
    }
    assert_eq!(at_cleo.next_event("typing").await["data"]["user_id"], "ann");
    at_cleo.next_event("receipts").await;
    let told = at_ben.told_so_far().await;
    let tells = |frame: &Value| frame["type"] == "typing" || frame["type"] == "receipts";
    assert!(!told.iter().any(tells), "{told:?}");
    for (user, other) in [(&ben, "ann"), (&ann, "ben")] {
        for room in [room.as_str(), "den"] {
            let seen = user.get(&format!("/rooms/{room}/receipts")).await.expect(200);
            let marks = seen["receipts"].as_array().expect("a list");
            assert!(marks.iter().all(|mark| mark["user_id"] != other), "{seen}");
        }
    }
    // Over REST by one who is not connected, in the room of two.
    drop(at_ann);
    ann.unblock(&ben).await.expect(204);
    ben.say(&room, "again").await;
    ann.block(&ben).await.expect(204);
    ann.mark_read(&room, ann.last_seq(&room).await).await;
    let told = at_ben.told_so_far().await;
    assert!(!told.iter().any(tells), "{told:?}");
}

#[tokio::test]
async fn a_block_is_for_rooms_of_two_only() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.block(&ben).await.expect(204);
    ben.say("den", "here I may").await;
    ann.block(&ann).await.refused(403, "forbidden");
    ann.put("/blocks/nobody", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_room_with_a_deleted_user_says_so_and_takes_no_messages() {
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let root = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    let room = ann.direct(&ben).await;
    let before = ben.say_id(&room, "before").await;
    let mut at_ben = ben.connect().await;
    root.delete("/users/ann").await.expect(204);
    let left = at_ben.next_event("member.left").await;
    assert_eq!(left["data"]["reason"], "deleted");
    let said = json!({"room_id": room, "content": "still there?"});
    at_ben.refused("message.send", said.clone(), "forbidden").await;
    ben.try_say(&room, "still there?").await.refused(403, "forbidden");
    ben.react(&before, "👍").await.refused(403, "forbidden");
    ben.edit(&before, "after").await.refused(403, "forbidden");
    ben.erase(&before).await.expect(200);
    for _ in 0..2 {
        let seen = ben.get(&format!("/rooms/{room}")).await.expect(200);
        assert_eq!(seen["peer"]["name"], "Deleted user");
        assert_eq!(seen["peer"]["deleted"], true);
        let listed = ben.get("/rooms").await.expect(200);
        assert_eq!(listed["rooms"][0]["peer"], seen["peer"]);
        ben.try_say(&room, "still there?").await.refused(403, "forbidden");
        let mut at_ben = ben.connect().await;
        at_ben.refused("message.send", said.clone(), "forbidden").await;
        server.restart().await;
    }
    // Who takes the id is somebody else, with a room of their own.
    let other = server.user("ann").await;
    let new = ben.open_direct(&other).await.expect(201);
    assert_ne!(new["room_id"], room.as_str());
    assert_eq!(new["peer"], json!({"id": "ann", "name": "ann"}));
}

#[tokio::test]
async fn rooms_of_two_and_blocks_are_there_after_a_crash() {
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let room = ann.direct(&ben).await;
    ann.block(&ben).await.expect(204);
    server.kill9().await;
    server.start_again().await;
    assert_eq!(ben.direct(&ann).await, room);
    ben.try_say(&room, "hi").await.refused(403, "forbidden");
    let seen: Value = ben.get(&format!("/rooms/{room}")).await.expect(200);
    assert_eq!(seen["blocked"], true);
}
