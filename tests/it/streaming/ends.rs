//! How messages end that are being written, also by themselves.

use serde_json::{Value, json};

use super::{Reading, append, start};
use crate::support::{Server, Token, User};

async fn state_of(user: &User, id: &str, wanted: &str) -> Value {
    let path = format!("/messages/{id}");
    user.get_until(wanted, &path, |message| message.json()["state"] == wanted).await.json()
}

#[tokio::test]
async fn who_is_answered_stops_the_answer() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    let ben = server.user("ben").await;
    bot.room_with("den", &[&ann, &ben]).await;
    let question = ann.say_id("den", "tell me all").await;
    let mut at_bot = bot.connect().await;
    let id = start(&mut at_bot, json!({"room_id": "den", "reply_to": question})).await;
    append(&mut at_bot, &id, "first of all").await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    at_ben.refused("message.stop", json!({"message_id": id}), "forbidden").await;
    at_ann.ask("message.stop", json!({"message_id": id})).await;
    let asked = at_bot.next_event("message.stop").await;
    assert_eq!(asked["data"], json!({"message_id": id, "user_id": "ann"}));
    at_bot.ask("message.finish", json!({"message_id": id, "content": "first of all."})).await;
    assert_eq!(ann.message(&id).await.expect(200)["content"], "first of all.");
    at_ann.refused("message.stop", json!({"message_id": id}), "conflict").await;
    ann.post(&format!("/messages/{question}/stop"), json!({})).await.refused(409, "conflict");
}

#[tokio::test]
async fn a_writer_who_is_gone_or_may_write_no_more_leaves_it_interrupted() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    ann.room_with("den", &[&bot]).await;
    let mut at_bot = bot.connect().await;
    let muted = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &muted, "what he should not").await;
    ann.mute("den", &bot, 60).await.expect(200);
    let message = state_of(&ann, &muted, "interrupted").await;
    assert_eq!(message["content"], "what he should not");
    let more = json!({"message_id": muted, "text": "x"});
    at_bot.refused("message.append", more, "conflict").await;
    ann.change_member("den", &bot, json!({"muted_until": null})).await.expect(200);

    let left = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &left, "I was about to").await;
    // Who begins one again has come back to it, also where there is no place for another.
    let begun = json!({"room_id": "den", "client_id": "again"});
    let again = start(&mut at_bot, begun.clone()).await;
    for _ in 2..8 {
        start(&mut at_bot, json!({"room_id": "den"})).await;
    }
    drop(at_bot);
    let mut back = bot.connect().await;
    assert_eq!(start(&mut back, begun).await, again);
    let message = state_of(&ann, &left, "interrupted").await;
    assert_eq!(message["content"], "I was about to");
    assert_eq!(ann.message(&again).await.expect(200)["state"], "streaming");
    bot.edit(&left, "I was about to go").await.expect(200);
}

#[tokio::test]
async fn what_a_killed_server_has_left_is_interrupted_with_what_was_stored() {
    let mut server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    bot.room_with("den", &[&ann]).await;
    let mut at_bot = bot.connect().await;
    let id = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &id, "kept").await;
    let path = format!("/messages/{id}");
    ann.get_until("stored", &path, |message| message.json()["content"] == "kept").await;
    server.kill9().await;
    server.start_again().await;
    let mut back = ann.connect().await;
    let ended = back.next_event("message.updated").await;
    assert_eq!(
        (&ended["data"]["state"], &ended["data"]["content"]),
        (&json!("interrupted"), &json!("kept"))
    );
    assert_eq!(super::unread(&ann, "den").await, (1, 0));
    assert_eq!(ann.last_seq("den").await, 2, "once");
}

#[tokio::test]
async fn a_server_that_stops_ends_what_is_written_over_it() {
    let mut server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    bot.room_with("den", &[&ann]).await;
    let (mut at_bot, mut at_ann) = (bot.connect().await, ann.connect().await);
    let id = start(&mut at_bot, json!({"room_id": "den"})).await;
    let mut reading = Reading::of(&at_ann.next_message("den").await["data"]);
    append(&mut at_bot, &id, "all of it").await;
    reading.until(&mut at_ann, "all of it").await;
    assert_eq!(server.terminate().await, Some(0));
    server.start_again().await;
    let message = ann.message(&id).await.expect(200);
    assert_eq!(
        (&message["state"], &message["content"]),
        (&json!("interrupted"), &json!("all of it"))
    );
}

#[tokio::test]
async fn what_is_asked_about_first_cannot_be_read_before_and_the_application_may() {
    let receiver = crate::support::Receiver::start().await;
    let server = Server::builder()
        .set("PARLOR_BEFORE_SEND_URL", &receiver.url)
        .set("PARLOR_CALLBACK_SECRET", "streaming-streaming-streaming-00")
        .start()
        .await;
    let ann = server.user("ann").await;
    let shop = server.user_with("shop", Token::of("shop").claim("roles", json!(["service"]))).await;
    ann.create_room("den", "private").await;
    let mut at_ann = ann.connect().await;
    at_ann.refused("message.start", json!({"room_id": "den"}), "forbidden").await;
    let request = shop.request(reqwest::Method::POST, "/rooms/den/messages/stream?sender_id=ann");
    let sent = User::outcome(request.body("in her name")).await.expect(200);
    let message = ann.message(sent["message_id"].as_str().expect("an id")).await.expect(200);
    assert_eq!((&message["sender"]["id"], &message["sent_by"]), (&json!("ann"), &json!("shop")));
    assert_eq!(message["content"], "in her name");
}

#[tokio::test]
async fn who_was_removed_leaves_what_was_said_until_then() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    ann.room_with("den", &[&bot]).await;
    let (mut at_bot, mut at_ann) = (bot.connect().await, ann.connect().await);
    let id = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &id, "until here").await;
    ann.remove_member("den", &bot).await.expect(204);
    at_bot.refused("message.finish", json!({"message_id": id}), "not_found").await;
    let ended = at_ann.next_event("message.updated").await;
    let of = &ended["data"];
    assert_eq!((&of["state"], &of["content"]), (&json!("interrupted"), &json!("until here")));
}

#[tokio::test]
async fn what_is_deleted_or_cleared_is_not_written_any_further() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    ann.room_with("den", &[&bot]).await;
    let (mut at_bot, mut at_ann) = (bot.connect().await, ann.connect().await);
    let deleted = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &deleted, "gone").await;
    ann.erase(&deleted).await.expect(200);
    let told = at_ann.next_event("message.deleted").await;
    assert_eq!((told["data"].get("state"), told["data"].get("silent")), (None, None));
    let cleared = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &cleared, "gone, too").await;
    ann.delete("/rooms/den/messages").await.expect(204);
    for id in [deleted, cleared] {
        at_bot.refused("message.append", json!({"message_id": id, "text": "x"}), "conflict").await;
    }
    let told = at_ann.told_so_far().await;
    let last = told.iter().rposition(|frame| frame["type"] == "room.cleared").expect("told");
    let later = told[last..].iter().find(|frame| frame["type"] == "message.delta");
    assert_eq!(later, None, "nothing of it comes behind");
}

#[tokio::test]
async fn who_may_not_write_any_more_cannot_say_how_it_ends() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    ann.room_with("den", &[&bot]).await;
    let mut at_bot = bot.connect().await;
    let id = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &id, "until here").await;
    ann.mute("den", &bot, 60).await.expect(200);
    let end = json!({"message_id": id, "content": "what he should not"});
    at_bot.refused("message.finish", end.clone(), "forbidden").await;
    let message = state_of(&ann, &id, "interrupted").await;
    assert_eq!(message["content"], "until here");
    at_bot.refused("message.finish", end.clone(), "forbidden").await;
    ann.ban("den", &bot, json!({})).await.expect(204);
    at_bot.refused("message.finish", end, "not_found").await;
    // Who may can still say so.
    ann.unban("den", &bot).await.expect(204);
    ann.add_member("den", &bot).await.expect(201);
    ann.change_member("den", &bot, json!({"muted_until": null})).await.expect(200);
    let end = json!({"content": "after all"});
    bot.post(&format!("/messages/{id}/finish"), end.clone()).await.expect(200);
    let message = ann.message(&id).await.expect(200);
    assert_eq!((&message["content"], message.get("state")), (&json!("after all"), None));
    let again = bot.post(&format!("/messages/{id}/finish"), end).await.expect(200);
    assert_eq!(again["seq"], message["changed_seq"], "the same end again");
}
