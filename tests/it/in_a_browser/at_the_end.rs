//! Where a room opens, and what keeps it there.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use reqwest::Method;
use serde_json::json;

use super::{Lobby, lobby};
use crate::support::{Browser, User};

/// Waits for the pictures and for what they move, and says how far the end is
/// below what one sees.
pub(super) const FROM_END: &str = "
    const done = arguments[arguments.length - 1];
    const pictures = [...document.querySelectorAll('#timeline .attachment img')];
    const painted = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    Promise.all(pictures.map((picture) => picture.decode())).then(painted).then(() => {
        const { scrollTop, scrollHeight, clientHeight } = document.getElementById('scroller');
        done(Math.abs(Math.round(scrollHeight - scrollTop - clientHeight)));
    });";

/// Scrolls to where one reads what was said before.
pub(super) const SCROLL_UP: &str = "
    const done = arguments[arguments.length - 1];
    const scroller = document.getElementById('scroller');
    scroller.addEventListener('scroll', () => done(scroller.scrollTop), { once: true });
    scroller.scrollTop = 300;";

async fn say_with_picture(user: &User, text: &str) {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(900, 600);
    picture.write_to(&mut bytes, ImageFormat::Png).expect("a picture can be written");
    let upload = user.request(Method::POST, "/attachments?name=garden.png");
    let upload = User::outcome(upload.body(bytes.into_inner())).await.expect(201);
    let body = json!({"content": text, "attachments": [upload["attachment_id"]]});
    user.post_message("lobby", body).await;
}

async fn has_pictures(alice: &Browser, count: usize) {
    let pictures = "document.querySelectorAll('#timeline .attachment img').length === args[0]";
    alice.wait_until("the pictures", pictures, json!([count])).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_room_with_pictures_opens_at_its_end() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    for number in 1..=30 {
        ben.say("lobby", &format!("small talk {number}")).await;
    }
    for number in 1..=3 {
        say_with_picture(&ben, &format!("picture {number}")).await;
    }
    has_pictures(&alice, 3).await;
    assert_eq!(alice.run(FROM_END, json!([])).await, 0, "as they came");
    alice.create_public_room("garden").await;
    // They are at hand now, and there before the view has come to the end.
    alice.open_room("lobby").await;
    has_pictures(&alice, 3).await;
    assert_eq!(alice.run(FROM_END, json!([])).await, 0, "opened once more");
    alice.reload().await;
    alice.open_room("lobby").await;
    has_pictures(&alice, 3).await;
    assert_eq!(alice.run(FROM_END, json!([])).await, 0, "after a reload");
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn who_reads_above_stays_there_and_has_not_read_what_comes() {
    let Lobby { alice, ben, server: _server, driver: _driver } = lobby().await;
    for number in 1..=60 {
        ben.say("lobby", &format!("small talk {number}")).await;
    }
    alice.shows("message", "small talk 60").await;
    assert_eq!(alice.run(SCROLL_UP, json!([])).await, 300);
    say_with_picture(&ben, "look at this").await;
    has_pictures(&alice, 1).await;
    alice.shows("to-end", "New messages").await;
    alice.has_unread("lobby", "1").await;
    let top = "document.getElementById('scroller').scrollTop";
    assert_eq!(alice.evaluate(top, json!([])).await, 300);
    alice.press("to-end").await;
    alice.shows_no("unread", "").await;
    assert_eq!(alice.run(FROM_END, json!([])).await, 0);
    alice.close().await;
}
