//! Messages that are sent later.

use serde_json::json;

use super::{Lobby, lobby, over_rest};
use crate::support::{Browser, Outcome};

/// What is in the box one writes in.
async fn has_written(alice: &Browser, name: &str, text: &str) {
    let expression = "document.querySelector(`[data-testid=\"${args[0]}\"]`).value === args[1]";
    alice.wait_until(&format!("{text:?} in {name}"), expression, json!([name, text])).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_message_is_scheduled_changed_and_sent() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    let mut at_ben = ben.connect().await;
    alice.has_no("[data-testid=\"open-scheduled\"]").await;
    // There is nothing to be sent yet.
    alice.press("send-later").await;
    alice.has_no("[data-testid=\"in-an-hour\"]").await;
    alice.fill("composer", "good mornign").await;
    alice.press("send-later").await;
    alice.press("in-an-hour").await;
    alice.shows("notice", "It will be sent").await;
    has_written(&alice, "composer", "").await;
    let nothing_begun =
        |drafts: &Outcome| drafts.status == 200 && drafts.json()["drafts"] == json!([]);
    me.get_until("no draft", "/drafts", nothing_begun).await;
    alice.shows("scheduled-count", "1").await;

    alice.press("open-scheduled").await;
    alice.shows("scheduled-entry", "The room lobby").await;
    alice.click_on("[data-testid=\"scheduled-entry\"] .entry-button").await;
    alice.fill("scheduled-text", "good morning").await;
    alice.press("answer").await;
    alice.shows("scheduled-entry", "good morning").await;
    alice.reload().await;
    alice.shows("scheduled-count", "1").await;
    alice.press("open-scheduled").await;
    alice.press("scheduled-menu").await;
    alice.press("send-now").await;
    assert_eq!(at_ben.next_message("lobby").await["data"]["content"], "good morning");
    alice.shows("panel", "Nothing waits to be sent").await;
    alice.has_no("[data-testid=\"open-scheduled\"]").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_reply_is_scheduled_in_its_thread_and_cancelled() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    let root = ben.say_id("lobby", "where do we meet?").await;
    alice.act_on("where do we meet?", "open-thread").await;
    alice.fill("thread-composer", "at the station").await;
    alice.press("thread-send-later").await;
    alice.press("tomorrow").await;
    has_written(&alice, "thread-composer", "").await;
    let is_there = |scheduled: &Outcome| {
        scheduled.status == 200 && scheduled.json()["scheduled"][0]["thread_id"] == json!(root)
    };
    me.get_until("the reply", "/scheduled", is_there).await;
    alice.press("open-scheduled").await;
    alice.press("scheduled-menu").await;
    alice.press("cancel-scheduled").await;
    alice.press("confirm").await;
    alice.shows("panel", "Nothing waits to be sent").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_was_refused_says_why_and_can_be_sent_again() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    let mut at_ben = ben.connect().await;
    ben.room_with("den", &[&me]).await;
    alice.open_room("den").await;
    let soon = json!({"content": "hello", "send_in_seconds": 2});
    me.post("/rooms/den/scheduled", soon).await.expect(201);
    ben.put("/rooms/den/freeze", json!({})).await.expect(200);
    alice.shows("scheduled-count", "Not sent").await;
    alice.press("open-scheduled").await;
    alice.shows("scheduled-failed", "Not sent:").await;
    ben.delete("/rooms/den/freeze").await.expect(200);
    alice.press("scheduled-menu").await;
    alice.press("send-now").await;
    assert_eq!(at_ben.next_message("den").await["data"]["content"], "hello");
    alice.shows("panel", "Nothing waits to be sent").await;
    alice.close().await;
}
