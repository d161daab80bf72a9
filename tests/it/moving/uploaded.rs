//! Attachments of an import into a server that runs: uploaded first, and then named.

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{
    file, problems,
    running::{chunk, codes, counted, import, message, program, send_from, with},
    told,
};
use crate::support::{Receiver, Reply, Server, User, history_of};

async fn upload(who: &User, name: &str, bytes: &str) -> String {
    let request = who.request(Method::POST, &format!("/attachments?name={name}"));
    let uploaded = User::outcome(request.body(bytes.to_owned())).await.expect(201);
    uploaded["attachment_id"].as_str().expect("an id").to_owned()
}

fn with_uploads(mut message: Value, uploads: &[&str]) -> Value {
    let files: Vec<Value> = uploads.iter().map(|id| json!({"upload": id})).collect();
    message["attachments"] = json!(files);
    message
}

fn with_files(mut message: Value, files: &[Value]) -> Value {
    message["attachments"] = json!(files);
    message
}

fn silent(mut message: Value) -> Value {
    message.as_object_mut().expect("an object").remove("content");
    message
}

/// The names of the attachments of the messages of `den`, which can all be read.
async fn names(user: &User) -> Vec<(String, Vec<String>)> {
    let mut names = Vec::new();
    for message in history_of(user, "den").await {
        let mut of = Vec::new();
        for attachment in message["attachments"].as_array().into_iter().flatten() {
            let id = attachment["attachment_id"].as_str().expect("an id");
            let content = user.get(&format!("/attachments/{id}/content")).await;
            assert_eq!(
                (content.status, content.body.len() as i64),
                (200, attachment["size"].as_i64().expect("a size"))
            );
            of.push(attachment["name"].as_str().expect("a name").to_owned());
        }
        names.push((message["content"].as_str().unwrap_or_default().to_owned(), of));
    }
    names
}

fn named(content: &str, files: &[&str]) -> (String, Vec<String>) {
    (content.to_owned(), files.iter().map(|name| (*name).to_owned()).collect())
}

#[tokio::test]
async fn uploads_of_who_imports_become_the_senders_and_others_are_left_out() {
    let server = Server::builder()
        .set("PARLOR_ATTACHMENT_BYTES", 100)
        .set("PARLOR_ATTACHMENT_BYTES_PER_USER", 100)
        .start()
        .await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let bot = program(&server, "bot", &["users", "rooms", "messages"]).await;
    let (one, two) =
        (upload(&bot, "one.txt", "first").await, upload(&bot, "two.txt", "other").await);
    let anns = upload(&ann, "mine.txt", &"x".repeat(60)).await;
    let missing = with_files(silent(message("m4", "ann")), &[json!({"file": "gone.txt"})]);
    let lines = [
        with_uploads(silent(message("m1", "ann")), &[&two, &one]),
        with_uploads(message("m2", "ann"), &[&anns]),
        with_uploads(message("m3", "ann"), &["12345"]),
        missing,
        with_uploads(message("m5", "ann"), &[&one]),
    ];
    let expected = [
        (3, "unknown_upload"),
        (4, "unknown_upload"),
        (5, "not_uploaded"),
        (5, "no_content"),
        (6, "unknown_upload"),
    ];
    for how in ["dry_run", "strict"] {
        let answer = bot.post("/import", with(chunk(&lines), how)).await.expect(200);
        assert_eq!(codes(&answer), expected, "{how}");
        assert_eq!(names(&ann).await, [], "{how}");
    }
    let mut follower = ann.connect().await;
    let answer = import(&bot, &lines).await;
    assert_eq!(codes(&answer), expected);
    let created = follower.next_event("message.created").await;
    assert_eq!(created["data"]["attachments"][0]["name"], "two.txt");
    assert_eq!(counted(&answer, "message"), [4, 0, 1]);
    let there = [
        named("", &["two.txt", "one.txt"]),
        named("said m2", &[]),
        named("said m3", &[]),
        named("said m5", &[]),
    ];
    assert_eq!(names(&ann).await, there);
    // Once more: what is there stays, and no upload is taken for it.
    let three = upload(&bot, "three.txt", "third").await;
    let again = import(&bot, &[with_uploads(message("m1", "ann"), &[&three])]).await;
    assert_eq!((counted(&again, "message"), codes(&again)), ([0, 1, 0], vec![]));
    let last = import(&bot, &[with_uploads(message("m6", "ann"), &[&three])]).await;
    assert_eq!((counted(&last, "message"), codes(&last)), ([1, 0, 0], vec![]));
    assert_eq!(names(&ann).await.last(), Some(&named("said m6", &["three.txt"])));
    // They count as the sender's: 15 bytes beside the 60 that they have uploaded.
    let more = |bytes: usize| {
        let request = ann.request(Method::POST, "/attachments?name=more.txt");
        User::outcome(request.body("x".repeat(bytes)))
    };
    more(26).await.refused(413, "too_large");
    more(25).await.expect(201);
    // And go with their message.
    let id = history_of(&ann, "den").await[0]["message_id"].as_str().expect("an id").to_owned();
    ann.delete(&format!("/messages/{id}")).await.expect(200);
    let gone = ann.get(&format!("/attachments/{one}/content")).await;
    assert_eq!(gone.status, 404, "{gone:?}");
    more(10).await.expect(201);
}

#[tokio::test]
async fn the_command_uploads_what_is_wanted_and_tells_what_is_not_taken() {
    if std::env::var("PARLOR_TEST_CARRIER").is_ok_and(|carrier| !carrier.is_empty()) {
        return;
    }
    let server = Server::builder().set("PARLOR_ATTACHMENT_BYTES", 100_000).start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let web = Receiver::start().await;
    web.answer_with(|request| match request.line.as_str() {
        "GET /plan.txt?sig=1" => Reply::Body(200, "the plan".to_owned()),
        "GET /cut" => Reply::Raw("HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\npart".to_owned()),
        _ => Reply::Body(404, "no".to_owned()),
    });
    let home = tempdir().expect("a directory");
    std::fs::create_dir(home.path().join("files")).expect("made");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(home.path().join("files").join(name), bytes).expect("written");
    };
    write("notes.txt", &b"some notes ".repeat(9_000));
    write("large.txt", &b"x".repeat(100_001));
    write("run.exe", &b"MZ\x90\0".repeat(99));
    write("empty.txt", b"");
    let of = |id: &str, files: &[Value]| with_files(message(id, "ann"), files);
    let local = |name: &str| json!({"file": name, "name": format!("My {name}")});
    let remote = |path: &str| json!({"url": format!("{}{path}", web.url)});
    let mut lines = vec![
        of("m0", &[local("notes.txt"), remote("/plan.txt?sig=1")]),
        of("m1", &[local("missing.txt"), local("notes.txt")]),
        of("m2", &[local("large.txt")]),
        of("m3", &[local("run.exe")]),
        of("m4", &[remote("/cut")]),
        silent(of("m5", &[local("empty.txt")])),
        message("m6", "ann"),
    ];
    // More than go with one request, and more than may be there unsent.
    let twice = [local("notes.txt"), local("notes.txt")];
    lines.extend((7..47).map(|number| of(&format!("m{number}"), &twice)));
    let text = file(&lines);
    let args = ["--files", "files", "--private-urls"];
    let strict = send_from(&home, &server, &text, &[&args[..], &["--strict"]].concat()).await;
    assert_eq!((strict.code, problems(&strict.stdout)), (Some(1), vec![(3, "unreadable_file")]));
    assert_eq!(names(&ann).await, []);

    let finished = send_from(&home, &server, &text, &args).await;
    let expected = [
        (3, "unreadable_file"),
        (4, "too_large"),
        (5, "file_type"),
        (6, "unreadable_file"),
        (7, "unreadable_file"),
        (7, "no_content"),
    ];
    assert_eq!(
        (finished.code, problems(&finished.stdout)),
        (Some(1), expected.to_vec()),
        "{finished:?}"
    );
    assert_eq!(told(&finished.stdout, "message"), [46, 0, 1]);
    let there = names(&ann).await;
    let mut expected =
        vec![named("said m0", &["My notes.txt", "plan.txt"]), named("said m1", &["My notes.txt"])];
    expected
        .extend(["said m2", "said m3", "said m4", "said m6"].map(|content| named(content, &[])));
    let many = (7..47).map(|number| named(&format!("said m{number}"), &["My notes.txt"; 2]));
    expected.extend(many);
    assert_eq!(there, expected);

    // What is there is neither read nor uploaded again.
    std::fs::remove_dir_all(home.path().join("files")).expect("removed");
    let again = send_from(&home, &server, &file(&lines[..5]), &args).await;
    assert_eq!((again.code, told(&again.stdout, "message")), (Some(0), [0, 5, 0]), "{again:?}");
}
