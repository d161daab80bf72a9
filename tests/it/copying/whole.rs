//! What clients see is the same before and after.

use reqwest::Method;
use serde_json::{Value, json};

use super::{copied, copy, line_of};
use crate::support::{Receiver, Reply, Server, TestDatabase, Token, User, history_of};

const HOOK_SECRET: &str = "a secret of at least 24 bytes";

/// On a database, with the data directory that its attachments are in.
async fn server_on(url: &str, data: &str, hook: &Receiver) -> Server {
    let builder = Server::builder()
        .set("DATABASE_URL", url)
        .set("PARLOR_DATA_DIR", data)
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", hook.url))
        .set("PARLOR_WEBHOOK_SECRET", HOOK_SECRET)
        .set("PARLOR_WEBHOOK_EVENTS", "message.created");
    builder.start().await
}

struct People {
    admin: User,
    app: User,
    ann: User,
    ben: User,
    cy: User,
}

impl People {
    async fn of(server: &Server) -> Self {
        let with = |role: &str| Token::of(role).claim("roles", json!([role]));
        Self {
            admin: server.user_with("admin", with("admin")).await,
            app: server.user_with("service", with("service")).await,
            ann: server.user("ann").await,
            ben: server.user("ben").await,
            cy: server.user("cy").await,
        }
    }
}

/// What was made that no list tells again.
struct Made {
    /// A service's key, a refresh token, a revoked access token.
    key: String,
    refresh: Value,
    revoked: String,
    direct: String,
    attachment: String,
    voice: Value,
}

/// A bit of everything.
async fn fill(server: &Server, people: &People) -> Made {
    let People { admin, app, ann, ben, cy } = people;
    let eve = server.user("eve").await;
    ann.room_with("den", &[ben, cy, &eve]).await;
    ann.create_room("lobby", "public").await;
    cy.join("lobby").await.expect(201);
    let first = ann.say_id("den", "the first words").await;
    let reply = ben.reply("den", &first, "an answer, @ann").await;
    ben.post_message("den", json!({"content": "see here", "metadata": {"n": 1}})).await;
    ben.post_message("den", json!({"content": "hey @ann and @room"})).await;
    ben.reply_in_thread("den", &first, "deep in the thread").await;
    cy.react(&first, "👍").await.expect(200);
    ann.pin(&reply).await.expect(200);
    let gone = eve.say_id("den", "to be forgotten").await;
    cy.react(&gone, "👀").await.expect(200);
    let edited = ann.say_id("den", "wrogn").await;
    ann.edit(&edited, "right").await.expect(200);
    let erased = ann.say_id("den", "never said").await;
    ann.erase(&erased).await.expect(200);
    let told = "/attachments?name=voice.mp3&duration_ms=4200&waveform=0,40,100";
    let voice = User::outcome(ann.request(Method::POST, told).body("ID3 and no sound")).await;
    let voice = voice.expect(201);
    ann.post_message("den", json!({"attachments": [voice["attachment_id"]]})).await;
    let file = ann.request(Method::POST, "/attachments?name=notes.txt").body("some notes");
    let file = User::outcome(file).await.expect(201);
    let attachment = file["attachment_id"].as_str().expect("an id").to_owned();
    ann.post_message("den", json!({"attachments": [attachment]})).await;
    let event = json!({"type": "task.created", "data": {"n": 1}});
    app.post("/rooms/den/events", event.clone()).await.expect(201);
    app.post("/users/ben/events", event).await.expect(201);
    ben.mark_read("den", 3).await;
    let direct = ann.direct(ben).await;
    ben.say(&direct, "between us").await;
    ann.block(cy).await.expect(204);
    ann.mute("lobby", cy, 3600).await.expect(200);
    ann.create_room("barred", "public").await;
    ann.ban("barred", cy, json!({"reason": "spam"})).await.expect(204);
    let made = admin.post("/api-keys", json!({"name": "board"})).await.expect(201);
    let account = server.nobody().register("dora", "correct horse").await.expect(201);
    let mal = server.user("mal").await;
    admin.put(&format!("/users/{}/ban", mal.id), json!({"reason": "rest"})).await.expect(204);
    let revoked = Token::of("ann").claim("jti", "gone").text();
    admin.post("/tokens/revoke", json!({"token_id": "gone"})).await.expect(204);
    admin.delete("/users/eve").await.expect(204);
    let path = format!("/messages/{gone}");
    ann.get_until("the erasure", &path, |message| !message.body.contains("forgotten")).await;
    // Its key is not to be given again.
    ann.create_room("last", "private").await;
    ann.delete("/rooms/last").await.expect(204);
    Made {
        key: made["key"].as_str().expect("told once").to_owned(),
        refresh: account["refresh_token"].clone(),
        revoked,
        direct,
        attachment,
        voice,
    }
}

/// All that the people see.
async fn seen(people: &People, made: &Made) -> Vec<(String, Value)> {
    let People { admin, ann, ben, cy, .. } = people;
    let direct = &made.direct;
    let mut paths: Vec<(&User, String)> = Vec::new();
    for user in [ann, ben, cy] {
        let of_all = ["/rooms", "/inbox", "/blocks", "/rooms/den", "/rooms/den/members"];
        let of_den = ["/rooms/den/read", "/rooms/den/pins", "/rooms/den/events"];
        for path in of_all.into_iter().chain(of_den).chain(["/rooms/den/receipts"]) {
            paths.push((user, path.to_owned()));
        }
    }
    paths.push((ann, format!("/rooms/{direct}")));
    paths.push((ann, "/rooms/barred/bans".to_owned()));
    for path in ["/audit", "/api-keys", "/users/mal/ban"] {
        paths.push((admin, path.to_owned()));
    }
    let mut seen = Vec::new();
    for (user, path) in paths {
        let answer = user.get(&path).await;
        let mut body = answer.json();
        if let Some(entries) = body.get_mut("entries").and_then(Value::as_array_mut) {
            // This itself is written down.
            entries
                .retain(|entry| !entry["action"].as_str().is_some_and(|a| a.starts_with("GET ")));
        }
        seen.push((format!("{} {path} {}", user.id, answer.status), body));
    }
    for user in [ann, ben, cy] {
        seen.push((format!("{} den", user.id), history_of(user, "den").await.into()));
    }
    seen.push(("ben direct".to_owned(), history_of(ben, direct).await.into()));
    seen
}

fn assert_same(before: &[(String, Value)], after: &[(String, Value)]) {
    assert_eq!(before.len(), after.len());
    for ((what, before), (what_now, after)) in before.iter().zip(after) {
        assert_eq!((what, before), (what_now, after));
    }
}

#[ignore = "needs PostgreSQL: scripts/with-services"]
#[tokio::test]
async fn clients_see_the_same_from_the_new_database_and_go_on() {
    let home = tempfile::tempdir().expect("a directory");
    let data = home.path().join("data").to_string_lossy().into_owned();
    let file = format!("sqlite:{data}/parlor.db");
    let database = TestDatabase::new();
    let hook = Receiver::start().await;
    hook.answer(Reply::Body(500, String::new()));

    let mut server = server_on(&file, &data, &hook).await;
    let people = People::of(&server).await;
    let made = fill(&server, &people).await;
    let before = seen(&people, &made).await;
    let head = people.ann.last_seq("den").await;
    assert_eq!(server.terminate().await, Some(0));

    let stdout = copied(&home, &file, &database.url()).await;
    for table in ["reactions", "mentions", "bans", "blocks", "inbox", "outbox", "audit", "members"]
    {
        assert_ne!(line_of(&stdout, table)[1], "0", "{table}: {stdout}");
    }
    for table in ["room_events", "attachments", "api_keys", "revoked_tokens", "refresh_tokens"] {
        assert_ne!(line_of(&stdout, table)[1], "0", "{table}: {stdout}");
    }
    copy(&home, &file, &database.url()).await.refused(1, "has data already");

    hook.answer(Reply::Body(200, String::new()));
    let mut server = server_on(&database.url(), &data, &hook).await;
    let people = People::of(&server).await;
    assert_same(&before, &seen(&people, &made).await);
    it_goes_on(&server, &people, &made, head).await;
    let told = |received: &[crate::support::Received]| {
        received.iter().any(|one| one.body.contains("between us"))
    };
    hook.wait_until("the outbox is sent", told).await;
    let before = seen(&people, &made).await;
    assert_eq!(server.terminate().await, Some(0));

    // And back.
    let back = format!("sqlite:{data}/back.db");
    copied(&home, &database.url(), &back).await;
    let server = server_on(&back, &data, &hook).await;
    let people = People::of(&server).await;
    assert_same(&before, &seen(&people, &made).await);
    people.ann.create_room("fresh-again", "private").await;
}

/// Numbers go on, what was secret is good, what was waiting comes.
async fn it_goes_on(server: &Server, people: &People, made: &Made, head: i64) {
    let People { ann, ben, .. } = people;
    assert_eq!(ann.say("den", "after the move").await["seq"], head + 1);
    let zoe = server.user("zoe").await;
    ann.create_room("fresh", "private").await;
    ann.add_member("fresh", &zoe).await.expect(201);
    assert_eq!(ann.say("fresh", "one").await["seq"], 1);
    assert_eq!(history_of(&zoe, "fresh").await.len(), 1);

    let found = |outcome: &crate::support::Outcome| outcome.body.contains("deep in the");
    ben.get_until("the search", "/search?q=thread", found).await;
    let path = format!("/attachments/{}", made.voice["attachment_id"].as_str().expect("an id"));
    assert_eq!(ben.get(&path).await.expect(200), made.voice);
    let file = ben.get(&format!("/attachments/{}/content", made.attachment)).await;
    assert_eq!((file.status, file.body.as_str()), (200, "some notes"));
    let nobody = server.nobody();
    nobody.refresh(&made.refresh).await.expect(200);
    nobody.login("dora", "correct horse").await.expect(200);
    let service = User::new(server.address().clone(), "service:board", Some(made.key.clone()));
    assert_eq!(service.get("/me").await.expect(200)["roles"], json!(["service"]));
    let event = json!({"type": "task.created", "data": {"n": 2}});
    service.post("/users/ben/events", event).await.expect(201);
    assert_eq!(ben.get("/inbox").await.expect(200)["inbox_seq"], 2);
    let revoked = User::new(server.address().clone(), "ann", Some(made.revoked.clone()));
    revoked.get("/me").await.refused(401, "unauthorized");
}
