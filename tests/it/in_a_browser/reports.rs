//! What one reports to those who moderate, and what they do about it.

use serde_json::json;

use super::{Lobby, lobby};
use crate::support::{Browser, Outcome, Token};

/// Reports what is open in the dialog.
async fn tell(browser: &Browser, note: &str) {
    browser.fill("report-note", note).await;
    browser.press("answer").await;
    browser.shows("notice", "It was reported").await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_message_and_a_user_are_reported() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let token = Token::of("root").claim("roles", json!(["admin"]));
    let root = server.user_with("root", token).await;
    ben.room_with("den", &[]).await;
    ben.say("den", "buy my watches").await;
    ben.put("/rooms/den/members/alice", json!({})).await.expect(201);
    alice.open_room("den").await;
    alice.say("no, thanks").await;
    alice.sees("no, thanks", &["stored", "delivered", "read"]).await;
    alice.act_on("no, thanks", "more").await;
    alice.has_no("[data-testid=\"report\"]").await;
    alice.press("read-by").await;
    alice.choose_for("buy my watches", "report").await;
    tell(&alice, "every day").await;
    alice.press("open-members").await;
    alice.choose_for_member("ben", "report-user").await;
    tell(&alice, "the same").await;
    let is_told = |reports: &Outcome| {
        reports.status == 200
            && reports.json()["reports"].as_array().is_some_and(|all| {
                all.iter().any(|one| {
                    one["content"] == "buy my watches" && one["reasons"] == json!({"spam": 1})
                })
            })
    };
    // Who wrote it moderates the room, and does not see it.
    root.get_until("the report", "/reports?room_id=den", is_told).await;
    // Who does not moderate has no list of them.
    alice.press("room-menu").await;
    alice.has_no("[data-testid=\"open-reports\"]").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn who_moderates_sees_what_is_around_and_decides() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let cy = server.user("cy").await;
    let mut at_cy = cy.connect().await;
    at_cy.ask("room.join", json!({"room_id": "lobby"})).await;
    ben.say("lobby", "hello").await;
    let bad = ben.say_id("lobby", "buy my watches").await;
    let worse = ben.say_id("lobby", "or else").await;
    for (message, reason) in [(&bad, "spam"), (&worse, "violence")] {
        let fields = json!({"message_id": message, "reason": reason, "note": "look"});
        at_cy.ask("message.report", fields).await;
    }
    alice.press("room-menu").await;
    alice.press("open-reports").await;
    alice.shows("report", "buy my watches").await;
    alice.shows("report-reasons", "1 report: Violence").await;
    let of = |content: &str| {
        format!(
            "[...document.querySelectorAll('[data-testid=\"report\"] > .entry-button')]
                .some((button) => button.textContent.includes('{content}') && (button.click(), true))"
        )
    };
    alice.wait_until("the report of spam", &of("buy my watches"), json!([])).await;
    alice.shows("reported-by", "look").await;
    alice.shows("report-message", "hello").await;
    alice.fill("decision-note", "it is a joke").await;
    alice.press("decide-dismiss").await;
    alice.shows_no("report", "buy my watches").await;
    alice.press("reports-decided").await;
    alice.shows("report-decided", "Dismissed by alice").await;
    alice.shows("report-decided", "it is a joke").await;

    alice.press("reports-open").await;
    alice.wait_until("the report of violence", &of("or else"), json!([])).await;
    alice.press("delete-too").await;
    alice.press("decide-mute").await;
    alice.press("decide-mute-3600").await;
    alice.shows("panel", "Nothing is reported").await;
    alice.sees_text("This message was deleted.").await;
    ben.post("/rooms/lobby/messages", json!({"content": "why?"})).await.refused(403, "forbidden");
    alice.close().await;
}
