//! Who is there, who writes, and who may.

use serde_json::json;

use super::{Lobby, lobby, lobby_of};
use crate::support::{Driver, Outcome, Server, User};

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn typing_is_shown_to_the_others_and_goes() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    for is_typing in [true, false, true] {
        at_ben.ask("typing", json!({"room_id": "lobby", "is_typing": is_typing})).await;
        match is_typing {
            true => alice.shows("typing", "ben is typing").await,
            false => alice.shows_no("typing", "ben is typing").await,
        }
    }
    // What was written takes its place.
    at_ben.say("lobby", "there").await;
    alice.shows_no("typing", "ben is typing").await;
    alice.fill("composer", "I am writ").await;
    let typing = |is_typing: bool| {
        move |frame: &serde_json::Value| {
            frame["data"] == json!({"user_id": "alice", "is_typing": is_typing})
        }
    };
    at_ben.next_where("alice typing", typing(true)).await;
    alice.press("send").await;
    at_ben.next_message("lobby").await;
    alice.close().await;
}

/// Answers with the members of a room are held back until they are released.
const HOLD_MEMBERS: &str = "
    const done = arguments[arguments.length - 1];
    const real = window.fetch;
    const gate = new Promise((open) => { window.release = open; });
    window.fetch = async (...request) => {
      const answer = await real(...request);
      if (String(request[0]).includes('/members')) {
        // In the document, where it is waited for.
        document.documentElement.dataset.held = '';
        await gate;
      }
      return answer;
    };
    done();";

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn who_comes_while_the_members_are_loaded_is_one_of_them() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let alice = driver.open("alice", server.address()).await;
    alice.sign_up("alice").await;
    alice.create_public_room("lobby").await;
    alice.create_public_room("den").await;
    alice.run(HOLD_MEMBERS, json!([])).await;
    alice.open_room("lobby").await;
    alice
        .wait_until(
            "an answer that is held",
            "'held' in document.documentElement.dataset",
            json!([]),
        )
        .await;
    server.user("ben").await.join("lobby").await;
    alice.shows("room-about", "2 members").await;
    alice.evaluate("window.release()", json!([])).await;
    alice.shows("room-about", "2 members, 1 online").await;
    alice.press("open-members").await;
    alice.has("[data-testid=\"member\"][data-user=\"ben\"]").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn who_is_there_has_a_dot() {
    let server = Server::builder().set("PARLOR_PRESENCE_GRACE", "1s").start().await;
    let Lobby { alice, ben, server, driver: _driver } = lobby_of(server).await;
    let is = |status: &str| {
        format!("[data-testid=\"member\"][data-user=\"ben\"] .dot[data-status=\"{status}\"]")
    };
    alice.press("open-members").await;
    // He went right after he came in.
    alice.has(&is("offline")).await;
    let mut at_ben = ben.connect().await;
    alice.has(&is("online")).await;
    alice.shows("room-about", "2 members, 2 online").await;
    at_ben.ask("presence.set", json!({"status": "away"})).await;
    alice.has(&is("away")).await;
    drop(at_ben);
    alice.has(&is("offline")).await;
    alice.shows("member", "last seen").await;
    // One who is there when they come in is seen at once.
    let cy = server.user("cy").await;
    let mut at_cy = cy.connect().await;
    at_cy.ask("room.join", json!({"room_id": "lobby"})).await;
    alice.has("[data-testid=\"member\"][data-user=\"cy\"] .dot[data-status=\"online\"]").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn one_writes_to_somebody_directly() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    alice.press("new").await;
    alice.fill("direct-user", "ben").await;
    alice.press("open-direct").await;
    alice.shows("room-title", "ben").await;
    alice.say("just between us").await;
    let added = at_ben.next_event("room.added").await;
    let room = added["room_id"].as_str().expect("a room").to_owned();
    assert_eq!(at_ben.next_message(&room).await["data"]["content"], "just between us");
    at_ben.say(&room, "of course").await;
    alice.shows("message", "of course").await;
    // The panel leads to the same room.
    alice.open_room("lobby").await;
    alice.press("open-members").await;
    alice.choose_for_member("ben", "direct").await;
    alice.shows("message", "of course").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn whom_one_has_blocked_is_shown_and_can_be_unblocked() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = User::new(server.address().clone(), "alice", None);
    let room = ben.direct(&me).await;
    alice.open_room(&room).await;
    alice.press("open-members").await;
    alice.choose_for_member("ben", "block").await;
    alice.shows("blocked", "You have blocked this user").await;
    alice.shows("member", "blocked").await;
    ben.try_say(&room, "hear me").await.refused(403, "forbidden");

    // It is asked for anew, and only the other one is offered.
    alice.reload().await;
    alice.click_on(&format!("[data-testid=\"room-item\"][data-room-id=\"{room}\"]")).await;
    alice.shows("blocked", "You have blocked this user").await;
    alice.press("open-members").await;
    alice
        .click_on("[data-testid=\"member\"][data-user=\"ben\"] [data-testid=\"member-menu\"]")
        .await;
    alice.has("[data-testid=\"unblock\"]").await;
    alice.has_no("[data-testid=\"block\"]").await;
    alice.press("unblock").await;
    alice.shows_no("blocked", "").await;
    ben.say(&room, "thank you").await;
    alice.shows("message", "thank you").await;
    alice.press("room-menu").await;
    alice.has("[data-testid=\"block\"]").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn an_owner_mutes_removes_and_bans_from_the_panel() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    alice.press("open-members").await;
    alice.choose_for_member("ben", "mute-600").await;
    alice.shows("member", "muted until").await;
    ben.try_say("lobby", "hush").await.refused(403, "forbidden");
    alice.choose_for_member("ben", "unmute").await;
    alice.shows_no("member", "muted until").await;
    ben.say("lobby", "thank you").await;

    alice.choose_for_member("ben", "make-moderator").await;
    alice.has("[data-testid=\"member\"][data-user=\"ben\"][data-role=\"moderator\"]").await;
    alice.choose_for_member("ben", "remove").await;
    alice.press("confirm").await;
    alice.has_no("[data-testid=\"member\"][data-user=\"ben\"]").await;
    ben.join("lobby").await.expect(201);
    alice.has("[data-testid=\"member\"][data-user=\"ben\"]").await;
    alice.choose_for_member("ben", "ban").await;
    alice.press("confirm").await;
    alice.shows("banned", "@ben").await;
    alice.has_no("[data-testid=\"member\"][data-user=\"ben\"]").await;
    assert_eq!(ben.join("lobby").await.status, 403);
    alice.click_on("[data-testid=\"banned\"] button").await;
    alice.has_no("[data-testid=\"banned\"]").await;
    ben.join("lobby").await.expect(201);
    alice.has("[data-testid=\"member\"][data-user=\"ben\"]").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn one_who_is_muted_or_banned_is_told() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    ben.create_room("office", "public").await;
    alice.join_room("office").await;
    let me = User::new(server.address().clone(), "alice", None);
    ben.mute("office", &me, 600).await.expect(200);
    alice.shows("locked", "You are muted until").await;
    ben.mute("office", &me, 0).await.expect(200);
    alice.say("back again").await;
    alice.shows("message", "back again").await;
    assert!(ben.ban("office", &me, json!({})).await.status < 300);
    alice.shows("notice", "You were banned from the room.").await;
    alice.has_no("[data-testid=\"room-item\"][data-room-id=\"office\"]").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_moderator_freezes_a_room_and_others_see_why_they_cannot_write() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let me = User::new(server.address().clone(), "alice", None);
    alice.press("room-menu").await;
    alice.press("freeze").await;
    let is_frozen = |room: &Outcome| room.json()["rules"]["frozen"] == true;
    ben.get_until("a frozen room", "/rooms/lobby", is_frozen).await;
    ben.try_say("lobby", "may I?").await.refused(403, "forbidden");
    alice.say("only I").await;
    alice.press("room-menu").await;
    alice.press("slow-mode").await;
    alice.shows("room-about", "slow mode: one message in 30 s").await;
    // Somebody else keeps order now, and she only writes.
    alice.press("open-members").await;
    alice.choose_for_member("ben", "transfer").await;
    alice.press("confirm").await;
    alice.has("[data-testid=\"member\"][data-user=\"ben\"][data-role=\"owner\"]").await;
    ben.set_role("lobby", &me, "member").await.expect(200);
    alice.shows("locked", "This room is frozen").await;
    ben.delete("/rooms/lobby/freeze").await.expect(200);
    alice.say("the first").await;
    alice.sees("the first", &["stored", "delivered", "read"]).await;
    alice.say("the second").await;
    alice.sees("the second", &["pending"]).await;
    ben.put("/rooms/lobby/slow-mode", json!({"seconds": 0})).await.expect(200);
    alice.close().await;
}
