//! Who may bring whom into a room, and that what others do leaves one's own
//! room.

use serde_json::{Value, json};

use crate::support::{Cluster, Server, Socket, Token, User};

async fn with_role(server: &Server, id: &str, role: &str) -> User {
    server.user_with(id, Token::of(id).claim("roles", json!([role]))).await
}

/// Makes a private room and puts somebody into it.
async fn put_into(adder: &User, room: &str, user: &User) -> crate::support::Outcome {
    adder.create_room(room, "private").await;
    adder.add_member(room, user).await
}

async fn status_of(socket: &mut Socket, user: &str) -> Value {
    let wanted = |frame: &Value| frame["type"] == "presence" && frame["data"]["user_id"] == user;
    socket.next_where("presence", wanted).await["data"]["status"].clone()
}

#[tokio::test]
async fn strangers_fill_no_room_of_ones_own_and_no_one_of_them_all_that_is_for_strangers() {
    let server = Server::builder()
        .set("PARLOR_ROOMS_PER_USER", 3)
        .set("PARLOR_PLACED_ROOMS_PER_USER", 10)
        .start()
        .await;
    let (ann, mal, ben) =
        (server.user("ann").await, server.user("mal").await, server.user("ben").await);
    // A fifth of them is for one and the same.
    put_into(&mal, "m1", &ann).await.expect(201);
    put_into(&mal, "m2", &ann).await.expect(201);
    let refused = put_into(&mal, "m3", &ann).await;
    refused.refused(409, "conflict");
    ben.open_direct(&ann).await.expect(201);
    for own in ["a1", "a2", "a3"] {
        ann.create_room(own, "private").await;
    }
    ann.post("/rooms", json!({"room_id": "a4"})).await.refused(409, "conflict");
    // The application has places of its own.
    let app = with_role(&server, "app", "service").await;
    put_into(&app, "work", &ann).await.expect(201);
    // What one leaves is free again; joining it makes it one's own.
    ann.leave("m1").await.expect(204);
    mal.add_member("m3", &ann).await.expect(201);
    ann.leave("a3").await.expect(204);
    ann.join("m3").await.expect(200);
    ann.post("/rooms", json!({"room_id": "a4"})).await.refused(409, "conflict");
    mal.add_member("m1", &ann).await.expect(201);
}

#[tokio::test]
async fn who_is_blocked_adds_nobody_opens_no_room_and_sees_nobody() {
    let server = Server::builder().set("PARLOR_PRESENCE_GRACE", "1ms").start().await;
    let (ann, mal, ben) =
        (server.user("ann").await, server.user("mal").await, server.user("ben").await);
    ben.room_with("den", &[&ann, &mal]).await;
    let (mut at_mal, mut at_ben) = (mal.connect().await, ben.connect().await);
    let at_ann = ann.connect().await;
    assert_eq!(status_of(&mut at_mal, "ann").await, "online");
    ann.block(&mal).await.expect(204);
    assert_eq!(status_of(&mut at_mal, "ann").await, "offline", "as if she had gone");
    mal.get("/users/ann/presence").await.refused(404, "not_found");
    let seen = mal.get("/rooms/den/presence").await.expect(200);
    let ids: Vec<&Value> =
        seen["users"].as_array().expect("a list").iter().map(|user| &user["user_id"]).collect();
    assert_eq!((ids, &seen["member_count"]), (vec![&json!("ben"), &json!("mal")], &json!(3)));
    put_into(&mal, "trap", &ann).await.refused(403, "forbidden");
    mal.open_direct(&ann).await.refused(403, "forbidden");
    // Nothing of her coming and going reaches him, and all of it the others.
    assert_eq!(status_of(&mut at_ben, "ann").await, "online");
    drop(at_ann);
    assert_eq!(status_of(&mut at_ben, "ann").await, "offline");
    let _again = ann.connect().await;
    assert_eq!(status_of(&mut at_ben, "ann").await, "online");
    let told = at_mal.told_so_far().await;
    assert!(told.iter().all(|frame| frame["data"]["user_id"] != "ann"), "{told:?}");
    ann.unblock(&mal).await.expect(204);
    assert_eq!(status_of(&mut at_mal, "ann").await, "online");
    mal.add_member("trap", &ann).await.expect(201);
}

#[tokio::test]
async fn where_a_shared_room_is_needed_strangers_reach_nobody() {
    let server = Server::builder().set("PARLOR_CONTACT", "shared").start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    put_into(&ben, "bens", &ann).await.refused(403, "forbidden");
    ben.open_direct(&ann).await.refused(403, "forbidden");
    ben.get("/users/ann/presence").await.refused(404, "not_found");
    ann.create_room("hall", "public").await;
    ben.join("hall").await.expect(201);
    ben.get("/users/ann/presence").await.expect(200);
    ben.add_member("bens", &ann).await.expect(201);
    ben.open_direct(&ann).await.expect(201);
}

#[tokio::test]
async fn where_only_the_backend_brings_people_together_users_do_not() {
    let server = Server::builder().set("PARLOR_CONTACT", "backend").start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("hall", "public").await;
    ben.join("hall").await.expect(201);
    put_into(&ann, "anns", &ben).await.refused(403, "forbidden");
    ann.open_direct(&ben).await.refused(403, "forbidden");
    // They hear each other in the hall, so they may also ask.
    ann.get("/users/ben/presence").await.expect(200);
    let root = with_role(&server, "root", "admin").await;
    root.add_member("anns", &ben).await.expect(201);
    let app = with_role(&server, "app", "service").await;
    let pair = json!({"user_ids": ["ann", "ben"]});
    ann.post("/rooms/direct", pair.clone()).await.refused(403, "forbidden");
    let mut at_ben = ben.connect().await;
    let room = app.post("/rooms/direct", pair.clone()).await.expect(201);
    let added = at_ben.next_event("room.added").await;
    assert_eq!(added["data"]["room"]["room_id"], room["room_id"]);
    assert_eq!(added["data"]["room"]["peer"]["id"], "ann");
    assert_eq!(app.post("/rooms/direct", pair).await.expect(200)["room_id"], room["room_id"]);
    ann.say(room["room_id"].as_str().expect("an id"), "hello").await;
    for wrong in [json!(["ann"]), json!(["ann", "ann"]), json!(["ann", "a b"]), json!("ann")] {
        let refused = app.post("/rooms/direct", json!({"user_ids": wrong})).await;
        assert_eq!(refused.refused(400, "invalid_message")["field"], "user_ids");
    }
    app.post("/rooms/direct", json!({"user_ids": ["ann", "all"]})).await.refused(404, "not_found");
}

#[tokio::test]
async fn who_was_put_into_a_room_and_made_its_owner_can_leave() {
    let server = Server::start().await;
    let (ann, mal) = (server.user("ann").await, server.user("mal").await);
    put_into(&mal, "trap", &ann).await.expect(201);
    let mut at_mal = mal.connect().await;
    mal.transfer("trap", &ann).await.expect(204);
    ann.leave("trap").await.expect(204);
    let owns =
        |frame: &Value| frame["type"] == "member.updated" && frame["data"]["role"] == "owner";
    assert_eq!(at_mal.next_where("ann's", owns).await["data"]["user"]["id"], "ann");
    assert_eq!(at_mal.next_where("mal's again", owns).await["data"]["user"]["id"], "mal");
    mal.delete("/rooms/trap").await.expect(204);
}

#[tokio::test]
async fn who_joins_while_there_is_seen_and_sees_who_is_there() {
    let server = Server::start().await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.create_room("den", "public").await;
    cy.join("den").await.expect(201);
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    at_ben.ask("room.join", json!({"room_id": "den"})).await;
    assert_eq!(status_of(&mut at_ann, "ben").await, "online");
    let seen = at_ben.next_event("room.presence").await;
    assert_eq!(seen["room_id"], "den");
    assert_eq!(seen["data"]["users"], json!([{"user_id": "ann", "status": "online"}]));
    // Who was put into a room of two learns it as well.
    let mut at_cy = cy.connect().await;
    ben.create_room("attic", "private").await;
    at_cy.ask("presence.set", json!({"status": "away"})).await;
    at_ben.told_so_far().await;
    ben.add_member("attic", &cy).await.expect(201);
    let in_attic = |frame: &Value| frame["room_id"] == "attic" && frame["type"] == "room.presence";
    let seen = at_cy.next_where("who is in the attic", in_attic).await;
    assert_eq!(seen["data"]["users"], json!([{"user_id": "ben", "status": "online"}]));
    assert_eq!(status_of(&mut at_ben, "cy").await, "away");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn bounds_blocks_and_meetings_hold_over_all_nodes() {
    let own = vec![
        ("PARLOR_PLACED_ROOMS_PER_USER", "10".to_owned()),
        ("PARLOR_PRESENCE_GRACE", "1ms".to_owned()),
    ];
    let cluster = Cluster::with(&[own.clone(), own]).await;
    let (here, there) = (&cluster.nodes[0], &cluster.nodes[1]);
    let (ann, mal) = (here.user("ann").await, there.user("mal").await);
    let mal_here = here.user("mal").await;
    put_into(&mal, "m1", &ann).await.expect(201);
    put_into(&mal_here, "m2", &ann).await.expect(201);
    put_into(&mal, "m3", &ann).await.refused(409, "conflict");
    // They meet although they are on two nodes.
    ann.create_room("hall", "public").await;
    let (mut at_ann, mut at_mal) = (ann.connect().await, mal.connect().await);
    at_mal.ask("room.join", json!({"room_id": "hall"})).await;
    assert_eq!(status_of(&mut at_ann, "mal").await, "online");
    let in_hall = |frame: &Value| frame["room_id"] == "hall" && frame["type"] == "room.presence";
    let seen = at_mal.next_where("who is in the hall", in_hall).await;
    assert_eq!(seen["data"]["users"][0]["user_id"], "ann");
    ann.block(&mal).await.expect(204);
    let gone = |frame: &Value| {
        frame["type"] == "presence"
            && frame["data"] == json!({"user_id": "ann", "status": "offline"})
    };
    at_mal.next_where("ann is gone for him", gone).await;
    mal.open_direct(&ann).await.refused(403, "forbidden");
    drop(at_ann);
    let _again = ann.connect().await;
    ann.say("hall", "are you there?").await;
    at_mal.next_message("hall").await;
    let told = at_mal.told_so_far().await;
    let of_ann = |frame: &Value| frame["type"] == "presence" && frame["data"]["user_id"] == "ann";
    assert!(!told.iter().any(of_ann), "{told:?}");
}
