//! What is being written is not lost: by an edit, a refusal, another room, another window.

use serde_json::json;

use super::{Lobby, lobby, lobby_of, over_rest};
use crate::support::{Browser, Driver, Outcome, Proxy, Server, User};

/// What is in the box one writes in.
async fn written(alice: &Browser) -> String {
    let value = "document.querySelector('[data-testid=\"composer\"]').value";
    let value = alice.evaluate(value, json!([])).await;
    value.as_str().expect("a text").to_owned()
}

/// Waits until that is what is in a box one writes in.
async fn has_written(window: &Browser, name: &str, text: &str) {
    let expression = "document.querySelector(`[data-testid=\"${args[0]}\"]`).value === args[1]";
    window.wait_until(&format!("{text:?} in {name}"), expression, json!([name, text])).await;
}

/// Waits until the server keeps these drafts of a user, the newest first.
async fn keeps(user: &User, drafts: &[&str]) {
    let is_so = |kept: &Outcome| {
        let kept = kept.json();
        let kept = kept["drafts"].as_array().expect("a list");
        kept.iter()
            .map(|draft| draft["content"].as_str().expect("a text"))
            .eq(drafts.iter().copied())
    };
    user.get_until(&format!("the drafts {drafts:?}"), "/drafts", is_so).await;
}

/// Waits until the list says this of a room.
async fn lists(window: &Browser, room: &str, text: &str) {
    let expression = "document.querySelector(
        `[data-testid=\"room-item\"][data-room-id=\"${args[0]}\"] .room-last`,
    ).textContent.includes(args[1])";
    window.wait_until(&format!("{text:?} of {room}"), expression, json!([room, text])).await;
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

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_is_begun_in_one_window_is_in_another_until_it_is_sent() {
    let Lobby { alice, ben, server, driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    let phone = driver.open("phone", server.address()).await;
    phone.sign_in("alice").await;
    phone.create_public_room("garden").await;
    ben.say("lobby", "good morning").await;
    lists(&phone, "lobby", "good morning").await;

    alice.fill("composer", "half a thought").await;
    lists(&phone, "lobby", "Draft: half a thought").await;
    // Not where it is open.
    lists(&alice, "lobby", "good morning").await;
    phone.open_room("lobby").await;
    has_written(&phone, "composer", "half a thought").await;
    keeps(&me, &["half a thought"]).await;

    phone.open_room("garden").await;
    phone.reload().await;
    lists(&phone, "lobby", "Draft: half a thought").await;
    phone.open_room("lobby").await;
    has_written(&phone, "composer", "half a thought").await;
    phone.type_into("composer", " and the other half").await;
    phone.press("send").await;
    phone.sees("and the other half", &["stored", "delivered", "read"]).await;
    has_written(&phone, "composer", "").await;
    keeps(&me, &[]).await;
    phone.open_room("garden").await;
    lists(&phone, "lobby", "You: half a thought and the other half").await;
    alice.sees_text("and the other half").await;
    // She was writing on there: what is elsewhere is shown when she stops.
    alice.evaluate("(document.activeElement.blur(), true)", json!([])).await;
    has_written(&alice, "composer", "").await;
    phone.reload().await;
    lists(&phone, "lobby", "You: half a thought and the other half").await;
    phone.close().await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_is_begun_keeps_which_message_or_thread_it_answers() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    ben.say("lobby", "who waters the roses?").await;
    alice.sees_text("who waters the roses?").await;
    alice.act_on("who waters", "reply").await;
    alice.fill("composer", "I do").await;
    keeps(&me, &["I do"]).await;
    alice.reload().await;
    alice.open_room("lobby").await;
    has_written(&alice, "composer", "I do").await;
    let answers = "document.querySelector('#composer-form > .context')
        .textContent.includes('who waters the roses?')";
    alice.wait_until("what is answered", answers, json!([])).await;
    alice.press("send").await;
    alice.shows("quote", "who waters the roses?").await;
    keeps(&me, &[]).await;

    // What is begun in a thread is not the room's.
    alice.act_on("I do", "open-thread").await;
    alice.fill("thread-composer", "and the lilies").await;
    keeps(&me, &["and the lilies"]).await;
    alice.reload().await;
    alice.open_room("lobby").await;
    has_written(&alice, "composer", "").await;
    alice.act_on("I do", "open-thread").await;
    has_written(&alice, "thread-composer", "and the lilies").await;
    alice.press("thread-send").await;
    has_written(&alice, "thread-composer", "").await;
    keeps(&me, &[]).await;
    alice.close().await;
}
