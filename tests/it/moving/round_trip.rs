//! What comes out of one deployment goes into another one, whole.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Place, problems, told};
use crate::support::{Server, Token, User, history_of};

async fn people(server: &Server) -> [User; 4] {
    let admin = Token::of("admin").claim("roles", json!(["admin"]));
    [
        server.user_with("admin", admin).await,
        server.user("ann").await,
        server.user("ben").await,
        server.user("cy").await,
    ]
}

/// A bit of everything that an export holds.
async fn fill([admin, ann, ben, cy]: &[User; 4], server: &Server) -> String {
    let described = json!({
        "name": "Ann Ä.", "avatar_url": "https://example.org/a.png",
        "custom": {"b": [1, 2.5], "a": null}, "roles": ["editor"],
    });
    admin.put("/users/ann", described).await.expect(200);
    admin.put("/users/never-came", json!({"name": "Not yet"})).await.expect(201);
    admin.post("/users/never-came/deactivate", json!({})).await.expect(204);
    let eve = server.user("eve").await;
    let dan = server.user("dan").await;
    ann.room_with("den", &[ben, cy, &eve]).await;
    ann.create_room("lobby", "announcement").await;
    cy.join("lobby").await.expect(201);
    ann.patch("/rooms/den", json!({"title": "The den", "topic": "Talk", "custom": {"x": 1}}))
        .await
        .expect(200);
    let first = ann.say_id("den", "the first words").await;
    let reply = ben.reply("den", &first, "an answer, @ann").await;
    ben.post_message("den", json!({"content": "see", "metadata": {"n": 1}, "client_id": "c1"}))
        .await;
    ben.post_message("den", json!({"content": "hey @ann and @room"})).await;
    let root = ben.reply_in_thread("den", &first, "deep in the thread").await;
    ben.reply_in_thread("den", &root, "deeper").await;
    let both = json!({"content": "@cy, also here", "thread_id": root, "in_room": true});
    ann.post_message("den", both).await;
    for (user, emoji) in [(cy, "👍"), (ben, "👍"), (cy, "❤️"), (&eve, "👀")] {
        user.react(&first, emoji).await.expect(200);
    }
    ann.pin(&reply).await.expect(200);
    let gone = eve.say_id("den", "to be forgotten").await;
    ann.reply("den", &gone, "what was that?").await;
    let edited = ann.say_id("den", "wrogn").await;
    ann.edit(&edited, "right").await.expect(200);
    let erased = ann.reply_in_thread("den", &first, "never said").await;
    ann.erase(&erased).await.expect(200);
    for name in ["notes.txt", "again.txt"] {
        let file = ann.request(Method::POST, &format!("/attachments?name={name}"));
        let file = User::outcome(file.body("some notes")).await.expect(201);
        ann.post_message("den", json!({"attachments": [file["attachment_id"]]})).await;
    }
    // Of which nothing but what is told is known.
    let told = "/attachments?name=voice.mp3&duration_ms=4200&waveform=0,40,100";
    let voice = User::outcome(ann.request(Method::POST, told).body("ID3 and no sound")).await;
    let voice = voice.expect(201);
    assert_eq!((&voice["duration_ms"], &voice["waveform"]), (&json!(4_200), &json!([0, 40, 100])));
    ann.post_message("den", json!({"attachments": [voice["attachment_id"]]})).await;
    for posted in [
        json!({"content": "A notice to @ben", "kind": "system"}),
        json!({"content": "for ann, @ben", "sender_id": "ann", "silent": true}),
        json!({"content": "said before", "sender_id": "ben", "created_at": "2020-02-03T04:05:06Z"}),
    ] {
        admin.post_message("den", posted).await;
    }
    ben.mark_read("den", 3).await;
    cy.put("/rooms/den/delivered", json!({"seq": 5})).await.expect(200);
    ann.say("den", "unread to the others").await;
    let direct = ann.direct(ben).await;
    ben.say(&direct, "between us").await;
    let left = ann.direct(&dan).await;
    ann.say(&left, "are you there?").await;
    ann.mute("lobby", cy, 3600).await.expect(200);
    admin.put("/rooms/lobby/retention", json!({"age_days": 9000})).await.expect(204);
    ann.put("/rooms/lobby/freeze", json!({})).await.expect(200);
    for gone in ["eve", "dan"] {
        admin.delete(&format!("/users/{gone}")).await.expect(204);
    }
    let path = format!("/messages/{gone}");
    ann.get_until("the erasure", &path, |message| !message.body.contains("forgotten")).await;
    // A room of which some is cleared, and one that is gone.
    ann.create_room("cleared", "private").await;
    ann.say("cleared", "old").await;
    admin.delete("/rooms/cleared/messages").await.expect(204);
    ann.say("cleared", "new").await;
    ann.create_room("last", "private").await;
    ann.delete("/rooms/last").await.expect(204);
    direct
}

/// What is told of a message, but for the positions that it has in one deployment.
fn without_positions(messages: Vec<Value>) -> Vec<Value> {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| {
                    !matches!(name.as_str(), "seq" | "changed_seq" | "attachment_id")
                });
                // All who were deleted are one there.
                if fields.get("id").is_some_and(|id| id.as_str().is_some_and(is_deleted)) {
                    fields.insert("id".to_owned(), json!("deleted"));
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    fn is_deleted(id: &str) -> bool {
        id.starts_with("deleted#")
    }
    let mut messages = Value::from(messages);
    strip(&mut messages);
    messages.as_array().expect("a list").clone()
}

/// All that people see of it.
async fn seen([admin, ann, ben, cy]: &[User; 4], direct: &str) -> Vec<(String, Value)> {
    let mut seen = Vec::new();
    for user in [ann, ben, cy] {
        for room in ["den", "lobby", "cleared", direct] {
            let what = format!("{} {room}", user.id);
            if user.get(&format!("/rooms/{room}/read")).await.status == 200 {
                seen.push((what.clone(), without_positions(history_of(user, room).await).into()));
                let read = user.read_state(room).await;
                seen.push((what, json!([read["unread"], read["mentions"]])));
            }
        }
    }
    for path in ["/rooms/den/members", "/rooms/lobby/members", "/rooms/den/pins"] {
        let answer = ann.get(path).await.expect(200);
        seen.push((path.to_owned(), without_positions(vec![answer]).into()));
    }
    for path in ["/users/ann", "/users/never-came", "/rooms/lobby/retention"] {
        seen.push((path.to_owned(), admin.get(path).await.expect(200)));
    }
    seen
}

#[tokio::test]
async fn an_export_that_is_imported_is_the_same_and_comes_out_again_as_it_went_in() {
    let place = Place::new();
    let mut server = place.start().await;
    let people_before = people(&server).await;
    let direct = fill(&people_before, &server).await;
    let before = seen(&people_before, &direct).await;
    assert_eq!(server.terminate().await, Some(0));
    let exported = place.export().await;

    let schema = include_str!("../../../docs/import.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for line in exported.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let valid = schema.validate(&line);
        assert!(valid.is_ok(), "{line}: {valid:?}");
    }

    let copy = Place::new();
    let report = copy.import_all_of(&place, &exported).await;
    assert_eq!(problems(&report), []);
    let lines = |kind: &str| {
        let begin = format!(r#"{{"type":"{kind}","#);
        exported.lines().filter(|line| line.starts_with(&begin)).count() as u64
    };
    for kind in ["user", "room", "member", "message", "reaction", "read"] {
        assert!(lines(kind) > 0, "{kind}: {exported}");
        assert_eq!(told(&report, kind), [lines(kind), 0, 0], "{kind}: {report}");
    }
    assert_eq!(copy.export().await, exported);
    // Again: nothing is doubled, and no file is needed.
    let report = copy.imported(&exported).await;
    for kind in ["user", "room", "member", "message", "reaction", "read"] {
        assert_eq!(told(&report, kind), [0, lines(kind), 0], "{kind}: {report}");
    }
    assert_eq!(copy.export().await, exported);

    let mut server = copy.start().await;
    let people_after = people(&server).await;
    for (one, other) in before.iter().zip(seen(&people_after, &direct).await) {
        assert_eq!(*one, other);
    }
    let [_, ann, ben, _] = &people_after;
    let file = |message: &Value| message["attachments"][0]["attachment_id"].clone();
    let history = history_of(ann, "den").await;
    let id = history.iter().map(file).find(Value::is_string).expect("a file");
    let path = format!("/attachments/{}/content", id.as_str().expect("a text"));
    assert_eq!(ben.get(&path).await.body, "some notes");
    assert_eq!(ann.direct(ben).await, direct, "it is found by its two users");
    ann.say("den", "it goes on").await;
    assert_eq!(server.terminate().await, Some(0));
    // Whichever database it goes into.
    let file = Place::on(None);
    let exported = copy.export().await;
    file.import_all_of(&copy, &exported).await;
    assert_eq!(file.export().await, exported);
}

#[tokio::test]
async fn a_room_is_exported_with_the_users_in_it_beside_a_running_server() {
    let place = Place::new();
    let server = place.start().await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.room_with("den", &[&ben]).await;
    ann.say("den", "here").await;
    cy.create_room("other", "public").await;
    let finished = place.run(&["export", "--room", "den"]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("here") && !finished.stdout.contains("\"cy\""));
    let copy = Place::new();
    assert_eq!(told(&copy.imported(&finished.stdout).await, "user"), [2, 0, 0]);
    assert_eq!(copy.export().await, finished.stdout);
    let missing = place.run(&["export", "--room", "nowhere"]).await;
    missing.refused(1, "no room nowhere");
}
