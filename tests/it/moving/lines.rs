//! What an application says of what it had before.

use serde_json::{Value, json};

use super::{Place, file, problems, told};
use crate::support::{Receiver, Reply, history_of};

fn user(id: &str) -> Value {
    json!({"type": "user", "user_id": id})
}

fn room(id: &str) -> Value {
    json!({"type": "room", "room_id": id, "kind": "private"})
}

fn member(room: &str, user: &str) -> Value {
    json!({"type": "member", "room_id": room, "user_id": user})
}

fn message(id: &str, user: &str, content: &str) -> Value {
    json!({
        "type": "message", "room_id": "den", "message_id": id, "user_id": user,
        "created_at": "2019-05-06T07:08:09.010Z", "content": content,
    })
}

fn with(mut line: Value, more: Value) -> Value {
    for (name, value) in more.as_object().expect("an object") {
        line[name] = value.clone();
    }
    line
}

fn reaction(message: &str, user: &str) -> Value {
    json!({
        "type": "reaction", "room_id": "den", "message_id": message, "user_id": user,
        "emoji": "👍",
    })
}

fn history() -> Vec<Value> {
    let read = json!({
        "type": "read", "room_id": "den", "user_id": "ben", "message_id": "C1:2",
        "read_at": "2019-05-07T00:00:00Z",
    });
    vec![
        user("ann"),
        user("ben"),
        room("den"),
        with(member("den", "ann"), json!({"role": "owner"})),
        member("den", "ben"),
        message("C1:1", "ann", "the oldest"),
        with(message("C1:2", "ben", "a reply"), json!({"reply_to": "C1:1"})),
        with(message("C1:3", "ben", "threaded"), json!({"thread_id": "C1:1"})),
        with(message("C1:4", "ann", "hey"), json!({"mentions": {"users": ["ben"]}})),
        reaction("C1:1", "ben"),
        read,
    ]
}

#[tokio::test]
async fn what_was_said_elsewhere_is_there_as_if_it_had_been_said_here() {
    let place = Place::new();
    place.imported(&file(&history())).await;
    let server = place.start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let messages = history_of(&ann, "den").await;
    let contents: Vec<_> = messages.iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, ["the oldest", "a reply", "threaded", "hey"]);
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_i64()).collect();
    assert_eq!(seqs, [1, 2, 3, 4].map(Some));
    assert_eq!(messages[0]["created_at"], "2019-05-06T07:08:09.010Z");
    assert_eq!(messages[1]["reply_to"]["message_id"], messages[0]["message_id"]);
    assert_eq!(messages[2]["thread_id"], messages[0]["message_id"]);
    assert_eq!(messages[0]["thread"]["count"], 1);
    assert_eq!(messages[0]["reactions"][0]["user_ids"], json!(["ben"]));
    // Two others' messages after the mark, of which one is of their own.
    let read = ben.read_state("den").await;
    assert_eq!((&read["unread"], &read["mentions"]), (&json!(1), &json!(1)), "{read}");
    let found = |outcome: &crate::support::Outcome| outcome.body.contains("threaded");
    ann.get_until("the search", "/search?q=threaded", found).await;
    assert_eq!(ann.say("den", "and on").await["seq"], 5);
}

#[tokio::test]
async fn what_cannot_be_imported_is_left_out_and_told_and_the_rest_is_imported() {
    let place = Place::new();
    let mut lines = history();
    lines.extend([
        message("C1:5", "nobody", "from whom?"),
        with(message("C1:6", "ann", "where?"), json!({"room_id": "nowhere"})),
        with(message("C1:7", "ann", "to what?"), json!({"reply_to": "C9:9"})),
        reaction("C1:99", "ann"),
        member("den", "nobody"),
        with(message("C1:8", "ann", ""), json!({})),
        json!({"type": "user", "user_id": "a b"}),
        message("C1:9", "ann", "the last"),
    ]);
    let text = file(&lines) + "this is no JSON\n";
    let dry = place.import(&text, &["--dry-run"]).await;
    let finished = place.import(&text, &[]).await;
    assert_eq!((dry.code, finished.code), (Some(1), Some(1)), "{finished:?}");
    assert!(finished.stderr.contains("8 lines or fields were left out"), "{finished:?}");
    let mut told_of = problems(&finished.stdout);
    told_of.sort_unstable();
    let expected = [
        (13, "unknown_user"),
        (14, "unknown_room"),
        (15, "unknown_reference"),
        (16, "unknown_message"),
        (17, "unknown_user"),
        (18, "invalid_message"),
        (19, "invalid_message"),
        (21, "invalid_message"),
    ];
    assert_eq!(told_of, expected, "{}", finished.stdout);
    assert_eq!(told(&finished.stdout, "message"), [6, 0, 2]);
    assert!(dry.stdout.starts_with(&finished.stdout), "{} {}", dry.stdout, finished.stdout);

    // All that could be imported is there; strict would have stopped before.
    let strict = place.import(&text, &["--strict"]).await;
    assert_eq!(strict.code, Some(1));
    assert!(strict.stderr.contains("stopped"), "{strict:?}");
    let server = place.start().await;
    let ann = server.user("ann").await;
    let last = history_of(&ann, "den").await.pop().expect("messages");
    assert_eq!((&last["content"], &last["seq"]), (&json!("the last"), &json!(6)));
}

#[tokio::test]
async fn files_come_from_beside_the_import_and_those_that_cannot_are_told() {
    let place = Place::new();
    std::fs::write(place.home.path().join("notes.txt"), "some notes").expect("written");
    std::fs::write(place.home.path().join("run.exe"), b"MZ\x90\0".repeat(99)).expect("written");
    let mut lines = history();
    let files = |names: &[&str]| {
        let one = |name: &&str| json!({"file": name, "name": format!("My {name}")});
        json!({"attachments": names.iter().map(one).collect::<Vec<_>>()})
    };
    lines.extend([
        with(message("f1", "ann", ""), files(&["notes.txt"])),
        with(message("f2", "ann", "with one of two"), files(&["missing.txt", "notes.txt"])),
        with(message("f3", "ann", ""), files(&["run.exe"])),
        with(message("f4", "ann", "outside"), files(&["../secret.txt"])),
    ]);
    let text = file(&lines);
    let dry = place.import(&text, &["--dry-run"]).await;
    let finished = place.import(&text, &[]).await;
    let expected =
        [(14, "unreadable_file"), (15, "file_type"), (15, "no_content"), (16, "invalid_message")];
    for report in [&dry.stdout, &finished.stdout] {
        let mut told_of = problems(report);
        told_of.sort_unstable();
        assert_eq!(told_of, expected, "{report}");
    }
    let server = place.start().await;
    let ben = server.user("ben").await;
    let messages = history_of(&ben, "den").await;
    assert_eq!(messages.len(), 6, "{messages:?}");
    for message in &messages[4..] {
        let files = message["attachments"].as_array().expect("a list");
        assert_eq!((files.len(), &files[0]["name"]), (1, &json!("My notes.txt")), "{message}");
        let id = files[0]["attachment_id"].as_str().expect("an id");
        let content = ben.get(&format!("/attachments/{id}/content")).await;
        assert_eq!(content.body, "some notes");
    }
}

#[tokio::test]
async fn files_are_downloaded_but_not_from_where_only_this_machine_may_look() {
    let place = Place::new();
    let web = Receiver::start().await;
    web.answer_with(|request| match request.line.as_str() {
        "GET /plan.txt?sig=1" => Reply::Body(200, "the plan".to_owned()),
        "GET /moved" => Reply::Redirect("/plan.txt?sig=1".to_owned()),
        "GET /long" => Reply::Raw("HTTP/1.1 200 X\r\ncontent-length: 99999999\r\n\r\n".to_owned()),
        "GET /cut" => Reply::Raw("HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\npart".to_owned()),
        _ => Reply::Body(404, "no".to_owned()),
    });
    let message = |id: &str, path: &str| {
        let url = format!("{}{path}", web.url);
        with(message(id, "ann", id), json!({"attachments": [{"url": url}]}))
    };
    let lines = [
        history(),
        vec![
            message("good", "/plan.txt?sig=1"),
            message("none", "/gone"),
            message("moved", "/moved"),
            message("long", "/long"),
            message("cut", "/cut"),
        ],
    ];
    let text = file(&lines.concat());
    let private = place.import(&text, &["--dry-run"]).await;
    let codes: Vec<_> = problems(&private.stdout).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["private_url"; 5], "{private:?}");
    assert_eq!(web.received().len(), 0, "nobody was asked");

    let finished = place.import(&text, &["--private-urls"]).await;
    let expected = [
        (14, "unreadable_file"),
        (15, "unreadable_file"),
        (16, "too_large"),
        (17, "unreadable_file"),
    ];
    assert_eq!(problems(&finished.stdout), expected, "{finished:?}");
    let server = place.start().await;
    let ann = server.user("ann").await;
    let messages = history_of(&ann, "den").await;
    assert_eq!(messages.len(), 9, "messages without their files are there");
    let with_file = &messages[4]["attachments"][0];
    assert_eq!((&with_file["name"], &with_file["size"]), (&json!("plan.txt"), &json!(8)));
}

#[tokio::test]
async fn a_file_that_is_no_import_is_refused() {
    let place = Place::new();
    for (text, what) in [
        ("", "there is none"),
        ("hello\n", "must be JSON"),
        ("{\"type\":\"user\",\"user_id\":\"ann\"}\n", "it is a user"),
        ("{\"type\":\"parlor\",\"version\":2}\n", "version"),
    ] {
        place.import(text, &[]).await.refused(1, what);
    }
    place.run(&["import", "not-there.jsonl"]).await.refused(1, "not-there.jsonl");
}
