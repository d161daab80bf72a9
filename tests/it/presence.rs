//! Who is there and who is typing, for those who share a room.

use serde_json::{Value, json};

use crate::support::{Server, Socket, within};

async fn next_presence(socket: &mut Socket, user: &str) -> Value {
    let wanted = |frame: &Value| frame["type"] == "presence" && frame["data"]["user_id"] == user;
    socket.next_where("presence", wanted).await["data"].clone()
}

#[tokio::test]
async fn those_who_share_a_room_see_who_comes_is_away_and_goes() {
    let server = Server::builder()
        .set("PARLOR_PRESENCE_GRACE", "1ms")
        .set("PARLOR_CONTACT", "shared")
        .start()
        .await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.create_room("den", "public").await;
    ben.join("den").await.expect(201);
    let (mut at_ann, mut at_cy) = (ann.connect().await, cy.connect().await);
    let mut one = ben.connect().await;
    assert_eq!(next_presence(&mut at_ann, "ben").await["status"], "online");
    let mut two = ben.connect().await;
    // Away is who is away on all devices.
    one.ask("presence.set", json!({"status": "away"})).await;
    assert_eq!(ann.get("/users/ben/presence").await.expect(200)["status"], "online");
    two.ask("presence.set", json!({"status": "away"})).await;
    assert_eq!(next_presence(&mut at_ann, "ben").await["status"], "away");
    drop(one);
    drop(two);
    let gone = next_presence(&mut at_ann, "ben").await;
    assert_eq!(gone["status"], "offline");
    assert!(gone["last_seen"].is_string(), "{gone}");
    // It is written down a moment after it is told.
    let listed = async {
        loop {
            let shown = ann.get("/rooms/den/presence").await.expect(200);
            let all = shown["users"].as_array().expect("a list").clone();
            let ben_is = all.into_iter().find(|user| user["user_id"] == "ben").expect("listed");
            assert_eq!(ben_is["status"], "offline");
            if ben_is["last_seen"].is_string() {
                break;
            }
        }
    };
    within("when ben was seen last", listed).await;
    // A stranger sees nothing.
    let told = at_cy.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "presence"), "{told:?}");
    cy.get("/users/ben/presence").await.refused(404, "not_found");
}

#[tokio::test]
async fn who_is_back_within_the_grace_was_never_gone() {
    let server = Server::builder().set("PARLOR_PRESENCE_GRACE", "60s").start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ann = ann.connect().await;
    let first = ben.connect().await;
    next_presence(&mut at_ann, "ben").await;
    drop(first);
    for _ in 0..5 {
        let mut again = ben.connect().await;
        again.say("den", "still here").await;
    }
    at_ann.next_messages("den", 5).await;
    let told = at_ann.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "presence"), "{told:?}");
    assert_eq!(ann.get("/users/ben/presence").await.expect(200)["status"], "online");
}

#[tokio::test]
async fn typing_is_told_to_the_others_and_ends_by_sending_leaving_and_time() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let typing = json!({"room_id": "den", "is_typing": true});
    at_ben.ask("typing", typing.clone()).await;
    let told = at_ann.next_event("typing").await;
    assert_eq!(told["data"], json!({"user_id": "ben", "is_typing": true}));
    at_ben.say("den", "hi").await;
    assert_eq!(at_ann.next_event("typing").await["data"]["is_typing"], false);
    // By itself, after a while.
    at_ben.ask("typing", typing.clone()).await;
    assert_eq!(at_ann.next_event("typing").await["data"]["is_typing"], true);
    assert_eq!(at_ann.next_event("typing").await["data"]["is_typing"], false);
    // With the connection.
    at_ben.ask("typing", typing).await;
    assert_eq!(at_ann.next_event("typing").await["data"]["is_typing"], true);
    let own = at_ben.told_so_far().await;
    assert!(own.iter().all(|frame| frame["type"] != "typing"), "not to oneself: {own:?}");
    drop(at_ben);
    assert_eq!(at_ann.next_event("typing").await["data"]["is_typing"], false);
}

#[tokio::test]
async fn in_a_big_room_nobody_is_told_who_types_comes_goes_or_reads() {
    let server = Server::builder()
        .set("PARLOR_BIG_ROOM_MEMBERS", 2)
        .set("PARLOR_PRESENCE_GRACE", "1ms")
        .start()
        .await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.room_with("hall", &[&ben, &cy]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    at_ben.ask("typing", json!({"room_id": "hall", "is_typing": true})).await;
    at_ann.say("hall", "hi").await;
    at_ben.ask("message.read", json!({"room_id": "hall", "all": true})).await;
    drop(cy.connect().await);
    let told = at_ann.told_so_far().await;
    let quiet = ["typing", "presence", "receipts"];
    assert!(told.iter().all(|frame| !quiet.contains(&frame["type"].as_str().unwrap_or(""))));
    let shown = ann.get("/rooms/hall/presence").await.expect(200);
    assert_eq!((&shown["member_count"], shown.get("users")), (&json!(3), None));
    assert!(shown["connections"].as_u64().expect("a number") >= 2);
}

#[tokio::test]
async fn who_was_taken_out_of_a_room_while_away_is_not_told_gone_there() {
    let server = Server::builder().set("PARLOR_PRESENCE_GRACE", "300ms").start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let (cy, dan) = (server.user("cy").await, server.user("dan").await);
    ann.room_with("den", &[&ben, &dan]).await;
    cy.create_room("attic", "private").await;
    let (mut at_ann, mut at_cy) = (ann.connect().await, cy.connect().await);
    let (at_ben, at_dan) = (ben.connect().await, dan.connect().await);
    drop(at_ben);
    ann.remove_member("den", &ben).await.expect(204);
    cy.add_member("attic", &ben).await.expect(201);
    drop(at_dan);
    let is_gone =
        |frame: &Value| frame["type"] == "presence" && frame["data"]["status"] == "offline";
    let gone = at_ann.next_where("who is gone", is_gone).await;
    assert_eq!(gone["data"]["user_id"], "dan", "ben is no member any more");
    let gone = at_cy.next_where("who is gone", is_gone).await;
    assert_eq!(gone["data"]["user_id"], "ben", "ben became one");
}

#[tokio::test]
async fn when_one_was_last_there_is_known_after_a_stop() {
    let mut server = Server::builder().set("PARLOR_PRESENCE_GRACE", "10m").start().await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.room_with("den", &[&ben, &cy]).await;
    // Ben is within the grace when the server stops, Cy is there.
    drop(ben.connect().await);
    let _at_cy = cy.connect().await;
    server.restart().await;
    for user in ["ben", "cy"] {
        let seen = ann.get(&format!("/users/{user}/presence")).await.expect(200);
        assert_eq!((&seen["status"], seen["last_seen"].is_string()), (&json!("offline"), true));
    }
}
