//! Messages that are read while they are written.

mod ends;
mod nodes;
mod over_rest;
mod slow;

use serde_json::{Value, json};

use crate::support::{Receiver, Server, Socket, User, id_of};

/// A message as a reader has it, by the one rule of docs/PROTOCOL.md.
struct Reading {
    id: String,
    text: String,
    pieces: usize,
}

impl Reading {
    /// Of a message as it is told or read.
    fn of(message: &Value) -> Self {
        let text = message["content"].as_str().expect("a text").to_owned();
        Self { id: message["message_id"].as_str().expect("an id").to_owned(), text, pieces: 0 }
    }

    /// Takes a delta: no gap, and what was there stays.
    fn take(&mut self, delta: &Value) {
        let at =
            usize::try_from(delta["data"]["offset"].as_u64().expect("a number")).expect("small");
        let before: String = self.text.chars().take(at).collect();
        assert_eq!(before.chars().count(), at, "a gap: {delta} behind {}", self.text);
        let told = before + delta["data"]["text"].as_str().expect("a text");
        assert!(told.starts_with(&self.text), "it only grows: {told}, was {}", self.text);
        self.text = told;
        self.pieces += 1;
    }

    /// Reads on until the text is this.
    async fn until(&mut self, socket: &mut Socket, text: &str) {
        while self.text != text {
            let id = self.id.clone();
            let is_delta =
                move |frame: &Value| frame["type"] == "message.delta" && frame["message_id"] == *id;
            self.take(&socket.next_where(text, is_delta).await);
        }
    }
}

async fn start(socket: &mut Socket, data: Value) -> String {
    id_of(&socket.ask("message.start", data).await)
}

async fn append(socket: &mut Socket, id: &str, text: &str) -> u64 {
    let ack = socket.ask("message.append", json!({"message_id": id, "text": text})).await;
    ack["length"].as_u64().expect("a number")
}

async fn unread(user: &User, room: &str) -> (i64, i64) {
    let rooms = user.get("/rooms").await.expect(200);
    let rooms = rooms["rooms"].as_array().expect("a list").clone();
    let room = rooms.into_iter().find(|each| each["room_id"] == room).expect("a member");
    (room["unread"].as_i64().expect("a number"), room["mentions"].as_i64().unwrap_or(0))
}

#[tokio::test]
async fn a_text_grows_before_its_readers_and_is_one_message_at_its_end() {
    let receiver = Receiver::start().await;
    let server = Server::builder()
        .set("PARLOR_WEBHOOK_URLS", &receiver.url)
        .set("PARLOR_WEBHOOK_SECRET", "streaming-streaming-streaming-00")
        .start()
        .await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    bot.room_with("den", &[&ann]).await;
    let question = ann.say_id("den", "why is the sky blue?").await;
    let (mut at_bot, mut at_ann) = (bot.connect().await, ann.connect().await);
    let started = json!({"room_id": "den", "client_id": "a1", "reply_to": question});
    let ack = at_bot.ask("message.start", started.clone()).await;
    assert_eq!((&ack["seq"], &ack["duplicate"]), (&json!(2), &json!(false)));
    let id = id_of(&ack);
    let created = at_ann.next_message("den").await["data"].clone();
    assert_eq!((&created["state"], &created["content"]), (&json!("streaming"), &json!("")));
    assert_eq!(created.get("silent"), None);
    assert_eq!(created["reply_to"]["message_id"], json!(question));
    let again = at_bot.ask("message.start", started).await;
    assert_eq!((&again["message_id"], &again["duplicate"]), (&json!(id), &json!(true)));

    let mut reading = Reading::of(&created);
    assert_eq!(append(&mut at_bot, &id, "Because of ").await, 11);
    reading.until(&mut at_ann, "Because of ").await;
    for word in ["Räuleigh ", "🌍 scattering", ", @ann"] {
        append(&mut at_bot, &id, word).await;
    }
    let text = "Because of Räuleigh 🌍 scattering, @ann";
    reading.until(&mut at_ann, text).await;
    assert!(reading.pieces <= 4, "no more than was said: {}", reading.pieces);
    // Nobody counts it, finds it or is called before its end.
    assert_eq!(unread(&ann, "den").await, (0, 0));
    let parts = json!({"parts": [{"type": "source", "url": "https://example.org"}]});
    at_bot.ask("message.append", json!({"message_id": id, "metadata": parts})).await;
    let described = at_ann.next_event("message.delta").await;
    assert_eq!((&described["data"]["metadata"], &described["data"]["text"]), (&parts, &json!("")));

    at_bot.ask("message.append", json!({"message_id": id, "metadata": {}})).await;
    let described = at_ann.next_event("message.delta").await;
    assert_eq!(described["data"]["metadata"], json!({}), "taken away again");
    at_bot.ask("message.append", json!({"message_id": id, "metadata": parts})).await;

    let ack = at_bot.ask("message.finish", json!({"message_id": id})).await;
    assert_eq!(ack, json!({"message_id": id, "seq": 3}));
    let told = at_ann.next_event("message.updated").await;
    let message = &told["data"];
    assert_eq!((&told["seq"], &message["seq"]), (&json!(3), &json!(2)));
    assert_eq!((&message["content"], message.get("state")), (&json!(text), None));
    assert_eq!((&message["metadata"], message.get("edited_at")), (&parts, None));
    assert_eq!(message["mentions"]["user_ids"], json!(["ann"]));
    assert_eq!(ann.message(&id).await.expect(200), *message);
    assert_eq!(unread(&ann, "den").await, (1, 1));
    let told = at_ann.told_so_far().await;
    assert!(told.iter().all(|frame| frame["data"]["text"] != *text), "{told:?}");
    // One webhook tells of the whole message, as of a new one.
    let of_it = |all: &[crate::support::Received]| {
        let all = all.iter().map(crate::support::Received::json);
        let of_it = all.filter(|event| event["data"]["message_id"] == id.as_str());
        of_it
            .map(|event| (event["type"].clone(), event["data"]["message"]["content"].clone()))
            .collect()
    };
    let all = receiver.wait_until("the webhook", |all| {
        let events: Vec<(Value, Value)> = of_it(all);
        !events.is_empty()
    });
    all.await;
    let events: Vec<(Value, Value)> = of_it(&receiver.received());
    assert_eq!(events, [(json!("message.created"), json!(text))]);
    at_bot.refused("message.append", json!({"message_id": id, "text": "!"}), "conflict").await;
    let again = at_bot.ask("message.finish", json!({"message_id": id})).await;
    assert_eq!(again["seq"], 3, "an end that is told again");
    let other = json!({"message_id": id, "content": "Because of Mie"});
    at_bot.refused("message.finish", other, "conflict").await;
    bot.edit(&id, "It is not").await.expect(200);
}

#[tokio::test]
async fn who_comes_in_the_middle_gets_the_text_so_far_and_goes_on() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    bot.room_with("den", &[&ann]).await;
    let mut at_bot = bot.connect().await;
    let id = start(&mut at_bot, json!({"room_id": "den"})).await;
    append(&mut at_bot, &id, "one ").await;
    // Nothing more is said before she has what there is.
    let mut late = ann.connect().await;
    let shown = ann.message(&id).await.expect(200);
    assert_eq!(shown["state"], "streaming");
    let mut reading = Reading::of(&shown);
    reading.until(&mut late, "one ").await;
    append(&mut at_bot, &id, "two ").await;
    reading.until(&mut late, "one two ").await;
    drop(late);
    append(&mut at_bot, &id, "three").await;
    // One that resumes is told of the message, and then of the rest.
    let (mut back, resumed) = ann.resume(json!({"den": 0})).await;
    assert_eq!(resumed["rooms"]["den"]["replayed"], 1);
    reading.until(&mut back, "one two three").await;
    at_bot.ask("message.finish", json!({"message_id": id})).await;
    let whole = back.next_event("message.updated").await;
    assert_eq!(whole["data"]["content"], "one two three");
}

#[tokio::test]
async fn a_piece_that_is_sent_again_is_there_once_and_none_is_left_out() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    bot.room_with("den", &[&ann]).await;
    let mut at_bot = bot.connect().await;
    let id = start(&mut at_bot, json!({"room_id": "den"})).await;
    let piece = |text: &str, offset: u32| json!({"message_id": id, "text": text, "offset": offset});
    assert_eq!(at_bot.ask("message.append", piece("äb", 0)).await["length"], 2);
    drop(at_bot);
    let mut at_bot = bot.connect().await;
    assert_eq!(at_bot.ask("message.append", piece("äbc", 0)).await["length"], 3);
    assert_eq!(at_bot.ask("message.append", piece("b", 1)).await["length"], 3);
    let refused = at_bot.refused("message.append", piece("e", 4), "conflict").await;
    assert!(refused["message"].as_str().expect("a text").contains("3 characters"), "{refused}");
    at_bot.ask("message.finish", json!({"message_id": id})).await;
    assert_eq!(bot.message(&id).await.expect(200)["content"], "äbc");
}

#[tokio::test]
async fn what_may_not_be_is_refused_and_costs_nobody_anything() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    let cy = server.user("cy").await;
    bot.room_with("den", &[&ann]).await;
    let (mut at_bot, mut at_ann) = (bot.connect().await, ann.connect().await);
    let mut at_cy = cy.connect().await;
    let id = start(&mut at_bot, json!({"room_id": "den"})).await;
    let more = json!({"message_id": id, "text": "x"});
    at_ann.refused("message.append", more.clone(), "conflict").await;
    at_ann.refused("message.finish", json!({"message_id": id, "content": "x"}), "forbidden").await;
    at_cy.refused("message.append", more, "conflict").await;
    at_cy.refused("message.finish", json!({"message_id": id, "content": "x"}), "not_found").await;
    at_cy.refused("message.stop", json!({"message_id": id}), "not_found").await;
    at_cy.refused("message.start", json!({"room_id": "den"}), "not_found").await;
    at_bot.refused("message.edit", json!({"message_id": id, "content": "x"}), "conflict").await;
    at_bot.refused("message.finish", json!({"message_id": id}), "invalid_message").await;
    let long = json!({"message_id": id, "text": "x".repeat(16_384)});
    at_bot.ask("message.append", long).await;
    let refused = json!({"message_id": id, "text": "y"});
    at_bot.refused("message.append", refused, "too_large").await;
    // So many at a time.
    let mut ids = vec![id];
    for _ in 0..7 {
        ids.push(start(&mut at_bot, json!({"room_id": "den"})).await);
    }
    at_bot.refused("message.start", json!({"room_id": "den"}), "conflict").await;
    bot.erase(&ids[1]).await.expect(200);
    ids[1] = start(&mut at_bot, json!({"room_id": "den"})).await;
    for id in &ids[1..] {
        at_bot.ask("message.fail", json!({"message_id": id})).await;
        assert_eq!(ann.message(id).await.expect(200)["state"], "failed");
    }
    at_bot.ask("message.finish", json!({"message_id": ids[0]})).await;
    assert_eq!(unread(&ann, "den").await, (8, 0));
}
