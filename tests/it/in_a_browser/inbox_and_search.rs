//! What the application tells, and what is found.

use serde_json::json;

use super::{Lobby, lobby};
use crate::support::Token;

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_the_application_tells_comes_to_the_room_and_to_the_inbox() {
    let Lobby { alice, server, driver: _driver, .. } = lobby().await;
    let app = Token::of("app").claim("roles", json!(["service"]));
    let app = server.user_with("app", app).await;
    let event = json!({"type": "task.updated", "data": {"title": "Paint the fence"}});
    app.post("/rooms/lobby/events", event).await.expect(201);
    alice.shows("room-event", "Paint the fence").await;

    let event = json!({"type": "task.assigned", "data": {"title": "Mow the lawn"}});
    app.post("/users/alice/events", event).await.expect(201);
    alice.shows("bell-count", "1").await;
    alice.shows("notice", "Mow the lawn").await;
    alice.press("bell").await;
    alice.shows("inbox-event", "Mow the lawn").await;
    alice.shows_no("bell-count", "").await;
    // It is there the next time too, and no longer new.
    alice.reload().await;
    alice.is_connection("online").await;
    alice.press("bell").await;
    alice.shows("inbox-event", "Mow the lawn").await;
    alice.shows_no("bell-count", "").await;
    alice.open_room("lobby").await;
    alice.shows("room-event", "Paint the fence").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_was_said_long_ago_is_found_and_shown_in_its_place() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let id = ben.say_id("lobby", "the treasure lies under the oak").await;
    let mut at_ben = ben.connect().await;
    for number in 1..=120 {
        at_ben.say("lobby", &format!("small talk {number}")).await;
    }
    ben.get_until("the index", "/search?q=treasure", |found| {
        found.body.contains("the treasure lies")
    })
    .await;
    alice.create_public_room("garden").await;
    alice.fill("search", "treasure\u{e007}").await;
    alice.shows("result", "the treasure lies under the oak").await;
    alice.click_on("[data-testid=\"result\"] .entry-button").await;
    alice.has(&format!("[data-message-id=\"{id}\"].flash")).await;
    alice.shows("room-title", "The room lobby").await;
    // The end is elsewhere, and one press away.
    assert_eq!(alice.times_seen("small talk 120").await, 0);
    alice.press("to-end").await;
    alice.shows("message", "small talk 120").await;
    alice.fill("search", "nowhere\u{e007}").await;
    alice.shows("panel", "No messages found.").await;
    alice.close().await;
}
