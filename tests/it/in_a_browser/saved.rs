//! Messages that one saves for oneself, and is reminded of.

use serde_json::json;

use super::{Lobby, lobby, over_rest};
use crate::support::Browser;

/// Waits until the list of what is saved has these messages, in this order.
async fn lists(alice: &Browser, messages: &[&str]) {
    let expression = "JSON.stringify([...document.querySelectorAll(
        '[data-testid=\"saved-entry\"] .excerpt',
    )].map((item) => item.textContent)) === JSON.stringify(args[0])";
    alice.wait_until(&format!("saved {messages:?}"), expression, json!([messages])).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_message_is_saved_with_a_note_and_found_again() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    ben.say("lobby", "the key is under the mat").await;
    let elsewhere = ben.say_id("lobby", "the code is 1234").await;
    alice.press("open-saved").await;
    alice.shows("panel", "Nothing saved yet").await;
    alice.choose_for("under the mat", "save").await;
    lists(&alice, &["the key is under the mat"]).await;
    // On another device.
    me.put(&format!("/messages/{elsewhere}/saved"), json!({"note": "for the door"}))
        .await
        .expect(200);
    lists(&alice, &["the code is 1234", "the key is under the mat"]).await;
    alice.shows("saved-note", "for the door").await;

    alice.press("saved-menu").await;
    alice.press("note").await;
    alice.fill("note-text", "for the gate").await;
    alice.press("answer").await;
    alice.shows("saved-note", "for the gate").await;
    alice.reload().await;
    alice.create_public_room("garden").await;
    alice.press("open-saved").await;
    alice.shows("saved-entry", "The room lobby").await;
    alice.click_on("[data-testid=\"saved-entry\"]:last-child .entry-button").await;
    alice.shows("room-title", "lobby").await;
    alice.sees_text("under the mat").await;
    alice.press("saved-menu").await;
    alice.press("unsave").await;
    lists(&alice, &["the key is under the mat"]).await;
    alice.choose_for("under the mat", "unsave").await;
    alice.shows("panel", "Nothing saved yet").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn one_is_reminded_of_a_message_and_led_to_it() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    let question = ben.say_id("lobby", "what do you say?").await;
    alice.choose_for("what do you say?", "remind").await;
    alice.press("in-20-minutes").await;
    alice.shows("notice", "You will be reminded").await;
    alice.press("open-saved").await;
    alice.shows("saved-reminder", "Reminder").await;
    alice.press("saved-menu").await;
    alice.press("unremind").await;
    alice.has_no("[data-testid=\"saved-reminder\"]").await;

    // At a time of one's own, which has to be one to come.
    alice.press("saved-menu").await;
    alice.press("remind").await;
    alice.press("at-a-time").await;
    let later = "(() => {
        const field = document.querySelector('[data-testid=\"time\"]');
        field.value = '2099-01-01T09:00';
        return field.checkValidity();
    })()";
    assert_eq!(alice.evaluate(later, json!([])).await, true);
    alice.press("answer").await;
    alice.shows("saved-reminder", "Reminder").await;

    alice.create_public_room("garden").await;
    let soon = json!({"note": "answer him", "remind_in_seconds": 1});
    me.put(&format!("/messages/{question}/saved"), soon).await.expect(200);
    let link = "[data-testid=\"notice\"] [data-testid=\"notice-link\"]";
    alice.has(link).await;
    alice.shows("bell-count", "1").await;
    alice.shows("saved-reminder", "Reminded").await;
    alice.click_on(link).await;
    alice.shows("room-title", "lobby").await;
    alice.sees_text("what do you say?").await;
    alice.open_room("garden").await;
    alice.press("bell").await;
    alice.shows("inbox-event", "answer him").await;
    alice.press("to-reminded").await;
    alice.shows("room-title", "lobby").await;
    alice.close().await;
}
