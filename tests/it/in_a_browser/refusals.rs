//! What goes wrong is shown where a person sees it, with what may be done.

use serde_json::json;

use crate::support::{Driver, Proxy, Server, User};

/// How far one's own message has come once the server has it.
const SENT: &[&str] = &["stored", "delivered", "read"];

async fn mute_alice(moderator: &User, seconds: u32) {
    let change = json!({"mute_seconds": seconds});
    moderator.patch("/rooms/lobby/members/alice", change).await.expect(200);
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_message_that_is_refused_says_why_and_is_sent_again_or_removed() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let network = Proxy::in_front_of(server.address()).await;
    let ben = server.user("ben").await;
    ben.create_room("lobby", "public").await;
    let alice = driver.open("alice", network.address()).await;
    alice.sign_up("alice").await;
    alice.join_room("lobby").await;
    network.cut();
    alice.is_connection("offline").await;
    for text in ["the first", "the second"] {
        alice.say(text).await;
        alice.sees(text, &["pending"]).await;
    }
    mute_alice(&ben, 600).await;
    network.restore();
    for text in ["the first", "the second"] {
        alice.sees(text, &["failed"]).await;
    }
    alice.shows("failure", "muted").await;

    // It is there again, and why, when the page is loaded anew.
    alice.reload().await;
    // Who is muted has no composer.
    alice.click_on("[data-testid=\"room-item\"][data-room-id=\"lobby\"]").await;
    alice.sees("the second", &["failed"]).await;
    alice.shows("failure", "muted").await;
    mute_alice(&ben, 0).await;
    alice.press("send-again").await;
    alice.sees("the first", SENT).await;
    alice.press("discard").await;
    alice.shows_no("message", "the second").await;
    assert_eq!(alice.times_seen("the first").await, 1);
    alice.reload().await;
    alice.open_room("lobby").await;
    alice.sees("the first", SENT).await;
    assert_eq!(alice.times_seen("the second").await, 0);
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_is_too_long_stays_where_it_was_written() {
    let server = Server::builder().set("PARLOR_CONTENT_BYTES", 1_000).start().await;
    let driver = Driver::start().await;
    let alice = driver.open("alice", server.address()).await;
    alice.sign_up("alice").await;
    alice.create_public_room("lobby").await;
    let long = "word ".repeat(201);
    alice.say(&long).await;
    let why = "document.querySelector('#composer-form .error').textContent.includes('1,000')";
    alice.wait_until("the reason", why, json!([])).await;
    let kept = "document.querySelector('[data-testid=\"composer\"]').value";
    assert_eq!(alice.evaluate(kept, json!([])).await, long.as_str());
    alice.say("short").await;
    alice.sees("short", SENT).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_window_too_many_says_so_and_comes_in_when_there_is_a_place() {
    let server = Server::builder().set("PARLOR_CONNECTIONS_PER_USER", 1).start().await;
    let driver = Driver::start().await;
    let first = driver.open("first", server.address()).await;
    first.sign_up("alice").await;
    let second = driver.open("second", server.address()).await;
    second.fill("user-id", "alice").await;
    second.fill("password", "a good password").await;
    second.press("sign-in").await;
    second.shows("connection-line", "too many windows").await;
    first.is_connection("online").await;
    first.close().await;
    second.is_connection("online").await;
    second.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_browser_that_denies_its_storage_has_a_page_that_works() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let alice = driver.open_without_storage("alice", server.address()).await;
    alice.shows("notice", "does not let the page keep").await;
    let denied = "(() => { try { return !localStorage; } catch { return true; } })()";
    assert_eq!(alice.evaluate(denied, json!([])).await, true);
    alice.sign_up("alice").await;
    alice.create_public_room("lobby").await;
    alice.say("kept by the server").await;
    alice.sees("kept by the server", SENT).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_may_not_be_said_is_where_it_was_written_again() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let ben = server.user("ben").await;
    ben.create_room("lobby", "public").await;
    let list = json!({"action": "refuse", "words": ["blockhead"]});
    ben.put("/rooms/lobby/blocklists/rude", list).await.expect(204);
    let alice = driver.open("alice", server.address()).await;
    alice.sign_up("alice").await;
    alice.join_room("lobby").await;
    alice.say("you blockhead").await;
    let why = "document.querySelector('#composer-form .error').textContent.includes('not allowed')";
    alice.wait_until("the reason", why, json!([])).await;
    let kept = "document.querySelector('[data-testid=\"composer\"]').value";
    assert_eq!(alice.evaluate(kept, json!([])).await, "you blockhead");
    alice.has_no("[data-testid=\"message\"]").await;
    alice.say("you Ben").await;
    alice.sees("you Ben", SENT).await;
    alice.close().await;
}
