//! Others are told what happened: signed, in order, at least once.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{Received, Receiver, Reply, Server, Token, User, within};

const SECRET: &str = "a secret of at least 24 bytes";

async fn start(receiver: &Receiver, settings: &[(&str, &str)]) -> Server {
    let mut builder = Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", receiver.url))
        .set("PARLOR_WEBHOOK_SECRET", SECRET);
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    builder.start().await
}

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

/// Checks a signature as a receiver would, with nothing of ours.
fn verify(received: &Received) {
    let (id, at) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, format!("{id}.{at}.{}", received.body).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(signature));
    assert_eq!(received.header("webhook-signature"), expected);
}

fn of_kind(received: &[Received], kind: &str) -> Vec<Value> {
    received.iter().map(Received::json).filter(|event| event["type"] == kind).collect()
}

#[tokio::test]
async fn what_happens_is_told_signed_and_with_the_message() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, &[("PARLOR_PRESENCE_GRACE", "1ms")]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let socket = ben.connect().await;
    let sent = ann.say("den", "first").await;
    let id = sent["message_id"].as_str().expect("an id");
    ann.request(reqwest::Method::PATCH, &format!("/messages/{id}"))
        .json(&json!({"content": "second"}))
        .send()
        .await
        .expect("an answer");
    ann.delete(&format!("/messages/{id}")).await.expect(200);
    ann.remove_member("den", &ben).await.expect(204);
    drop(socket);
    let told = receiver
        .wait_until("all of it", |received| {
            ["user.offline", "member.left", "message.deleted"]
                .iter()
                .all(|kind| !of_kind(received, kind).is_empty())
        })
        .await;
    told.iter().for_each(verify);
    for kind in
        ["room.created", "member.joined", "message.created", "message.updated", "user.online"]
    {
        assert_eq!(of_kind(&told, kind).len(), 1, "{kind}");
    }
    let created = &of_kind(&told, "message.created")[0];
    assert_eq!(created["data"]["room_id"], "den");
    assert_eq!(created["data"]["message"]["sender"]["id"], "ann");
    let deleted = &of_kind(&told, "message.deleted")[0];
    assert_eq!(deleted["data"]["message"]["content"], "");
    assert_eq!(of_kind(&told, "member.left")[0]["data"]["user_id"], "ben");
}

#[tokio::test]
async fn a_receiver_that_fails_is_told_again_in_order_and_holds_up_only_its_room() {
    let receiver = Receiver::start().await;
    let settings = [("PARLOR_WEBHOOK_EVENTS", "message.created")];
    let server = start(&receiver, &settings).await;
    let ann = server.user("ann").await;
    ann.create_room("good", "private").await;
    ann.create_room("bad", "private").await;
    let fails = Arc::new(AtomicBool::new(true));
    let failing = fails.clone();
    receiver.answer_with(move |received| {
        let is_bad = received.json()["data"]["room_id"] == "bad";
        let status = if is_bad && failing.load(Ordering::Relaxed) { 500 } else { 200 };
        Reply::Body(status, String::new())
    });
    for n in 0..20 {
        ann.say("bad", &format!("bad {n}")).await;
        ann.say("good", &format!("good {n}")).await;
    }
    let seqs = |received: &[Received], room: &str| -> Vec<i64> {
        let events = of_kind(received, "message.created");
        let events = events.iter().filter(|event| event["data"]["room_id"] == room);
        events.map(|event| event["data"]["seq"].as_i64().expect("a seq")).collect()
    };
    let all: Vec<i64> = (1..=20).collect();
    let expected = all.clone();
    let told = receiver
        .wait_until("the good room", move |received| seqs(received, "good") == expected)
        .await;
    assert!(seqs(&told, "bad").iter().all(|seq| *seq == 1), "{:?}", seqs(&told, "bad"));
    fails.store(false, Ordering::Relaxed);
    let told = receiver
        .wait_until("the bad room", |received| seqs(received, "bad").last() == Some(&20))
        .await;
    let mut bad = seqs(&told, "bad");
    bad.dedup();
    assert_eq!(bad, all);
    // The same event has the same id each time.
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for received in &told {
        let known = ids.insert(received.header("webhook-id").to_owned(), received.body.clone());
        assert!(known.is_none_or(|known| known == received.body));
    }
}

#[tokio::test]
async fn what_was_not_told_before_a_crash_is_told_after_it() {
    let receiver = Receiver::start().await;
    receiver.answer(Reply::Silence);
    let mut server = start(&receiver, &[("PARLOR_WEBHOOK_EVENTS", "message.created")]).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    // A receiver that never answers holds up nobody who writes.
    for n in 0..50 {
        ann.say("den", &format!("message {n}")).await;
    }
    server.kill9().await;
    receiver.answer(Reply::Body(200, String::new()));
    server.start_again().await;
    let told = receiver
        .wait_until("all messages", |received| {
            of_kind(received, "message.created")
                .last()
                .is_some_and(|last| last["data"]["seq"] == 50)
        })
        .await;
    let mut seqs: Vec<i64> = of_kind(&told, "message.created")
        .iter()
        .map(|event| event["data"]["seq"].as_i64().expect("a seq"))
        .collect();
    seqs.dedup();
    assert_eq!(seqs, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_given_up_is_listed_and_can_be_tried_again() {
    let receiver = Receiver::start().await;
    receiver.answer(Reply::Body(410, String::new()));
    let settings = [("PARLOR_WEBHOOK_EVENTS", "message.created"), ("PARLOR_WEBHOOK_ATTEMPTS", "1")];
    let server = start(&receiver, &settings).await;
    let (admin, ann) = (admin(&server).await, server.user("ann").await);
    ann.create_room("den", "private").await;
    ann.say("den", "one").await;
    ann.say("den", "two").await;
    let dead = within("two dead letters", async {
        loop {
            let dead = admin.get("/webhooks/dead").await.expect(200);
            if dead["dead"].as_array().expect("a list").len() == 2 {
                return dead;
            }
        }
    })
    .await;
    assert!(dead["dead"][0]["error"].as_str().expect("why").contains("410"), "{dead}");
    assert_eq!(dead["dead"][0]["lane"], "room den");
    let first = dead["dead"][0]["id"].as_i64().expect("an id");
    admin.delete(&format!("/webhooks/dead/{first}")).await.expect(204);
    receiver.answer(Reply::Body(204, String::new()));
    let before = receiver.received().len();
    assert_eq!(admin.post("/webhooks/dead/replay", json!({})).await.expect(200)["replayed"], 1);
    let told = receiver.wait_until("it again", |received| received.len() > before).await;
    assert_eq!(told.last().expect("one").json()["data"]["message"]["content"], "two");
    within("an empty list", async {
        loop {
            let listed = admin.get("/webhooks").await.expect(200);
            let target = &listed["webhooks"][0];
            if (&target["waiting"], &target["dead"]) == (&json!(0), &json!(0)) {
                return;
            }
        }
    })
    .await;
    ann.get("/webhooks").await.refused(403, "forbidden");
}

#[tokio::test]
async fn who_leaves_is_told_with_the_reason_and_a_direct_room_is_told_when_it_is_made() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, &[]).await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    let dan = server.user("dan").await;
    ann.room_with("den", &[&ben, &cy, &dan]).await;
    ben.leave("den").await.expect(204);
    ann.remove_member("den", &cy).await.expect(204);
    ann.ban("den", &dan, json!({})).await.expect(204);
    let direct = ann.direct(&ben).await;
    let told = receiver
        .wait_until("all of it", |received| {
            of_kind(received, "member.left").len() == 3
                && of_kind(received, "room.created").len() == 2
        })
        .await;
    let mut left: Vec<(String, String)> = of_kind(&told, "member.left")
        .iter()
        .map(|event| (event["data"]["user_id"].to_string(), event["data"]["reason"].to_string()))
        .collect();
    left.sort();
    let expected = [("ben", "left"), ("cy", "removed"), ("dan", "banned")];
    let quoted = |text: &str| format!("\"{text}\"");
    assert_eq!(left, expected.map(|(user, why)| (quoted(user), quoted(why))));
    let made = of_kind(&told, "room.created");
    assert!(made.iter().any(|event| event["data"]["room_id"] == direct.as_str()), "{made:?}");
}

#[tokio::test]
async fn a_new_owner_is_told_whichever_way_the_room_came_to_them() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, &[("PARLOR_WEBHOOK_EVENTS", "member.updated")]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.post("/rooms/den/transfer", json!({"user_id": "ben"})).await.expect(204);
    let two = |received: &[Received]| received.len() >= 2;
    let told = receiver.wait_until("who was it, and who is it", two).await;
    let users = |told: &[Received]| -> Vec<Value> {
        told.iter().map(|event| event.json()["data"]["user_id"].clone()).collect()
    };
    assert_eq!(users(&told), ["ann", "ben"]);
    admin(&server).await.delete("/users/ben").await.expect(204);
    let told = receiver.wait_until("the heir", |received| received.len() >= 3).await;
    assert_eq!(users(&told)[2], "ann");
    assert_eq!(told[2].json()["data"]["room_id"], "den");
}

#[tokio::test]
async fn a_receiver_that_hangs_takes_no_place_from_another() {
    let (hangs, well) = (Receiver::start().await, Receiver::start().await);
    hangs.answer(Reply::Silence);
    let urls = format!("{},{}", hangs.url, well.url);
    // Longer than this test waits for anything.
    let settings = [
        ("PARLOR_WEBHOOK_EVENTS", "message.created"),
        ("PARLOR_WEBHOOK_URLS", &urls),
        ("PARLOR_WEBHOOK_TIMEOUT", "10m"),
    ];
    let server = start(&hangs, &settings).await;
    let ann = server.user("ann").await;
    for n in 0..40 {
        ann.create_room(&format!("r{n}"), "private").await;
    }
    for round in 0..3 {
        for n in 0..40 {
            ann.say(&format!("r{n}"), &format!("message {round}")).await;
        }
    }
    let told = well.wait_until("all of them", |received| received.len() >= 120).await;
    for n in 0..40 {
        let room = format!("r{n}");
        let of_room =
            told.iter().map(Received::json).filter(|told| told["data"]["room_id"] == room);
        let seqs: Vec<i64> =
            of_room.map(|told| told["data"]["seq"].as_i64().expect("a seq")).collect();
        assert_eq!(seqs, [1, 2, 3], "{room}: in order, each once");
    }
}
