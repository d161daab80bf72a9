//! Imports into a server that runs, with people in the rooms.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::{file, problems, told};
use crate::support::{Cluster, Finished, Server, Token, User, history_of, run_with, seqs, within};

pub(super) async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

/// A program with a key that has these scopes.
pub(super) async fn program(server: &Server, name: &str, scopes: &[&str]) -> User {
    let body = json!({"name": name, "scopes": scopes});
    let made = admin(server).await.post("/api-keys", body).await.expect(201);
    let key = made["key"].as_str().expect("a key").to_owned();
    User::new(server.address().clone(), &format!("service:{name}"), Some(key))
}

/// Lines behind the one that each request begins with.
pub(super) fn chunk(lines: &[Value]) -> Value {
    let first = json!({"type": "parlor", "version": 1});
    json!({"lines": ([&[first], lines].concat())})
}

pub(super) fn with(mut body: Value, name: &str) -> Value {
    body[name] = json!(true);
    body
}

pub(super) async fn import(who: &User, lines: &[Value]) -> Value {
    who.post("/import", chunk(lines)).await.expect(200)
}

/// What an answer says of a type of line: imported, present, left out.
pub(super) fn counted(answer: &Value, kind: &str) -> [u64; 3] {
    let counts = answer["counts"].as_array().expect("a list");
    let count = counts.iter().find(|count| count["type"] == kind);
    let count = count.unwrap_or_else(|| panic!("a count of {kind}: {answer}"));
    ["imported", "present", "left_out"].map(|name| count[name].as_u64().expect("a number"))
}

pub(super) fn codes(answer: &Value) -> Vec<(u64, &str)> {
    let problems = answer["problems"].as_array().expect("a list").iter();
    let code = |problem: &'_ Value| problem["line"].as_u64().expect("a number");
    problems.map(|one| (code(one), one["code"].as_str().expect("a text"))).collect()
}

fn user(id: &str) -> Value {
    json!({"type": "user", "user_id": id})
}

fn member(id: &str) -> Value {
    json!({"type": "member", "room_id": "den", "user_id": id})
}

pub(super) fn message(id: &str, user: &str) -> Value {
    json!({
        "type": "message", "room_id": "den", "message_id": id, "user_id": user,
        "created_at": "2019-05-06T07:08:09.010Z", "content": format!("said {id}"),
    })
}

fn reaction(message: &str, user: &str) -> Value {
    json!({"type": "reaction", "room_id": "den", "message_id": message, "user_id": user,
        "emoji": "👍"})
}

fn read(message: &str, user: &str) -> Value {
    json!({"type": "read", "room_id": "den", "user_id": user, "message_id": message,
        "read_at": "2019-05-07T00:00:00Z"})
}

/// The contents of a room's messages, in their order, without a gap.
async fn contents(user: &User) -> Vec<String> {
    let history = history_of(user, "den").await;
    assert!(seqs(&history).is_sorted());
    let content = |message: &Value| message["content"].as_str().expect("a text").to_owned();
    history.iter().map(content).collect()
}

#[tokio::test]
async fn who_is_there_is_told_of_what_is_imported_in_its_order() {
    let server = Server::start().await;
    let (admin, ann, ben) =
        (admin(&server).await, server.user("ann").await, server.user("ben").await);
    let cat = server.user("cat").await;
    ann.room_with("den", &[&ben]).await;
    let first = ann.last_seq("den").await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let mut at_cat = cat.connect().await;
    at_ann.say("den", "said here").await;
    let threaded = |id: &str| {
        let mut line = message(id, "ben");
        line["thread_id"] = json!("m1");
        line
    };
    let lines = [
        user("zoe"),
        member("cat"),
        member("zoe"),
        message("m1", "ann"),
        message("m2", "zoe"),
        reaction("m1", "ben"),
        read("m2", "ben"),
    ];
    let answer = import(&admin, &lines).await;
    assert_eq!((counted(&answer, "message"), counted(&answer, "member")), ([2, 0, 0], [2, 0, 0]));
    assert_eq!((&answer["stored"], &answer["problems"]), (&json!(true), &json!([])));
    // Each of them has all positions, and each once, as they come.
    for socket in [&mut at_ann, &mut at_ben] {
        let changes = socket.changes_up_to("den", first + 3).await;
        let told: Vec<_> =
            changes.iter().map(|change| (&change["seq"], &change["data"]["content"])).collect();
        let expected = ["said here", "said m1", "said m2"].map(|content| json!(content));
        let places = [1, 2, 3].map(|place| json!(first + place));
        assert_eq!(told, places.iter().zip(&expected).collect::<Vec<_>>());
    }
    let added = at_cat.next_event("room.added").await;
    assert_eq!(added["data"]["room"]["room_id"], "den");
    at_ben.say("den", "and on").await;
    // Once more, with something new that changes what is there.
    let more = [threaded("m3"), reaction("m2", "cat")];
    let again = import(&admin, &[&lines[..], &more].concat()).await;
    assert_eq!((counted(&again, "message"), counted(&again, "member")), ([1, 2, 0], [0, 2, 0]));
    assert_eq!((counted(&again, "user"), counted(&again, "read")), ([0, 1, 0], [0, 1, 0]));
    let last = ann.last_seq("den").await;
    for socket in [&mut at_ann, &mut at_ben] {
        let changes = socket.changes_up_to("den", last).await;
        assert_eq!(changes[0]["seq"], first + 4);
        let kind = |content: &str| {
            let of = changes.iter().find(|change| change["data"]["content"] == content);
            of.unwrap_or_else(|| panic!("{content} is told: {changes:?}"))["type"].clone()
        };
        assert_eq!(
            (kind("said m3"), kind("said m1")),
            (json!("message.created"), json!("message.updated"))
        );
        assert_eq!(kind("said m2"), "message.updated");
    }
    at_ann.say("den", "the end").await;
    assert_eq!(at_ben.next_message("den").await["seq"], last + 1);
    assert_eq!(at_cat.next_message("den").await["data"]["content"], "and on");
    let marks = ann.get("/rooms/den/receipts").await.expect(200)["receipts"].clone();
    let of_ben = marks.as_array().expect("a list").iter().find(|mark| mark["user_id"] == "ben");
    assert_eq!(of_ben.expect("a mark")["read_seq"], first + 3);
    let expected = ["said here", "said m1", "said m2", "and on", "said m3", "the end"];
    assert_eq!(contents(&cat).await, expected);
    let found = |outcome: &crate::support::Outcome| outcome.body.contains("said m3");
    ann.get_until("it to be found", "/search?q=m3", found).await;
}

#[tokio::test]
async fn a_line_that_cannot_be_stored_keeps_no_other_back() {
    let server = Server::start().await;
    let (admin, ann) = (admin(&server).await, server.user("ann").await);
    ann.create_room("den", "private").await;
    let mut wrong = message("m2", "ann");
    wrong["contents"] = json!("misspelt");
    let mut future = message("m5", "ann");
    future["created_at"] = json!("2999-01-01T00:00:00Z");
    let mut files = message("m6", "ann");
    files["attachments"] = json!([{"file": "a.txt"}]);
    let lines = [
        message("m1", "ann"),
        wrong,
        message("m3", "nobody"),
        json!(17),
        message("m4", "ann"),
        future,
        files,
    ];
    let expected = [
        (3, "invalid_message"),
        (4, "unknown_user"),
        (5, "invalid_message"),
        (7, "in_future"),
        (8, "not_uploaded"),
    ];
    for how in ["dry_run", "strict"] {
        let answer = admin.post("/import", with(chunk(&lines), how)).await.expect(200);
        assert_eq!(
            (codes(&answer), &answer["stored"]),
            (expected.to_vec(), &json!(false)),
            "{how}"
        );
        assert!(contents(&ann).await.is_empty(), "{how}");
    }
    let answer = import(&admin, &lines).await;
    assert_eq!((codes(&answer), &answer["stored"]), (expected.to_vec(), &json!(true)));
    assert_eq!((counted(&answer, "message"), &answer["invalid"]), ([3, 0, 2], &json!(2)));
    let what = answer["problems"][0]["message"].as_str().expect("a text");
    assert!(what.contains("contents"), "{what}");
    assert_eq!(contents(&ann).await, ["said m1", "said m4", "said m6"]);
    // Where nothing is wrong nothing is kept back.
    let answer = admin.post("/import", with(chunk(&[message("m7", "ann")]), "strict")).await;
    assert_eq!(answer.expect(200)["stored"], true);
    // A dry run knows also what would be there.
    let answer = admin.post("/import", with(chunk(&[message("m7", "ann")]), "dry_run")).await;
    assert_eq!(counted(&answer.expect(200), "message"), [0, 1, 0]);
}

#[tokio::test]
async fn who_may_not_import_and_what_is_too_much_is_refused() {
    let server = Server::start().await;
    let (admin, ann) = (admin(&server).await, server.user("ann").await);
    ann.create_room("den", "private").await;
    let one = chunk(&[message("m1", "ann")]);
    ann.post("/import", one.clone()).await.refused(403, "forbidden");
    let some = program(&server, "some", &["users", "rooms"]).await;
    some.post("/import", one.clone()).await.refused(403, "forbidden");
    let all = program(&server, "all", &["users", "rooms", "messages"]).await;
    all.post("/import", one).await.expect(200);
    // All rights come from who has them.
    let mut boss = user("boss");
    boss["roles"] = json!(["admin"]);
    let answer = all.post("/import", chunk(&[boss.clone(), user("clerk")])).await.expect(200);
    assert_eq!(counted(&answer, "user"), [1, 0, 0]);
    let problem = &answer["problems"][0];
    assert_eq!((&problem["line"], &problem["code"]), (&json!(2), &json!("forbidden")));
    assert_eq!(counted(&import(&admin, &[boss]).await, "user"), [1, 0, 0]);

    let many: Vec<Value> = (0..250).map(|number| message(&format!("n{number}"), "ann")).collect();
    let error = admin.post("/import", chunk(&many)).await.refused(400, "invalid_message");
    assert_eq!(error["field"], "lines");
    let others: Vec<Value> = (0..51).map(|number| user(&format!("user-{number}"))).collect();
    let error = admin.post("/import", chunk(&others)).await.refused(400, "invalid_message");
    assert_eq!(error["field"], "lines");
    assert_eq!(counted(&import(&admin, &others[1..]).await, "user"), [50, 0, 0]);
    let headless = json!({"lines": [message("m2", "ann"), message("m3", "ann")]});
    admin.post("/import", headless).await.refused(400, "invalid_message");
    admin.post("/import", json!({"lines": []})).await.refused(400, "invalid_message");
    let mut large = message("m4", "ann");
    large["content"] = json!("x".repeat(5 << 20));
    admin.post("/import", chunk(&[large])).await.refused(413, "too_large");
    assert_eq!(contents(&ann).await, ["said m1"]);
}

#[tokio::test]
async fn an_import_goes_on_after_a_crash() {
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let of_chunk = |chunk: usize| -> Vec<Value> {
        (0..100).map(|number| message(&format!("{chunk}-{number}"), "ann")).collect()
    };
    let importer = admin(&server).await;
    let (taken, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let sending = tokio::spawn(async move {
        for number in 0..1_000 {
            let request = importer.request(Method::POST, "/import").json(&chunk(&of_chunk(number)));
            match request.send().await {
                Ok(answer) if answer.status() == 200 => drop(taken.send(number)),
                _ => return,
            }
        }
    });
    for _ in 0..3 {
        within("an answer", answered.recv()).await.expect("it imports");
    }
    server.kill9().await;
    within("the import to notice", sending).await.expect("it ends");
    let mut done = 3;
    while answered.recv().await.is_some() {
        done += 1;
    }

    server.start_again().await;
    let (admin, ann) = (admin(&server).await, server.user("ann").await);
    let mut present = 0;
    for number in 0..done + 2 {
        let answer = import(&admin, &of_chunk(number)).await;
        let [imported, there, left_out] = counted(&answer, "message");
        assert_eq!((imported + there, left_out), (100, 0));
        assert!(imported == 0 || there == 0, "a request is stored whole or not at all");
        present += there;
    }
    assert!(present >= done as u64 * 100, "what was answered is there");
    let history = history_of(&ann, "den").await;
    let expected: Vec<String> = (0..done + 2)
        .flat_map(|chunk| (0..100).map(move |number| format!("said {chunk}-{number}")))
        .collect();
    assert_eq!(contents(&ann).await, expected);
    let first = history[0]["seq"].as_i64().expect("a seq");
    let all: Vec<i64> = (first..first + expected.len() as i64).collect();
    assert_eq!(seqs(&history), all, "no gap");
}

async fn send(server: &Server, text: &str, args: &[&str]) -> Finished {
    send_from(&tempdir().expect("a directory"), server, text, args).await
}

/// Sends a text from a folder in which there may be files.
pub(super) async fn send_from(
    home: &TempDir,
    server: &Server,
    text: &str,
    args: &[&str],
) -> Finished {
    std::fs::write(home.path().join("all.jsonl"), text).expect("written");
    let token = Token::of("root").claim("roles", json!(["admin"])).text();
    std::fs::write(home.path().join("token"), format!("{token}\n")).expect("written");
    let url = server.address().http("");
    let args = [&["import", "all.jsonl", "--url", url.as_str()], args].concat();
    run_with(home, &args, &[("PARLOR_IMPORT_TOKEN_FILE", "token")]).await
}

#[tokio::test]
async fn the_command_sends_a_file_in_parts_and_tells_what_came_of_it() {
    if std::env::var("PARLOR_TEST_CARRIER").is_ok_and(|carrier| !carrier.is_empty()) {
        return;
    }
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let mut lines = vec![
        user("ben"),
        json!({"type": "room", "room_id": "den", "kind": "private"}),
        member("ann"),
        member("ben"),
    ];
    lines.extend((0..600).map(|number| message(&format!("m{number}"), "ben")));
    lines[500] = message("m496", "nobody");
    let text = file(&lines) + "no JSON\n";
    let first = send(&server, &text, &[]).await;
    assert_eq!(
        (first.code, problems(&first.stdout)),
        (Some(1), vec![(605 + 1, "invalid_message"), (502, "unknown_user"),]),
        "{first:?}"
    );
    assert_eq!(told(&first.stdout, "message"), [599, 0, 1]);
    let again = send(&server, &file(&lines), &[]).await;
    assert_eq!(told(&again.stdout, "message"), [0, 599, 1]);
    assert_eq!(told(&again.stdout, "room"), [0, 1, 0]);
    assert_eq!(history_of(&ann, "den").await.len(), 599);
    let strict = send(&server, &file(&lines), &["--strict"]).await;
    assert_eq!(strict.code, Some(1), "{strict:?}");
    assert!(strict.stderr.contains("stopped at a line"), "{strict:?}");

    let home = tempdir().expect("a directory");
    std::fs::write(home.path().join("all.jsonl"), file(&lines)).expect("written");
    let url = server.address().http("");
    let args = ["import", "all.jsonl", "--url", &url];
    run_with(&home, &args, &[]).await.refused(2, "PARLOR_IMPORT_TOKEN");
    let token = Token::of("ann").text();
    run_with(&home, &args, &[("PARLOR_IMPORT_TOKEN", &token)]).await.refused(1, "403");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn who_is_at_another_node_is_told_as_well() {
    let cluster = Cluster::start(2).await;
    let [here, there] = [&cluster.nodes[0].server, &cluster.nodes[1].server];
    let (ann, ben, cat) =
        (here.user("ann").await, there.user("ben").await, there.user("cat").await);
    ann.room_with("den", &[&ben]).await;
    let first = ann.last_seq("den").await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let mut at_cat = cat.connect().await;
    let admin = admin(here).await;
    let mut sent = BTreeMap::new();
    for part in 0..5 {
        let lines: Vec<Value> = (0..50).map(|n| message(&format!("{part}-{n}"), "ann")).collect();
        import(&admin, &lines).await;
        let at = if part % 2 == 0 { &mut at_ann } else { &mut at_ben };
        let said = at.say("den", &format!("between {part}")).await;
        sent.insert(said["seq"].as_i64().expect("a seq"), part);
    }
    import(&admin, &[member("cat")]).await;
    assert_eq!(at_cat.next_event("room.added").await["data"]["room"]["room_id"], "den");
    let last = first + 5 * 51;
    assert_eq!(sent.last_key_value().map(|(seq, _)| *seq), Some(last));
    for socket in [&mut at_ann, &mut at_ben] {
        let changes = socket.changes_up_to("den", last).await;
        assert_eq!((changes.len(), &changes[0]["seq"]), (5 * 51, &json!(first + 1)));
    }
    assert_eq!(cat.say("den", "and on").await["seq"], last + 1);
    assert_eq!(at_ann.next_message("den").await["data"]["content"], "and on");
}
