//! What administrators see and do, and that it is written down.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Server, Token, User, within};

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

#[tokio::test]
async fn connections_are_listed_counted_and_ended_with_a_reason() {
    let server = Server::start().await;
    let (admin, ann, ben) =
        (admin(&server).await, server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[]).await;
    let mut one = ann.connect_with("device_id=phone").await;
    let mut two = ann.connect().await;
    let mut other = ben.connect().await;
    for (path, count) in [("", 3), ("/users/ann", 2), ("/rooms/den", 2), ("/users/root", 0)] {
        let told = admin.get(&format!("{path}/connections/count")).await.expect(200);
        assert_eq!(told["count"], count, "{path}");
    }
    for path in ["/users/none", "/rooms/none"] {
        admin.get(&format!("{path}/connections/count")).await.refused(404, "not_found");
        admin.get(&format!("{path}/connections")).await.refused(404, "not_found");
        admin.post(&format!("{path}/disconnect"), json!({})).await.refused(404, "not_found");
    }
    let listed = admin.get("/users/ann/connections?limit=1").await.expect(200);
    assert_eq!(listed["has_more"], true);
    let first = &listed["connections"][0];
    assert_eq!((&first["device_id"], &first["user_id"]), (&json!("phone"), &json!("ann")));
    let after = first["connection_id"].as_str().expect("an id");
    let rest = admin.get(&format!("/users/ann/connections?after={after}")).await.expect(200);
    assert_eq!(rest["connections"].as_array().expect("a list").len(), 1);
    let ended = admin.post("/users/ann/disconnect", json!({"reason": "tidying up"})).await;
    assert_eq!(ended.expect(200)["disconnected"], 2);
    assert_eq!(one.close_code().await, Some(4503));
    assert_eq!(two.close_code().await, Some(4503));
    other.ask("presence.set", json!({"status": "online"})).await;
    for path in ["/connections", "/audit", "/users/ben/export"] {
        ann.get(path).await.refused(403, "forbidden");
    }
    ann.delete("/users/ben").await.refused(403, "forbidden");
    // All of it is written down, before it is done.
    let audit = admin.get("/audit").await.expect(200);
    let entry = &audit["entries"][0];
    assert_eq!(entry["actor"], "root");
    assert_eq!(entry["action"], "POST /api/v1/users/{user}/disconnect");
    assert_eq!(entry["target"], "/api/v1/users/ann/disconnect");
}

#[tokio::test]
async fn a_deleted_user_leaves_tombstones_and_nothing_else() {
    let mut server = Server::start().await;
    let (admin, ann, ben) =
        (admin(&server).await, server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    for n in 0..250 {
        ann.say("den", &format!("mine {n}")).await;
    }
    let yours = ben.say("den", "yours").await["message_id"].clone();
    let mut at_ann = ann.connect().await;
    // Besides what she wrote: how she reacted, what was told to her, and what
    // she has not sent.
    for emoji in ["👍", "👀"] {
        let reaction = json!({"message_id": yours, "emoji": emoji});
        at_ann.ask("reaction.add", reaction).await;
    }
    let app = server.user_with("app", Token::of("app").claim("roles", json!(["service"]))).await;
    for n in 1..=150 {
        let event = json!({"type": "task.created", "data": {"n": n}});
        app.post("/users/ann/events", event).await.expect(201);
    }
    let upload = ann.request(Method::POST, "/attachments?name=draft.txt").body("not sent");
    let upload = User::outcome(upload).await.expect(201);
    let export = admin.get("/users/ann/export").await.expect(200);
    let reactions = export["reactions"].as_array().expect("a list");
    assert!(reactions.iter().all(|reaction| reaction["message_id"] == yours));
    assert_eq!(reactions.len(), 2, "{reactions:?}");
    let inbox = export["inbox"].as_array().expect("a list");
    let told: Vec<_> = inbox.iter().filter_map(|event| event["data"]["n"].as_i64()).collect();
    assert_eq!(told, (1..=150).collect::<Vec<_>>());
    assert_eq!(export["uploads"][0]["attachment_id"], upload["attachment_id"]);
    let messages = export["messages"].as_array().expect("a list");
    assert_eq!(messages.len(), 250);
    assert!(messages.iter().all(|message| message["sender"]["id"] == "ann"));
    assert_eq!(export["rooms"][0]["room_id"], "den");
    admin.delete("/users/ann").await.expect(204);
    assert_eq!(at_ann.close_code().await, Some(4503));
    // It goes on after a crash.
    server.kill9().await;
    server.start_again().await;
    let history = within("all tombstones", async {
        loop {
            let page = crate::support::history_of(&ben, "den").await;
            if page.iter().filter(|message| message["deleted_at"].is_string()).count() == 250 {
                return page;
            }
        }
    })
    .await;
    let text = json!(history).to_string();
    assert!(!text.contains("mine") && !text.contains("\"ann\""), "nothing of theirs is left");
    let seqs: Vec<i64> =
        history.iter().map(|message| message["seq"].as_i64().expect("a seq")).collect();
    assert_eq!(seqs, (1..=251).collect::<Vec<_>>());
    let members = ben.get("/rooms/den/members").await.expect(200);
    assert_eq!(members["members"].as_array().expect("a list").len(), 1);
    assert_eq!(members["members"][0]["role"], "owner", "the room is inherited");
    // The id is free for somebody new.
    server.nobody().register("ann", "another password").await.expect(201);
}

#[tokio::test]
async fn an_erasure_that_finds_no_place_is_done_all_the_same() {
    let server = Server::builder().set("PARLOR_WRITES_IN_FLIGHT", 2).start().await;
    let (admin, ann, ben) =
        (admin(&server).await, server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ben.create_room("noise", "private").await;
    for n in 0..120 {
        ann.say("den", &format!("mine {n}")).await;
    }
    // Another leaves it hardly a place.
    let mut other = ben.connect().await;
    let noise = async move {
        // Not for ever, or it is a matter of luck when a step finds one.
        for _ in 0..100 {
            for _ in 0..6 {
                let data = json!({"room_id": "noise", "content": "x"});
                other.begin("message.send", data).await;
            }
            other.told_so_far().await;
        }
        std::future::pending().await
    };
    let erased = within("all tombstones", async {
        while admin.delete("/users/ann").await.status != 204 {
            tokio::task::yield_now().await;
        }
        loop {
            let page = ben.history("den", "limit=100").await;
            let messages = page["messages"].as_array().expect("a list").clone();
            if messages.iter().all(|message| message["deleted_at"].is_string()) {
                return;
            }
        }
    });
    tokio::select! {
        () = erased => {}
        () = noise => {}
    }
}

#[tokio::test]
async fn who_is_deleted_while_away_is_told_gone_once_and_was_never_seen_again() {
    let server = Server::builder().set("PARLOR_PRESENCE_GRACE", "300ms").start().await;
    let (admin, ann) = (admin(&server).await, server.user("ann").await);
    let (ben, cy) = (server.user("ben").await, server.user("cy").await);
    ann.room_with("den", &[&ben, &cy]).await;
    let mut at_ann = ann.connect().await;
    drop((ben.connect().await, cy.connect().await));
    admin.delete("/users/ben").await.expect(204);
    // Cy goes after Ben has.
    let is_gone =
        |frame: &Value| frame["type"] == "presence" && frame["data"]["status"] == "offline";
    let gone = at_ann.next_where("who is gone", is_gone).await;
    assert_eq!(gone["data"]["user_id"], "cy");
    let told = at_ann.told_so_far().await;
    assert!(!told.iter().any(is_gone), "{told:?}");
}

#[tokio::test]
async fn a_room_keeps_what_it_is_told_to_keep() {
    let server = Server::builder().set("PARLOR_RETENTION_TICK", "100ms").start().await;
    let (admin, ann) = (admin(&server).await, server.user("ann").await);
    ann.create_room("den", "private").await;
    let mut socket = ann.connect().await;
    for n in 0..20 {
        ann.say("den", &format!("message {n}")).await;
    }
    admin.put("/rooms/den/retention", json!({"messages": 5})).await.expect(204);
    assert_eq!(
        admin.get("/rooms/den/retention").await.expect(200),
        json!({"age_days": null, "messages": 5})
    );
    let told = socket.next_event("room.cleared").await;
    assert_eq!((&told["seq"], &told["data"]["upto"]), (&json!(21), &json!(15)));
    let page = ann.history("den", "").await;
    let left: Vec<&Value> = page["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| &message["seq"])
        .collect();
    assert_eq!(left, [&json!(16), &json!(17), &json!(18), &json!(19), &json!(20)]);
    // Who comes back is told, or starts anew.
    let (mut back, ack) = ann.resume(json!({"den": 18})).await;
    assert_eq!(ack["rooms"]["den"]["resync"], false);
    assert_eq!(back.next_event("room.cleared").await["seq"], 21);
    let (_, ack) = ann.resume(json!({"den": 3})).await;
    assert_eq!(ack["rooms"]["den"]["resync"], true);
}
