//! What moderators lay down for those who write in a room.

use serde_json::{Value, json};

use crate::support::{Cluster, Outcome, Server, Socket, Token, User, id_of};

/// A room with a moderator and a member, and their sockets.
async fn den(server: &Server) -> (User, User, Socket, Socket) {
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let (at_ann, at_ben) = (ann.connect().await, ben.connect().await);
    (ann, ben, at_ann, at_ben)
}

fn message(content: &str) -> Value {
    json!({"room_id": "den", "content": content})
}

async fn freeze(user: &User, room: &str) -> Outcome {
    user.put(&format!("/rooms/{room}/freeze"), json!({})).await
}

#[tokio::test]
async fn in_a_frozen_room_moderators_write_and_everybody_reads() {
    let server = Server::start().await;
    let (ann, ben, mut at_ann, mut at_ben) = den(&server).await;
    let own = ben.say_id("den", "before").await;
    at_ben.next_message("den").await;
    let frozen = at_ann.ask("room.freeze", json!({"room_id": "den"})).await;
    assert_eq!(frozen["rules"], json!({"frozen": true}), "{frozen}");
    let told = at_ben.next_event("room.updated").await;
    assert_eq!(told["data"]["rules"], json!({"frozen": true}), "{told}");

    let refusal = at_ben.refused("message.send", message("may I?"), "forbidden").await;
    assert_eq!(refusal["message"], "this room is frozen");
    ben.try_say("den", "over REST?").await.refused(403, "forbidden");
    ben.edit(&own, "changed").await.refused(403, "forbidden");
    ben.react(&own, "👍").await.refused(403, "forbidden");
    let typing = json!({"room_id": "den", "is_typing": true});
    at_ben.refused("typing", typing, "forbidden").await;
    let with_extras = json!({"room_id": "den", "content": "@ann", "reply_to": own});
    at_ben.refused("message.send", with_extras, "forbidden").await;

    at_ann.say("den", "quiet, please").await;
    assert_eq!(at_ben.next_message("den").await["data"]["content"], "quiet, please");
    let page = ben.history("den", "").await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(2), "{page}");
    ben.mark_read("den", 2).await;
    ben.erase(&own).await.expect(200);

    let thawed = at_ann.ask("room.unfreeze", json!({"room_id": "den"})).await;
    assert!(thawed.get("rules").is_none(), "{thawed}");
    assert_eq!(at_ben.next_event("room.updated").await["data"]["rules"], json!({}));
    at_ben.say("den", "at last").await;
    ann.get("/rooms/den").await.expect(200);
}

#[tokio::test]
async fn moderators_freeze_and_nobody_else() {
    let server = Server::start().await;
    let (ann, ben, _, mut at_ben) = den(&server).await;
    let cleo = server.user("cleo").await;
    at_ben.refused("room.freeze", json!({"room_id": "den"}), "forbidden").await;
    freeze(&ben, "den").await.refused(403, "forbidden");
    freeze(&cleo, "den").await.refused(404, "not_found");
    let direct = ann.direct(&ben).await;
    freeze(&ann, &direct).await.refused(403, "forbidden");
    ann.set_role("den", &ben, "moderator").await.expect(200);
    assert_eq!(freeze(&ben, "den").await.expect(200)["rules"]["frozen"], true);
    assert_eq!(freeze(&ben, "den").await.expect(200)["rules"]["frozen"], true, "as it was");
    at_ben.say("den", "a moderator").await;
    let token = Token::of("root").claim("roles", json!(["admin"]));
    server.user_with("root", token).await.delete("/rooms/den/freeze").await.expect(200);
    assert!(ann.get("/rooms/den").await.expect(200).get("rules").is_none());
}

#[tokio::test]
async fn a_room_stays_frozen_over_a_restart_and_says_so_to_all() {
    let mut server = Server::start().await;
    let (ann, ben, ..) = den(&server).await;
    freeze(&ann, "den").await.expect(200);
    server.kill9().await;
    server.start_again().await;
    let mut at_ben = ben.connect().await;
    assert_eq!(at_ben.ready["rooms"][0]["rules"], json!({"frozen": true}), "{}", at_ben.ready);
    at_ben.refused("message.send", message("may I?"), "forbidden").await;
    assert_eq!(ben.get("/rooms/den").await.expect(200)["rules"]["frozen"], true);
}

#[tokio::test]
async fn nothing_that_comes_behind_a_freeze_is_stored_before_it_ends() {
    const ROUNDS: usize = 8;
    let server = Server::start().await;
    let (_, ben, mut at_ann, mut at_ben) = den(&server).await;
    for _ in 0..ROUNDS {
        // Sent without waiting: the message reaches the server while the
        // database is still busy with the room.
        let freezing = at_ann.begin("room.freeze", json!({"room_id": "den"})).await;
        let sending = at_ben.begin("message.send", message("at the same time")).await;
        at_ann.answer(&freezing).await.expect("frozen");
        let head = ben.last_seq("den").await;
        let sent = at_ben.answer(&sending).await;
        match sent {
            Ok(ack) => assert!(ack["seq"].as_i64() <= Some(head), "{ack} behind the freeze"),
            Err(error) => assert_eq!(error["code"], "forbidden"),
        }
        at_ann.ask("room.unfreeze", json!({"room_id": "den"})).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_room_that_is_frozen_on_one_node_is_frozen_on_all() {
    let cluster = Cluster::start(2).await;
    let (ann, ben) = (cluster.nodes[0].user("ann").await, cluster.nodes[1].user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    let said = at_ben.say("den", "before").await;
    // Whatever the other node knows by now, the transaction decides.
    freeze(&ann, "den").await.expect(200);
    at_ben.refused("message.send", message("may I?"), "forbidden").await;
    ben.edit(&id_of(&said), "changed").await.refused(403, "forbidden");
    let told = at_ben.next_event("room.updated").await;
    assert_eq!(told["data"]["rules"]["frozen"], true, "{told}");
}

async fn slow_down(user: &User, seconds: i64) -> Value {
    user.put("/rooms/den/slow-mode", json!({"seconds": seconds})).await.expect(200)
}

#[tokio::test]
async fn in_slow_mode_a_member_writes_once_in_a_while_and_moderators_at_will() {
    let mut server = Server::start().await;
    let (ann, ben, mut at_ann, mut at_ben) = den(&server).await;
    let set = json!({"room_id": "den", "seconds": 600});
    at_ben.refused("room.slow_mode", set.clone(), "forbidden").await;
    let slow = at_ann.ask("room.slow_mode", set).await;
    assert_eq!(slow["rules"], json!({"slow_mode_seconds": 600}), "{slow}");
    assert_eq!(at_ben.next_event("room.updated").await["data"]["rules"], slow["rules"]);

    let said = at_ben.say_as("den", "one", "the first").await;
    let refusal = at_ben.refused("message.send", message("another"), "rate_limited").await;
    let left = refusal["retry_after_ms"].as_i64().expect("a time");
    assert!((1..=600_000).contains(&left), "{refusal}");
    assert_eq!(refusal["field"], "room_id", "it is not all that has to wait");
    let rich = json!({"room_id": "den", "content": "@ann", "thread_id": id_of(&said)});
    at_ben.refused("message.send", rich, "rate_limited").await;
    ben.try_say("den", "over REST").await.refused(429, "rate_limited");
    let again = at_ben.say_as("den", "one", "the first").await;
    assert_eq!((&again["duplicate"], &again["seq"]), (&json!(true), &json!(1)), "{again}");
    ben.edit(&id_of(&said), "as it was meant").await.expect(200);
    ben.react(&id_of(&said), "👍").await.expect(200);
    at_ann.say("den", "one").await;
    at_ann.say("den", "two").await;

    server.kill9().await;
    server.start_again().await;
    let mut at_ben = ben.connect().await;
    at_ben.refused("message.send", message("another"), "rate_limited").await;
    assert_eq!(slow_down(&ann, 0).await.get("rules"), None);
    at_ben.say("den", "at last").await;
    at_ben.say("den", "and again").await;
}

#[tokio::test]
async fn slow_mode_is_over_when_it_says_and_counts_what_has_more_than_a_content() {
    let server = Server::start().await;
    let (ann, ben, _, mut at_ben) = den(&server).await;
    slow_down(&ann, 1).await;
    let root = ben.say_id("den", "@ann a mention").await;
    let refusal = at_ben.refused("message.send", message("another"), "rate_limited").await;
    let left = refusal["retry_after_ms"].as_u64().expect("a time");
    // As a client does that is told how long to wait.
    tokio::time::sleep(std::time::Duration::from_millis(left)).await;
    let reply = json!({"room_id": "den", "content": "again", "thread_id": root});
    at_ben.ask("message.send", reply).await;
    at_ben.refused("message.send", message("another"), "rate_limited").await;
}

#[tokio::test]
async fn of_several_messages_at_once_slow_mode_takes_one() {
    let server = Server::start().await;
    let (ann, _, _, mut at_ben) = den(&server).await;
    slow_down(&ann, 600).await;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(at_ben.begin("message.send", message(&number.to_string())).await);
    }
    let mut stored = 0;
    for id in ids {
        match at_ben.answer(&id).await {
            Ok(_) => stored += 1,
            Err(error) => assert_eq!(error["code"], "rate_limited", "{error}"),
        }
    }
    assert_eq!((stored, ann.last_seq("den").await), (1, 1));
}

#[tokio::test]
async fn leaving_and_coming_back_does_not_shorten_slow_mode() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("den", "public").await;
    ben.join("den").await.expect(201);
    slow_down(&ann, 600).await;
    ben.try_say("den", "one").await.expect(201);
    ben.leave("den").await.expect(204);
    ben.join("den").await.expect(201);
    ben.try_say("den", "two").await.refused(429, "rate_limited");
    for bad in [json!({}), json!({"seconds": -1}), json!({"seconds": "x"})] {
        ann.put("/rooms/den/slow-mode", bad).await.refused(400, "invalid_message");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn slow_mode_is_one_over_all_nodes() {
    let cluster = Cluster::start(2).await;
    let (ann, ben) = (cluster.nodes[0].user("ann").await, cluster.nodes[1].user("ben").await);
    let ben_here = cluster.nodes[0].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    slow_down(&ann, 600).await;
    ben.try_say("den", "one").await.expect(201);
    ben_here.try_say("den", "two").await.refused(429, "rate_limited");
    ben.try_say("den", "three").await.refused(429, "rate_limited");
}
