//! What is unread, who is meant, and how far one's own messages have come.

use serde_json::json;

use super::{Lobby, lobby};

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_mention_is_counted_and_marked_until_it_is_read() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    alice.create_public_room("garden").await;
    ben.say("lobby", "good morning").await;
    ben.say("lobby", "@alice is the door open?").await;
    alice.has_unread("lobby", "2").await;
    alice.shows("mentions", "@1").await;
    let title = "document.title === '(2) Parlor'";
    alice.wait_until("the count in the title", title, json!([])).await;
    alice.open_room("lobby").await;
    alice.shows("mention", "@alice").await;
    alice.has("[data-testid=\"message\"].for-me .mention.me").await;
    alice.shows_no("mentions", "").await;
    alice.shows_no("unread", "").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn whom_one_mentions_is_offered_while_one_writes() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    // Alice's page knows who is there once it says how many of them are.
    alice.shows("room-about", "2 members, ").await;
    alice.fill("composer", "thanks @be").await;
    alice.shows("suggestion", "@ben").await;
    alice.has("[data-testid=\"suggestion\"][aria-selected=\"true\"]").await;
    // Enter takes the suggestion; the next one sends.
    alice.type_into("composer", "\u{e007}").await;
    alice.type_into("composer", "\u{e007}").await;
    alice.shows("mention", "@ben").await;
    let message = at_ben.next_message("lobby").await;
    assert_eq!(message["data"]["mentions"]["user_ids"], json!(["ben"]));
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn ones_own_message_tells_whom_it_has_reached() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    alice.say("did you see this?").await;
    alice.sees("did you see this?", &["stored"]).await;
    let mut at_ben = ben.connect().await;
    let seq = ben.last_seq("lobby").await;
    at_ben.ask("message.delivered", json!({"room_id": "lobby", "seq": seq})).await;
    alice.sees("did you see this?", &["delivered"]).await;
    alice.choose_for("did you see this?", "read-by").await;
    alice.shows("notice", "Nobody has read it yet. Delivered to ben.").await;
    at_ben.ask("message.read", json!({"room_id": "lobby", "seq": seq})).await;
    alice.sees("did you see this?", &["read"]).await;
    alice.choose_for("did you see this?", "read-by").await;
    alice.shows("notice", "Read by ben.").await;
    alice.close().await;
}
