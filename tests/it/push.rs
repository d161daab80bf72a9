//! Devices are told of what their users have not read.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::{
    Builder, Cluster, Fcm, Outcome, PASSWORD, Receiver, Reply, Server, Subscriber, Token, User,
};

/// A server that tells over FCM what was unread for the least time.
fn telling(fcm: &Fcm) -> Builder {
    let builder = Server::builder().set("PARLOR_PUSH_AFTER", "2s");
    builder.set("PARLOR_FCM_KEY_FILE", &fcm.key_file).set("PARLOR_FCM_URL", &fcm.url)
}

async fn fcm() -> (tempfile::TempDir, Fcm) {
    let home = tempfile::tempdir().expect("a directory");
    let fcm = Fcm::start(home.path()).await;
    (home, fcm)
}

/// The device has a token that says whose it is.
async fn register(user: &User, device: &str) {
    let token = json!({"fcm": {"token": format!("{}:{device}", user.id)}});
    let answer = user.put(&format!("/devices/{device}"), token).await.expect(200);
    assert_eq!((&answer["device_id"], &answer["service"]), (&json!(device), &json!("fcm")));
}

/// What one device was told, one after the other.
fn told(messages: &[Value], device: &str) -> Vec<Value> {
    messages.iter().filter(|message| message["token"] == device).cloned().collect()
}

/// Waits until a device was told so often, and no more; gives the last.
async fn told_of(fcm: &Fcm, device: &str, times: usize) -> Value {
    let is_enough = |messages: &[Value]| told(messages, device).len() >= times;
    let all = told(&fcm.wait_until(&format!("{times} for {device}"), is_enough).await, device);
    assert_eq!(all.len(), times, "{all:?}");
    all[times - 1].clone()
}

/// Waits until all that was said before this has been looked at.
async fn until_it_was_looked(fcm: &Fcm, server: &Server, ann: &User, whom: &str) {
    let other = server.user(whom).await;
    register(&other, "watch").await;
    ann.room_with(whom, &[&other]).await;
    ann.say(whom, "the last").await;
    told_of(fcm, &format!("{whom}:watch"), 1).await;
}

fn data(message: &Value) -> HashMap<String, String> {
    serde_json::from_value(message["data"].clone()).expect("texts")
}

#[tokio::test]
async fn who_has_not_read_is_told_on_each_device_with_the_number_of_all_that_is_unread() {
    let (_home, fcm) = fcm().await;
    let server = telling(&fcm).start().await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    for device in ["phone", "tablet"] {
        register(&ben, device).await;
    }
    register(&cleo, "phone").await;
    register(&ann, "phone").await;
    ann.room_with("den", &[&ben, &cleo]).await;
    for room in ["muted", "calls"] {
        ann.room_with(room, &[&ben]).await;
    }
    for (room, which) in [("muted", "nothing"), ("calls", "mentions")] {
        let fields = json!({"notifications": which});
        ben.patch(&format!("/rooms/{room}/preferences"), fields).await.expect(200);
    }
    ann.say("den", "one").await;
    cleo.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    for device in ["ben:phone", "ben:tablet"] {
        let note = told_of(&fcm, device, 1).await;
        assert_eq!(note["notification"], json!({"title": "ann", "body": "ann: one"}));
        let data = data(&note);
        assert_eq!((&*data["room_id"], &*data["badge"]), ("den", "1"));
    }
    ann.say("muted", "@ben").await;
    ann.say("calls", "so").await;
    ann.say("den", "two").await;
    ann.say("den", "three").await;
    let says_three = |messages: &[Value]| {
        let told = told(messages, "ben:phone");
        told.last().is_some_and(|note| note["notification"]["body"] == "ann: three")
    };
    fcm.wait_until("the last", says_three).await;
    until_it_was_looked(&fcm, &server, &ann, "zoe").await;
    // All that was said within a look is one note.
    let messages = told(&fcm.messages(), "ben:phone");
    let last = messages.last().expect("it was told");
    assert!(messages.len() <= 3, "{messages:?}");
    assert_eq!((&last["notification"]["body"], &*data(last)["badge"]), (&json!("ann: three"), "3"));
    assert!(messages.iter().all(|message| message["data"]["room_id"] == "den"), "{messages:?}");
    ann.say("calls", "@ben!").await;
    let count = messages.len() + 1;
    let note = told_of(&fcm, "ben:phone", count).await;
    assert_eq!((&*data(&note)["room_id"], &*data(&note)["badge"]), ("calls", "4"));
    // Who wrote it, and who had read it.
    for device in ["ann:phone", "cleo:phone"] {
        let told = told(&fcm.messages(), device);
        let of_first = told.iter().any(|note| note["notification"]["body"] == "ann: one");
        assert!(!of_first, "{told:?}");
    }
    let devices = ben.get("/devices").await.expect(200);
    let devices = devices["devices"].as_array().expect("a list");
    assert!(devices.iter().all(|device| device["last_told_at"].is_string()), "{devices:?}");
}

#[tokio::test]
async fn what_was_read_elsewhere_is_taken_away_once_and_what_was_deleted_too() {
    let (_home, fcm) = fcm().await;
    let server = telling(&fcm).start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    register(&ben, "phone").await;
    for room in ["den", "attic"] {
        ann.room_with(room, &[&ben]).await;
    }
    ann.say("den", "one").await;
    told_of(&fcm, "ben:phone", 1).await;
    let oops = ann.say_id("attic", "oops").await;
    told_of(&fcm, "ben:phone", 2).await;
    ben.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    let silent = told_of(&fcm, "ben:phone", 3).await;
    assert!(silent.get("notification").is_none(), "{silent:?}");
    assert_eq!((&*data(&silent)["room_id"], &*data(&silent)["badge"]), ("den", "1"));
    ann.erase(&oops).await.expect(200);
    let silent = told_of(&fcm, "ben:phone", 4).await;
    assert!(silent.get("notification").is_none(), "{silent:?}");
    assert_eq!((&*data(&silent)["room_id"], &*data(&silent)["badge"]), ("attic", "0"));
    until_it_was_looked(&fcm, &server, &ann, "zoe").await;
    told_of(&fcm, "ben:phone", 4).await;
}

#[tokio::test]
async fn a_thread_is_told_to_who_follows_it_and_whom_one_has_blocked_tells_nothing() {
    let (_home, fcm) = fcm().await;
    let server = telling(&fcm).start().await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    register(&ben, "phone").await;
    ann.room_with("den", &[&ben, &cleo]).await;
    let root = ann.say_id("den", "root").await;
    ben.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    ben.put(&format!("/threads/{root}/follow"), json!({})).await.expect(200);
    ben.block(&cleo).await.expect(204);
    cleo.say("den", "@ben").await;
    cleo.reply_in_thread("den", &root, "no").await;
    ann.reply_in_thread("den", &root, "yes").await;
    let is_thread = |note: &Value| note["data"]["thread_id"] == root;
    let is_told = |messages: &[Value]| told(messages, "ben:phone").iter().any(is_thread);
    let messages = told(&fcm.wait_until("the thread", is_told).await, "ben:phone");
    let notes: Vec<&Value> =
        messages.iter().filter(|note| note.get("notification").is_some()).collect();
    let [note] = &notes[..] else { panic!("{messages:?}") };
    assert_eq!(note["notification"]["body"], "ann: yes");
    ben.put(&format!("/threads/{root}/read"), json!({"all": true})).await.expect(200);
    let is_silent = |messages: &[Value]| {
        told(messages, "ben:phone").last().is_some_and(|note| note.get("notification").is_none())
    };
    let messages = told(&fcm.wait_until("it was read", is_silent).await, "ben:phone");
    assert!(messages.last().is_some_and(is_thread), "{messages:?}");
}

#[tokio::test]
async fn what_waits_while_a_service_is_away_is_told_after_a_crash_and_nothing_twice() {
    let (_home, fcm) = fcm().await;
    let mut server = telling(&fcm).start().await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    for user in [&ben, &cleo] {
        register(user, "phone").await;
        ann.room_with(&user.id, &[user]).await;
    }
    ann.say("cleo", "told before").await;
    told_of(&fcm, "cleo:phone", 1).await;
    let is_noted = |answer: &Outcome| answer.json()["devices"][0]["last_told_at"].is_string();
    cleo.get_until("that it is noted", "/devices", is_noted).await;
    fcm.answer_with(|_| Some(Fcm::failure(503, "UNAVAILABLE", "")));
    ann.say("ben", "while it was away").await;
    let first = |messages: &[Value]| !told(messages, "ben:phone").is_empty();
    fcm.wait_until("a first attempt", first).await;
    ann.say("ben", "just before the crash").await;
    server.kill9().await;
    let tried = told(&fcm.messages(), "ben:phone").len();
    fcm.answer_with(|_| None);
    server.start_again().await;
    let is_last = |messages: &[Value]| {
        let told = told(messages, "ben:phone");
        told.len() > tried
            && told
                .last()
                .is_some_and(|it| it["notification"]["body"] == "ann: just before the crash")
    };
    fcm.wait_until("it after the crash", is_last).await;
    until_it_was_looked(&fcm, &server, &ann, "zoe").await;
    told_of(&fcm, "cleo:phone", 1).await;
    let bodies: Vec<Value> = told(&fcm.messages(), "ben:phone")[tried..]
        .iter()
        .map(|note| note["notification"]["body"].clone())
        .collect();
    let last = bodies.iter().filter(|body| **body == "ann: just before the crash");
    assert_eq!(last.count(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_device_that_its_service_does_not_know_any_more_is_dropped() {
    let (_home, fcm) = fcm().await;
    let server = telling(&fcm).start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    register(&ben, "old").await;
    register(&ben, "new").await;
    ann.room_with("den", &[&ben]).await;
    fcm.answer_with(|message| {
        let is_gone = message["token"] == "ben:old";
        is_gone.then(|| Fcm::failure(404, "UNREGISTERED", ""))
    });
    ann.say("den", "one").await;
    told_of(&fcm, "ben:new", 1).await;
    let is_one = |answer: &Outcome| {
        answer.json()["devices"].as_array().is_some_and(|devices| devices.len() == 1)
    };
    let left = ben.get_until("one device", "/devices", is_one).await.json();
    assert_eq!(left["devices"][0]["device_id"], "new");
    ann.say("den", "two").await;
    told_of(&fcm, "ben:new", 2).await;
    assert_eq!(told(&fcm.messages(), "ben:old").len(), 1);
}

#[tokio::test]
async fn in_quiet_time_nothing_is_shown_and_then_each_room_is_told_once() {
    let (_home, fcm) = fcm().await;
    let server = telling(&fcm).start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    register(&ben, "phone").await;
    for room in ["den", "attic"] {
        ann.room_with(room, &[&ben]).await;
    }
    let all_day = json!({"from": "00:00", "until": "23:59", "utc_offset_minutes": 0});
    // The one minute of the day that it leaves out is quiet by another clock.
    for offset in [0, 720] {
        let mut quiet = all_day.clone();
        quiet["utc_offset_minutes"] = json!(offset);
        assert_eq!(ben.put("/push/quiet", quiet.clone()).await.expect(200), quiet);
    }
    let push = ben.get("/push").await.expect(200);
    assert_eq!(
        (&push["web"], &push["fcm"], &push["apns"]),
        (&Value::Null, &json!(true), &json!(false))
    );
    assert_eq!(push["quiet"]["from"], "00:00");
    for (room, text) in [("den", "one"), ("den", "two"), ("attic", "three")] {
        ann.say(room, text).await;
    }
    until_it_was_looked(&fcm, &server, &ann, "zoe").await;
    assert_eq!(told(&fcm.messages(), "ben:phone"), [Value::Null; 0]);
    ben.put("/rooms/attic/read", json!({"all": true})).await.expect(200);
    ben.delete("/push/quiet").await.expect(204);
    let note = told_of(&fcm, "ben:phone", 1).await;
    assert_eq!(note["notification"]["body"], "ann: two");
    until_it_was_looked(&fcm, &server, &ann, "yan").await;
    told_of(&fcm, "ben:phone", 1).await;
    assert!(ben.get("/push").await.expect(200).get("quiet").is_none());
    let same = json!({"from": "07:00", "until": "07:00"});
    let error = ben.put("/push/quiet", same).await.refused(400, "invalid_message");
    assert_eq!(error["field"], "until");
}

#[tokio::test]
async fn a_device_is_told_nothing_more_when_its_user_signs_out_or_is_banned() {
    let (_home, fcm) = fcm().await;
    let server = telling(&fcm).start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let tokens = server.nobody().register("dora", PASSWORD).await.expect(201);
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    let dora = User::new(server.address().clone(), "dora", Some(token));
    for device in ["phone", "tablet"] {
        register(&dora, device).await;
    }
    register(&ben, "phone").await;
    ann.room_with("den", &[&ben, &dora]).await;
    let out = json!({"refresh_token": tokens["refresh_token"], "device_id": "phone"});
    server.nobody().post("/auth/logout", out).await.expect(204);
    let role = Token::of("admin").claim("roles", json!(["admin"]));
    let admin = server.user_with("admin", role).await;
    let export = admin.get("/users/dora/export").await.expect(200);
    assert_eq!((&export["devices"], &export["quiet"]), (&json!([]), &Value::Null));
    let export = admin.get("/users/ben/export").await.expect(200);
    assert_eq!(export["devices"][0]["device_id"], "phone");
    assert!(!export.to_string().contains("ben:phone"), "without its token");
    admin.put("/users/ben/ban", json!({})).await.expect(204);
    ann.say("den", "one").await;
    until_it_was_looked(&fcm, &server, &ann, "zoe").await;
    for device in ["dora:phone", "dora:tablet", "ben:phone"] {
        assert_eq!(told(&fcm.messages(), device), [Value::Null; 0], "{device}");
    }
}

#[tokio::test]
async fn what_a_device_cannot_be_is_refused() {
    let (_home, fcm) = fcm().await;
    let server = telling(&fcm).start().await;
    let ben = server.user("ben").await;
    let token = json!({"token": "a:b"});
    for (fields, status, code, field) in [
        (json!({}), 400, "invalid_message", "web"),
        (json!({"fcm": token, "apns": token}), 400, "invalid_message", "web"),
        (json!({"fcm": {"token": ""}}), 400, "invalid_message", "fcm.token"),
        (json!({"apns": {"token": "00"}}), 404, "push_off", "apns"),
    ] {
        let error = ben.put("/devices/phone", fields.clone()).await.refused(status, code);
        assert_eq!(error["field"], field, "{fields}");
    }
    ben.delete("/devices/phone").await.expect(204);
    let mut socket = ben.connect().await;
    let fields = json!({"device_id": "phone", "fcm": {"token": "ben:phone"}});
    assert_eq!(socket.ask("device.register", fields).await["service"], "fcm");
    socket.ask("push.quiet", json!({"from": "22:00", "until": "07:00"})).await;
    socket.ask("push.loud", json!({})).await;
    socket.ask("device.remove", json!({"device_id": "phone"})).await;
    assert_eq!(ben.get("/devices").await.expect(200)["devices"], json!([]));
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn of_two_nodes_one_tells_and_reading_on_the_other_takes_it_away() {
    let (_home, fcm) = fcm().await;
    let own = || {
        vec![
            ("PARLOR_PUSH_AFTER", "2s".to_owned()),
            ("PARLOR_FCM_KEY_FILE", fcm.key_file.clone()),
            ("PARLOR_FCM_URL", fcm.url.clone()),
        ]
    };
    let cluster = Cluster::with(&[own(), own()]).await;
    let [one, other] = &cluster.nodes[..] else { panic!("two nodes") };
    let (ann, ben) = (one.user("ann").await, one.user("ben").await);
    let ben_there = other.user("ben").await;
    register(&ben_there, "phone").await;
    ann.room_with("den", &[&ben]).await;
    ann.say("den", "one").await;
    told_of(&fcm, "ben:phone", 1).await;
    ben_there.put("/rooms/den/read", json!({"all": true})).await.expect(200);
    let silent = told_of(&fcm, "ben:phone", 2).await;
    assert_eq!((silent.get("notification"), &*data(&silent)["badge"]), (None, "0"));
    until_it_was_looked(&fcm, &other.server, &ann, "zoe").await;
    told_of(&fcm, "ben:phone", 2).await;
}

#[tokio::test]
#[ignore = "needs http_ece and PyJWT: run scripts/test"]
async fn a_browser_is_told_what_only_it_can_read_and_no_more_than_the_setting_says() {
    let receiver = Receiver::start().await;
    receiver.answer(Reply::Body(201, String::new()));
    let start = Server::builder()
        .set("PARLOR_PUSH_AFTER", "2s")
        .set("PARLOR_PUSH_CONTACT", "mailto:chat@example.org")
        .set("PARLOR_PUSH_PRIVATE_ENDPOINTS", "on")
        .set("PARLOR_PUSH_CONTENT", "sender")
        .set("PARLOR_PUSH_TITLE", "{sender} ({count})");
    let mut server = start.start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let key = ben.get("/push").await.expect(200)["web"]["public_key"].clone();
    server.restart().await;
    assert_eq!(ben.get("/push").await.expect(200)["web"]["public_key"], key, "it stays");
    let subscriber = Subscriber::new(&format!("{}/push/ben", receiver.url));
    let Subscriber { endpoint, p256dh, auth, .. } = &subscriber;
    let web = json!({"web": {"endpoint": endpoint, "p256dh": p256dh, "auth": auth}});
    ben.put("/devices/laptop", web).await.expect(200);
    ann.room_with("den", &[&ben]).await;
    ann.say("den", "a secret").await;
    let received = receiver.wait_until("a note", |received| !received.is_empty()).await;
    let told = subscriber.read(&received, key.as_str().expect("a text")).await;
    let payload = &told[0].payload;
    assert_eq!(
        (&payload["title"], &payload["body"]),
        (&json!("ann (1)"), &json!("New message from ann"))
    );
    assert_eq!((&payload["room_id"], &payload["badge"]), (&json!("den"), &json!(1)));
    let wrong = json!({"web": {"endpoint": "ftp://example.org", "p256dh": p256dh, "auth": auth}});
    let error = ben.put("/devices/laptop", wrong).await;
    let error = error.refused(400, "invalid_message");
    assert_eq!(error["field"], "web.endpoint");
}
