//! What the application posts: in somebody's name, as a notice, silently, with a time
//! of its own.

use serde_json::{Value, json};

use crate::support::{Server, Token, User, id_of};

async fn application(server: &Server) -> User {
    server.user_with("shop", Token::of("shop").claim("roles", json!(["service"]))).await
}

async fn unread(user: &User, room: &str) -> (i64, i64) {
    let rooms = user.get("/rooms").await.expect(200);
    let rooms = rooms["rooms"].as_array().expect("a list");
    let room = rooms.iter().find(|each| each["room_id"] == room).expect("a member");
    (room["unread"].as_i64().expect("a number"), room["mentions"].as_i64().unwrap_or(0))
}

fn last(history: &Value) -> &Value {
    history["messages"].as_array().expect("a list").last().expect("one")
}

#[tokio::test]
async fn a_message_in_somebodys_name_is_theirs_and_says_who_has_sent_it() {
    let server = Server::start().await;
    let (shop, ann) = (application(&server).await, server.user("ann").await);
    let ben = server.user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    at_ben.ask("room.subscribe", json!({"room_id": "den"})).await;
    let body = json!({"content": "sold, @ben", "sender_id": "ann", "client_id": "1"});
    let sent = shop.post("/rooms/den/messages", body.clone()).await.expect(201);
    let again = shop.post("/rooms/den/messages", body).await.expect(200);
    assert_eq!((&again["duplicate"], &again["seq"]), (&json!(true), &sent["seq"]));
    let told = at_ben.next_message("den").await;
    assert_eq!(told["data"]["sender"]["id"], "ann");
    assert_eq!(told["data"]["sent_by"], "shop");
    assert_eq!(told["data"].get("silent"), None);
    assert_eq!(unread(&ben, "den").await, (1, 1));
    assert_eq!(unread(&ann, "den").await, (0, 0), "it is her own");
    // Both may change it; a stranger to it may not.
    let id = id_of(&sent);
    shop.edit(&id, "sold out").await.expect(200);
    assert_eq!(ann.message(&id).await.expect(200)["content"], "sold out");
    ann.edit(&id, "sold").await.expect(200);
    assert_eq!(ben.message(&id).await.expect(200)["sent_by"], "shop");
    ben.edit(&id, "mine").await.refused(403, "forbidden");
    // Who was never seen is made, and finds it there.
    let body = json!({"content": "hello", "sender_id": "newcomer"});
    shop.post("/rooms/den/messages", body).await.expect(201);
    assert_eq!(last(&ben.history("den", "").await)["sender"]["id"], "newcomer");
}

#[tokio::test]
async fn only_the_application_posts() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    for field in [
        json!({"sender_id": "ben"}),
        json!({"kind": "system"}),
        json!({"silent": true}),
        json!({"created_at": "2020-01-01T00:00:00Z"}),
    ] {
        let mut body = json!({"content": "hi"});
        body.as_object_mut().expect("an object").extend(field.as_object().expect("one").clone());
        ann.post("/rooms/den/messages", body.clone()).await.refused(403, "forbidden");
        let mut socket = ann.connect().await;
        body["room_id"] = json!("den");
        socket.refused("message.send", body, "forbidden").await;
    }
    let shop = application(&server).await;
    let refused = [
        (json!({"content": "hi", "kind": "system", "sender_id": "ann"}), "sender_id"),
        (json!({"content": "hi", "kind": "user"}), "kind"),
        (json!({"content": "hi", "created_at": "2999-01-01T00:00:00Z"}), "created_at"),
        (json!({"content": "hi", "created_at": "1969-01-01T00:00:00Z"}), "created_at"),
        (json!({"content": "hi", "sender_id": "no spaces"}), "sender_id"),
    ];
    for (body, field) in refused {
        let refused = shop.post("/rooms/den/messages", body).await;
        assert_eq!(refused.refused(400, "invalid_message")["field"], field);
    }
    shop.post("/rooms/none/messages", json!({"content": "hi", "kind": "system"}))
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn a_notice_is_read_by_all_and_unread_to_nobody_unless_it_says_so() {
    let server = Server::start().await;
    let (shop, ann) = (application(&server).await, server.user("ann").await);
    let ben = server.user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    at_ben.ask("room.subscribe", json!({"room_id": "den"})).await;
    let notice = json!({"content": "@ben was made the seller", "kind": "system"});
    let id = id_of(&shop.post("/rooms/den/messages", notice).await.expect(201));
    let told = at_ben.next_message("den").await;
    assert_eq!((&told["data"]["kind"], &told["data"]["silent"]), (&json!("system"), &json!(true)));
    assert_eq!(unread(&ben, "den").await, (0, 0));
    shop.edit(&id, "@ben is the seller").await.expect(200);
    assert_eq!(unread(&ben, "den").await, (0, 0), "an edit does not call him either");
    let loud = json!({"content": "@ben has to answer", "kind": "system", "silent": false});
    shop.post("/rooms/den/messages", loud).await.expect(201);
    assert_eq!(unread(&ben, "den").await, (1, 1));
    let silent = json!({"content": "@ben", "silent": true, "sender_id": "ann"});
    let silent = id_of(&shop.post("/rooms/den/messages", silent).await.expect(201));
    assert_eq!(unread(&ben, "den").await, (1, 1));
    ann.say("den", "hi").await;
    ann.erase(&silent).await.expect(200);
    assert_eq!(unread(&ben, "den").await, (2, 1), "it never counted");
    let history = ben.history("den", "").await;
    let kinds: Vec<&Value> =
        history["messages"].as_array().expect("a list").iter().map(|each| &each["kind"]).collect();
    assert_eq!(kinds, [&json!("system"), &json!("system"), &Value::Null, &Value::Null]);
}

#[tokio::test]
async fn a_message_has_the_time_at_which_it_was_said_and_comes_last() {
    let server = Server::start().await;
    let (shop, ann) = (application(&server).await, server.user("ann").await);
    ann.room_with("den", &[]).await;
    ann.say("den", "today").await;
    let at = "2019-05-04T03:02:01.123Z";
    let body = json!({"content": "long ago", "sender_id": "ann", "created_at": at});
    let sent = shop.post("/rooms/den/messages", body).await.expect(201);
    assert_eq!((&sent["created_at"], &sent["seq"]), (&json!(at), &json!(2)));
    let history = ann.history("den", "").await;
    assert_eq!((&last(&history)["created_at"], &last(&history)["seq"]), (&json!(at), &json!(2)));
}

#[tokio::test]
async fn in_a_room_of_two_only_the_two_are_spoken_for() {
    let server = Server::start().await;
    let (shop, ann) = (application(&server).await, server.user("ann").await);
    let (ben, _cleo) = (server.user("ben").await, server.user("cleo").await);
    let direct = ann.direct(&ben).await;
    let path = format!("/rooms/{direct}/messages");
    let as_user = |id: &str| json!({"content": "an offer", "sender_id": id});
    shop.post(&path, as_user("ann")).await.expect(201);
    shop.post(&path, as_user("cleo")).await.refused(403, "forbidden");
    shop.post(&path, json!({"content": "hi", "silent": true})).await.refused(403, "forbidden");
    ben.block(&ann).await.expect(204);
    shop.post(&path, as_user("ann")).await.refused(403, "forbidden");
    shop.post(&path, json!({"content": "closed", "kind": "system"})).await.expect(201);
    assert_eq!(last(&ben.history(&direct, "").await)["content"], "closed");
}

/// Where only owners write, or nobody does, the application does: it is the operator.
#[tokio::test]
async fn the_application_writes_where_members_may_not() {
    let server = Server::start().await;
    let (shop, ann) = (application(&server).await, server.user("ann").await);
    let admin = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    ann.create_room("news", "announcement").await;
    shop.post("/rooms/news/messages", json!({"content": "hi"})).await.refused(403, "forbidden");
    for body in [
        json!({"content": "hi", "sender_id": "ben"}),
        json!({"content": "hi", "kind": "system"}),
        json!({"content": "hi", "silent": true}),
    ] {
        shop.post("/rooms/news/messages", body).await.expect(201);
    }
    // An administrator needs no membership to write either.
    admin.post("/rooms/news/messages", json!({"content": "hi"})).await.expect(201);
    assert_eq!(last(&ann.history("news", "").await)["sender"]["id"], "root");
}
