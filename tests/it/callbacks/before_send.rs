//! Before a message is stored or edited the application accepts, refuses or
//! rewrites it.

use serde_json::{Value, json};

use super::{accepts, asked, contents, gated, moderates, service, start, verify};
use crate::support::{Receiver, Server, history_of};

#[tokio::test]
async fn a_message_is_stored_as_the_application_says() {
    let receiver = Receiver::start().await;
    receiver.answer_with(moderates);
    let server = start(&receiver, &[]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let (mut socket, mut reader) = (ann.connect().await, ben.connect().await);

    let first = json!({
        "room_id": "den", "client_id": "c-1", "content": "hi", "metadata": {"card": [7]},
    });
    let stored = socket.ask("message.send", first).await;
    let told = reader.next_message("den").await;
    assert_eq!((&told["data"]["content"], &told["seq"]), (&json!("hi"), &stored["seq"]));
    let question = &receiver.received()[0];
    verify(question);
    assert_eq!(question.line, "POST /before-send");
    let question = question.json();
    assert_eq!(question["type"], "before_send");
    assert!(question["timestamp"].is_string());
    let expected = json!({
        "kind": "send", "room_id": "den", "user": {"id": "ann", "name": "ann"},
        "client_id": "c-1", "content": "hi", "metadata": {"card": [7]},
    });
    assert_eq!(question["data"], expected);

    let bad = json!({"room_id": "den", "content": "bad words"});
    let refused = socket.refused("message.send", bad.clone(), "refused").await;
    assert_eq!(refused["message"], "no links, please", "as it can be shown");
    let refused = ann.post("/rooms/den/messages", bad).await.refused(422, "refused");
    assert_eq!(refused["message"], "no links, please");

    let rude = json!({
        "content": "rude", "reply_to": stored["message_id"], "thread_id": stored["message_id"],
    });
    ann.post("/rooms/den/messages", rude).await.expect(201);
    let told = reader.next_message("den").await;
    let data = &told["data"];
    assert_eq!(
        (&data["content"], &data["metadata"]),
        (&json!("r*** @ben"), &json!({"flagged": true}))
    );
    assert_eq!(data["mentions"]["user_ids"], json!(["ben"]), "of what it says now");
    assert_eq!(data["reply_to"]["message_id"], stored["message_id"], "the rest stays as it was");
    assert_eq!(contents(&history_of(&ben, "den").await), ["hi", "r*** @ben"]);
    assert_eq!(told["seq"], 2, "what is refused leaves no gap");
}

#[tokio::test]
async fn an_edit_is_asked_about_as_a_message_is() {
    let receiver = Receiver::start().await;
    receiver.answer_with(moderates);
    let server = start(&receiver, &[]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let id = ann.say_id("den", "hi").await;
    ann.edit(&id, "bad words").await.refused(422, "refused");
    let mut socket = ann.connect().await;
    let rude = json!({"message_id": id, "content": "rude"});
    socket.ask("message.edit", rude).await;
    let message = ann.message(&id).await.expect(200);
    assert_eq!(
        (&message["content"], &message["metadata"]),
        (&json!("r*** @ben"), &json!({"flagged": true}))
    );
    let question = receiver.received().pop().expect("one").json();
    let expected = json!({
        "kind": "edit", "room_id": "den", "user": {"id": "ann", "name": "ann"},
        "message_id": id, "content": "rude",
    });
    assert_eq!(question["data"], expected);

    // What cannot be done, or is done already, is no question.
    let before = receiver.received().len();
    ben.edit(&id, "mine").await.refused(403, "forbidden");
    ann.edit("7", "hi").await.refused(404, "not_found");
    ann.edit(&id, "r*** @ben").await.expect(200);
    ann.erase(&id).await.expect(200);
    ann.edit(&id, "hi again").await.refused(404, "not_found");
    assert_eq!(receiver.received().len(), before);
}

#[tokio::test]
async fn what_is_not_allowed_and_what_the_application_says_itself_is_no_question() {
    let receiver = Receiver::start().await;
    receiver.answer_with(moderates);
    let server = start(&receiver, &[]).await;
    let (ann, cy) = (server.user("ann").await, server.user("cy").await);
    let backend = service(&server).await;
    ann.room_with("den", &[&backend]).await;
    backend.say("den", "bad words of its own").await;
    let hi = json!({"content": "hi"});
    cy.post("/rooms/den/messages", hi.clone()).await.refused(404, "not_found");
    ann.post("/rooms/den/messages", json!({"content": " "})).await.refused(400, "invalid_message");
    ann.put("/rooms/den/freeze", json!({})).await.expect(200);
    backend.post("/rooms/den/messages", hi).await.refused(403, "forbidden");
    assert_eq!(receiver.received().len(), 0);
}

#[tokio::test]
async fn who_may_not_write_any_more_when_the_answer_comes_is_refused() {
    let receiver = Receiver::start().await;
    let (gate, reply) = gated(accepts());
    receiver.answer(reply);
    let server = start(&receiver, &[]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut socket = ben.connect().await;
    let sent = socket.begin("message.send", json!({"room_id": "den", "content": "late"})).await;
    receiver.wait_until("the question", |received| received.len() == 1).await;
    ann.remove_member("den", &ben).await.expect(204);
    gate.send_replace(true);
    assert_eq!(socket.answer(&sent).await.expect_err("refused")["code"], "not_found");
    assert_eq!(history_of(&ann, "den").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_repeat_is_not_asked_about_and_gets_the_first_answer() {
    let receiver = Receiver::start().await;
    let server = start(&receiver, &[]).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    ann.create_room("other", "private").await;
    let (mut phone, mut laptop) = (ann.connect().await, ann.connect().await);
    for (client_id, content) in [("good", "fine"), ("evil", "bad words")] {
        let before = receiver.received().len();
        let (gate, _) = gated(accepts());
        let opening = gate.subscribe();
        receiver.answer_with(move |asked| {
            crate::support::Reply::Behind(opening.clone(), Box::new(moderates(asked)))
        });
        let data = json!({"room_id": "den", "client_id": client_id, "content": content});
        let first = phone.begin("message.send", data.clone()).await;
        receiver.wait_until("the question", |received| received.len() == before + 1).await;
        // Whatever it says, what is stored is what was asked about.
        let other = json!({"room_id": "den", "client_id": client_id, "content": "something else"});
        let repeats =
            [phone.begin("message.send", data).await, phone.begin("message.send", other).await];
        let elsewhere = laptop
            .begin(
                "message.send",
                json!({
                    "room_id": "den", "client_id": client_id, "content": content,
                }),
            )
            .await;
        // They have arrived when what came behind them is answered.
        phone.told_so_far().await;
        laptop.told_so_far().await;
        gate.send_replace(true);
        let first = phone.answer(&first).await;
        for repeat in [
            phone.answer(&repeats[0]).await,
            phone.answer(&repeats[1]).await,
            laptop.answer(&elsewhere).await,
        ] {
            match (&first, &repeat) {
                (Ok(first), Ok(repeat)) => {
                    assert_eq!(
                        (&first["seq"], &first["message_id"]),
                        (&repeat["seq"], &repeat["message_id"])
                    );
                    assert_eq!(
                        (&first["duplicate"], &repeat["duplicate"]),
                        (&json!(false), &json!(true))
                    );
                }
                (first, repeat) => assert_eq!(first, repeat),
            }
        }
        assert_eq!(first.is_ok(), client_id == "good");
        assert_eq!(receiver.received().len(), before + 1, "{client_id} was asked about once");
    }
    // Long after it was stored.
    let before = receiver.received().len();
    assert_eq!(phone.say_as("den", "good", "fine").await["duplicate"], true);
    let elsewhere = json!({"room_id": "other", "client_id": "good", "content": "fine"});
    phone.refused("message.send", elsewhere, "conflict").await;
    assert_eq!(receiver.received().len(), before);
    assert_eq!(contents(&history_of(&ann, "den").await), ["fine"]);
}

#[tokio::test]
async fn without_a_url_nobody_is_asked() {
    let receiver = Receiver::start().await;
    let server = Server::builder().set("PARLOR_CALLBACK_SECRET", super::SECRET).start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    ann.say("den", "bad words").await;
    assert_eq!(asked(&receiver.received()), Vec::<String>::new());
}
