//! What the application tells: rooms, users, role contexts, everyone.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Opening, Server, Socket, Token, User, within};

async fn service(server: &Server) -> User {
    server.user_with("app", Token::of("app").claim("roles", json!(["service"]))).await
}

fn examples() -> [(&'static str, Value); 6] {
    [
        ("task.created", json!({"task": {"id": "T-7", "title": "Paint the fence"}})),
        (
            "task.updated",
            json!({"task_id": "T-7", "changes": {"status": {"old": "open", "new": "done"}}}),
        ),
        ("project.updated", json!({"changes": {"name": {"old": "A", "new": "B"}}})),
        ("StatusChanged", json!({"status": "done", "previous": "open"})),
        ("chat:message", json!({"from": "another service"})),
        ("notification.new", json!({"title": "You are assigned to T-7"})),
    ]
}

#[tokio::test]
async fn events_of_a_room_have_their_place_among_its_messages() {
    let server = Server::start().await;
    let (app, ann) = (service(&server).await, server.user("ann").await);
    ann.create_room("board:42", "private").await;
    let mut socket = ann.connect().await;
    for (seq, (kind, data)) in (1..).zip(examples()) {
        let body = json!({"type": kind, "data": data});
        let published = app.post("/rooms/board:42/events", body).await.expect(201);
        assert_eq!(published, json!({"seq": seq, "duplicate": false}));
        let told = socket.next_event(kind).await;
        assert_eq!((&told["seq"], &told["data"]), (&json!(seq), &data));
    }
    socket.say("board:42", "seen").await;
    // Replayed in order, with the message.
    let (mut back, ack) = ann.resume(json!({"board:42": 0})).await;
    assert_eq!(ack["rooms"]["board:42"]["replayed"], 7);
    let told = back.told_so_far().await;
    let of_room = told.iter().filter(|frame| frame["room_id"] == "board:42");
    let seqs: Vec<i64> = of_room.filter_map(|frame| frame["seq"].as_i64()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7]);
    let listed = ann.get("/rooms/board:42/events").await.expect(200);
    assert_eq!(listed["events"].as_array().expect("a list").len(), 6);
    // Told to who is there, and not kept.
    let body = json!({"type": "cursor.moved", "data": [1, 2], "ephemeral": true});
    assert_eq!(
        app.post("/rooms/board:42/events", body).await.expect(201),
        json!({"duplicate": false})
    );
    assert_eq!(socket.next_event("cursor.moved").await.get("seq"), None);
}

#[tokio::test]
async fn a_key_publishes_once_also_over_a_crash() {
    let mut server = Server::start().await;
    let (app, ann) = (service(&server).await, server.user("ann").await);
    ann.create_room("den", "private").await;
    let publish = |path: &'static str| {
        let body = json!({"type": "task.created", "data": {"n": 1}});
        let request = app.request(Method::POST, path).header("Idempotency-Key", "k-1");
        User::outcome(request.json(&body))
    };
    let paths = ["/rooms/den/events", "/users/ann/events", "/roles/lead/events", "/broadcast"];
    for path in paths {
        publish(path).await.expect(201);
    }
    server.kill9().await;
    server.start_again().await;
    for path in paths {
        assert_eq!(publish(path).await.expect(200)["duplicate"], true, "{path}");
    }
    assert_eq!(ann.get("/inbox").await.expect(200)["inbox_seq"], 1);
}

#[tokio::test]
async fn a_key_is_its_publishers_own() {
    let server = Server::start().await;
    let (one, ann) = (service(&server).await, server.user("ann").await);
    let token = Token::of("other").claim("roles", json!(["service"]));
    let other = server.user_with("other", token).await;
    ann.create_room("den", "private").await;
    let publish = |by: &User, path: &'static str| {
        let request = by.request(Method::POST, path).header("Idempotency-Key", "k-1");
        User::outcome(request.json(&json!({"type": "task.created"})))
    };
    for path in ["/rooms/den/events", "/users/ann/events", "/roles/lead/events", "/broadcast"] {
        publish(&one, path).await.expect(201);
        publish(&other, path).await.expect(201);
        assert_eq!(publish(&other, path).await.expect(200)["duplicate"], true, "{path}");
    }
    assert_eq!(ann.get("/inbox").await.expect(200)["inbox_seq"], 2);
}

#[tokio::test]
async fn an_inbox_waits_whole_in_order_and_is_never_told_twice() {
    let mut server = Server::builder().set("PARLOR_INBOX_EVENTS", 600).start().await;
    let (app, ann) = (service(&server).await, server.user("ann").await);
    for n in 1..=700 {
        let body = json!({"type": "notification.new", "data": {"n": n}});
        app.post("/users/ann/events", body).await.expect(201);
    }
    server.kill9().await;
    server.start_again().await;
    let places = |frames: &[Value]| -> Vec<i64> {
        let mine = frames.iter().filter(|frame| frame["type"] == "notification.new");
        mine.map(|frame| frame["inbox_seq"].as_i64().expect("a place")).collect()
    };
    // More than fits the queue of a connection: 256 frames.
    let mut socket = ann.connect().await;
    assert_eq!(socket.ready["inbox_seq"], 700);
    let mut told = Vec::new();
    while told.last() != Some(&700) {
        told.push(
            socket.next_event("notification.new").await["inbox_seq"].as_i64().expect("a place"),
        );
    }
    assert_eq!(told, (101..=700).collect::<Vec<_>>());
    // What is new comes on all devices, once.
    let body = json!({"type": "notification.new", "data": {"n": 701}});
    app.post("/users/ann/events", body).await.expect(201);
    assert_eq!(socket.next_event("notification.new").await["inbox_seq"], 701);
    socket.ask("inbox.ack", json!({"inbox_seq": 690})).await;
    let mut next = ann.connect().await;
    while told.last() != Some(&701) {
        told.push(
            next.next_event("notification.new").await["inbox_seq"].as_i64().expect("a place"),
        );
    }
    assert_eq!(told[600..], (691..=701).collect::<Vec<_>>());
    // One that comes back says what it has.
    let mut back = ann.connect_with("resume=1").await;
    let ack = back.ask("session.resume", json!({"rooms": {}, "inbox": 699})).await;
    let epoch = &back.ready["inbox_epoch"];
    let inbox = json!({"replayed": 2, "last_seq": 701, "epoch": epoch, "resync": false});
    assert_eq!(ack["inbox"], inbox);
    assert_eq!(places(&back.told_so_far().await), [700, 701]);
    // Once more, for a room: the inbox is followed already.
    let ack = back.ask("session.resume", json!({"rooms": {}})).await;
    assert!(ack.get("inbox").is_none_or(Value::is_null), "{ack}");
    let again = back.told_so_far().await;
    assert!(again.iter().all(|frame| frame["type"] != "notification.new"), "{again:?}");
}

async fn tell_ann(app: &User, count: usize) {
    for n in 0..count {
        let body = json!({"type": "notification.new", "data": {"n": n}});
        app.post("/users/ann/events", body).await.expect(201);
    }
}

/// Comes back to the inbox alone: the answer, and what was told before it.
async fn inbox_resumed(user: &User, named: Option<Value>) -> (Socket, Value, Vec<Value>) {
    let mut socket = user.connect_with("resume=1").await;
    let mut data = json!({"rooms": {}});
    if let Some(named) = named {
        data["inbox"] = named;
    }
    let answer = socket.ask("session.resume", data).await;
    let told = socket.told_so_far().await;
    let mine = told.iter().filter(|frame| frame["type"] == "notification.new");
    let places = mine.map(|frame| frame["inbox_seq"].clone()).collect();
    (socket, answer["inbox"].clone(), places)
}

fn places(of: std::ops::RangeInclusive<i64>) -> Vec<Value> {
    of.map(Value::from).collect()
}

#[tokio::test]
async fn who_comes_back_to_an_inbox_that_has_dropped_what_they_missed_is_told_so() {
    let server = Server::builder().set("PARLOR_INBOX_EVENTS", 20).start().await;
    let (app, ann) = (service(&server).await, server.user("ann").await);
    tell_ann(&app, 35).await;
    let epoch = ann.get("/inbox").await.expect(200)["epoch"].clone();
    // Kept are 16 to 35.
    for named in [json!(0), json!(5), json!(14), json!({"since": 14, "epoch": epoch})] {
        let (mut socket, answer, told) = inbox_resumed(&ann, Some(named.clone())).await;
        let anew = json!({"replayed": 0, "last_seq": 35, "epoch": epoch, "resync": true});
        assert_eq!((answer, told), (anew, Vec::new()), "{named}");
        // It is live all the same.
        socket.ask("inbox.ack", json!({"inbox_seq": 1})).await;
    }
    for named in [15, 16, 35] {
        let (_, answer, told) = inbox_resumed(&ann, Some(json!(named))).await;
        let missed = places(named + 1..=35);
        assert_eq!((&answer["resync"], told), (&json!(false), missed), "{named}");
    }
    // Who names nothing gets what is kept, as whoever comes for the first time.
    let (mut socket, answer, told) = inbox_resumed(&ann, None).await;
    assert_eq!((&answer["resync"], told), (&json!(false), places(16..=35)));
    let inbox = ann.get("/inbox").await.expect(200);
    assert_eq!(inbox["events"][0]["inbox_seq"], 16, "{inbox}");
    // Live after a resync, with nothing in between.
    let (mut anew, ..) = inbox_resumed(&ann, Some(json!(5))).await;
    tell_ann(&app, 1).await;
    for socket in [&mut socket, &mut anew] {
        assert_eq!(socket.next_event("notification.new").await["inbox_seq"], 36);
    }
}

#[tokio::test]
async fn what_has_become_too_old_in_an_inbox_is_missed_by_who_had_less() {
    let server = Server::builder().set("PARLOR_INBOX_TTL", "1s").start().await;
    let (app, ann) = (service(&server).await, server.user("ann").await);
    tell_ann(&app, 3).await;
    within("events that are too old", async {
        while ann.get("/inbox").await.expect(200)["events"] != json!([]) {}
    })
    .await;
    for (named, resync) in [(Some(1), true), (Some(3), false), (None, false)] {
        let (_, answer, told) = inbox_resumed(&ann, named.map(Value::from)).await;
        assert_eq!((&answer["resync"], &answer["last_seq"]), (&json!(resync), &json!(3)));
        assert_eq!(told, Vec::<Value>::new(), "{named:?}");
    }
}

#[tokio::test]
async fn a_role_context_and_everyone_are_told_who_are_there() {
    let server = Server::start().await;
    let app = service(&server).await;
    let lead = Token::of("ann").claim("role_context_id", "project:7.lead").text();
    let mut lead = Socket::ready(server.address(), Opening::default().bearer(&lead)).await;
    let mut other = server.user("ben").await.connect().await;
    let body = json!({"type": "status.changed", "data": {"status": "late"}});
    app.post("/roles/project:7.lead/events", body).await.expect(201);
    assert_eq!(lead.next_event("status.changed").await["data"]["status"], "late");
    let told = other.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "status.changed"));
    app.post("/broadcast", json!({"type": "maintenance.soon"})).await.expect(201);
    lead.next_event("maintenance.soon").await;
    assert_eq!(other.next_event("maintenance.soon").await["data"], json!({}));
}

#[tokio::test]
async fn only_services_publish_and_only_good_events() {
    let server = Server::start().await;
    let (app, ann) = (service(&server).await, server.user("ann").await);
    ann.create_room("den", "private").await;
    let event = json!({"type": "task.created"});
    for path in ["/rooms/den/events", "/users/ann/events", "/broadcast"] {
        ann.post(path, event.clone()).await.refused(403, "forbidden");
    }
    for kind in ["message.created", "typing", "Message:x", "a/b", "a b", ""] {
        let error = app.post("/broadcast", json!({"type": kind})).await;
        assert_eq!(error.refused(400, "invalid_message")["field"], "type", "{kind}");
    }
    let big = json!({"type": "x.y", "data": "x".repeat(17 * 1024)});
    app.post("/broadcast", big).await.refused(413, "too_large");
    // A word that calls many is nobody's, so nobody is made of it.
    app.post("/users/all/events", event.clone()).await.refused(404, "not_found");
    app.post("/rooms/none/events", event).await.refused(404, "not_found");
}
