//! The application is down, hangs, lies, or answers without end.

use reqwest::Method;
use serde_json::{Value, json};

use super::{accepts, contents, nowhere, says, start, start_at};
use crate::support::{Receiver, Reply, Server, User, history_of, within};

/// What is no answer, each called something. `elsewhere` must never be asked.
fn bad_replies(elsewhere: &str) -> Vec<(&'static str, Reply)> {
    let long = "x".repeat(10 * 1024 * 1024);
    let refuses = json!({"action": "refuse", "reason": long}).to_string();
    let endless = format!("HTTP/1.1 200 X\r\n\r\n{refuses}");
    let moved = format!(
        "HTTP/1.1 307 X\r\nlocation: {elsewhere}/x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let in_part = "HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{\"action\":\"accept\"}";
    vec![
        ("10 MB that are announced", Reply::Body(200, refuses)),
        ("10 MB that are not", Reply::Raw(endless)),
        ("a redirect", Reply::Raw(moved)),
        ("a part of an answer", Reply::Raw(in_part.to_owned())),
        ("no HTTP", Reply::Raw("hello\r\n".to_owned())),
        ("nothing", Reply::HangUp),
        ("no answer in time", Reply::Silence),
        ("another status", Reply::Body(500, json!({"action": "accept"}).to_string())),
        ("no content", Reply::Body(204, String::new())),
        ("no JSON", Reply::Body(200, "<html>".to_owned())),
        ("other JSON", says(json!([{"action": "accept"}]))),
        ("an unknown action", says(json!({"action": "maybe"}))),
        ("nothing rewritten", says(json!({"action": "rewrite"}))),
        ("too much rewritten", says(json!({"action": "rewrite", "content": "x".repeat(20_000)}))),
        ("nothing to be seen", says(json!({"action": "rewrite", "content": " \u{200b} "}))),
        ("metadata that is none", says(json!({"action": "rewrite", "metadata": 7}))),
        ("much metadata", says(json!({"action": "rewrite", "metadata": {"x": "x".repeat(5_000)}}))),
    ]
}

/// Sends a message for each; between them one is answered, so that the application
/// is asked again.
async fn meet_each(failure: &str) -> (Server, User, Vec<(&'static str, Result<Value, Value>)>) {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let settings = [("PARLOR_BEFORE_SEND_FAILURE", failure), ("PARLOR_BEFORE_SEND_TIMEOUT", "5s")];
    let server = start(&receiver, &settings).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut socket = ann.connect().await;
    let mut met = Vec::new();
    for (what, reply) in bad_replies(&elsewhere.url) {
        receiver.answer(reply);
        let data = json!({"room_id": "den", "content": what});
        met.push((what, socket.request("message.send", data).await));
        receiver.answer(accepts());
        socket.say("den", "fine").await;
    }
    assert_eq!(receiver.received().len(), 2 * met.len(), "each is asked about once");
    assert_eq!(elsewhere.received().len(), 0, "a redirect is not followed");
    (server, ann, met)
}

#[tokio::test]
async fn closed_what_is_no_answer_stores_nothing() {
    let (server, ann, met) = meet_each("closed").await;
    for (what, answer) in &met {
        let error = answer.as_ref().expect_err(what);
        assert_eq!(error["code"], "unavailable", "{what}: {error}");
        assert!(error["retry_after_ms"].is_u64(), "{what}: {error}");
    }
    assert_eq!(contents(&history_of(&ann, "den").await), vec!["fine"; met.len()]);
    let log = server.stderr();
    assert!(log.contains("before_send: the application was asked in vain: it answered 500"));
    assert!(!log.contains("xxxxxxxx") && !log.contains("maybe"), "nothing of what it said");
}

#[tokio::test]
async fn open_what_is_no_answer_stores_what_was_sent() {
    let (_server, ann, met) = meet_each("open").await;
    for (what, answer) in &met {
        assert!(answer.is_ok(), "{what}: {answer:?}");
    }
    let history = history_of(&ann, "den").await;
    let whats: Vec<&str> = met.iter().map(|(what, _)| *what).collect();
    assert_eq!(contents(&history).into_iter().step_by(2).collect::<Vec<_>>(), whats);
}

#[tokio::test]
async fn an_application_that_is_down_decides_as_is_set() {
    for (failure, is_stored) in [("closed", false), ("open", true)] {
        let settings = [("PARLOR_BEFORE_SEND_FAILURE", failure)];
        let server = start_at(&nowhere().await, &settings).await;
        let ann = server.user("ann").await;
        ann.create_room("den", "private").await;
        let sent = ann.post("/rooms/den/messages", json!({"content": "hi"})).await;
        if is_stored {
            sent.expect(201);
        } else {
            sent.refused(503, "unavailable");
        }
        assert_eq!(history_of(&ann, "den").await.len(), usize::from(is_stored), "{failure}");
    }
}

/// How often questions before sending came out so.
async fn counted(server: &Server, outcome: &str) -> u64 {
    let metrics = User::outcome(server.nobody().plain(Method::GET, "/metrics")).await.body;
    let sample =
        format!("parlor_callbacks_total{{callback=\"before_send\",outcome=\"{outcome}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&sample));
    line.expect("a sample").parse().expect("a number")
}

#[tokio::test]
async fn an_application_that_fails_is_left_alone_and_asked_again_after_a_while() {
    let receiver = Receiver::start().await;
    receiver.answer(Reply::Body(500, String::new()));
    let server = start(&receiver, &[("PARLOR_BEFORE_SEND_FAILURE", "open")]).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    for n in 0..8 {
        ann.say("den", &format!("message {n}")).await;
    }
    assert_eq!(receiver.received().len(), 5, "it has failed so often in a row");
    assert_eq!((counted(&server, "failed").await, counted(&server, "open").await), (5, 3));
    receiver.answer(accepts());
    within("another question", async {
        while receiver.received().len() == 5 {
            ann.say("den", "and on").await;
        }
    })
    .await;
    // Its answer has ended that: from now on each is asked about.
    ann.say("den", "again").await;
    assert_eq!(receiver.received().len(), 7);
    assert_eq!(counted(&server, "accepted").await, 2);
    let log = server.stderr();
    for said in ["5 questions in a row have failed", "the application answers again"] {
        assert_eq!(log.matches(said).count(), 1, "{said}: {log}");
    }
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let url = ("PARLOR_BEFORE_SEND_URL", "https://app.example.org/x");
    for (settings, word) in [
        (vec![url], "PARLOR_CALLBACK_SECRET"),
        (vec![url, ("PARLOR_CALLBACK_SECRET", "short")], "PARLOR_CALLBACK_SECRET"),
        (vec![("PARLOR_BEFORE_SEND_URL", "ftp://app.example.org")], "PARLOR_BEFORE_SEND_URL"),
        (vec![("PARLOR_COMMAND_URL", "app.example.org")], "PARLOR_COMMAND_URL"),
    ] {
        let finished = crate::support::run_with(&home, &["serve"], &settings).await;
        finished.refused(2, word);
    }
}
