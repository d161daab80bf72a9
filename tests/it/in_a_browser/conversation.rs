//! What is done with messages: changed, answered, reacted to, pinned; files.

use image::{DynamicImage, ImageFormat};
use serde_json::json;

use super::{Lobby, lobby};
use crate::support::{Token, id_of};

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_message_is_edited_and_deleted_before_everyones_eyes() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    alice.say("helo everybody").await;
    alice.choose_for("helo", "edit").await;
    alice.fill("composer", "hello everybody").await;
    alice.press("send").await;
    alice.shows("message", "hello everybody").await;
    alice.shows("message", "edited").await;
    let changed = at_ben.next_event("message.updated").await;
    assert_eq!(changed["data"]["content"], "hello everybody");

    alice.choose_for("hello", "delete").await;
    alice.press("confirm").await;
    alice.shows("message", "This message was deleted.").await;
    assert_eq!(alice.times_seen("hello").await, 0);
    at_ben.next_event("message.deleted").await;

    let id = ben.say_id("lobby", "first thought").await;
    alice.shows("message", "first thought").await;
    ben.edit(&id, "second thought").await.expect(200);
    alice.shows("message", "second thought").await;
    assert_eq!(alice.times_seen("first thought").await, 0);
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_notice_is_nobodys_and_what_is_sent_for_somebody_says_so() {
    let Lobby { alice, ben, server, driver: _driver } = lobby().await;
    let shop = Token::of("shop").claim("roles", json!(["service"]));
    let shop = server.user_with("shop", shop).await;
    let notice = json!({"content": "The order was paid.", "kind": "system"});
    shop.post("/rooms/lobby/messages", notice).await.expect(201);
    alice.has(".message.system:not(:has(.sender))").await;
    let offer = json!({"content": "An offer", "sender_id": "ben"});
    shop.post("/rooms/lobby/messages", offer).await.expect(201);
    alice.shows("message", "sent by shop").await;
    ben.say("lobby", "hi").await;
    alice.shows("message", "hi").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn one_answers_with_a_quote_that_leads_back() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let id = ben.say_id("lobby", "who has the key?").await;
    alice.act_on("who has the key?", "reply").await;
    alice.say("I have it").await;
    alice.shows("quote", "who has the key?").await;
    ben.edit(&id, "who has the red key?").await.expect(200);
    alice.shows("quote", "who has the red key?").await;
    alice.press("quote").await;
    alice.has(&format!("[data-message-id=\"{id}\"].flash")).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_thread_is_written_beside_the_room_and_counted_in_it() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    let root = ben.say_id("lobby", "where do we meet?").await;
    alice.act_on("where do we meet?", "open-thread").await;
    alice.say_in_thread("at the station").await;
    alice.shows("thread-message", "at the station").await;
    alice.shows("thread-summary", "1 reply").await;
    at_ben.next_where("the answer", |frame| frame["data"]["thread_id"] == root.as_str()).await;
    ben.reply_in_thread("lobby", &root, "at nine").await;
    alice.shows("thread-message", "at nine").await;
    alice.shows("thread-summary", "2 replies").await;
    // The summary tells the last answer; the answers are not in the timeline.
    alice.shows("thread-summary", "at nine").await;
    assert_eq!(alice.times_seen("at the station").await, 0);
    alice.press("panel-close").await;
    alice.shows_no("panel", "").await;
    alice.press("thread-summary").await;
    alice.shows("thread-message", "at the station").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn reactions_are_counted_and_taken_back() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let id = ben.say_id("lobby", "we are live").await;
    alice.shows("message", "we are live").await;
    // The bar comes with the pointer.
    alice.point_at("[data-testid=\"message\"]").await;
    alice.press("react").await;
    alice.click_on("[data-testid=\"emoji\"][data-emoji=\"🎉\"]").await;
    alice.shows("reaction", "🎉1").await;
    ben.react(&id, "🎉").await.expect(200);
    alice.shows("reaction", "🎉2").await;
    alice.has("[data-testid=\"reaction\"][aria-pressed=\"true\"]").await;
    alice.click_on("[data-testid=\"reaction\"]").await;
    alice.shows("reaction", "🎉1").await;
    alice.has("[data-testid=\"reaction\"][aria-pressed=\"false\"]").await;
    let reactions = ben.message(&id).await.expect(200)["reactions"].clone();
    assert_eq!((&reactions[0]["count"], &reactions[0]["user_ids"]), (&json!(1), &json!(["ben"])));
    ben.unreact(&id, "🎉").await.expect(200);
    alice.shows_no("reaction", "").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_pinned_message_is_marked_listed_and_found_again() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let id = ben.say_id("lobby", "the wifi is called parlor").await;
    alice.choose_for("the wifi", "pin").await;
    alice.shows("message", "pinned").await;
    alice.press("open-pins").await;
    alice.shows("pinned", "the wifi is called parlor").await;
    alice.click_on("[data-testid=\"pinned\"] .entry-button").await;
    alice.has(&format!("[data-message-id=\"{id}\"].flash")).await;
    alice.choose_for("the wifi", "pin").await;
    alice.shows_no("pinned", "").await;
    alice.shows("panel", "Nothing is pinned here yet").await;
    alice.shows_no("message", "pinned").await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn an_image_is_sent_and_shown_small() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let path = home.path().join("garden.png");
    let picture = DynamicImage::new_rgb8(900, 600);
    picture.save_with_format(&path, ImageFormat::Png).expect("a picture can be written");
    alice.pick("file", &path).await;
    alice.has("[data-testid=\"attached\"][data-state=\"there\"]").await;
    alice.say("our garden").await;
    let loaded = "document.querySelector('[data-testid=\"message\"] .attachment img').naturalWidth";
    alice.wait_until("the thumbnail", loaded, json!([])).await;
    alice.has_no("[data-testid=\"attached\"]").await;
    let message = at_ben.next_message("lobby").await;
    assert_eq!(message["data"]["attachments"][0]["name"], "garden.png");
    let id = id_of(&message["data"]);
    assert_eq!(ben.message(&id).await.expect(200)["content"], "our garden");
    // A file may speak for itself.
    alice.pick("file", &path).await;
    alice.has("[data-testid=\"attached\"][data-state=\"there\"]").await;
    alice.press("send").await;
    assert_eq!(at_ben.next_message("lobby").await["data"]["content"], "");
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn sound_is_drawn_and_played_where_it_is() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    let mut at_ben = ben.connect().await;
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let path = home.path().join("voice.wav");
    // Two seconds of 8,000 samples: a quiet one, and one that is four times as loud.
    let format = [1_u32 << 16 | 1, 8_000, 8_000, 8 << 16 | 1].map(u32::to_le_bytes).concat();
    let wave = |low: u8, high: u8| [[low; 4], [high; 4]].concat().repeat(1_000);
    let samples = [wave(118, 138), wave(88, 168)].concat();
    let head =
        [&b"RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0"[..], &format[..], b"data\x80\x3e\0\0"].concat();
    std::fs::write(&path, [head, samples].concat()).expect("sound can be written");
    alice.pick("file", &path).await;
    alice.has("[data-testid=\"attached\"][data-state=\"there\"]").await;
    alice.press("send").await;
    let sent = at_ben.next_message("lobby").await["data"]["attachments"][0].clone();
    assert_eq!(sent["duration_ms"], 2_000);
    let waveform = sent["waveform"].as_array().expect("the browser has told it");
    let loudest = waveform[40..].iter().filter_map(serde_json::Value::as_u64).max();
    assert_eq!((waveform.len(), loudest), (64, Some(100)));
    assert!(waveform[..24].iter().all(|quiet| quiet.as_u64() < Some(60)), "{waveform:?}");
    alice.shows("duration", "0:02").await;
    let bars = "document.querySelectorAll('.waveform span').length === 64";
    alice.wait_until("its waveform", bars, json!([])).await;
    alice.press("play").await;
    alice.has(".player audio").await;
    let length = "const [, done] = arguments; const sound = document.querySelector('audio'); \
                  const tell = () => done(sound.duration); \
                  if (sound.readyState > 0) tell(); else sound.onloadedmetadata = tell;";
    assert_eq!(alice.run(length, json!([])).await.as_f64(), Some(2.0));
    alice.close().await;
}
