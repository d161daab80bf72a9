//! Commands of the application's own are answered by it.

use serde_json::json;

use super::{nowhere, says, start, start_at, verify};
use crate::support::{Receiver, Reply, Server};

#[tokio::test]
async fn a_command_is_passed_on_signed_and_answered_with_what_the_application_says() {
    let receiver = Receiver::start().await;
    receiver.answer_with(|asked| match asked.json()["data"]["command"].as_str() {
        Some("app.order.cancel") => {
            says(json!({"action": "refuse", "reason": "it has\u{0} left already"}))
        }
        Some("app.nothing") => says(json!({"action": "accept"})),
        _ => says(json!({"action": "accept", "answer": {"order": 7, "items": ["tea"]}})),
    });
    let server = start(&receiver, &[]).await;
    let mut socket = server.user("ann").await.connect().await;
    let answer = socket.ask("app.order.place", json!({"item": {"id": "tea"}, "count": 2})).await;
    assert_eq!(answer, json!({"answer": {"order": 7, "items": ["tea"]}}));
    let received = &receiver.received()[0];
    verify(received);
    assert_eq!(received.line, "POST /command");
    let question = received.json();
    assert_eq!(question["type"], "command");
    let expected = json!({
        "user": {"id": "ann", "name": "ann"}, "command": "app.order.place",
        "data": {"item": {"id": "tea"}, "count": 2},
    });
    assert_eq!(question["data"], expected);
    let refused = socket.refused("app.order.cancel", json!({}), "refused").await;
    assert_eq!(refused["message"], "it has left already");
    assert_eq!(socket.ask("app.nothing", json!({})).await, json!({"answer": null}));
    // Nobody waits for the answer to one without an id.
    socket.send_text(r#"{"type":"app.fire"}"#).await;
    receiver.wait_until("it", |received| received.len() == 4).await;
}

#[tokio::test]
async fn what_is_no_command_of_the_application_is_not_passed_on() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, &[]).await;
    let mut socket = server.user("ann").await.connect().await;
    let long = format!("app.{}", "x".repeat(100));
    for kind in [
        "app.",
        "app.*",
        "app.a/b",
        "app.A:",
        "app.a b",
        "app",
        "application.x",
        "app.a..b",
        long.as_str(),
    ] {
        let refused = socket.refused(kind, json!({}), "invalid_message").await;
        assert_eq!(refused["field"], "type", "{kind}");
    }
    assert_eq!(receiver.received().len(), 0);
    let without = Server::start().await;
    let mut socket = without.user("ann").await.connect().await;
    let refused = socket.refused("app.order", json!({}), "invalid_message").await;
    assert_eq!(
        (&refused["field"], &refused["message"]),
        (&json!("type"), &json!("type is not known"))
    );
}

#[tokio::test]
async fn what_is_no_answer_is_told_as_timeout_and_costs_nobody_their_connection() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, &[("PARLOR_COMMAND_TIMEOUT", "5s")]).await;
    let mut socket = server.user("ann").await.connect().await;
    let accept = || says(json!({"action": "accept", "answer": 1}));
    for reply in [
        Reply::Silence,
        Reply::HangUp,
        Reply::Redirect(format!("{}/elsewhere", receiver.url)),
        says(json!({"action": "accept", "answer": "x".repeat(10 * 1024 * 1024)})),
        says(json!({"answer": 1})),
        Reply::Body(200, "x".to_owned()),
        Reply::Body(404, json!({"action": "accept"}).to_string()),
    ] {
        receiver.answer(reply);
        socket.refused("app.order", json!({}), "timeout").await;
        receiver.answer(accept());
        assert_eq!(socket.ask("app.order", json!({})).await, json!({"answer": 1}));
    }
    assert!(receiver.received().iter().all(|one| !one.line.contains("elsewhere")));
    let down = start_at(&nowhere().await, &[]).await;
    let mut socket = down.user("ann").await.connect().await;
    for _ in 0..5 {
        socket.refused("app.order", json!({}), "timeout").await;
    }
    let refused = socket.refused("app.order", json!({}), "unavailable").await;
    assert!(refused["retry_after_ms"].is_u64(), "it was not asked: {refused}");
    socket.ask("presence.set", json!({"status": "online"})).await;
}

#[tokio::test]
async fn a_command_that_hangs_holds_up_only_its_user() {
    let receiver = Receiver::start().await;
    receiver.answer_with(|asked| match asked.json()["data"]["user"]["id"].as_str() {
        Some("ann") => Reply::Silence,
        _ => says(json!({"action": "accept", "answer": 1})),
    });
    let server = start(&receiver, &[]).await;
    let mut ann = server.user("ann").await.connect().await;
    // 4 are passed on, 32 wait, and what is beyond is refused at once.
    for _ in 0..36 {
        ann.begin("app.order", json!({})).await;
    }
    ann.refused("app.order", json!({}), "unavailable").await;
    let mut ben = server.user("ben").await.connect().await;
    assert_eq!(ben.ask("app.order", json!({})).await, json!({"answer": 1}));
    assert_eq!(ann.request("ping", json!({})).await, Ok(json!(null)));
}
