//! How one wants to have a room in one's list, for oneself alone.

use serde_json::json;

use super::{Lobby, lobby, over_rest};
use crate::support::{Browser, Outcome};

/// Alice and Ben as members of "lobby" and "garden", where Alice has "garden" open.
async fn two_rooms() -> Lobby {
    let rooms = lobby().await;
    rooms.alice.create_public_room("garden").await;
    rooms.ben.join("garden").await.expect(201);
    rooms
}

/// Chooses from the menu of a room in the list.
async fn choose_for_room(alice: &Browser, room: &str, choice: &str) {
    let menu = format!("[data-testid=\"room-options\"][data-room-id=\"{room}\"]");
    alice.click_on(&menu).await;
    alice.press(choice).await;
}

/// Something that the list shows of the room "lobby".
fn of_lobby(selector: &str) -> String {
    format!("[data-testid=\"room-item\"][data-room-id=\"lobby\"] {selector}")
}

/// Waits until the list has these rooms, in this order.
async fn lists(alice: &Browser, rooms: &[&str]) {
    let expression = "JSON.stringify([...document.querySelectorAll('[data-testid=\"room-item\"]')]
        .map((item) => item.dataset.roomId)) === JSON.stringify(args[0])";
    alice.wait_until(&format!("the rooms {rooms:?}"), expression, json!([rooms])).await;
}

async fn has_title(alice: &Browser, title: &str) {
    alice.wait_until("the title", "document.title === args[0]", json!([title])).await;
}

/// Waits until the line above what is new stands at the message with this text.
async fn has_line_at(alice: &Browser, text: &str) {
    let expression = "document.querySelector('[data-testid=\"message\"][data-new]')
        .textContent.includes(args[0])";
    alice.wait_until(&format!("the line at {text:?}"), expression, json!([text])).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_pinned_room_stays_above_the_others() {
    let Lobby { alice, ben, server: _server, driver: _driver } = two_rooms().await;
    lists(&alice, &["garden", "lobby"]).await;
    choose_for_room(&alice, "lobby", "pin-room").await;
    lists(&alice, &["lobby", "garden"]).await;
    alice.has(&of_lobby("[data-testid=\"room-pinned\"]")).await;
    ben.say("garden", "the roses are out").await;
    alice.shows("room-item", "the roses are out").await;
    lists(&alice, &["lobby", "garden"]).await;
    alice.reload().await;
    lists(&alice, &["lobby", "garden"]).await;
    choose_for_room(&alice, "lobby", "unpin-room").await;
    lists(&alice, &["garden", "lobby"]).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_muted_room_says_so_and_counts_quietly() {
    let Lobby { alice, ben, server: _server, driver: _driver } = two_rooms().await;
    ben.say("lobby", "good morning").await;
    alice.has_unread("lobby", "1").await;
    has_title(&alice, "(1) Parlor").await;
    choose_for_room(&alice, "lobby", "mute-hour").await;
    alice.has(&of_lobby("[data-testid=\"muted\"]")).await;
    alice.has(&of_lobby("[data-testid=\"unread\"].dim")).await;
    alice.has_unread("lobby", "1").await;
    has_title(&alice, "Parlor").await;

    choose_for_room(&alice, "lobby", "only-mentions").await;
    ben.say("lobby", "@alice is the door open?").await;
    alice.has(&of_lobby("[data-testid=\"mentions\"]:not(.dim)")).await;
    alice.has(&of_lobby("[data-testid=\"unread\"].dim")).await;
    has_title(&alice, "(1) Parlor").await;
    choose_for_room(&alice, "lobby", "unmute-room").await;
    alice.has_no(&of_lobby("[data-testid=\"muted\"]")).await;
    has_title(&alice, "(2) Parlor").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_room_is_marked_as_unread_from_a_message_until_it_is_opened_again() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = over_rest(&server, "alice").await;
    for text in ["the first thing", "the second thing", "the third thing"] {
        ben.say("lobby", text).await;
    }
    alice.shows("message", "the third thing").await;
    alice.shows_no("unread", "").await;
    // The end is before her eyes, and it stays unread nevertheless.
    alice.choose_for("the second thing", "unread-from-here").await;
    alice.has_unread("lobby", "2").await;
    has_line_at(&alice, "the second thing").await;
    alice.reload().await;
    alice.has_unread("lobby", "2").await;

    alice.open_room("lobby").await;
    has_line_at(&alice, "the second thing").await;
    alice.shows_no("unread", "").await;
    let is_read = |room: &Outcome| room.status == 200 && room.json().get("unread_from").is_none();
    me.get_until("a room that is read", "/rooms/lobby", is_read).await;
    // From the newest, by the menu of the room; and without it there is a dot.
    choose_for_room(&alice, "lobby", "mark-unread").await;
    alice.has_unread("lobby", "1").await;
    has_title(&alice, "(1) Parlor").await;
    let messages = ben.history("lobby", "").await;
    let newest = messages["messages"].as_array().expect("a list").last().expect("the third");
    ben.erase(newest["message_id"].as_str().expect("an id")).await.expect(200);
    alice.has(&of_lobby("[data-testid=\"marked-unread\"]")).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn an_archived_room_is_behind_a_line_until_it_is_brought_back() {
    let Lobby { alice, ben, server: _server, driver: _driver } = two_rooms().await;
    choose_for_room(&alice, "lobby", "archive-room").await;
    lists(&alice, &["garden"]).await;
    alice.shows("put-aside", "Archived and hidden (1)").await;
    alice.press("put-aside").await;
    lists(&alice, &["garden", "lobby"]).await;
    // What is said there does not bring it back.
    ben.say("lobby", "is anybody here?").await;
    alice.has_unread("lobby", "1").await;
    alice.shows("put-aside", "Archived and hidden (1)").await;
    has_title(&alice, "Parlor").await;
    choose_for_room(&alice, "lobby", "bring-back").await;
    alice.has_no("[data-testid=\"put-aside\"]").await;
    lists(&alice, &["lobby", "garden"]).await;
    has_title(&alice, "(1) Parlor").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_hidden_room_comes_back_with_the_next_message() {
    let Lobby { alice, ben, server: _server, driver: _driver } = two_rooms().await;
    choose_for_room(&alice, "lobby", "hide-room").await;
    lists(&alice, &["garden"]).await;
    alice.reload().await;
    alice.shows("put-aside", "Archived and hidden (1)").await;
    lists(&alice, &["garden"]).await;
    ben.say("lobby", "knock knock").await;
    lists(&alice, &["lobby", "garden"]).await;
    alice.has_no("[data-testid=\"put-aside\"]").await;
    alice.has_unread("lobby", "1").await;
    // The server has brought it back, too.
    alice.reload().await;
    lists(&alice, &["lobby", "garden"]).await;
    alice.close().await;
}
