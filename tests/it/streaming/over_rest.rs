//! A message whose text is the body of a request.

use futures_util::stream;
use reqwest::{Body, Method};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Reading;
use crate::support::{Server, Token, User, id_of};

type Pieces = mpsc::UnboundedSender<Vec<u8>>;

/// A request whose body comes piece by piece.
fn begin(
    user: &User,
    query: &str,
    kind: &str,
) -> (Pieces, tokio::task::JoinHandle<crate::support::Outcome>) {
    let (pieces, body) = mpsc::unbounded_channel();
    let body = stream::unfold(body, |mut body| async move {
        let piece: Vec<u8> = body.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), body))
    });
    let request = user
        .request(Method::POST, &format!("/rooms/den/messages/stream{query}"))
        .header("content-type", kind)
        .body(Body::wrap_stream(body));
    (pieces, tokio::spawn(User::outcome(request)))
}

fn say(pieces: &Pieces, bytes: &[u8]) {
    pieces.send(bytes.to_vec()).expect("it is read");
}

#[tokio::test]
async fn a_body_is_told_as_it_comes_and_finished_with_its_end() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    bot.room_with("den", &[&ann]).await;
    let mut at_ann = ann.connect().await;
    let (pieces, answer) = begin(&bot, "", "text/plain");
    say(&pieces, b"Be");
    let mut reading = Reading::of(&at_ann.next_message("den").await["data"]);
    reading.until(&mut at_ann, "Be").await;
    let euro = "€ careful".as_bytes();
    say(&pieces, &euro[..2]);
    say(&pieces, &euro[2..]);
    reading.until(&mut at_ann, "Be€ careful").await;
    drop(pieces);
    let answer = answer.await.expect("answered").expect(200);
    assert_eq!(answer, json!({"message_id": reading.id, "seq": 1, "state": "finished"}));
    let whole = at_ann.next_event("message.updated").await;
    assert_eq!(whole["data"]["content"], "Be€ careful");

    let (pieces, answer) = begin(&bot, "?client_id=x", "application/x-ndjson");
    let parts = json!({"parts": [{"type": "tool", "name": "search"}]});
    say(&pieces, format!("{}\n{{\"te", json!({"metadata": parts})).as_bytes());
    say(&pieces, b"xt\": \"found\"}\n");
    drop(pieces);
    let id = id_of(&answer.await.expect("answered").expect(200));
    let message = ann.message(&id).await.expect(200);
    assert_eq!((&message["content"], &message["metadata"]), (&json!("found"), &parts));
    // The same again adds nothing.
    let (pieces, answer) = begin(&bot, "?client_id=x", "application/x-ndjson");
    say(&pieces, b"{\"text\": \"twice\"}\n");
    drop(pieces);
    let again = answer.await.expect("answered").expect(200);
    assert_eq!((&again["message_id"], &again["duplicate"]), (&json!(id), &json!(true)));
    assert_eq!(ann.message(&id).await.expect(200)["content"], "found");
}

#[tokio::test]
async fn a_body_that_is_cut_wrong_or_stopped_ends_the_message() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    bot.room_with("den", &[&ann]).await;
    let mut at_ann = ann.connect().await;
    let (pieces, answer) = begin(&bot, "", "text/plain");
    say(&pieces, b"half a");
    let created = at_ann.next_message("den").await["data"].clone();
    Reading::of(&created).until(&mut at_ann, "half a").await;
    answer.abort();
    drop(pieces);
    let ended = at_ann.next_event("message.updated").await;
    assert_eq!(
        (&ended["data"]["state"], &ended["data"]["content"]),
        (&json!("interrupted"), &json!("half a"))
    );

    for (kind, body, state) in [
        ("text/plain", &b"wrong \xff"[..], "failed"),
        ("application/x-ndjson", b"{\"text\": \"one\"}\n{\"text\": 1}\n", "failed"),
        ("application/x-ndjson", b"{\"text\": \"one\"}\n{\"failed\": true}\n", "failed"),
        ("text/plain", b"", "failed"),
    ] {
        let (pieces, answer) = begin(&bot, "", kind);
        say(&pieces, body);
        drop(pieces);
        let answer = answer.await.expect("answered");
        assert_eq!(answer.status == 200, body.ends_with(b"true}\n"), "{}", answer.json());
        let ended = at_ann.next_event("message.updated").await;
        assert_eq!(ended["data"]["state"], state, "{ended}");
    }

    let question = ann.say_id("den", "all of it?").await;
    let (pieces, answer) = begin(&bot, &format!("?reply_to={question}"), "text/plain");
    say(&pieces, b"first");
    let is_answer = |frame: &Value| {
        frame["type"] == "message.created" && frame["data"].get("reply_to").is_some()
    };
    let created = at_ann.next_where("the answer", is_answer).await["data"].clone();
    let mut reading = Reading::of(&created);
    reading.until(&mut at_ann, "first").await;
    at_ann.ask("message.stop", json!({"message_id": reading.id})).await;
    let answer = answer.await.expect("answered").expect(200);
    assert_eq!((&answer["stopped"], &answer["state"]), (&json!(true), &json!("finished")));
    assert_eq!(ann.message(&reading.id).await.expect(200)["content"], "first");
}

#[tokio::test]
async fn a_body_goes_no_further_than_its_token() {
    let server = Server::start().await;
    let (bot, ann) = (server.user("bot").await, server.user("ann").await);
    let root = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    bot.room_with("den", &[&ann]).await;
    let mut at_ann = ann.connect().await;
    let (pieces, answer) = begin(&bot, "", "text/plain");
    say(&pieces, b"before");
    let mut reading = Reading::of(&at_ann.next_message("den").await["data"]);
    reading.until(&mut at_ann, "before").await;
    root.post("/users/bot/revoke", json!({})).await.expect(204);
    // Also while it never pauses.
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(50));
    let talking = async {
        loop {
            pace.tick().await;
            // It is read no more, in the end.
            let _ = pieces.send(b".".to_vec());
        }
    };
    let ended = tokio::select! {
        () = talking => unreachable!("it goes on for ever"),
        ended = at_ann.next_event("message.updated") => ended,
    };
    assert_eq!(ended["data"]["state"], "interrupted", "{ended}");
    let text = ended["data"]["content"].as_str().expect("a text");
    assert!(text.starts_with("before"), "{text}");
    answer.await.expect("answered").refused(401, "unauthorized");
}
