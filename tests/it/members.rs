//! Members come and go, and hear what was said while they were there.

use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test]
async fn the_owner_adds_and_removes_and_others_do_not() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let (ben, cleo) = (server.user("ben").await, server.user("cleo").await);
    alice.create_room("den", "private").await;
    let member = alice.add_member("den", &ben).await.expect(201);
    assert_eq!((&member["user"]["id"], &member["role"]), (&json!("ben"), &json!("member")));
    assert!(member["joined_at"].is_string());
    assert_eq!(alice.add_member("den", &ben).await.status, 200, "a second time changes nothing");
    assert_eq!(ben.get("/rooms/den/members/ben").await.expect(200), member);
    ben.get("/rooms/den/members/cleo").await.refused(404, "not_found");
    cleo.get("/rooms/den/members/ben").await.refused(404, "not_found");
    ben.add_member("den", &cleo).await.refused(403, "forbidden");
    ben.remove_member("den", &alice).await.refused(403, "forbidden");
    alice.remove_member("den", &ben).await.expect(204);
    ben.get("/rooms/den").await.refused(404, "not_found");
    alice.remove_member("den", &ben).await.refused(404, "not_found");
}

#[tokio::test]
async fn only_a_user_the_server_has_seen_can_be_added() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let added = alice.put("/rooms/den/members/stranger", json!({})).await;
    added.refused(404, "not_found");
}

#[tokio::test]
async fn members_are_listed_page_by_page() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    for name in ["ben", "cleo", "dan", "eve"] {
        let user = server.user(name).await;
        alice.add_member("den", &user).await.expect(201);
    }
    let mut seen = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page = alice.get(&format!("/rooms/den/members?{query}")).await.expect(200);
        let members = page["members"].as_array().expect("a list");
        assert!(members.len() <= 2);
        seen.extend(
            members.iter().map(|member| member["user"]["id"].as_str().expect("id").to_owned()),
        );
        if page["has_more"] == false {
            break;
        }
        query = format!("limit=2&after={}", seen.last().expect("a page that is not the last"));
    }
    assert_eq!(seen, ["alice", "ben", "cleo", "dan", "eve"]);
}

#[tokio::test]
async fn a_removed_member_gets_nothing_that_came_later() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    alice.room_with("fence", &[&ben]).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    at_alice.say("den", "before").await;
    alice.remove_member("den", &ben).await.expect(204);
    at_alice.say("den", "after").await;
    // What is said last anywhere comes last.
    at_alice.say("fence", "the fence").await;
    let mut told = Vec::new();
    loop {
        let frame = at_ben.next().await;
        if frame["room_id"] == "fence" && frame["type"] == "message.created" {
            break;
        }
        told.push(frame);
    }
    let den: Vec<&Value> = told.iter().filter(|frame| frame["room_id"] == "den").collect();
    assert_eq!(den[0]["data"]["content"], "before");
    assert_eq!(den.last().expect("told")["type"], "room.removed", "{told:?}");
    assert!(den.iter().all(|frame| frame["data"]["content"] != "after"), "{told:?}");
    at_ben.refused("room.subscribe", json!({"room_id": "den", "since": 0}), "not_found").await;
    ben.get("/rooms/den/messages").await.refused(404, "not_found");
}

#[tokio::test]
async fn removals_amid_a_stream_cut_it_cleanly() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    alice.room_with("fence", &[&ben]).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    for round in 0..20 {
        for number in 0..10 {
            let content = format!("{round}-{number}");
            at_alice.begin("message.send", json!({"room_id": "den", "content": content})).await;
        }
        alice.remove_member("den", &ben).await.expect(204);
        at_alice.say("den", "not for ben").await;
        alice.add_member("den", &ben).await.expect(201);
    }
    at_alice.say("fence", "the fence").await;
    let mut last = 0;
    loop {
        let frame = at_ben.next().await;
        if frame["type"] == "message.created" {
            if frame["room_id"] == "fence" {
                break;
            }
            assert_ne!(frame["data"]["content"], "not for ben");
            let seq = frame["seq"].as_i64().expect("a seq");
            assert!(seq > last, "{seq} came after {last}");
            last = seq;
        }
    }
}

#[tokio::test]
async fn an_added_member_is_live_at_once_and_hears_no_past() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("den", "private").await;
    alice.say("den", "before").await;
    let mut at_ben = ben.connect().await;
    alice.add_member("den", &ben).await.expect(201);
    let added = at_ben.next_event("room.added").await;
    assert_eq!(added["data"]["room"]["room_id"], "den");
    assert_eq!(added["data"]["room"]["last_seq"], 1);
    assert_eq!(added["data"]["room"]["unread"], 0, "unread counts from the moment of joining");
    alice.say("den", "after").await;
    assert_eq!(at_ben.next_message("den").await["data"]["content"], "after");
}

#[tokio::test]
async fn members_hear_who_joins_and_who_leaves() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("lobby", "public").await;
    let mut at_alice = alice.connect().await;
    let mut at_ben = ben.connect().await;
    at_ben.ask("room.join", json!({"room_id": "lobby"})).await;
    let joined = at_alice.next_event("member.joined").await;
    assert_eq!((&joined["room_id"], &joined["data"]["role"]), (&json!("lobby"), &json!("member")));
    alice.remove_member("lobby", &ben).await.expect(204);
    let left = at_alice.next_event("member.left").await;
    assert_eq!(left["data"]["user"], json!({"id": "ben", "name": "ben"}));
    at_ben.next_event("room.removed").await;
}

#[tokio::test]
async fn what_is_said_right_after_leaving_is_not_stored() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    let said = json!({"room_id": "den", "content": "still here?"});
    for _ in 0..20 {
        let before = at_ben.begin("message.send", said.clone()).await;
        let leave = at_ben.begin("room.leave", json!({"room_id": "den"})).await;
        let after = at_ben.begin("message.send", said.clone()).await;
        let read = at_ben.begin("history", json!({"room_id": "den"})).await;
        at_ben.answer(&before).await.expect("a member yet");
        at_ben.answer(&leave).await.expect("left");
        for late in [after, read] {
            let refused = at_ben.answer(&late).await.expect_err("no member any more");
            assert_eq!(refused["code"], "not_found", "{refused}");
        }
        alice.add_member("den", &ben).await.expect(201);
    }
    assert_eq!(alice.last_seq("den").await, 20);
}

#[tokio::test]
async fn what_is_said_right_after_joining_is_stored() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("lobby", "public").await;
    let mut at_ben = ben.connect().await;
    let join = at_ben.begin("room.join", json!({"room_id": "lobby"})).await;
    let data = json!({"room_id": "lobby", "content": "hello"});
    let said = at_ben.begin("message.send", data).await;
    at_ben.answer(&said).await.expect("a member by then");
    at_ben.answer(&join).await.expect("joined");
}
