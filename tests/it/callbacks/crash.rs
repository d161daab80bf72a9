//! The server ends while the application is being asked.

use serde_json::json;

use super::{accepts, contents, gated, start};
use crate::support::{Receiver, history_of};

#[tokio::test]
async fn after_a_crash_what_was_acked_is_there_and_what_was_not_is_stored_once() {
    let receiver = Receiver::start().await;
    receiver.answer(accepts());
    let mut server = start(&receiver, &[]).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut socket = ann.connect().await;
    socket.say_as("den", "c-1", "one").await;
    let (gate, reply) = gated(accepts());
    receiver.answer(reply);
    let two = json!({"room_id": "den", "client_id": "c-2", "content": "two"});
    socket.begin("message.send", two).await;
    receiver.wait_until("the question", |received| received.len() == 2).await;
    server.kill9().await;
    gate.send_replace(true);
    server.start_again().await;
    assert_eq!(contents(&history_of(&ann, "den").await), ["one"]);
    let mut socket = ann.connect().await;
    assert_eq!(socket.say_as("den", "c-1", "one").await["duplicate"], true);
    assert_eq!(socket.say_as("den", "c-2", "two").await["duplicate"], false);
    assert_eq!(socket.say_as("den", "c-2", "two").await["duplicate"], true);
    assert_eq!(contents(&history_of(&ann, "den").await), ["one", "two"]);
    assert_eq!(receiver.received().len(), 3, "once more for what was not stored");
}

#[tokio::test]
async fn a_server_that_stops_first_finishes_what_it_has_asked_about() {
    let receiver = Receiver::start().await;
    let (gate, reply) = gated(accepts());
    receiver.answer(reply);
    let mut server = start(&receiver, &[]).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut socket = ann.connect().await;
    let sent = socket.begin("message.send", json!({"room_id": "den", "content": "hi"})).await;
    let given = socket.begin("app.order", json!({})).await;
    receiver.wait_until("both questions", |received| received.len() == 2).await;
    server.signal(libc::SIGTERM);
    socket.next_event("server.goaway").await;
    gate.send_replace(true);
    socket.answer(&sent).await.expect("stored");
    socket.answer(&given).await.expect("answered");
    assert_eq!(server.exit_code().await, Some(0));
    server.start_again().await;
    assert_eq!(contents(&history_of(&ann, "den").await), ["hi"]);
}
