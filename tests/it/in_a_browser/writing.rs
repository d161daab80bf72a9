//! Messages that are read while they are written.

use serde_json::{Value, json};

use super::{
    Lobby,
    at_the_end::{FROM_END, SCROLL_UP},
    lobby,
};
use crate::support::{Browser, Socket, id_of};

const WRITES: &str = "[data-testid=\"message\"][data-writing=\"streaming\"]";

async fn begin(writer: &mut Socket, room: &str, reply_to: Option<&str>) -> String {
    let mut data = json!({"room_id": room});
    if let Some(id) = reply_to {
        data["reply_to"] = json!(id);
    }
    id_of(&writer.ask("message.start", data).await)
}

async fn append(writer: &mut Socket, id: &str, text: &str) -> Value {
    writer.ask("message.append", json!({"message_id": id, "text": text})).await
}

/// The text of the message that is being written is this.
async fn has_grown(alice: &Browser, text: &str) {
    let grown = "document.querySelector(`${args[0]} .content`).textContent === args[1]";
    alice.wait_until(text, grown, json!([WRITES, text])).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_message_grows_in_its_place_and_is_whole_at_its_end() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    let id = begin(&mut at_ben, "lobby", None).await;
    alice.has(WRITES).await;
    let marked = "document.querySelector(args[0]).marked = true";
    alice.evaluate(marked, json!([WRITES])).await;
    append(&mut at_ben, &id, "<b>🎉 see</b> ").await;
    has_grown(&alice, "<b>🎉 see</b> ").await;
    append(&mut at_ben, &id, "https://example.org for @alice").await;
    has_grown(&alice, "<b>🎉 see</b> https://example.org for @alice").await;
    let same = "document.querySelector(args[0]).marked === true";
    assert_eq!(alice.evaluate(same, json!([WRITES])).await, true, "it was not built anew");
    alice.has_no(&format!("{WRITES} .content :is(a, b)")).await;

    at_ben.ask("message.finish", json!({"message_id": id})).await;
    alice.has_no(WRITES).await;
    alice.has("[data-testid=\"message\"] .content a[href=\"https://example.org/\"]").await;
    alice.shows("mention", "@alice").await;
    assert_eq!(alice.times_seen("<b>🎉 see</b> ").await, 1);
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn who_is_at_the_end_stays_there_while_a_message_grows() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    for number in 1..=40 {
        ben.say("lobby", &format!("small talk {number}")).await;
    }
    alice.shows("message", "small talk 40").await;
    let id = begin(&mut at_ben, "lobby", None).await;
    append(&mut at_ben, &id, &"line after line\n".repeat(60)).await;
    append(&mut at_ben, &id, "and the last").await;
    alice.shows("message", "and the last").await;
    assert_eq!(alice.run(FROM_END, json!([])).await, 0);

    // Whoever reads above is left there.
    assert_eq!(alice.run(SCROLL_UP, json!([])).await, 300);
    append(&mut at_ben, &id, &"\nmore and more".repeat(20)).await;
    append(&mut at_ben, &id, "\nthe very last").await;
    alice.shows("message", "the very last").await;
    alice.run(FROM_END, json!([])).await;
    let top = "document.getElementById('scroller').scrollTop";
    assert_eq!(alice.evaluate(top, json!([])).await, 300);
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn who_asked_can_stop_the_answer_and_others_cannot() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    ben.create_room("garden", "public").await;
    alice.join_room("garden").await;
    let unasked = begin(&mut at_ben, "garden", None).await;
    append(&mut at_ben, &unasked, "nobody asked").await;
    has_grown(&alice, "nobody asked").await;
    alice.shows_no("stop-writing", "").await;
    at_ben.ask("message.fail", json!({"message_id": unasked})).await;
    alice.shows("unfinished", "Failed").await;

    alice.say("why is the sky blue?").await;
    let asked = at_ben.next_where("the question", |frame| {
        frame["type"] == "message.created" && frame["data"]["sender"]["id"] == "alice"
    });
    let question = id_of(&asked.await["data"]);
    let answer = begin(&mut at_ben, "garden", Some(&question)).await;
    append(&mut at_ben, &answer, "because").await;
    alice.press("stop-writing").await;
    let stop = at_ben.next_event("message.stop").await;
    assert_eq!(stop["data"], json!({"message_id": answer, "user_id": "alice"}));
    at_ben.ask("message.finish", json!({"message_id": answer})).await;
    alice.shows_no("stop-writing", "").await;
    alice.shows("message", "because").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn an_answer_is_unread_when_it_is_whole_and_opens_as_far_as_it_is() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    alice.create_public_room("garden").await;
    let id = begin(&mut at_ben, "lobby", None).await;
    append(&mut at_ben, &id, "one two ").await;
    alice.shows("room-item", "ben is writing…").await;
    alice.shows_no("unread", "").await;
    at_ben.ask("message.finish", json!({"message_id": id})).await;
    alice.has_unread("lobby", "1").await;

    // One that grew while it was not looked at is shown with all of its text.
    let id = begin(&mut at_ben, "lobby", None).await;
    append(&mut at_ben, &id, "three four ").await;
    alice.shows("room-item", "ben is writing…").await;
    alice.open_room("lobby").await;
    append(&mut at_ben, &id, "five").await;
    has_grown(&alice, "three four five").await;
    alice.close().await;
}
