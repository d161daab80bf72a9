//! Marks of what was delivered and read, and what is unread.

use serde_json::{Value, json};

use crate::support::{Server, User, id_of, without_epoch};

async fn unread_of(user: &User, room: &str) -> (i64, i64) {
    let state = user.read_state(room).await;
    (state["unread"].as_i64().expect("a number"), state["mentions"].as_i64().expect("a number"))
}

#[tokio::test]
async fn marks_of_delivery_and_reading_rise_and_are_told_to_the_others() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    for number in 0..5 {
        ann.say("den", &number.to_string()).await;
    }
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let delivered = |seq: i64| json!({"room_id": "den", "seq": seq});
    let answer = at_ben.ask("message.delivered", delivered(3)).await;
    assert_eq!(answer, json!({"room_id": "den", "delivered_seq": 3}));
    let told = at_ann.next_event("receipts").await;
    assert_eq!(told["data"]["receipts"], json!([{"user_id": "ben", "delivered_seq": 3}]));
    assert_eq!(at_ben.ask("message.delivered", delivered(2)).await["delivered_seq"], 3);
    assert_eq!(at_ben.ask("message.delivered", delivered(99)).await["delivered_seq"], 5);
    let read = at_ben.ask("message.read", json!({"room_id": "den", "seq": 2})).await;
    assert_eq!((&read["read_seq"], &read["unread"]), (&json!(2), &json!(3)));
    assert_eq!(
        at_ben.ask("message.read", json!({"room_id": "den", "seq": 1})).await["read_seq"],
        2
    );
    assert_eq!(at_ben.ask("message.delivered", delivered(1)).await["delivered_seq"], 5);
    let marks = ann.get("/rooms/den/receipts").await.expect(200);
    let mark = &marks["receipts"][0];
    assert_eq!(
        (&mark["user_id"], &mark["read_seq"], &mark["delivered_seq"]),
        (&json!("ben"), &json!(2), &json!(5))
    );
    assert!(mark["read_at"].is_string(), "{mark}");
    let rest = ben.put("/rooms/den/delivered", json!({"seq": 4})).await.expect(200);
    assert_eq!(rest["delivered_seq"], 5);
    // What changed nothing was told to nobody.
    let told: Vec<Value> = at_ann.told_so_far().await;
    let told: Vec<&Value> = told.iter().filter(|frame| frame["type"] == "receipts").collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(ann.last_seq("den").await, 5, "no mark takes a place in the timeline");
}

#[tokio::test]
async fn what_was_read_has_been_delivered() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.say("den", "hi").await;
    ben.mark_read("den", 1).await;
    let marks = ann.get("/rooms/den/receipts").await.expect(200);
    assert_eq!(marks["receipts"][0]["delivered_seq"], 1);
    let ready = ben.connect().await.ready;
    assert_eq!(
        (&ready["rooms"][0]["read_seq"], &ready["rooms"][0]["delivered_seq"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn a_message_tells_who_has_read_it_and_whom_it_has_reached() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let (cleo, dan) = (server.user("cleo").await, server.user("dan").await);
    let eve = server.user("eve").await;
    ann.room_with("den", &[&ben, &cleo, &dan]).await;
    let first = ann.say_id("den", "first").await;
    let second = ann.say_id("den", "second").await;
    ben.mark_read("den", 1).await;
    cleo.put("/rooms/den/delivered", json!({"seq": 2})).await.expect(200);
    ann.mark_read("den", 2).await;
    let of = |id: &str| format!("/messages/{id}/receipts");
    let reached = ann.get(&of(&first)).await.expect(200);
    let expected = json!([{"user_id": "ben", "read": true}, {"user_id": "cleo", "read": false}]);
    assert_eq!(reached["receipts"], expected);
    let reached = dan.get(&of(&second)).await.expect(200);
    assert_eq!(reached["receipts"], json!([{"user_id": "cleo", "read": false}]));
    let page = ann.get(&format!("{}?limit=1", of(&first))).await.expect(200);
    assert_eq!((&page["receipts"][0]["user_id"], &page["has_more"]), (&json!("ben"), &json!(true)));
    let page = ann.get(&format!("{}?limit=1&after=ben", of(&first))).await.expect(200);
    assert_eq!(
        (&page["receipts"][0]["user_id"], &page["has_more"]),
        (&json!("cleo"), &json!(false))
    );
    eve.get(&of(&first)).await.refused(404, "not_found");
    eve.get("/rooms/den/receipts").await.refused(404, "not_found");
    eve.put("/rooms/den/delivered", json!({"seq": 1})).await.refused(404, "not_found");
    ann.get("/messages/12345/receipts").await.refused(404, "not_found");
    ann.remove_member("den", &ben).await.expect(204);
    let reached = ann.get(&of(&first)).await.expect(200);
    assert_eq!(reached["receipts"], json!([{"user_id": "cleo", "read": false}]));
}

#[tokio::test]
async fn joining_marks_as_read_only_when_asked() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let cleo = server.user("cleo").await;
    ann.create_room("lobby", "public").await;
    for number in 0..3 {
        ann.say("lobby", &number.to_string()).await;
    }
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let (mut at_cleo, mut second) = (cleo.connect().await, cleo.connect().await);
    let joined = at_ben.ask("room.join", json!({"room_id": "lobby"})).await;
    assert_eq!((&joined["room"]["read_seq"], &joined["room"]["unread"]), (&json!(0), &json!(0)));
    let join = json!({"room_id": "lobby", "mark_read": true});
    let joined = at_cleo.ask("room.join", join.clone()).await;
    assert_eq!((&joined["room"]["read_seq"], &joined["room"]["unread"]), (&json!(3), &json!(0)));
    assert_eq!(second.next_event("room.added").await["data"]["room"]["read_seq"], 3);
    assert_eq!(second.next_event("room.unread").await["data"]["read_seq"], 3);
    let told = at_ann.next_event("receipts").await;
    assert_eq!(told["data"]["receipts"], json!([{"user_id": "cleo", "read_seq": 3}]));
    let marks = ann.get("/rooms/lobby/receipts").await.expect(200);
    assert_eq!(marks["receipts"].as_array().expect("marks").len(), 1, "{marks}");
    // One who is there already joins again and is asked to mark.
    ann.say("lobby", "more").await;
    let again = at_ben.ask("room.join", json!({"room_id": "lobby"})).await;
    assert_eq!((&again["room"]["read_seq"], &again["room"]["unread"]), (&json!(0), &json!(1)));
    let again = at_ben.ask("room.join", join).await;
    assert_eq!((&again["room"]["read_seq"], &again["room"]["unread"]), (&json!(4), &json!(0)));
    let bad = json!({"room_id": "lobby", "mark_read": "yes"});
    assert_eq!(at_ben.refused("room.join", bad, "invalid_message").await["field"], "mark_read");
}

#[tokio::test]
async fn all_of_a_users_devices_show_the_same_numbers() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.room_with("attic", &[&ben]).await;
    for content in ["one", "two @ben", "three @room"] {
        ann.say("den", content).await;
    }
    ann.say("attic", "hello @ben").await;
    let mut devices = Vec::new();
    for name in ["phone", "laptop", "tablet"] {
        devices.push(ben.connect_with(&format!("device_id={name}")).await);
    }
    for device in &devices {
        let den = &device.ready["rooms"][0];
        assert_eq!((&den["unread"], &den["mentions"]), (&json!(3), &json!(2)), "{den}");
    }
    let marked = devices[0].ask("message.read", json!({"room_id": "den", "seq": 2})).await;
    assert_eq!((&marked["unread"], &marked["mentions"]), (&json!(1), &json!(1)));
    for device in &mut devices {
        let told = device.next_event("room.unread").await;
        let expected = json!({"read_seq": 2, "unread": 1, "mentions": 1, "last_seq": 3});
        assert_eq!((&told["room_id"], without_epoch(&told["data"])), (&json!("den"), expected));
    }
    let unread = ben.get("/unread").await.expect(200);
    assert_eq!((&unread["total"], &unread["mentions"]), (&json!(2), &json!(2)));
    let moved = ben.post("/read-all", json!({})).await.expect(200);
    assert_eq!(moved["rooms"].as_array().expect("rooms").len(), 2, "{moved}");
    for device in &mut devices {
        for _ in 0..2 {
            let told = device.next_event("room.unread").await;
            assert_eq!(
                (&told["data"]["unread"], &told["data"]["mentions"]),
                (&json!(0), &json!(0))
            );
        }
    }
    assert_eq!(ben.get("/unread").await.expect(200)["total"], 0);
    let again = ben.post("/read-all", json!({})).await.expect(200);
    assert_eq!(again["rooms"], json!([]), "nothing moved a second time");
}

#[tokio::test]
async fn what_is_deleted_is_neither_unread_nor_a_mention() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let id = ann.say_id("den", "look @ben").await;
    ann.say("den", "plain").await;
    assert_eq!(unread_of(&ben, "den").await, (2, 1));
    ann.erase(&id).await.expect(200);
    assert_eq!(unread_of(&ben, "den").await, (1, 0));
    ann.delete("/rooms/den/messages").await.expect(204);
    assert_eq!(unread_of(&ben, "den").await, (0, 0));
}

#[tokio::test]
async fn a_mark_by_message_and_bad_marks() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.create_room("attic", "private").await;
    let elsewhere = ann.say_id("attic", "secret").await;
    let here = id_of(&ann.say("den", "hi").await);
    let read = ben.put("/rooms/den/read", json!({"message_id": here})).await.expect(200);
    assert_eq!(read["read_seq"], 1);
    let by = |id: &str| json!({"room_id": "den", "message_id": id});
    let mut at_ben = ben.connect().await;
    at_ben.refused("message.read", by(&elsewhere), "not_found").await;
    for (kind, data, field) in [
        ("message.delivered", json!({"room_id": "den"}), "seq"),
        ("message.delivered", json!({"room_id": "den", "seq": -1}), "seq"),
        ("message.delivered", json!({"room_id": "den", "seq": "1"}), "seq"),
        ("message.read", json!({"room_id": "den"}), "seq"),
        ("message.read", json!({"room_id": "den", "seq": 1, "all": true}), "seq"),
        ("message.read", json!({"room_id": "den", "message_id": "x"}), "message_id"),
    ] {
        let refused = at_ben.refused(kind, data, "invalid_message").await;
        assert_eq!(refused["field"], field, "{kind}");
    }
    at_ben.refused("message.delivered", json!({"room_id": "attic", "seq": 1}), "not_found").await;
}
