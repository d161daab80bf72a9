//! The application is asked who may come into a room, or read there.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use reqwest::Method;
use serde_json::{Value, json};

use super::{SECRET, contents, gated, nowhere, says, service, verify};
use crate::support::{
    Builder, Received, Receiver, Reply, Server, Socket, Token, User, history_of, id_of, within,
};

const RULES: &str = "board:*=private, square:*=public";

async fn start(receiver: &Receiver) -> Server {
    start_at(&receiver.url, "closed").await
}

async fn start_at(url: &str, failure: &str) -> Server {
    builder(url, failure).start().await
}

fn builder(url: &str, failure: &str) -> Builder {
    Server::builder()
        .set("PARLOR_CALLBACK_SECRET", SECRET)
        .set("PARLOR_ACCESS_URL", format!("{url}/access"))
        .set("PARLOR_ACCESS_TIMEOUT", "10s")
        .set("PARLOR_ACCESS_FAILURE", failure)
        .set("PARLOR_ROOM_RULES", RULES)
}

fn grants(allow: &str, seconds: u32) -> Reply {
    says(json!({"action": "accept", "allow": allow, "seconds": seconds}))
}

/// `ben` may join, `cy` reads, all others are refused, `dan` with a reason.
fn knows_everybody(asked: &Received) -> Reply {
    match asked.json()["data"]["user"]["id"].as_str() {
        Some("ben") => says(json!({"action": "accept"})),
        Some("cy") => grants("read", 600),
        Some("dan") => says(json!({"action": "refuse", "reason": "not on\u{7} your plan"})),
        _ => says(json!({"action": "refuse"})),
    }
}

/// Who was asked about, and where.
fn asked(receiver: &Receiver) -> Vec<(String, String)> {
    let pair = |one: &Received| {
        let data = &one.json()["data"];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        (text(&data["user"]["id"]), text(&data["room_id"]))
    };
    receiver.received().iter().map(pair).collect()
}

/// A room of ann's with one message, and a user who is no member.
async fn den(server: &Server, stranger: &str) -> (User, User) {
    let (ann, stranger) = (server.user("ann").await, server.user(stranger).await);
    ann.create_room("den", "private").await;
    ann.say("den", "first").await;
    (ann, stranger)
}

/// That nothing of what was said last is heard.
async fn hears_no(socket: &mut Socket, content: &str) {
    let told = socket.told_so_far().await;
    assert!(told.iter().all(|frame| frame["data"]["content"] != content), "{told:?}");
}

async fn watch(user: &User, room: &str) -> Socket {
    let mut socket = user.connect().await;
    socket.ask("room.subscribe", json!({"room_id": room})).await;
    socket
}

#[tokio::test]
async fn whom_the_application_lets_joins_and_is_not_asked_about_again() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = start(&receiver).await;
    let (ann, ben) = den(&server, "ben").await;
    let mut at_ben = ben.connect().await;
    // What is said right behind the join is stored.
    let join = at_ben.begin("room.join", json!({"room_id": "den"})).await;
    let say = at_ben.begin("message.send", json!({"room_id": "den", "content": "hi"})).await;
    assert_eq!(at_ben.answer(&join).await.expect("joined")["room"]["role"], "member");
    assert_eq!(at_ben.answer(&say).await.expect("a member by then")["seq"], 2);
    let received = &receiver.received()[0];
    verify(received);
    assert_eq!(received.line, "POST /access");
    let question = received.json();
    assert_eq!(question["type"], "access");
    let expected = json!({"user": {"id": "ben", "name": "ben"}, "room_id": "den"});
    assert_eq!(question["data"], expected);
    at_ben.ask("room.subscribe", json!({"room_id": "den"})).await;
    assert_eq!(contents(&history_of(&ben, "den").await), ["first", "hi"]);
    ann.remove_member("den", &ben).await.expect(204);
    // Over REST, and by the connection, too.
    ben.join("den").await.expect(201);
    ben.leave("den").await.expect(204);
    let ready = ben.connect_with("room=den").await.ready;
    assert_eq!(ready["rooms"][0]["room_id"], "den");
    assert_eq!(asked(&receiver), [("ben".to_owned(), "den".to_owned())], "it said for how long");
}

#[tokio::test]
async fn whom_it_refuses_is_told_why_or_finds_nothing() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = start(&receiver).await;
    let (ann, dan) = den(&server, "dan").await;
    ann.create_room("lobby", "public").await;
    let eve = server.user("eve").await;
    let (mut at_dan, mut at_eve) = (dan.connect().await, eve.connect().await);
    for kind in ["room.join", "room.subscribe", "history"] {
        // Nothing is made for who only reads.
        let rooms = ["den", "lobby", "board:9", "square:9"];
        for room in &rooms[..if kind == "history" { 2 } else { 4 }] {
            let of = json!({"room_id": room});
            let refused = at_dan.refused(kind, of.clone(), "refused").await;
            assert_eq!(refused["message"], "not on your plan", "{kind} {room}");
            let open = ["lobby", "square:9"].contains(room);
            at_eve.refused(kind, of, if open { "refused" } else { "not_found" }).await;
        }
    }
    let refused = dan.join("den").await.refused(422, "refused");
    assert_eq!(refused["message"], "not on your plan");
    let message = ann.say_id("den", "second").await;
    dan.get(&format!("/messages/{message}")).await.refused(404, "not_found");
    dan.get("/rooms/den/messages").await.refused(422, "refused");
    dan.get("/rooms/den").await.refused(422, "refused");
    for path in ["/rooms/den", "/rooms/den/messages", "/rooms/den/pins"] {
        eve.get(path).await.refused(404, "not_found");
    }
    let mut at_dan = dan.connect_with("room=den").await;
    assert_eq!(at_dan.next_event("error").await["data"]["code"], "refused");
    let admin = server.user_with("app", Token::of("app").claim("roles", json!(["admin"]))).await;
    let rooms = admin.get("/rooms?all=true").await.expect(200);
    assert_eq!(rooms["rooms"].as_array().map(Vec::len), Some(2), "none was made: {rooms}");
    // Each was asked about once in each room.
    let mut pairs = asked(&receiver);
    pairs.sort();
    let count = pairs.len();
    pairs.dedup();
    assert_eq!(pairs.len(), count, "{pairs:?}");
}

#[tokio::test]
async fn a_room_that_a_rule_makes_is_made_by_whom_the_application_lets() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = start(&receiver).await;
    let (ben, cy) = (server.user("ben").await, server.user("cy").await);
    // Watching makes a room, too: the application has said that there is one.
    let mut at_cy = watch(&cy, "board:7").await;
    ben.join("board:7").await.expect(201);
    assert_eq!(at_cy.next_event("member.joined").await["data"]["user"]["id"], "ben");
    ben.say("board:7", "hello").await;
    assert_eq!(at_cy.next_message("board:7").await["data"]["content"], "hello");
    let mut at_ben = ben.connect_with("room=board:8").await;
    at_ben.say("board:8", "made").await;
}

#[tokio::test]
async fn a_room_that_is_only_watched_stays_and_counts_among_nobodys() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = builder(&receiver.url, "closed")
        .set("PARLOR_RETENTION_TICK", "100ms")
        .set("PARLOR_EMPTY_ROOM_TTL", "1s")
        .set("PARLOR_ROOMS_PER_USER", 1)
        .start()
        .await;
    let (cy, ben) = (server.user("cy").await, server.user("ben").await);
    let mut at_cy = watch(&cy, "board:1").await;
    at_cy.ask("room.subscribe", json!({"room_id": "board:2"})).await;
    ben.join("board:1").await.expect(201);
    ben.say("board:1", "kept").await;
    ben.leave("board:1").await.expect(204);
    // One that somebody has made and left is gone by the next look.
    ben.create_room("own", "private").await;
    ben.leave("own").await.expect(204);
    let admin = server.user_with("app", Token::of("app").claim("roles", json!(["admin"]))).await;
    let gone = async { while admin.get("/rooms/own").await.status != 404 {} };
    within("the room that all have left", gone).await;
    assert_eq!(contents(&history_of(&admin, "board:1").await), ["kept"]);
    admin.get("/rooms/board:2").await.expect(200);
    assert!(at_cy.told_so_far().await.iter().all(|frame| frame["type"] != "room.deleted"));
}

#[tokio::test]
async fn who_unsubscribes_at_once_hears_nothing() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = start(&receiver).await;
    let (ann, cy) = den(&server, "cy").await;
    let mut at_cy = cy.connect().await;
    let room = json!({"room_id": "den"});
    let on = at_cy.begin("room.subscribe", room.clone()).await;
    let off = at_cy.begin("room.unsubscribe", room.clone()).await;
    at_cy.answer(&on).await.expect("subscribed");
    at_cy.answer(&off).await.expect("unsubscribed");
    ann.say("den", "unheard").await;
    hears_no(&mut at_cy, "unheard").await;
}

#[tokio::test]
async fn who_watches_reads_and_hears_and_does_nothing_else() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = start(&receiver).await;
    let (ann, cy) = den(&server, "cy").await;
    let root = ann.say_id("den", "root").await;
    ann.reply_in_thread("den", &root, "reply").await;
    ann.pin(&root).await.expect(200);
    let uploaded = ann
        .request(Method::POST, "/attachments?name=a.txt")
        .header("content-type", "text/plain")
        .body("file");
    let file = User::outcome(uploaded).await.expect(201)["attachment_id"].clone();
    ann.post_message("den", json!({"content": "file", "attachments": [file]})).await;

    let mut at_cy = cy.connect().await;
    let acked = at_cy.ask("room.subscribe", json!({"room_id": "den"})).await;
    let last = ann.last_seq("den").await;
    assert_eq!((&acked["room"]["room_id"], &acked["last_seq"]), (&json!("den"), &json!(last)));
    assert!(acked["room"].get("role").is_none_or(Value::is_null), "no member: {acked}");
    let said = ann.say("den", "hi").await;
    assert_eq!(at_cy.next_message("den").await["seq"], said["seq"]);
    ann.edit(&id_of(&said), "hello").await.expect(200);
    at_cy.next_event("message.updated").await;

    let page = at_cy.ask("history", json!({"room_id": "den"})).await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(5));
    assert_eq!(history_of(&cy, "den").await.len(), 5);
    for path in [
        "/rooms/den".to_owned(),
        "/rooms/den/pins".to_owned(),
        "/rooms/den/members".to_owned(),
        "/rooms/den/messages/count".to_owned(),
        format!("/messages/{root}"),
        format!("/messages/{root}/thread"),
        format!("/messages/{root}/reactions"),
    ] {
        cy.get(&path).await.expect(200);
    }
    let id = file.as_str().expect("an id");
    let content = cy.request(Method::GET, &format!("/attachments/{id}/content"));
    User::outcome(content).await.expect_text(200, "file");

    for (kind, data) in [
        ("room.join", json!({"room_id": "den"})),
        ("message.send", json!({"room_id": "den", "content": "me, too"})),
        ("reaction.add", json!({"message_id": root, "emoji": "👍"})),
        ("message.read", json!({"room_id": "den", "seq": 1})),
        ("typing", json!({"room_id": "den", "is_typing": true})),
    ] {
        let refused = at_cy.request(kind, data).await.expect_err(kind);
        assert!(["forbidden", "not_found"].contains(&refused["code"].as_str().expect("a code")));
    }
    assert_eq!(cy.get("/rooms").await.expect(200)["rooms"], json!([]));
    assert_eq!(asked(&receiver).len(), 1);

    at_cy.ask("room.unsubscribe", json!({"room_id": "den"})).await;
    ann.say("den", "unheard").await;
    hears_no(&mut at_cy, "unheard").await;
    at_cy.refused("room.unsubscribe", json!({"room_id": "den"}), "not_found").await;
}

#[tokio::test]
async fn who_comes_back_resumes_where_they_were() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = start(&receiver).await;
    let (ann, cy) = den(&server, "cy").await;
    let mut at_cy = cy.connect().await;
    let acked = at_cy.ask("room.subscribe", json!({"room_id": "den"})).await;
    drop(at_cy);
    ann.say("den", "missed").await;
    let mut at_cy = cy.connect().await;
    let since = json!({"room_id": "den", "since": acked["last_seq"], "epoch": acked["epoch"]});
    let subscribing = at_cy.begin("room.subscribe", since).await;
    assert_eq!(at_cy.next_message("den").await["data"]["content"], "missed");
    let acked = at_cy.answer(&subscribing).await.expect("an ack");
    assert_eq!((&acked["replayed"], &acked["resync"]), (&json!(1), &json!(false)));
    ann.say("den", "live").await;
    assert_eq!(at_cy.next_message("den").await["data"]["content"], "live");
}

#[tokio::test]
async fn who_becomes_a_member_hears_everything_once() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = start(&receiver).await;
    let (ann, cy) = den(&server, "cy").await;
    let mut at_cy = watch(&cy, "den").await;
    ann.add_member("den", &cy).await.expect(201);
    at_cy.next_event("room.added").await;
    ann.say("den", "once").await;
    at_cy.next_message("den").await;
    hears_no(&mut at_cy, "once").await;
    at_cy.say("den", "a member").await;
    // And is one like all others: out is out.
    ann.remove_member("den", &cy).await.expect(204);
    assert_eq!(at_cy.next_event("room.removed").await["data"]["reason"], "removed");
    ann.say("den", "unheard").await;
    hears_no(&mut at_cy, "unheard").await;
}

#[tokio::test]
async fn a_permission_is_renewed_until_the_application_says_no() {
    let receiver = Receiver::start().await;
    let lets = Arc::new(AtomicBool::new(true));
    let answers = lets.clone();
    receiver.answer_with(move |_| match answers.load(Ordering::SeqCst) {
        true => grants("read", 1),
        false => says(json!({"action": "refuse", "seconds": 1})),
    });
    let server = start(&receiver).await;
    let (ann, cy) = den(&server, "cy").await;
    let mut at_cy = watch(&cy, "den").await;
    receiver.wait_until("it to be asked again", |received| received.len() >= 3).await;
    ann.say("den", "still heard").await;
    assert_eq!(at_cy.next_message("den").await["data"]["content"], "still heard");
    lets.store(false, Ordering::SeqCst);
    let removed = at_cy.next_event("room.removed").await;
    assert_eq!(
        (&removed["room_id"], &removed["data"]["reason"]),
        (&json!("den"), &json!("removed"))
    );
    ann.say("den", "unheard").await;
    hears_no(&mut at_cy, "unheard").await;
    cy.get("/rooms/den/messages").await.refused(404, "not_found");
}

#[tokio::test]
async fn without_an_answer_a_permission_ends_with_its_time() {
    let receiver = Receiver::start().await;
    receiver.answer(grants("read", 2));
    let server = start(&receiver).await;
    let (_ann, cy) = den(&server, "cy").await;
    let mut at_cy = watch(&cy, "den").await;
    receiver.answer(Reply::HangUp);
    receiver.wait_until("it to be asked again", |received| received.len() >= 2).await;
    assert_eq!(at_cy.next_event("room.removed").await["data"]["reason"], "removed");
}

#[tokio::test]
async fn while_the_application_is_down_what_was_set_holds() {
    let down = nowhere().await;
    let closed = start_at(&down, "closed").await;
    let (ann, ben) = den(&closed, "ben").await;
    ann.create_room("lobby", "public").await;
    let mut at_ben = ben.connect().await;
    for room in ["den", "lobby", "board:1"] {
        let of = json!({"room_id": room});
        let refused = at_ben.refused("room.join", of.clone(), "unavailable").await;
        assert!(refused["retry_after_ms"].is_u64(), "{refused}");
        at_ben.refused("room.subscribe", of, "unavailable").await;
    }
    ben.get("/rooms/den/messages").await.refused(503, "unavailable");
    // Who was let in before is a member.
    ann.say("den", "all the same").await;

    let open = start_at(&down, "open").await;
    let (ann, ben) = den(&open, "ben").await;
    ann.create_room("lobby", "public").await;
    ben.join("lobby").await.expect(201);
    ben.join("den").await.refused(404, "not_found");
    ben.get("/rooms/den/messages").await.refused(404, "not_found");
    ben.join("square:1").await.expect(201);
    ben.join("board:1").await.refused(404, "not_found");
}

#[tokio::test]
async fn what_is_no_answer_lets_nobody_in() {
    let receiver = Receiver::start().await;
    let server = builder(&receiver.url, "closed").set("PARLOR_ACCESS_TIMEOUT", "3s").start().await;
    let (_ann, ben) = den(&server, "ben").await;
    for reply in [
        Reply::Silence,
        Reply::HangUp,
        Reply::Redirect(format!("{}/elsewhere", receiver.url)),
        Reply::Body(500, json!({"action": "accept"}).to_string()),
        says(json!({"action": "accept", "allow": "everything"})),
        says(json!({"action": "accept", "seconds": 0})),
        says(json!({"action": "accept", "x": "x".repeat(10 * 1024 * 1024)})),
    ] {
        receiver.answer(reply);
        ben.join("den").await.refused(503, "unavailable");
        // One that is good, so that the breaker stays closed.
        receiver.answer(says(json!({"action": "refuse", "seconds": 1})));
        ben.join("board:1").await.refused(404, "not_found");
    }
    assert!(receiver.received().iter().all(|one| one.line == "POST /access"));
}

#[tokio::test]
async fn who_asks_the_same_at_once_waits_for_one_answer() {
    let receiver = Receiver::start().await;
    let (gate, reply) = gated(grants("join", 60));
    receiver.answer(reply);
    let server = start(&receiver).await;
    let (_ann, ben) = den(&server, "ben").await;
    let mut at_ben = ben.connect().await;
    let subscribing = at_ben.begin("room.subscribe", json!({"room_id": "den"})).await;
    let reading = [(); 3].map(|()| {
        let ben = ben.clone();
        tokio::spawn(async move { ben.get("/rooms/den/messages").await })
    });
    receiver.wait_until("the question", |received| received.len() == 1).await;
    gate.send_replace(true);
    at_ben.answer(&subscribing).await.expect("an ack");
    for page in reading {
        page.await.expect("it ends").expect(200);
    }
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn who_is_banned_is_out_whatever_the_application_says() {
    let receiver = Receiver::start().await;
    receiver.answer_with(knows_everybody);
    let server = start(&receiver).await;
    let (ann, cy) = den(&server, "cy").await;
    let mut at_cy = watch(&cy, "den").await;
    ann.ban("den", &cy, json!({})).await.expect(204);
    assert_eq!(at_cy.next_event("room.removed").await["data"]["reason"], "banned");
    ann.say("den", "unheard").await;
    hears_no(&mut at_cy, "unheard").await;
    at_cy.refused("room.subscribe", json!({"room_id": "den"}), "forbidden").await;
    at_cy.refused("history", json!({"room_id": "den"}), "forbidden").await;
    cy.get("/rooms/den/messages").await.refused(403, "forbidden");
    ann.unban("den", &cy).await.expect(204);
    at_cy.ask("room.subscribe", json!({"room_id": "den"})).await;
    // A room that goes is gone for those who watch it as well.
    ann.delete("/rooms/den").await.expect(204);
    assert_eq!(at_cy.next_event("room.deleted").await["room_id"], "den");
}

#[tokio::test]
async fn members_direct_rooms_and_the_application_itself_are_no_question() {
    let receiver = Receiver::start().await;
    receiver.answer(says(json!({"action": "accept"})));
    let server = start(&receiver).await;
    let (ann, ben) = den(&server, "ben").await;
    let direct = ann.direct(&server.user("cy").await).await;
    ben.join(&direct).await.refused(404, "not_found");
    ben.get(&format!("/rooms/{direct}/messages")).await.refused(404, "not_found");
    let mut at_ben = ben.connect().await;
    at_ben.refused("room.subscribe", json!({"room_id": direct}), "not_found").await;
    at_ben.refused("room.subscribe", json!({"room_id": "nowhere"}), "not_found").await;
    ann.history("den", "").await;
    let backend = service(&server).await;
    backend.join("den").await.refused(404, "not_found");
    let admin = server.user_with("app", Token::of("app").claim("roles", json!(["admin"]))).await;
    admin.history("den", "").await;
    admin.join("den").await.expect(201);
    assert_eq!(receiver.received().len(), 0);
}
