//! Rooms that are made when they are first used.

use serde_json::json;

use crate::support::{Outcome, Server, Token, User, run_with};

const RULES: &str = "board:*=public, news:*=announcement, team:*=private";

async fn start() -> Server {
    Server::builder().set("PARLOR_ROOM_RULES", RULES).start().await
}

async fn application(server: &Server, role: &str) -> User {
    server.user_with("app", Token::of("app").claim("roles", json!([role]))).await
}

#[tokio::test]
async fn a_room_is_made_when_it_is_first_joined_and_nobody_owns_it() {
    let server = start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.get("/rooms/board:42").await.refused(404, "not_found");
    let mut at_ann = ann.connect().await;
    let room = json!({"room_id": "board:42"});
    // What is said right behind the join is stored.
    let join = at_ann.begin("room.join", room.clone()).await;
    let said = json!({"room_id": "board:42", "content": "first"});
    let say = at_ann.begin("message.send", said).await;
    let joined = at_ann.answer(&join).await.expect("joined");
    assert_eq!(
        (&joined["room"]["kind"], &joined["room"]["role"]),
        (&json!("public"), &json!("member"))
    );
    assert_eq!(at_ann.answer(&say).await.expect("a member by then")["seq"], 1);
    ben.join("board:42").await.expect(201);
    assert_eq!(at_ann.next_event("member.joined").await["data"]["user"]["id"], "ben");
    assert_eq!(ben.history("board:42", "").await["messages"][0]["content"], "first");
    // They may do what members may, and leave as they like.
    ann.patch("/rooms/board:42", json!({"title": "mine"})).await.refused(403, "forbidden");
    ann.leave("board:42").await.expect(204);
    let members = ben.get("/rooms/board:42/members").await.expect(200);
    assert_eq!(members["members"][0]["role"], "member", "nobody inherits it");
    ben.leave("board:42").await.expect(204);
    // Whoever comes back does not own it either.
    ann.join("board:42").await.expect(201);
    assert_eq!(ann.get("/rooms/board:42").await.expect(200)["role"], "member");
}

#[tokio::test]
async fn a_connection_that_names_the_room_makes_it() {
    let server = start().await;
    let ann = server.user("ann").await;
    let mut at_ann = ann.connect_with("room=board:7").await;
    at_ann.say("board:7", "hello").await;
    assert_eq!(ann.get("/rooms/board:7").await.expect(200)["member_count"], 1);
    let mut at_ann = ann.connect_with("room=den").await;
    let error = at_ann.next_event("error").await;
    assert_eq!(
        (&error["data"]["code"], &error["data"]["field"]),
        (&json!("not_found"), &json!("room"))
    );
}

#[tokio::test]
async fn only_who_may_do_what_they_ask_makes_a_room() {
    let server = start().await;
    let ann = server.user("ann").await;
    let admin = application(&server, "admin").await;
    let mut at_ann = ann.connect().await;
    // As in a public room that is there: one joins first.
    let said = json!({"room_id": "board:1", "content": "x"});
    at_ann.refused("message.send", said, "forbidden").await;
    at_ann.refused("room.subscribe", json!({"room_id": "board:1"}), "forbidden").await;
    at_ann.refused("room.leave", json!({"room_id": "board:1"}), "not_found").await;
    at_ann.refused("room.join", json!({"room_id": "team:1"}), "not_found").await;
    at_ann.refused("room.join", json!({"room_id": "lobby"}), "not_found").await;
    ann.post("/rooms/news:1/members", json!({"add": [{"user_id": "ann"}]}))
        .await
        .refused(403, "forbidden");
    admin.delete("/rooms/board:1").await.refused(404, "not_found");
    let made = admin.get("/rooms?all=true").await.expect(200);
    assert_eq!(made["rooms"], json!([]), "nothing was made");
    // The application says something, or brings people together.
    admin.say("board:1", "welcome").await;
    let service = application(&server, "service").await;
    let event = json!({"type": "task.new", "data": {}});
    assert_eq!(service.post("/rooms/news:1/events", event).await.expect(201)["seq"], 1);
    let body = json!({"add": [{"user_id": "ann"}]});
    service.post("/rooms/team:1/members", body).await.expect(200);
    assert_eq!(at_ann.next_event("room.added").await["data"]["room"]["kind"], "private");
    let made = admin.get("/rooms?all=true").await.expect(200);
    let made: Vec<_> = made["rooms"].as_array().expect("a list").iter().collect();
    let ids: Vec<_> = made.iter().map(|room| room["room_id"].as_str().expect("an id")).collect();
    assert_eq!(ids, ["board:1", "news:1", "team:1"]);
    ann.join("board:1").await.expect(201);
    assert_eq!(ann.history("board:1", "").await["messages"][0]["content"], "welcome");
}

#[tokio::test]
async fn all_who_join_at_once_are_in_one_room() {
    const USERS: usize = 20;
    let server = start().await;
    let mut joining = Vec::new();
    for n in 0..USERS {
        let user = server.user(&format!("u{n}")).await;
        joining.push(tokio::spawn(async move { user.join("board:1").await.expect(201) }));
    }
    for joined in joining {
        joined.await.expect("it ends");
    }
    let user = server.user("u0").await;
    assert_eq!(user.get("/rooms/board:1").await.expect(200)["member_count"], USERS);
}

#[tokio::test]
async fn a_user_makes_so_many_rooms_and_no_more() {
    let server = Server::builder()
        .set("PARLOR_ROOM_RULES", RULES)
        .set("PARLOR_ROOMS_PER_USER", 2)
        .start()
        .await;
    let ann = server.user("ann").await;
    for n in 0..4 {
        ann.join(&format!("board:{n}")).await.expect(201);
        if n < 3 {
            ann.leave(&format!("board:{n}")).await.expect(204);
        }
    }
    ann.join("board:4").await.refused(409, "conflict");
    ann.get("/rooms/board:4").await.refused(404, "not_found");
    server.user("ben").await.join("board:4").await.expect(201);
    ann.join("board:4").await.expect(201);
    // There is no place for her in another one, so it is not made for her.
    ann.join("board:5").await.refused(409, "conflict");
    ann.get("/rooms/board:5").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_room_that_all_have_left_ends_and_is_made_again() {
    let server = Server::builder()
        .set("PARLOR_ROOM_RULES", RULES)
        .set("PARLOR_RETENTION_TICK", "100ms")
        .set("PARLOR_EMPTY_ROOM_TTL", "100ms")
        .start()
        .await;
    let ann = server.user("ann").await;
    ann.join("board:1").await.expect(201);
    ann.say("board:1", "old").await;
    ann.leave("board:1").await.expect(204);
    let gone = |outcome: &Outcome| outcome.status == 404;
    ann.get_until("its end", "/rooms/board:1", gone).await;
    ann.join("board:1").await.expect(201);
    assert_eq!(ann.history("board:1", "").await["messages"], json!([]));
}

#[tokio::test]
async fn nobody_takes_a_name_that_a_rule_has() {
    let server = start().await;
    let ann = server.user("ann").await;
    let body = json!({"room_id": "board:1", "kind": "private"});
    ann.post("/rooms", body.clone()).await.refused(403, "forbidden");
    let admin = application(&server, "admin").await;
    admin.post("/rooms", body).await.expect(201);
    ann.join("board:1").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_rule_that_is_wrong_ends_the_start_with_what_is_wrong() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    for (rules, word) in [("board:*", "pattern=kind"), ("d:*=direct", "announcement")] {
        let settings = [("PARLOR_BIND", "127.0.0.1:0"), ("PARLOR_ROOM_RULES", rules)];
        let finished = run_with(&home, &[], &settings).await;
        finished.refused(2, word);
        assert!(finished.stderr.contains("--room-rules (PARLOR_ROOM_RULES)"), "{finished:?}");
    }
}
