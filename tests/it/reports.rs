//! What users report, and what those who moderate decide.

use serde_json::{Value, json};

use crate::support::{Receiver, Server, Token, User};

const SECRET: &str = "a secret of at least 24 bytes";

async fn reports(user: &User, query: &str) -> Vec<Value> {
    let page = user.get(&format!("/reports{query}")).await.expect(200);
    assert_eq!(page["has_more"], false);
    page["reports"].as_array().expect("a list").clone()
}

fn id_of(report: &Value) -> String {
    report["report_id"].as_str().expect("an id").to_owned()
}

async fn report(user: &User, message: &str, reason: &str) -> String {
    let path = format!("/messages/{message}/report");
    id_of(&user.post(&path, json!({"reason": reason})).await.expect(201))
}

async fn decide(user: &User, report: &str, decision: Value) {
    user.post(&format!("/reports/{report}/decide"), decision).await.expect(204);
}

async fn administrator(server: &Server) -> User {
    let token = Token::of("root").claim("roles", json!(["admin"]));
    server.user_with("root", token).await
}

#[tokio::test]
async fn a_message_is_reported_once_by_each_and_decided_with_what_was_said_around_it() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", receiver.url))
        .set("PARLOR_WEBHOOK_SECRET", SECRET)
        .set("PARLOR_WEBHOOK_EVENTS", "report.opened,report.decided")
        .start()
        .await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    ann.room_with("den", &[&ben, &cleo]).await;
    ann.say("den", "before").await;
    let bad = ben.say_id("den", "buy now").await;
    ann.say("den", "behind").await;
    let mut socket = cleo.connect().await;
    let fields = json!({"message_id": bad, "reason": "spam", "note": "again and again"});
    let first = id_of(&socket.ask("message.report", fields.clone()).await);
    assert_eq!(id_of(&socket.ask("message.report", fields).await), first, "once");
    assert_eq!(report(&ann, &bad, "other").await, first);
    // What was said is kept, whatever becomes of it.
    ben.edit(&bad, "a nice day").await.expect(200);
    let listed = reports(&ann, "?room_id=den").await;
    let [one] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((&one["content"], &one["count"]), (&json!("buy now"), &json!(2)));
    assert_eq!(one["reasons"], json!({"spam": 1, "other": 1}));
    assert_eq!((&one["user"]["id"], &one["message_id"]), (&json!("ben"), &json!(bad)));
    // Neither who wrote it nor who reported it sees it.
    for user in [&ben, &cleo] {
        assert_eq!(reports(user, "").await, [Value::Null; 0]);
        user.get(&format!("/reports/{first}")).await.refused(404, "not_found");
        let dismiss = json!({"decision": "dismiss"});
        user.post(&format!("/reports/{first}/decide"), dismiss).await.refused(404, "not_found");
    }
    server.kill9().await;
    server.start_again().await;
    let whole = ann.get(&format!("/reports/{first}")).await.expect(200);
    let said: Vec<_> = whole["messages"].as_array().expect("a list").iter().collect();
    let said: Vec<_> = said.iter().map(|message| &message["content"]).collect();
    assert_eq!(said, ["before", "a nice day", "behind"]);
    let by = &whole["reported_by"][0];
    assert_eq!((&by["user"]["id"], &by["note"]), (&json!("cleo"), &json!("again and again")));
    decide(&ann, &first, json!({"decision": "delete", "note": "an advertisement"})).await;
    assert!(ann.message(&bad).await.expect(200)["deleted_at"].is_string());
    assert_eq!(reports(&ann, "").await, [Value::Null; 0]);
    let decided = reports(&ann, "?decided=true").await;
    assert_eq!(decided[0]["decided"]["decision"], "delete");
    assert_eq!((&decided[0]["decided"]["by"], decided[0].get("content")), (&json!("ann"), None));
    let path = format!("/reports/{first}/decide");
    ann.post(&path, json!({"decision": "dismiss"})).await.refused(409, "conflict");
    let received = receiver.wait_until("both are told", |received| received.len() >= 2).await;
    let told: Vec<Value> = received.iter().map(|one| one.json()).collect();
    let kinds: Vec<_> = told.iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds, ["report.opened", "report.decided"], "told when it is opened, and once");
    assert_eq!(told[1]["data"]["report"]["report_id"], json!(first));
    assert_eq!(
        (&told[0]["data"]["room_id"], &told[0]["data"]["user_id"]),
        (&json!("den"), &json!("ben"))
    );
}

#[tokio::test]
async fn a_decision_is_carried_out_with_the_rights_of_who_decides() {
    let server = Server::start().await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    let (dan, root) = (server.user("dan").await, administrator(&server).await);
    ann.room_with("den", &[&ben, &cleo, &dan]).await;
    let by_ben = ben.say_id("den", "one").await;
    let by_dan = dan.say_id("den", "two").await;
    let by_ann = ann.say_id("den", "three").await;
    let mute = report(&cleo, &by_ben, "harassment").await;
    for wrong in [
        json!({"decision": "mute"}),
        json!({"decision": "delete", "seconds": 5}),
        json!({"decision": "dismiss", "delete_message": true}),
        json!({"decision": "mute", "everywhere": true, "seconds": 5}),
        json!({"decision": "praise"}),
    ] {
        ann.post(&format!("/reports/{mute}/decide"), wrong).await.refused(400, "invalid_message");
    }
    let fields = json!({"decision": "mute", "seconds": 600, "delete_message": true});
    decide(&ann, &mute, fields).await;
    ben.post("/rooms/den/messages", json!({"content": "x"})).await.refused(403, "forbidden");
    assert!(ann.message(&by_ben).await.expect(200)["deleted_at"].is_string());
    let ban = report(&cleo, &by_dan, "hate").await;
    // A moderator of a room moderates that.
    let everywhere = json!({"decision": "ban", "everywhere": true});
    ann.post(&format!("/reports/{ban}/decide"), everywhere.clone()).await.refused(403, "forbidden");
    decide(&ann, &ban, json!({"decision": "ban", "seconds": 600})).await;
    dan.get("/rooms/den/read").await.refused(404, "not_found");
    // Where the rights do not suffice, the report stays.
    let owner = report(&cleo, &by_ann, "other").await;
    // Nobody moderates what was reported of themselves, nor learns of it.
    assert_eq!(reports(&ann, "").await, [Value::Null; 0]);
    ann.get(&format!("/reports/{owner}")).await.refused(404, "not_found");
    let dismiss = json!({"decision": "dismiss"});
    ann.post(&format!("/reports/{owner}/decide"), dismiss).await.refused(404, "not_found");
    ann.patch("/rooms/den/members/cleo", json!({"role": "moderator"})).await.expect(200);
    let fields = json!({"decision": "mute", "seconds": 600});
    cleo.post(&format!("/reports/{owner}/decide"), fields).await.refused(403, "forbidden");
    assert_eq!(reports(&root, "").await.len(), 1);
    // Of users without a room the application hears.
    let path = "/users/ben/report";
    let user = id_of(&cleo.post(path, json!({"reason": "spam"})).await.expect(201));
    assert_eq!(reports(&cleo, "").await.len(), 1, "that is no room's business");
    let listed = reports(&root, "").await;
    assert_eq!(listed.iter().map(id_of).collect::<Vec<_>>(), [owner.clone(), user.clone()]);
    let alone = json!({"decision": "ban"});
    root.post(&format!("/reports/{user}/decide"), alone).await.refused(400, "invalid_message");
    decide(&root, &user, everywhere).await;
    ben.get("/me").await.refused(403, "forbidden");
    // What comes later is another report.
    let later = id_of(&cleo.post(path, json!({"reason": "violence"})).await.expect(201));
    assert_ne!(later, user);
    decide(&root, &later, json!({"decision": "dismiss"})).await;
    let export = root.get("/users/cleo/export").await.expect(200);
    assert_eq!(export["reported"].as_array().map(Vec::len), Some(5));
    assert_eq!(export["reported"][0]["user_id"], "ben");
    // What goes, goes with its reports.
    ann.delete("/rooms/den").await.expect(204);
    assert_eq!(reports(&root, "").await, [Value::Null; 0]);
    root.delete("/users/ben").await.expect(204);
    let decided: Vec<String> = reports(&root, "?decided=true").await.iter().map(id_of).collect();
    assert_eq!(decided, [] as [String; 0]);
}

#[tokio::test]
async fn what_was_decided_stands_until_the_message_says_something_else() {
    let server = Server::start().await;
    let (ann, ben, cleo) =
        (server.user("ann").await, server.user("ben").await, server.user("cleo").await);
    ann.room_with("den", &[&ben, &cleo]).await;
    let message = ben.say_id("den", "hi").await;
    let first = report(&cleo, &message, "spam").await;
    decide(&ann, &first, json!({"decision": "dismiss"})).await;
    assert_eq!(report(&cleo, &message, "spam").await, first);
    assert_eq!(reports(&ann, "").await, [Value::Null; 0]);
    ben.edit(&message, "or else").await.expect(200);
    let second = report(&cleo, &message, "violence").await;
    assert_ne!(second, first);
    assert_eq!(reports(&ann, "").await[0]["content"], "or else");
    // What nobody has reported is no report.
    let root = administrator(&server).await;
    root.delete("/users/cleo").await.expect(204);
    assert_eq!(reports(&ann, "").await, [Value::Null; 0]);
}

#[tokio::test]
async fn what_one_cannot_see_or_is_ones_own_cannot_be_reported() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("den", "private").await;
    let message = ann.say_id("den", "hi").await;
    let spam = json!({"reason": "spam"});
    for path in [format!("/messages/{message}/report"), "/users/ann/report".to_owned()] {
        ben.post(&path, spam.clone()).await.refused(404, "not_found");
        ann.post(&path, spam.clone()).await.refused(403, "forbidden");
    }
    ann.add_member("den", &ben).await.expect(201);
    let path = format!("/messages/{message}/report");
    ben.post(&path, json!({"reason": "dull"})).await.refused(400, "invalid_message");
    ben.post(&path, json!({})).await.refused(400, "invalid_message");
    ben.post("/messages/x/report", spam.clone()).await.refused(404, "not_found");
    ben.get("/reports/x").await.refused(404, "not_found");
    // So many that are not decided, and no more.
    for _ in 0..100 {
        let message = ann.say_id("den", "and").await;
        report(&ben, &message, "spam").await;
    }
    ben.post(&path, spam).await.refused(409, "conflict");
    let root = administrator(&server).await;
    let page = root.get("/reports?limit=60").await.expect(200);
    assert_eq!(
        (page["reports"].as_array().map(Vec::len), &page["has_more"]),
        (Some(60), &json!(true))
    );
    let cursor = page["cursor"].as_str().expect("a cursor");
    assert_eq!(reports(&root, &format!("?limit=60&cursor={cursor}")).await.len(), 40);
}
