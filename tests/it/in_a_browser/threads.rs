//! The threads one follows, and replies that are shown in their rooms, too.

use serde_json::{Value, json};

use super::{Lobby, lobby, over_rest};
use crate::support::{Browser, Outcome};

/// Threads that the list shows at first.
const PAGE: usize = 30;

/// Waits until the threads in the list begin with these words, in this order.
async fn lists(alice: &Browser, threads: &[&str]) {
    let expression = "JSON.stringify([...document.querySelectorAll(
        '[data-testid=\"thread-entry\"] .excerpt',
    )].map((item) => item.textContent)) === JSON.stringify(args[0])";
    alice.wait_until(&format!("the threads {threads:?}"), expression, json!([threads])).await;
}

/// Waits until the list of rooms says that nothing is unread in threads.
async fn has_read_all(alice: &Browser) {
    alice.has_no("[data-testid=\"threads-unread\"]").await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_thread_with_something_unread_is_listed_and_read_where_it_is_opened() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    alice.say("where do we meet?").await;
    alice.sees("where do we meet?", &["stored", "delivered", "read"]).await;
    let messages = ben.history("lobby", "").await;
    let asked = messages["messages"].as_array().expect("a list").last().expect("the question");
    let root = asked["message_id"].as_str().expect("an id").to_owned();
    let other = ben.say_id("lobby", "who has the key?").await;
    alice.create_public_room("garden").await;
    ben.reply_in_thread("lobby", &root, "at the station").await;
    alice.shows("threads-unread", "1").await;
    ben.reply_in_thread("lobby", &other, "@alice has it").await;
    alice.shows("threads-unread", "2").await;
    // None of that is unread in the room.
    alice.shows_no("unread", "").await;

    alice.press("open-threads").await;
    lists(&alice, &["who has the key?", "where do we meet?"]).await;
    alice.shows("thread-entry", "1 reply").await;
    alice.shows("thread-mentions", "@1").await;
    ben.reply_in_thread("lobby", &root, "at nine").await;
    lists(&alice, &["where do we meet?", "who has the key?"]).await;
    alice.shows("thread-entry", "at nine").await;
    alice.shows("thread-unread", "2").await;
    alice.reload().await;
    alice.shows("threads-unread", "2").await;

    alice.press("open-threads").await;
    alice.click_on("[data-testid=\"thread-entry\"] .entry-button").await;
    alice.shows("thread-message", "at nine").await;
    alice.shows("room-title", "lobby").await;
    alice.shows("threads-unread", "1").await;
    // What comes while one looks is read.
    ben.reply_in_thread("lobby", &root, "or at ten").await;
    alice.shows("thread-message", "or at ten").await;
    alice.press("open-threads").await;
    alice.click_on("[data-testid=\"thread-entry\"]:last-child .entry-button").await;
    alice.shows("thread-message", "has it").await;
    has_read_all(&alice).await;
    let is_read =
        |threads: &Outcome| threads.status == 200 && threads.json()["unread_threads"] == 0;
    me.get_until("threads that are read", "/threads", is_read).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_thread_is_followed_as_long_as_one_wants() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let root = ben.say_id("lobby", "where do we meet?").await;
    alice.act_on("where do we meet?", "open-thread").await;
    alice.shows("follow-thread", "Follow").await;
    alice.shows_no("follow-thread", "Following").await;
    alice.press("follow-thread").await;
    alice.shows("follow-thread", "Following").await;
    alice.press("panel-close").await;
    ben.reply_in_thread("lobby", &root, "at the station").await;
    alice.shows("threads-unread", "1").await;
    alice.press("thread-summary").await;
    has_read_all(&alice).await;
    alice.press("follow-thread").await;
    alice.shows_no("follow-thread", "Following").await;

    alice.press("open-threads").await;
    alice.shows("panel", "No threads yet").await;
    ben.reply_in_thread("lobby", &root, "@alice at nine").await;
    alice.shows("thread-summary", "2 replies").await;
    has_read_all(&alice).await;
    // Whoever writes in it follows it again.
    alice.press("panel-close").await;
    alice.press("thread-summary").await;
    alice.say_in_thread("I am coming").await;
    alice.shows("follow-thread", "Following").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn more_threads_are_shown_when_one_asks_for_them() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    for number in 0..=PAGE {
        let root = ben.say_id("lobby", &format!("question {number}")).await;
        ben.reply_in_thread("lobby", &root, "@alice what do you say?").await;
    }
    alice.press("open-threads").await;
    let count = "document.querySelectorAll('[data-testid=\"thread-entry\"]').length === args[0]";
    alice.wait_until("the newest threads", count, json!([PAGE])).await;
    alice.press("more-threads").await;
    alice.wait_until("all threads", count, json!([PAGE + 1])).await;
    alice.has_no("[data-testid=\"more-threads\"]").await;
    let focused = "document.activeElement.textContent.includes('question 0')";
    alice.wait_until("the focus on what was added", focused, json!([])).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_reply_is_sent_to_the_room_too_where_one_wants_that() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    let root = ben.say_id("lobby", "where do we meet?").await;
    alice.act_on("where do we meet?", "open-thread").await;
    alice.press("thread-also").await;
    alice.say_in_thread("at the station").await;
    let is_reply = |frame: &Value| frame["data"]["thread_id"] == root.as_str();
    let reply = at_ben.next_where("the reply", is_reply).await;
    assert_eq!(reply["data"]["in_room"], true);
    alice.shows("thread-message", "at the station").await;
    alice.sees_text("at the station").await;
    // The next one is not, unless one says so again.
    alice.has("[data-testid=\"thread-also\"]:not(:checked)").await;
    alice.say_in_thread("at nine").await;
    let reply = at_ben.next_where("the next reply", is_reply).await;
    assert_eq!(reply["data"].get("in_room"), None);
    alice.shows("thread-message", "at nine").await;
    // The root says which reply is the last one; it is no message of the room itself.
    let said = "[...document.querySelectorAll('[data-testid=\"message\"] .content')]
        .filter((content) => content.textContent === args[0]).length";
    for (text, times) in [("at the station", 1), ("at nine", 0)] {
        assert_eq!(alice.evaluate(said, json!([text])).await, times, "{text}");
    }

    // In the room it leads to its thread, and counts.
    alice.press("panel-close").await;
    alice.press("to-thread").await;
    alice.shows("thread-message", "at nine").await;
    alice.create_public_room("garden").await;
    let body = json!({"content": "or at ten", "thread_id": root, "in_room": true});
    ben.post_message("lobby", body).await;
    alice.has_unread("lobby", "1").await;
    alice.open_room("lobby").await;
    alice.sees_text("or at ten").await;
    alice.shows_no("unread", "").await;
    alice.close().await;
}
