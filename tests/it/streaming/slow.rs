//! Readers who do not take each piece.

use serde_json::{Value, json};

use super::{Reading, append, start};
use crate::support::{RawSocket, Server};

/// More than may wait for one connection besides what the kernel takes.
const FILLED: usize = 200;

#[tokio::test]
async fn who_reads_too_slowly_for_a_piece_gets_a_longer_one() {
    let server = Server::builder().set("PARLOR_QUEUED_BYTES", 256 * 1024).start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    let ben = server.user("ben").await;
    bot.room_with("den", &[&ann, &ben]).await;
    let (mut at_bot, mut at_ben) = (bot.connect().await, ben.connect().await);
    let mut slow = RawSocket::connect_narrow(server.address(), ann.token()).await;
    let id = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &id, "first ").await;
    for _ in 0..FILLED {
        at_bot.say("den", &"x".repeat(8_000)).await;
    }
    // Each is a piece of its own to who reads, and no piece to who does not.
    let mut reading = Reading::of(&at_ben.next_message("den").await["data"]);
    let mut text = "first ".to_owned();
    reading.until(&mut at_ben, &text).await;
    for word in ["second ", "third ", "fourth "] {
        append(&mut at_bot, &id, word).await;
        text += word;
        reading.until(&mut at_ben, &text).await;
    }
    let (mut late, mut pieces, mut messages): (Option<Reading>, _, _) = (None, 0, 0);
    while late.as_ref().is_none_or(|late| late.text != text) {
        let frame: Value = slow.next_json().await;
        messages += usize::from(frame["type"] == "message.created");
        if frame["message_id"] != id.as_str() {
            continue;
        }
        match frame["type"].as_str() {
            Some("message.created") => late = Some(Reading::of(&frame["data"])),
            Some("message.delta") => {
                pieces += 1;
                late.as_mut().expect("it is told before").take(&frame);
            }
            _ => {}
        }
    }
    assert!(pieces < 4, "{pieces} pieces");
    assert_eq!(messages, FILLED + 1, "what else there was came before");
}
