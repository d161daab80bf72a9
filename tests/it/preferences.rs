//! Rooms as one has them for oneself: muted, hidden, archived, pinned, sorted, and marked
//! as unread.

use serde_json::{Value, json};

use crate::support::{Outcome, Server, Socket, User, without_epoch};

/// A room of two, with messages of the first; the second has read all.
async fn den(server: &Server, messages: usize) -> (User, User) {
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    for number in 1..=messages {
        ann.say("den", &format!("message {number}")).await;
    }
    ben.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    (ann, ben)
}

async fn prefers(socket: &mut Socket, mut fields: Value) -> Value {
    fields["room_id"] = json!("den");
    let ack = socket.ask("room.preferences", fields).await;
    assert_eq!(ack["room_id"], "den");
    ack["preferences"].clone()
}

async fn preferences_of(user: &User) -> Value {
    user.get("/rooms/den").await.expect(200)["preferences"].clone()
}

#[tokio::test]
async fn what_one_sets_is_told_to_ones_own_devices_and_nobody_else() {
    let server = Server::start().await;
    let (ann, ben) = den(&server, 1).await;
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    let mut at_ann = ann.connect().await;
    let pinned = json!({"pinned": true, "rank": -7});
    assert_eq!(prefers(&mut phone, json!({"pinned": true, "rank": -7})).await, pinned);
    for device in [&mut phone, &mut laptop] {
        let told = device.next_event("room.preferences").await;
        assert_eq!((&told["room_id"], &told["data"]["preferences"]), (&json!("den"), &pinned));
    }
    // What is not named stays; what changes nothing is told to nobody.
    assert_eq!(prefers(&mut phone, json!({"pinned": true})).await, pinned);
    let both = json!({"pinned": true, "rank": -7, "archived": true});
    let answer = ben.patch("/rooms/den/preferences", json!({"archived": true})).await.expect(200);
    assert_eq!(answer, json!({"room_id": "den", "preferences": both}));
    assert_eq!(laptop.next_event("room.preferences").await["data"]["preferences"], both);
    // They are there again at the next connection, and in the lists.
    let ready = ben.connect().await.ready;
    assert_eq!(ready["rooms"][0]["preferences"], both);
    assert_eq!(ben.get("/rooms").await.expect(200)["rooms"][0]["preferences"], both);
    assert_eq!(preferences_of(&ben).await, both);
    let usual = json!({"pinned": false, "rank": null, "archived": false});
    assert_eq!(prefers(&mut laptop, usual).await, json!({}));
    assert_eq!(preferences_of(&ben).await, Value::Null, "left out");
    assert_eq!(preferences_of(&ann).await, Value::Null);
    let told = at_ann.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "room.preferences"), "{told:?}");
}

#[tokio::test]
async fn a_room_is_hidden_until_somebody_writes_there() {
    let server = Server::start().await;
    let (ann, ben) = den(&server, 2).await;
    let mut socket = ben.connect().await;
    let hidden = json!({"hidden": true});
    assert_eq!(prefers(&mut socket, hidden.clone()).await, hidden);
    // What else happens there does not bring it back.
    ann.patch("/rooms/den", json!({"title": "Den"})).await.expect(200);
    let message = ann.history("den", "").await["messages"][0]["message_id"].clone();
    let message = message.as_str().expect("an id");
    ann.put(&format!("/messages/{message}/reactions/👍"), json!({})).await.expect(200);
    assert_eq!(preferences_of(&ben).await, hidden);
    assert_eq!(ben.connect().await.ready["rooms"][0]["preferences"], hidden);
    ann.say("den", "are you there?").await;
    assert_eq!(preferences_of(&ben).await, Value::Null);
    assert_eq!(ben.connect().await.ready["rooms"][0].get("preferences"), None);
    // Hidden once more it comes back when it is cleared: what was written since may be
    // among what is gone.
    assert_eq!(prefers(&mut socket, hidden.clone()).await, hidden);
    ann.delete("/rooms/den/messages").await.expect(204);
    assert_eq!(preferences_of(&ben).await, Value::Null);
}

#[tokio::test]
async fn a_mute_ends_at_its_time() {
    let server = Server::start().await;
    let (_, ben) = den(&server, 1).await;
    let mut socket = ben.connect().await;
    let muted = prefers(&mut socket, json!({"notifications": "nothing"})).await;
    assert_eq!(muted, json!({"notifications": "nothing"}), "for good");
    let until = "2999-01-01T00:00:00.000Z";
    let fields = json!({"notifications": "mentions", "notifications_until": until});
    assert_eq!(prefers(&mut socket, fields.clone()).await, fields);
    let fields = json!({"notifications": "nothing", "notifications_seconds": 1});
    let muted = prefers(&mut socket, fields).await;
    assert_eq!(muted["notifications"], "nothing");
    assert!(muted["notifications_until"].is_string(), "{muted}");
    let is_over = |room: &Outcome| !room.body.contains("preferences");
    ben.get_until("the end of a mute", "/rooms/den", is_over).await;
    // The list agrees.
    let page = ben.get("/rooms?notifications=all").await.expect(200);
    assert_eq!(page["rooms"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_cannot_be_set_is_refused_with_its_field() {
    let server = Server::start().await;
    let (_, ben) = den(&server, 1).await;
    let zoe = server.user("zoe").await;
    let mut socket = ben.connect().await;
    for (field, fields) in [
        ("notifications", json!({})),
        ("notifications", json!({"notifications": "some"})),
        ("notifications_until", json!({"notifications_seconds": 60, "pinned": true})),
        ("notifications_until", json!({"notifications": "all", "notifications_seconds": 60})),
        (
            "notifications_until",
            json!({"notifications": "nothing", "notifications_until": "2020-01-01T00:00:00Z"}),
        ),
        ("notifications_seconds", json!({"notifications": "nothing", "notifications_seconds": 0})),
        ("hidden", json!({"hidden": "yes"})),
        ("rank", json!({"rank": 9_007_199_254_740_992_i64})),
        ("rank", json!({"rank": 1.5})),
    ] {
        let error = ben.patch("/rooms/den/preferences", fields.clone()).await;
        let error = error.refused(400, "invalid_message");
        assert_eq!(error["field"], field, "{fields}");
        let mut fields = fields;
        fields["room_id"] = json!("den");
        let error = socket.refused("room.preferences", fields, "invalid_message").await;
        assert_eq!(error["field"], field);
    }
    // Only members have any; to others the room is not there, or closed.
    zoe.patch("/rooms/den/preferences", json!({"pinned": true})).await.refused(404, "not_found");
    zoe.put("/rooms/den/unread", json!({})).await.refused(404, "not_found");
    ben.create_room("hall", "public").await;
    zoe.patch("/rooms/hall/preferences", json!({"pinned": true})).await.refused(403, "forbidden");
    zoe.put("/rooms/hall/unread", json!({})).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_room_is_marked_as_unread_for_oneself() {
    let server = Server::start().await;
    let (ann, ben) = den(&server, 4).await;
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    let mut at_ann = ann.connect().await;
    at_ann.told_so_far().await;
    let unread = |count: i64, from: i64| json!({"read_seq": 4, "unread": count, "mentions": 0, "last_seq": 4, "unread_from": from});
    let ack = phone.ask("message.unread", json!({"room_id": "den"})).await;
    let mut expected = unread(1, 4);
    expected["room_id"] = json!("den");
    assert_eq!(without_epoch(&ack), expected);
    let third = ann.history("den", "").await["messages"][2]["message_id"].clone();
    ben.put("/rooms/den/unread", json!({"message_id": third})).await.expect(200);
    for device in [&mut phone, &mut laptop] {
        for expected in [unread(1, 4), unread(2, 3)] {
            let told = device.next_event("room.unread").await;
            assert_eq!(without_epoch(&told["data"]), expected);
        }
    }
    // It is so in every list, and others see the mark where it was.
    let entry = &ben.connect().await.ready["rooms"][0];
    assert_eq!((&entry["unread"], &entry["unread_from"]), (&json!(2), &json!(3)));
    let listed = ben.get("/unread").await.expect(200);
    assert_eq!((&listed["total"], &listed["rooms"][0]["unread_from"]), (&json!(2), &json!(3)));
    let receipts = ann.get("/rooms/den/receipts").await.expect(200);
    let of_ben = receipts["receipts"].as_array().expect("a list").iter();
    let of_ben = of_ben.filter(|one| one["user_id"] == "ben").collect::<Vec<_>>();
    assert_eq!(of_ben[0]["read_seq"], 4);
    let told = at_ann.told_so_far().await;
    assert_eq!(told, [Value::Null; 0], "nobody else hears of it");
    // Reading it ends it, though the mark was there.
    let ack = laptop.ask("message.read", json!({"room_id": "den", "seq": 4})).await;
    assert_eq!((&ack["unread"], ack.get("unread_from")), (&json!(0), None));
    let told = phone.next_event("room.unread").await;
    assert_eq!((&told["data"]["unread"], told["data"].get("unread_from")), (&json!(0), None));
    // And so does reading everything.
    phone.ask("message.unread", json!({"room_id": "den", "seq": 1})).await;
    let read = ben.post("/read-all", json!({})).await.expect(200);
    assert_eq!(read["moved"], 1);
    assert_eq!(ben.get("/unread").await.expect(200)["total"], 0);
    // What is cleared is not unread, whatever was said of it.
    phone.ask("message.unread", json!({"room_id": "den", "seq": 2})).await;
    ann.delete("/rooms/den/messages").await.expect(204);
    let room = ben.get("/rooms/den").await.expect(200);
    assert_eq!((&room["unread"], room.get("unread_from")), (&json!(0), None));
    assert_eq!(ben.get("/rooms?unread=true").await.expect(200)["rooms"], json!([]));
    let both = json!({"room_id": "den", "seq": 1, "message_id": third});
    phone.refused("message.unread", both, "invalid_message").await;
    let missing = json!({"room_id": "den", "message_id": "7"});
    phone.refused("message.unread", missing, "not_found").await;
}
