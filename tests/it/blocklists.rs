//! Lists of words and patterns: what they refuse, mask and flag, where, and for whom.

use serde_json::{Value, json};

use crate::support::{Cluster, Outcome, Receiver, Reply, Server, Socket, Token, User};

const SECRET: &str = "a secret of at least 24 bytes";

async fn with_roles(server: &Server, id: &str, roles: Value) -> User {
    server.user_with(id, Token::of(id).claim("roles", roles)).await
}

async fn administrator(server: &Server) -> User {
    with_roles(server, "root", json!(["admin"])).await
}

fn list(action: &str, words: &[&str], patterns: &[&str]) -> Value {
    json!({"action": action, "words": words, "patterns": patterns})
}

async fn set(user: &User, id: &str, list: Value) -> Outcome {
    user.put(&format!("/blocklists/{id}"), list).await
}

async fn set_in(user: &User, room: &str, id: &str, list: Value) -> Outcome {
    user.put(&format!("/rooms/{room}/blocklists/{id}"), list).await
}

async fn den(server: &Server) -> (User, User, Socket) {
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let at_ann = ann.connect().await;
    (ann, ben, at_ann)
}

async fn next_content(socket: &mut Socket) -> Value {
    socket.next_message("den").await["data"]["content"].clone()
}

#[tokio::test]
async fn the_deployments_lists_refuse_and_mask_everywhere_also_over_a_restart() {
    let mut server = Server::start().await;
    let (root, (ann, ben, mut at_ann)) = (administrator(&server).await, den(&server).await);
    let mut at_ben = ben.connect().await;
    set(&root, "no", list("refuse", &["worst word"], &[r"\bfr[e3]{2} money\b"])).await.expect(204);
    set(&root, "stars", list("mask", &["darn", "坏词"], &[])).await.expect(204);
    for text in ["a WORST  wörd", "wor\u{200b}st word", "get fr3e money now", "ｗｏｒｓｔ word"]
    {
        let message = json!({"room_id": "den", "content": text});
        let refusal = at_ben.refused("message.send", message, "content_blocked").await;
        assert_eq!(refusal["message"], "there is something in it that is not allowed here");
        ben.try_say("den", text).await.refused(422, "content_blocked");
    }
    // Also of who moderates, in every room, and in threads.
    ann.try_say("den", "worst word").await.refused(422, "content_blocked");
    let direct = ann.direct(&ben).await;
    ann.try_say(&direct, "worst word").await.refused(422, "content_blocked");
    let root_message = ben.say_id("den", "the worst. word for word").await;
    assert_eq!(next_content(&mut at_ann).await, "the worst. word for word");
    let reply = json!({"content": "worst word", "thread_id": root_message});
    ben.post("/rooms/den/messages", reply).await.refused(422, "content_blocked");
    ben.edit(&root_message, "worst word").await.refused(422, "content_blocked");
    // What is masked keeps its length, and with it the places of what is around it.
    let message = json!({
        "room_id": "den",
        "content": "d\u{301}arn @ann 这是坏词吗 darned",
        "metadata": {"bold": [6, 10]},
    });
    at_ben.ask("message.send", message).await;
    let told = at_ann.next_message("den").await;
    assert_eq!(told["data"]["content"], "***** @ann 这是**吗 darned");
    assert_eq!(told["data"]["mentions"]["user_ids"], json!(["ann"]), "{told}");
    assert_eq!(told["data"]["metadata"], json!({"bold": [6, 10]}));
    ben.edit(&root_message, "Darn it").await.expect(200);
    assert_eq!(at_ann.next_event("message.updated").await["data"]["content"], "**** it");
    server.kill9().await;
    server.start_again().await;
    ben.try_say("den", "worst word").await.refused(422, "content_blocked");
    root.delete("/blocklists/no").await.expect(204);
    ben.try_say("den", "worst word").await.expect(201);
    root.delete("/blocklists/no").await.refused(404, "not_found");
}

#[tokio::test]
async fn what_is_flagged_is_stored_and_waits_for_those_who_moderate() {
    let receiver = Receiver::start().await;
    let server = Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", receiver.url))
        .set("PARLOR_WEBHOOK_SECRET", SECRET)
        .set("PARLOR_WEBHOOK_EVENTS", "report.opened")
        .start()
        .await;
    let (root, (ann, ben, mut at_ann)) = (administrator(&server).await, den(&server).await);
    set(&root, "look", list("flag", &["odd"], &[])).await.expect(204);
    set_in(&ann, "den", "also", list("flag", &["strange"], &[])).await.expect(204);
    let odd = ben.say_id("den", "how odd").await;
    assert_eq!(next_content(&mut at_ann).await, "how odd");
    let fine = ben.say_id("den", "how nice").await;
    let reports = async || {
        let page = ann.get("/reports?room_id=den").await.expect(200);
        page["reports"].as_array().expect("a list").clone()
    };
    let listed = reports().await;
    let [one] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((&one["message_id"], &one["content"]), (&json!(odd), &json!("how odd")));
    assert_eq!((&one["reasons"], &one["count"]), (&json!({"blocklist": 1}), &json!(1)));
    // Once a message, with what people report of it.
    ben.edit(&odd, "how very odd").await.expect(200);
    let reason = json!({"reason": "other"});
    ann.post(&format!("/messages/{odd}/report"), reason).await.expect(201);
    ben.edit(&fine, "how strange").await.expect(200);
    let listed = reports().await;
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["reasons"], json!({"blocklist": 1, "other": 1}));
    assert_eq!(listed[1]["message_id"], json!(fine));
    let decide = |report: &Value, decision: &str| {
        let path = format!("/reports/{}/decide", report["report_id"].as_str().expect("an id"));
        (path, json!({"decision": decision}))
    };
    let (path, decision) = decide(&listed[1], "dismiss");
    ann.post(&path, decision).await.expect(204);
    ben.edit(&fine, "how strange it is").await.expect(200);
    assert_eq!(reports().await.len(), 2, "it says something else now");
    let received = receiver.wait_until("all are told", |received| received.len() >= 3).await;
    assert!(received.iter().all(|one| one.json()["type"] == "report.opened"));
    // The server alone reports for this reason.
    let reason = json!({"reason": "blocklist"});
    let path = format!("/messages/{fine}/report");
    ann.post(&path, reason).await.refused(400, "invalid_message");
}

#[tokio::test]
async fn a_rooms_lists_are_its_moderators_and_hold_there_alone() {
    let server = Server::start().await;
    let (root, (ann, ben, mut at_ann)) = (administrator(&server).await, den(&server).await);
    ann.room_with("hall", &[&ben]).await;
    let fields =
        json!({"room_id": "den", "list_id": "own", "action": "mask", "words": ["spoiler"]});
    let mut at_ben = ben.connect().await;
    at_ben.refused("blocklist.set", fields.clone(), "forbidden").await;
    at_ann.ask("blocklist.set", fields).await;
    at_ben.say("den", "no Spoilers, spoiler!").await;
    assert_eq!(next_content(&mut at_ann).await, "no Spoilers, *******!");
    ben.say("hall", "a spoiler").await;
    assert_eq!(at_ann.next_message("hall").await["data"]["content"], "a spoiler");
    let said = ben.say_id("den", "fine").await;
    ben.edit(&said, "spoiler").await.expect(200);
    assert_eq!(ben.message(&said).await.expect(200)["content"], "*******");
    set_in(&ann, "den", "no", list("refuse", &[], &["[0-9]{16}"])).await.expect(204);
    let refused = ben.try_say("den", "4000123412341234").await;
    refused.refused(422, "content_blocked");
    // Those who moderate see and try them.
    let lists = ann.get("/rooms/den/blocklists").await.expect(200);
    let ids: Vec<_> = lists["lists"].as_array().expect("a list").iter().collect();
    assert_eq!(ids.iter().map(|one| &one["list_id"]).collect::<Vec<_>>(), ["no", "own"]);
    assert_eq!((&ids[1]["words"], &ids[0]["patterns"]), (&json!(1), &json!(1)));
    let own = ann.get("/rooms/den/blocklists/own").await.expect(200);
    assert_eq!((&own["words"], &own["action"]), (&json!(["spoiler"]), &json!("mask")));
    for path in ["/rooms/den/blocklists", "/rooms/den/blocklists/own", "/blocklists"] {
        ben.get(path).await.refused(403, "forbidden");
    }
    let tried = json!({"content": "a SPOILER"});
    let tried = ann.post("/rooms/den/content-check", tried).await.expect(200);
    assert_eq!((&tried["content"], &tried["refused"]), (&json!("a *******"), &json!(false)));
    assert_eq!(tried["found"], json!([{"list_id": "own", "room_id": "den", "action": "mask"}]));
    let tried = json!({"content": "4000123412341234 spoiler", "room_id": "den"});
    let tried = root.post("/content-check", tried).await.expect(200);
    assert_eq!((&tried["refused"], tried.get("content")), (&json!(true), None));
    assert_eq!(tried["found"].as_array().map(Vec::len), Some(2));
    ann.get("/blocklists").await.refused(403, "forbidden");
    let direct = ann.direct(&ben).await;
    set_in(&ann, &direct, "x", list("flag", &["x"], &[])).await.refused(403, "forbidden");
    // Each change is written down: of moderators here, of administrators as any call.
    set_in(&root, "den", "third", list("flag", &["x"], &[])).await.expect(204);
    ann.delete("/rooms/den/blocklists/third").await.expect(204);
    let log = root.get("/audit?limit=20").await.expect(200);
    let log = log["entries"].as_array().expect("a list").clone();
    let of = |action: &str| log.iter().filter(|one| one["action"] == action).count();
    assert_eq!((of("blocklist.set"), of("blocklist.delete")), (2, 1), "{log:?}");
    assert_eq!(of("PUT /api/v1/rooms/{room}/blocklists/{blocklist}"), 1, "{log:?}");
    for list in ["own", "no"] {
        ann.delete(&format!("/rooms/den/blocklists/{list}")).await.expect(204);
    }
    assert_eq!(ann.get("/rooms/den").await.expect(200).get("rules"), None);
    ben.say("den", "spoiler").await;
    assert_eq!(next_content(&mut at_ann).await, "fine");
}

#[tokio::test]
async fn the_application_says_what_it_likes_and_nobody_writes_what_cannot_be_taken_back() {
    let server = Server::start().await;
    let (root, (_, ben, mut at_ann)) = (administrator(&server).await, den(&server).await);
    let app = with_roles(&server, "app", json!(["scope:messages", "scope:moderation"])).await;
    set(&app, "no", list("refuse", &["bad"], &[])).await.expect(204);
    let said = app.post("/rooms/den/messages", json!({"content": "bad", "sender_id": "ben"})).await;
    said.expect(201);
    assert_eq!(next_content(&mut at_ann).await, "bad");
    root.get("/blocklists/no").await.expect(200);
    let mut at_ben = ben.connect().await;
    at_ben.refused("message.start", json!({"room_id": "den"}), "forbidden").await;
    // What was stored before is found to be.
    app.delete("/blocklists/no").await.expect(204);
    let message = json!({"room_id": "den", "content": "bad", "client_id": "c-1"});
    let first = at_ben.ask("message.send", message.clone()).await;
    set(&app, "no", list("refuse", &["bad"], &[])).await.expect(204);
    let again = at_ben.ask("message.send", message).await;
    assert_eq!((&again["message_id"], &again["duplicate"]), (&first["message_id"], &json!(true)));
}

#[tokio::test]
async fn the_application_is_asked_about_what_the_lists_let_through() {
    let application = Receiver::start().await;
    application.answer(Reply::Body(200, json!({"action": "accept"}).to_string()));
    let server = Server::builder()
        .set("PARLOR_BEFORE_SEND_URL", application.url.clone())
        .set("PARLOR_CALLBACK_SECRET", SECRET)
        .start()
        .await;
    let (root, (ann, ben, mut at_ann)) = (administrator(&server).await, den(&server).await);
    set(&root, "no", list("refuse", &["bad"], &[])).await.expect(204);
    set_in(&ann, "den", "stars", list("mask", &["darn"], &[])).await.expect(204);
    ben.try_say("den", "bad").await.refused(422, "content_blocked");
    ben.say("den", "darn it").await;
    assert_eq!(next_content(&mut at_ann).await, "**** it");
    let asked = application.wait_until("it is asked", |asked| !asked.is_empty()).await;
    let asked: Vec<Value> = asked.iter().map(|one| one.json()).collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["data"]["content"], "**** it");
}

#[tokio::test]
async fn what_is_sent_later_is_looked_through_then() {
    let server = Server::start().await;
    let (root, (_, ben, _)) = (administrator(&server).await, den(&server).await);
    let later = json!({"content": "bad", "send_in_seconds": 600});
    let scheduled = ben.post("/rooms/den/scheduled", later).await.expect(201);
    let id = scheduled["scheduled_id"].as_str().expect("an id").to_owned();
    set(&root, "no", list("refuse", &["bad"], &[])).await.expect(204);
    let mut at_ben = ben.connect().await;
    ben.post(&format!("/scheduled/{id}/send"), json!({})).await.expect(200);
    let has_failed =
        |frame: &Value| frame["type"] == "message.scheduled" && frame["data"]["state"] == "failed";
    let told = at_ben.next_where("that it was refused", has_failed).await;
    assert_eq!(told["data"]["scheduled"]["failed"]["code"], "content_blocked");
}

#[tokio::test]
async fn lists_are_bounded_and_what_is_wrong_with_one_is_said() {
    let server = Server::start().await;
    let (root, (ann, ..)) = (administrator(&server).await, den(&server).await);
    let words = |count: usize| (0..count).map(|n| format!("word{n}x")).collect::<Vec<_>>();
    let of = |words: Vec<String>| json!({"action": "refuse", "words": words});
    set(&root, "long", of(words(10_000))).await.expect(204);
    ann.try_say("den", "word9999x").await.refused(422, "content_blocked");
    ann.try_say("den", "word10000x").await.expect(201);
    set(&root, "long", of(words(10_001))).await.refused(400, "invalid_message");
    set_in(&ann, "den", "l", of(words(500))).await.expect(204);
    set_in(&ann, "den", "l", of(words(501))).await.refused(400, "invalid_message");
    set_in(&ann, "den", "m", of(words(1))).await.refused(409, "conflict");
    for n in 0..4 {
        set_in(&ann, "den", &format!("n{n}"), of(Vec::new())).await.expect(204);
    }
    set_in(&ann, "den", "n4", of(Vec::new())).await.refused(409, "conflict");
    for (wrong, what) in [
        (list("refuse", &[], &["a(b"]), "patterns number 1 is wrong at character 2"),
        (list("refuse", &[], &["fine", "x*"]), "patterns number 2 must not match"),
        (list("refuse", &[], &[r"(\w+ ){30}x"]), "too complicated"),
        (list("refuse", &["\u{200b}"], &[]), "words must each"),
        (list("praise", &[], &[]), "action"),
    ] {
        let refused = set(&root, "wrong", wrong).await.refused(400, "invalid_message");
        let message = refused["message"].as_str().expect("a text").to_owned();
        assert!(message.contains(what), "{message}");
    }
    root.get("/blocklists/wrong").await.refused(404, "not_found");
    // A text that patterns of other engines would take for ever with.
    set(&root, "slow", list("flag", &[], &[r"(a+)+b", r"(a|a)*c"])).await.expect(204);
    ann.try_say("den", &"a".repeat(4_000)).await.expect(201);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_list_that_is_set_on_one_node_holds_on_the_others() {
    let cluster = Cluster::start(2).await;
    let root = administrator(&cluster.nodes[0].server).await;
    let (ann, ben) = (cluster.nodes[0].user("ann").await, cluster.nodes[1].user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    set(&root, "stars", list("mask", &["darn"], &[])).await.expect(204);
    let masked = async |at_ann: &mut Socket, at_ben: &mut Socket, text: &str, masked: &str| {
        // It is heard of over the feed.
        loop {
            at_ben.say("den", text).await;
            if next_content(at_ann).await == masked {
                break;
            }
        }
    };
    masked(&mut at_ann, &mut at_ben, "darn", "****").await;
    set_in(&ann, "den", "own", list("mask", &["spoiler"], &[])).await.expect(204);
    masked(&mut at_ann, &mut at_ben, "spoiler", "*******").await;
    set_in(&ann, "den", "own", list("mask", &["ending"], &[])).await.expect(204);
    masked(&mut at_ann, &mut at_ben, "the ending", "the ******").await;
    root.delete("/blocklists/stars").await.expect(204);
    masked(&mut at_ann, &mut at_ben, "darn", "darn").await;
}
