//! Every kind of change, by every way in which a client can hear of it.

use serde_json::{Value, json};

use crate::support::{Server, User, history_of, id_of, seqs};

/// A room in which everything happens that takes a number; gives the ids of
/// its messages.
async fn history_of_changes(ann: &User, ben: &User) -> Vec<String> {
    let first = ann.say_id("den", "first").await;
    let answer = ben.reply("den", &first, "yes @ann").await;
    let in_thread = ben.reply_in_thread("den", &first, "in the thread").await;
    let edited = ann.say_id("den", "frist").await;
    ann.edit(&edited, "edited for @ben").await.expect(200);
    let gone = ben.say_id("den", "to be gone").await;
    ben.react(&first, "👍").await.expect(200);
    ann.react(&first, "🎉").await.expect(200);
    ben.unreact(&first, "👍").await.expect(200);
    ann.pin(&answer).await.expect(200);
    ann.pin(&edited).await.expect(200);
    ann.unpin(&edited).await.expect(200);
    ann.erase(&gone).await.expect(200);
    let body = json!({"content": "last", "metadata": {"n": 1}});
    let last = ann.post_message("den", body).await;
    vec![first, answer, in_thread, edited, gone, last]
}

/// What a client knows that applies each event to what it has.
fn applied(start: &[Value], events: &[Value]) -> Vec<Value> {
    let mut messages = start.to_vec();
    for event in events {
        let id = &event["data"]["message_id"];
        match messages.iter_mut().find(|message| message["message_id"] == *id) {
            Some(message) => *message = event["data"].clone(),
            None => messages.push(event["data"].clone()),
        }
    }
    messages.sort_by_key(|message| message["seq"].as_i64());
    messages
}

/// The same without what a quote said at its time: a client follows the
/// quoted message itself.
fn without_quotes(mut messages: Vec<Value>) -> Vec<Value> {
    for message in &mut messages {
        message["reply_to"]["content"] = Value::Null;
        message["thread"]["last_reply"] = Value::Null;
    }
    messages
}

#[tokio::test]
async fn all_hear_every_change_in_one_order_and_end_with_what_is_stored() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut sockets = Vec::new();
    for user in [&ann, &ben, &ben] {
        sockets.push(user.connect().await);
    }
    let ids = history_of_changes(&ann, &ben).await;
    let head = ann.last_seq("den").await;
    let stored = history_of(&ben, "den").await;
    assert_eq!(stored.iter().map(id_of).collect::<Vec<_>>(), ids);
    let mut heard: Vec<Vec<Value>> = Vec::new();
    for socket in &mut sockets {
        let events = socket.changes_up_to("den", head).await;
        assert_eq!(seqs(&events), (1..=head).collect::<Vec<i64>>(), "every number once");
        assert_eq!(without_quotes(applied(&[], &events)), without_quotes(stored.clone()));
        heard.push(events);
    }
    assert!(heard.iter().all(|events| *events == heard[0]), "the same for all");
}

#[tokio::test]
async fn who_comes_back_from_anywhere_ends_with_what_is_stored() {
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut live = ben.connect().await;
    history_of_changes(&ann, &ben).await;
    let head = ann.last_seq("den").await;
    let events = live.changes_up_to("den", head).await;
    for crashed in [false, true] {
        if crashed {
            server.kill9().await;
            server.start_again().await;
        }
        let stored = history_of(&ben, "den").await;
        for since in 0..=head {
            let had = applied(&[], &events[..usize::try_from(since).expect("small")]);
            // By a resume, and by a subscription.
            let (mut resumed, answer) = ben.resume(json!({"den": since})).await;
            let room = &answer["rooms"]["den"];
            assert_eq!((&room["resync"], &room["last_seq"]), (&json!(false), &json!(head)));
            let replayed = room["replayed"].as_u64().expect("a number");
            let missed = resumed.told_so_far().await;
            assert_eq!(missed.len() as u64, replayed);
            check(&had, &missed, &stored, since);
            let mut fresh = ben.connect().await;
            fresh.ask("room.unsubscribe", json!({"room_id": "den"})).await;
            fresh.told_so_far().await;
            fresh.ask("room.subscribe", json!({"room_id": "den", "since": since})).await;
            check(&had, &fresh.told_so_far().await, &stored, since);
        }
    }
}

fn check(had: &[Value], missed: &[Value], stored: &[Value], since: i64) {
    let numbers = seqs(missed);
    assert!(numbers.windows(2).all(|two| two[0] < two[1]), "{numbers:?}");
    assert!(numbers.iter().all(|seq| *seq > since), "{numbers:?} since {since}");
    let now = applied(had, missed);
    assert_eq!(without_quotes(now), without_quotes(stored.to_vec()), "since {since}");
    for event in missed {
        let (data, kind) = (&event["data"], event["type"].as_str().expect("a type"));
        let expected = match (data["deleted_at"].is_string(), data["seq"].as_i64() > Some(since)) {
            (true, _) => "message.deleted",
            (false, true) => "message.created",
            (false, false) => "message.updated",
        };
        assert_eq!(kind, expected, "since {since}: {event}");
    }
}

#[tokio::test]
async fn changes_that_meet_are_all_there_and_none_twice() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let id = ann.say_id("den", "root").await;
    let mut watcher = ben.connect().await;
    let mut tasks = Vec::new();
    for user in [&ann, &ben] {
        let (user, id) = (user.clone(), id.clone());
        tasks.push(tokio::spawn(async move {
            let mut socket = user.connect().await;
            let mut asked = Vec::new();
            for number in 0..40 {
                let emoji = json!({"message_id": id, "emoji": format!("e{}", number % 5)});
                asked.push(socket.begin("reaction.add", emoji.clone()).await);
                let thread = json!({"room_id": "den", "content": "x", "thread_id": id});
                asked.push(socket.begin("message.send", thread).await);
                asked.push(socket.begin("reaction.remove", emoji).await);
                let edit = json!({"message_id": id, "content": number.to_string()});
                if user.id == "ann" {
                    asked.push(socket.begin("message.edit", edit).await);
                }
            }
            for id in asked {
                socket.answer(&id).await.expect("granted");
            }
        }));
    }
    for task in tasks {
        task.await.expect("all is done");
    }
    // A reply moves its root, too.
    let head = ann.last_seq("den").await;
    assert_eq!(head, 1 + 2 * 40 * 4 + 40);
    let events = watcher.changes_up_to("den", head).await;
    assert_eq!(seqs(&events), (2..=head).collect::<Vec<i64>>());
    let seen = ann.message(&id).await.expect(200);
    assert_eq!((&seen["content"], &seen["thread"]["count"]), (&json!("39"), &json!(80)));
    assert_eq!(seen["reactions"], Value::Null);
    let last = events.iter().rev().find(|event| event["message_id"] == id.as_str());
    assert_eq!(last.expect("told")["data"], seen);
}

#[tokio::test]
async fn to_strangers_no_message_of_a_private_room_exists() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let eve = server.user("eve").await;
    ann.room_with("den", &[&ben]).await;
    let id = ann.say_id("den", "secret").await;
    let own = ben.say_id("den", "mine").await;
    ann.remove_member("den", &ben).await.expect(204);
    let mut at_eve = eve.connect().await;
    for (user, id) in [(&eve, &id), (&ben, &id), (&ben, &own)] {
        let missing = user.message("12345").await.refused(404, "not_found");
        assert_eq!(user.message(id).await.refused(404, "not_found"), missing);
        for refused in [
            user.edit(id, "x").await,
            user.erase(id).await,
            user.react(id, "x").await,
            user.unreact(id, "x").await,
            user.pin(id).await,
            user.unpin(id).await,
            user.get(&format!("/messages/{id}/thread")).await,
            user.get(&format!("/messages/{id}/receipts")).await,
            user.get(&format!("/messages/{id}/reactions")).await,
        ] {
            assert_eq!(refused.refused(404, "not_found"), missing);
        }
        for path in ["pins", "messages", "messages/count", "members", "receipts", "read", "bans"] {
            user.get(&format!("/rooms/den/{path}")).await.refused(404, "not_found");
        }
        user.try_say("den", "x").await.refused(404, "not_found");
    }
    for kind in ["message.edit", "message.delete", "message.pin", "message.unpin"] {
        let data = json!({"message_id": id, "content": "x"});
        at_eve.refused(kind, data, "not_found").await;
    }
    for kind in ["reaction.add", "reaction.remove"] {
        at_eve.refused(kind, json!({"message_id": id, "emoji": "x"}), "not_found").await;
    }
    assert_eq!(ann.last_seq("den").await, 2);
    assert_eq!(ann.message(&id).await.expect(200)["content"], "secret");
}

#[tokio::test]
async fn a_cleared_room_takes_all_with_it() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let ids = history_of_changes(&ann, &ben).await;
    let head = ann.last_seq("den").await;
    let mut at_ben = ben.connect().await;
    ann.delete("/rooms/den/messages").await.expect(204);
    let told = at_ben.next_event("room.cleared").await;
    assert_eq!((&told["seq"], &told["data"]["upto"]), (&json!(head + 1), &json!(head + 1)));
    for id in &ids {
        for refused in [
            ann.message(id).await,
            ann.edit(id, "x").await,
            ann.erase(id).await,
            ann.react(id, "x").await,
            ann.pin(id).await,
            ann.get(&format!("/messages/{id}/thread")).await,
            ann.get(&format!("/messages/{id}/reactions")).await,
        ] {
            refused.refused(404, "not_found");
        }
        for name in ["reply_to", "thread_id"] {
            let mut body = json!({"content": "x"});
            body[name] = json!(id);
            ann.post("/rooms/den/messages", body).await.refused(404, "not_found");
        }
    }
    assert_eq!(ann.last_seq("den").await, head + 1);
    ann.say("den", "a new beginning").await;
    assert_eq!(at_ben.next_message("den").await["seq"], head + 2);
}
