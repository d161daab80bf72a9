//! Rooms and users that are deleted, and come again under their ids.

use serde_json::{Value, json};

use super::{administrator, epoch_of, goes_on, in_epoch, resumed, say_some, service, starts_anew};
use crate::support::{Server, User};

async fn standup(alice: &User, ben: &User, messages: usize) {
    alice.room_with("standup", &[ben]).await;
    say_some(alice, "standup", messages).await;
}

#[tokio::test]
async fn a_room_made_again_under_an_id_is_not_taken_for_the_old_one() {
    let mut server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    standup(&alice, &ben, 5).await;
    let old = epoch_of(&ben, "standup").await;
    alice.delete("/rooms/standup").await.expect(204);
    standup(&alice, &ben, 8).await;
    let new = epoch_of(&ben, "standup").await;
    assert_ne!(old, new);
    let first = alice.history("standup", "limit=8").await["messages"][0]["seq"].clone();
    let first = first.as_i64().expect("a position");
    assert!(first > 5, "no position is given twice under one id: {first}");

    // All of it is new to who knows numbers only, and to who names an epoch.
    for since in [0, first - 1] {
        goes_on(&ben, "standup", json!(since), 8).await;
    }
    goes_on(&ben, "standup", in_epoch(first, &new), 7).await;
    goes_on(&ben, "standup", in_epoch(0, &new), 8).await;
    for named in [json!(1), json!(5), in_epoch(5, &old), in_epoch(first + 7, &old)] {
        starts_anew(&ben, "standup", named).await;
    }
    starts_anew(&ben, "standup", in_epoch(first, &json!("of nobody's"))).await;

    // Also after a crash, and with the other command.
    server.kill9().await;
    server.start_again().await;
    starts_anew(&ben, "standup", json!(5)).await;
    let mut socket = ben.connect().await;
    let subscribe = |epoch: &Value| json!({"room_id": "standup", "since": first, "epoch": epoch});
    let answer = socket.ask("room.subscribe", subscribe(&old)).await;
    assert_eq!((&answer["resync"], &answer["epoch"]), (&json!(true), &new), "{answer}");
    let answer = socket.ask("room.subscribe", subscribe(&new)).await;
    assert_eq!((&answer["resync"], &answer["epoch"]), (&json!(false), &new), "{answer}");
}

#[tokio::test]
async fn a_room_made_again_is_above_the_old_one_also_where_nothing_was_said() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    for round in 0..3 {
        standup(&alice, &ben, 1).await;
        let head = alice.last_seq("standup").await;
        assert_eq!(head, 1 + 2 * round);
        let (_, answer) = resumed(&ben, "standup", json!(head)).await;
        assert_eq!((&answer["resync"], &answer["replayed"]), (&json!(false), &json!(0)));
        alice.delete("/rooms/standup").await.expect(204);
    }
    // Who was at the head of the last one.
    standup(&alice, &ben, 0).await;
    starts_anew(&ben, "standup", json!(5)).await;
    assert_eq!(alice.get("/rooms/standup/messages/count").await.expect(200)["count"], 1);
    // Another id begins at the beginning.
    alice.room_with("elsewhere", &[&ben]).await;
    assert_eq!(alice.say("elsewhere", "hi").await["seq"], 1);
}

async fn tell(app: &User, user: &str, count: usize) {
    for number in 1..=count {
        let body = json!({"type": "notification.new", "data": {"n": number}});
        app.post(&format!("/users/{user}/events"), body).await.expect(201);
    }
}

/// Comes back to the inbox alone.
async fn inbox_resumed(user: &User, named: Value) -> (Value, Vec<i64>) {
    let mut socket = user.connect_with("resume=1").await;
    let answer = socket.ask("session.resume", json!({"rooms": {}, "inbox": named})).await;
    let told = socket.told_so_far().await;
    let mine = told.iter().filter(|frame| frame["type"] == "notification.new");
    let seqs = mine.map(|frame| frame["inbox_seq"].as_i64().expect("a place")).collect();
    (answer["inbox"].clone(), seqs)
}

#[tokio::test]
async fn the_inbox_of_a_user_who_comes_again_is_not_taken_for_the_old_one() {
    let mut server = Server::start().await;
    let (app, admin) = (service(&server).await, administrator(&server).await);
    let ben = server.user("ben").await;
    tell(&app, "ben", 3).await;
    let old = ben.connect().await.ready["inbox_epoch"].clone();
    assert_eq!(ben.get("/inbox").await.expect(200)["epoch"], old);
    admin.delete("/users/ben").await.expect(204);
    let ben = server.user("ben").await;

    // Before anything has been told, and after.
    let (answer, _) = inbox_resumed(&ben, json!(3)).await;
    assert_eq!(answer["resync"], true, "{answer}");
    tell(&app, "ben", 5).await;
    let inbox = ben.get("/inbox").await.expect(200);
    let new = inbox["epoch"].clone();
    assert_ne!(old, new);
    let first = inbox["events"][0]["inbox_seq"].as_i64().expect("a place");
    assert!(first > 3, "no place is given twice: {inbox}");
    let all: Vec<i64> = (first..first + 5).collect();

    for restart in [false, true] {
        if restart {
            server.kill9().await;
            server.start_again().await;
        }
        for named in [json!(1), json!(3), in_epoch(3, &old), in_epoch(first + 4, &old)] {
            let (answer, told) = inbox_resumed(&ben, named.clone()).await;
            assert_eq!(answer["resync"], true, "{named}: {answer}");
            assert_eq!((&answer["last_seq"], told), (&json!(first + 4), Vec::new()), "{named}");
        }
        for (named, missed) in [
            (json!(0), &all[..]),
            (json!(first), &all[1..]),
            (in_epoch(first + 1, &new), &all[2..]),
            (in_epoch(first + 4, &new), &[]),
        ] {
            let (answer, told) = inbox_resumed(&ben, named.clone()).await;
            assert_eq!((&answer["resync"], told), (&json!(false), missed.to_vec()), "{named}");
            assert_eq!(answer["epoch"], new, "{answer}");
        }
    }
}

#[tokio::test]
async fn the_first_event_of_an_inbox_that_begins_above_comes_at_once_and_alone() {
    let server = Server::start().await;
    let (app, admin) = (service(&server).await, administrator(&server).await);
    server.user("ben").await;
    tell(&app, "ben", 2).await;
    admin.delete("/users/ben").await.expect(204);
    let ben = server.user("ben").await;
    let mut socket = ben.connect().await;
    tell(&app, "ben", 1).await;
    let event = socket.next_event("notification.new").await;
    assert_eq!(event["inbox_seq"], 4, "{event}");
    tell(&app, "ben", 1).await;
    assert_eq!(socket.next_event("notification.new").await["inbox_seq"], 5);
}

#[tokio::test]
async fn the_epoch_is_told_wherever_a_position_is() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("den", "public").await;
    let mut socket = ben.connect().await;
    let joined = socket.ask("room.join", json!({"room_id": "den"})).await;
    let epoch = joined["epoch"].clone();
    alice.say("den", "hello").await;
    let event = socket.next_event("room.added").await;
    let read = socket.ask("message.read", json!({"room_id": "den", "all": true})).await;
    let unread = socket.next_event("room.unread").await;
    let page = socket.ask("history", json!({"room_id": "den"})).await;
    let subscribed = socket.ask("room.subscribe", json!({"room_id": "den", "since": 1})).await;
    let ready = ben.connect().await.ready;
    let (_, answer) = resumed(&ben, "den", json!(1)).await;
    alice.say("den", "unread").await;
    let rooms = ben.get("/rooms").await.expect(200);
    let counts = ben.get("/unread").await.expect(200);
    for (what, told) in [
        ("room.join", &joined["room"]["epoch"]),
        ("room.added", &event["data"]["room"]["epoch"]),
        ("message.read", &read["epoch"]),
        ("room.unread", &unread["data"]["epoch"]),
        ("history", &page["epoch"]),
        ("room.subscribe", &subscribed["epoch"]),
        ("its room", &subscribed["room"]["epoch"]),
        ("session.ready", &ready["rooms"][0]["epoch"]),
        ("session.resume", &answer["epoch"]),
        ("GET /rooms", &rooms["rooms"][0]["epoch"]),
        ("GET /unread", &counts["rooms"][0]["epoch"]),
        ("GET /rooms/den", &ben.get("/rooms/den").await.expect(200)["epoch"]),
        ("GET /rooms/den/read", &ben.read_state("den").await["epoch"]),
        ("GET /rooms/den/messages", &ben.history("den", "").await["epoch"]),
        ("GET /rooms/den/events", &ben.get("/rooms/den/events").await.expect(200)["epoch"]),
    ] {
        assert_eq!(told, &epoch, "{what}");
    }
    assert!(ready["inbox_epoch"].is_string() && ready["inbox_epoch"] != epoch, "{ready}");
}
