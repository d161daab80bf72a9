//! Notifications of what comes while the page is not open, as far as a browser has them
//! without its vendor's push service.

use serde_json::{Value, json};

use super::{Lobby, lobby, lobby_of, over_rest};
use crate::support::{Browser, Outcome, Server};

/// Without a push service a browser gets no subscription: this one has the key of RFC 8291.
const SUBSCRIBE: &str = "PushManager.prototype.subscribe = async () => ({
    toJSON: () => ({
        endpoint: 'https://push.example.org/1',
        keys: {
            p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
            auth: 'BTBZMqHH6r4Tts7J_aSIgg',
        },
    }),
}), true";

/// Resolves when these notifications are shown; no event tells of them.
const SHOWN: &str = "const [wanted, done] = arguments;
    const look = async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        const shown = await registration.getNotifications();
        const said = shown.map(({ title, body }) => `${title}: ${body}`).sort();
        if (JSON.stringify(said) === JSON.stringify(wanted)) done(true);
        else setTimeout(look, 20);
    };
    look();";

async fn allow(alice: &Browser) -> String {
    let origin = alice.evaluate("location.origin", json!([])).await;
    let origin = origin.as_str().expect("a text").to_owned();
    let allowed = json!({"origin": &origin, "permissions": ["notifications"]});
    alice.devtools("Browser.grantPermissions", allowed).await;
    origin
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn settings_say_why_there_are_no_notifications_and_keep_a_quiet_time() {
    let Lobby { alice, server: _server, driver: _driver, .. } = lobby().await;
    alice.press("open-settings").await;
    alice.shows("notifications-about", "This server does not send notifications").await;
    alice.has("[data-testid=\"notifications\"]:disabled").await;
    alice.press("quiet-set").await;
    alice.has("[data-testid=\"quiet-off\"]").await;
    alice.reload().await;
    alice.press("open-settings").await;
    alice.press("quiet-off").await;
    alice.has_no("[data-testid=\"quiet-off\"]").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_device_is_registered_until_its_user_signs_out() {
    let server = Server::builder().set("PARLOR_PUSH_CONTACT", "mailto:ops@example.org");
    let Lobby { alice, server, driver: _driver, .. } = lobby_of(server.start().await).await;
    let me = over_rest(&server, "alice").await;
    allow(&alice).await;
    alice.evaluate(SUBSCRIBE, json!([])).await;
    alice.press("open-settings").await;
    alice.press("notifications").await;
    alice.has("[data-testid=\"notifications\"]:checked:enabled").await;
    assert_eq!(me.get("/devices").await.expect(200)["devices"][0]["service"], "web");
    alice.reload().await;
    alice.press("open-settings").await;
    alice.has("[data-testid=\"notifications\"]:checked:enabled").await;
    alice.sign_out().await;
    let is_gone = |outcome: &Outcome| outcome.body.contains("\"devices\":[]");
    me.get_until("no devices", "/devices", is_gone).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn what_is_pushed_is_shown_and_closed_when_it_was_read_elsewhere() {
    let Lobby { alice, server: _server, driver: _driver, .. } = lobby().await;
    let origin = allow(&alice).await;
    let register = "const done = arguments[1];
        navigator.serviceWorker.register('worker.js', { type: 'module' })
            .then(() => navigator.serviceWorker.ready).then(() => done(true));";
    alice.run(register, json!([])).await;
    alice.devtools("ServiceWorker.enable", json!({})).await;
    let push = async |note: Value| {
        // It is the first that this browser has.
        let pushed = json!({"origin": &origin, "registrationId": "0", "data": note.to_string()});
        alice.devtools("ServiceWorker.deliverPushMessage", pushed).await;
    };
    let note = |seq, body: &str, more: Value| {
        let mut note = json!({"room_id": "lobby", "message_id": "7", "seq": seq, "badge": 1, "title": "Ben", "body": body});
        note.as_object_mut().expect("an object").extend(more.as_object().expect("one").clone());
        note
    };
    push(note(5, "hello", json!({}))).await;
    push(note(6, "in a thread", json!({"thread_id": "3"}))).await;
    alice.run(SHOWN, json!(["Ben: hello", "Ben: in a thread"])).await;
    // In the place of the one before.
    push(note(7, "are you there?", json!({}))).await;
    alice.run(SHOWN, json!(["Ben: are you there?", "Ben: in a thread"])).await;
    push(json!({"room_id": "lobby", "seq": 7, "badge": 0})).await;
    alice.run(SHOWN, json!(["Ben: in a thread"])).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn an_address_leads_to_its_room_and_thread() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let root = ben.say_id("lobby", "where do we meet?").await;
    ben.reply_in_thread("lobby", &root, "at the station").await;
    // A new document, as that of a new window is.
    alice.goto(&server.address().http("/api.html")).await;
    alice.goto(&server.address().http(&format!("/#room=lobby&thread={root}"))).await;
    alice.shows("room-title", "lobby").await;
    alice.shows("panel", "at the station").await;
    assert_eq!(alice.evaluate("location.hash", json!([])).await, "");
    alice.close().await;
}
