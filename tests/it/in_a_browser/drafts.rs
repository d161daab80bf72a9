//! What is being written is not lost: by an edit, a refusal, another room.

use serde_json::json;

use super::{Lobby, lobby, lobby_of};
use crate::support::{Browser, Driver, Proxy, Server};

/// What is in the box one writes in.
async fn written(alice: &Browser) -> String {
    let value = "document.querySelector('[data-testid=\"composer\"]').value";
    let value = alice.evaluate(value, json!([])).await;
    value.as_str().expect("a text").to_owned()
}

/// Waits until the line below what one writes says this.
async fn says_why(alice: &Browser, why: &str) {
    let line = "document.querySelector('#composer-form > .error').textContent.includes(args[0])";
    alice.wait_until(why, line, json!([why])).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_was_being_written_is_there_again_after_an_edit() {
    let Lobby { alice, ben: _ben, server: _server, driver: _driver } = lobby().await;
    alice.say("helo everybody").await;
    alice.sees("helo everybody", &["stored", "delivered", "read"]).await;
    alice.fill("composer", "half a thought").await;
    alice.choose_for("helo", "edit").await;
    assert_eq!(written(&alice).await, "helo everybody");
    alice.fill("composer", "hello everybody").await;
    alice.press("send").await;
    alice.shows("message", "hello everybody").await;
    alice.has_no(".composer.editing").await;
    assert_eq!(written(&alice).await, "half a thought");

    // Given up, and with another room in between.
    alice.choose_for("hello", "edit").await;
    alice.fill("composer", "hello all").await;
    alice.create_public_room("garden").await;
    assert_eq!(written(&alice).await, "");
    alice.open_room("lobby").await;
    assert_eq!(written(&alice).await, "hello all");
    alice.type_into("composer", "\u{e00c}").await;
    alice.has_no(".composer.editing").await;
    assert_eq!(written(&alice).await, "half a thought");
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn an_edit_that_cannot_be_stored_stays_where_it_was_written() {
    let server = Server::builder().set("PARLOR_CONTENT_BYTES", 1_000).start().await;
    let driver = Driver::start().await;
    let network = Proxy::in_front_of(server.address()).await;
    let alice = driver.open("alice", network.address()).await;
    alice.sign_up("alice").await;
    alice.create_public_room("lobby").await;
    alice.say("helo everybody").await;
    alice.sees("helo everybody", &["stored"]).await;
    alice.choose_for("helo", "edit").await;
    let long = "word ".repeat(201);
    alice.fill("composer", &long).await;
    alice.press("send").await;
    says_why(&alice, "too long").await;
    assert_eq!(written(&alice).await, long);

    alice.fill("composer", " ").await;
    alice.press("send").await;
    says_why(&alice, "Write something").await;

    network.cut();
    alice.is_connection("offline").await;
    alice.fill("composer", "hello everybody").await;
    alice.press("send").await;
    says_why(&alice, "You are offline").await;
    assert_eq!(written(&alice).await, "hello everybody");
    network.restore();
    alice.is_connection("online").await;
    alice.press("send").await;
    alice.shows("message", "hello everybody").await;
    alice.has_no(".composer.editing").await;
    assert_eq!(written(&alice).await, "");
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn files_stay_with_their_room_and_say_why_they_are_not_taken() {
    let server = Server::builder().set("PARLOR_ATTACHMENT_BYTES", 1_048_576).start().await;
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby_of(server).await;
    let mut at_ben = ben.connect().await;
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let (small, big) = (home.path().join("small.txt"), home.path().join("big.txt"));
    std::fs::write(&small, "a few words").expect("written");
    std::fs::write(&big, "x".repeat(1_048_577)).expect("written");
    alice.pick("file", &small).await;
    alice.has("[data-testid=\"attached\"][data-state=\"there\"]").await;
    alice.pick("file", &big).await;
    alice.shows("attached", "The file is too large (1 MB at most).").await;
    alice.say("two files").await;
    says_why(&alice, "Remove the file").await;
    alice.create_public_room("garden").await;
    alice.has_no("[data-testid=\"attached\"]").await;
    alice.open_room("lobby").await;
    alice.shows("attached", "small.txt").await;
    alice.click_on("[data-testid=\"attached\"][data-state=\"failed\"] .icon-button").await;
    assert_eq!(written(&alice).await, "two files");
    alice.press("send").await;
    let message = at_ben.next_message("lobby").await;
    assert_eq!(message["data"]["attachments"][0]["name"], "small.txt");
    alice.has_no("[data-testid=\"attached\"]").await;
    alice.close().await;
}
