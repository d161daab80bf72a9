//! Many members of a room at once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Received, Receiver, Server, Token, User};

async fn application(server: &Server, role: &str) -> User {
    server.user_with("app", Token::of("app").claim("roles", json!([role]))).await
}

/// Users whom the server has seen, made in the database: over REST it would take
/// long.
async fn many_users(server: &mut Server, count: usize) -> Vec<String> {
    assert_eq!(server.terminate().await, Some(0));
    server.execute(&format!(
        "INSERT INTO users (key, id, name, created_at) \
         WITH RECURSIVE numbers(n) AS \
         (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count}) \
         SELECT 1000000 + n, 'u' || n, 'U', 0 FROM numbers"
    ));
    server.start_again().await;
    (0..count).map(|n| format!("u{n}")).collect()
}

fn named(ids: &[String]) -> Vec<Value> {
    ids.iter().map(|id| json!({"user_id": id})).collect()
}

/// What came of each: the result, or the code of the refusal.
fn results(answer: &Value) -> Vec<(&str, &str)> {
    let all = answer["results"].as_array().expect("a list").iter();
    all.map(|one| {
        let result = one["error"]["code"].as_str().or(one["result"].as_str());
        (one["user_id"].as_str().expect("an id"), result.expect("a result"))
    })
    .collect()
}

async fn roles(user: &User, room: &str) -> Vec<(String, String)> {
    let page = user.get(&format!("/rooms/{room}/members?limit=200")).await.expect(200);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let members = page["members"].as_array().expect("a list").iter();
    members.map(|member| (text(&member["user"]["id"]), text(&member["role"]))).collect()
}

fn pairs(all: &[(String, String)]) -> Vec<(&str, &str)> {
    all.iter().map(|(user, role)| (user.as_str(), role.as_str())).collect()
}

#[tokio::test]
async fn one_request_adds_and_removes_and_says_what_came_of_each() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let (cleo, dan) = (server.user("cleo").await, server.user("dan").await);
    server.user("eve").await;
    ann.room_with("den", &[&dan]).await;
    ann.put("/rooms/den/bans/eve", json!({})).await.expect(204);
    let (mut at_ann, mut at_ben, mut at_dan) =
        (ann.connect().await, ben.connect().await, dan.connect().await);
    let body = json!({
        "add": [
            {"user_id": "ben"},
            {"user_id": "cleo", "role": "moderator"},
            {"user_id": "ann"},
            {"user_id": "eve"},
            {"user_id": "nobody"},
        ],
        "remove": ["dan", "stranger"],
    });
    let answer = ann.post("/rooms/den/members", body).await.expect(200);
    let expected = [
        ("ben", "added"),
        ("cleo", "added"),
        ("ann", "already"),
        ("eve", "forbidden"),
        ("nobody", "not_found"),
        ("dan", "removed"),
        ("stranger", "not_found"),
    ];
    assert_eq!(results(&answer), expected);
    assert_eq!(answer["member_count"], 3);
    assert_eq!(answer["results"][3]["result"], "refused");
    let now = [("ann", "owner"), ("ben", "member"), ("cleo", "moderator")];
    assert_eq!(pairs(&roles(&ann, "den").await), now);
    // Each is told as by a call of its own.
    assert_eq!(at_ann.next_event("member.left").await["data"]["reason"], "removed");
    for id in ["ben", "cleo"] {
        assert_eq!(at_ann.next_event("member.joined").await["data"]["user"]["id"], id);
    }
    assert_eq!(at_ben.next_event("room.added").await["data"]["room"]["room_id"], "den");
    assert_eq!(at_dan.next_event("room.removed").await["data"]["reason"], "removed");
    ann.say("den", "welcome").await;
    assert_eq!(at_ben.next_message("den").await["data"]["content"], "welcome");
    assert!(at_dan.told_so_far().await.iter().all(|frame| frame["type"] != "message.created"));
    cleo.say("den", "thank you").await;
}

#[tokio::test]
async fn what_single_calls_need_this_needs_too() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let (cleo, dan) = (server.user("cleo").await, server.user("dan").await);
    ann.room_with("den", &[&ben, &cleo]).await;
    ann.patch("/rooms/den/members/ben", json!({"role": "moderator"})).await.expect(200);
    let add = json!({"add": [{"user_id": "dan"}]});
    cleo.post("/rooms/den/members", add.clone()).await.refused(403, "forbidden");
    dan.post("/rooms/den/members", add).await.refused(404, "not_found");
    // A moderator brings people in and removes those below; roles are for owners.
    let body = json!({
        "add": [{"user_id": "dan", "role": "owner"}],
        "remove": ["ann", "cleo"],
    });
    let answer = ben.post("/rooms/den/members", body).await.expect(200);
    let expected = [("dan", "forbidden"), ("ann", "forbidden"), ("cleo", "removed")];
    assert_eq!(results(&answer), expected);
    // The application needs no membership, and no role of the room.
    let service = application(&server, "service").await;
    let body = json!({"add": [{"user_id": "dan", "role": "owner"}], "remove": ["ann"]});
    let answer = service.post("/rooms/den/members", body).await.expect(200);
    assert_eq!(results(&answer), [("dan", "added"), ("ann", "removed")]);
    let direct = ann.direct(&ben).await;
    let body = json!({"add": [{"user_id": "dan"}]});
    service.post(&format!("/rooms/{direct}/members"), body).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_blocked_user_brings_nobody_in_and_the_application_does() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("den", "private").await;
    ben.block(&ann).await.expect(204);
    let add = json!({"add": [{"user_id": "ben"}]});
    let answer = ann.post("/rooms/den/members", add.clone()).await.expect(200);
    assert_eq!(results(&answer), [("ben", "forbidden")]);
    let service = application(&server, "service").await;
    let answer = service.post("/rooms/den/members", add).await.expect(200);
    assert_eq!(results(&answer), [("ben", "added")]);
}

#[tokio::test]
async fn a_user_is_added_to_as_many_rooms_as_others_may_add_them_to() {
    let server = Server::builder().set("PARLOR_PLACED_ROOMS_PER_USER", 5).start().await;
    let ann = server.user("ann").await;
    server.user("ben").await;
    for (room, came) in [("one", "added"), ("two", "conflict")] {
        ann.create_room(room, "private").await;
        let body = json!({"add": [{"user_id": "ben"}]});
        let answer = ann.post(&format!("/rooms/{room}/members"), body).await.expect(200);
        assert_eq!(results(&answer), [("ben", came)], "a fifth by one user");
    }
}

#[tokio::test]
async fn the_members_are_set_exactly() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let cleo = server.user("cleo").await;
    server.user("dan").await;
    ann.room_with("den", &[&ben, &cleo]).await;
    let admin = application(&server, "admin").await;
    let body = json!({"members": [
        {"user_id": "ben", "role": "owner"},
        {"user_id": "cleo"},
        {"user_id": "dan", "role": "read_only"},
    ]});
    let answer = admin.put("/rooms/den/members", body.clone()).await.expect(200);
    let expected = [("ben", "changed"), ("cleo", "already"), ("dan", "added"), ("ann", "removed")];
    assert_eq!(results(&answer), expected);
    let now = [("ben", "owner"), ("cleo", "member"), ("dan", "read_only")];
    assert_eq!(pairs(&roles(&admin, "den").await), now);
    let again = admin.put("/rooms/den/members", body).await.expect(200);
    assert!(results(&again).iter().all(|(_, came)| *came == "already"), "{again}");
    // Nobody else is an owner: the last one stays.
    let body = json!({"members": [{"user_id": "cleo"}]});
    let answer = admin.put("/rooms/den/members", body).await.expect(200);
    let expected = [("cleo", "already"), ("ben", "conflict"), ("dan", "removed")];
    assert_eq!(results(&answer), expected);
    // Where all go, the owner may go, too; a room of a user's ends then.
    let answer = admin.put("/rooms/den/members", json!({"members": []})).await.expect(200);
    assert_eq!(results(&answer), [("ben", "removed"), ("cleo", "removed")]);
    let gone = |outcome: &crate::support::Outcome| outcome.status == 404;
    admin.get_until("its end", "/rooms/den", gone).await;
}

#[tokio::test]
async fn who_was_muted_comes_back_muted() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.patch("/rooms/den/members/ben", json!({"mute_seconds": 600})).await.expect(200);
    let remove = json!({"remove": ["ben"]});
    ann.post("/rooms/den/members", remove).await.expect(200);
    let add = json!({"add": [{"user_id": "ben"}]});
    ann.post("/rooms/den/members", add).await.expect(200);
    ben.post("/rooms/den/messages", json!({"content": "x"})).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_moderator_makes_no_writer_of_a_reader() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let cleo = server.user("cleo").await;
    ann.room_with("den", &[&ben, &cleo]).await;
    ann.set_role("den", &ben, "moderator").await.expect(200);
    ann.set_role("den", &cleo, "read_only").await.expect(200);
    ben.post("/rooms/den/members", json!({"remove": ["cleo"]})).await.expect(200);
    let back = json!({"add": [{"user_id": "cleo", "role": "member"}]});
    ben.post("/rooms/den/members", back).await.expect(200);
    assert_eq!(cleo.get("/rooms/den").await.expect(200)["role"], "read_only");
}

#[tokio::test]
async fn what_is_wrong_with_a_list_is_named() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let ben = || json!({"user_id": "ben"});
    let many: Vec<Value> = (0..1_001).map(|n| json!({"user_id": format!("u{n}")})).collect();
    for (body, field) in [
        (json!({}), "add"),
        (json!({"add": [ben(), ben()]}), "add"),
        (json!({"add": [ben()], "remove": ["ben"]}), "add"),
        (json!({"add": [{"user_id": "ben", "role": "king"}]}), "add.role"),
        (json!({"add": [{"role": "member"}]}), "add"),
        (json!({"remove": [7]}), "remove"),
        (json!({"add": many}), "add"),
    ] {
        let error = ann.post("/rooms/den/members", body).await.refused(400, "invalid_message");
        assert_eq!(error["field"], field, "{error}");
    }
    let error = ann.put("/rooms/den/members", json!({})).await.refused(400, "invalid_message");
    assert_eq!(error["field"], "members");
}

#[tokio::test]
async fn a_thousand_come_at_once_and_others_do_not_wait_for_it() {
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("big", "public").await;
    ben.create_room("den", "private").await;
    let users = many_users(&mut server, 1_000).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let mut at_one = server.user("u7").await.connect().await;
    let service = application(&server, "service").await;
    let body = json!({"add": named(&users)});
    let adding = tokio::spawn(async move {
        let answer = service.post("/rooms/big/members", body).await.expect(200);
        (service, answer)
    });
    let mut slowest = Duration::ZERO;
    while !adding.is_finished() {
        let began = Instant::now();
        at_ben.say("den", "hello").await;
        slowest = slowest.max(began.elapsed());
    }
    let (service, answer) = adding.await.expect("it ends");
    assert!(results(&answer).iter().all(|(_, came)| *came == "added"));
    assert_eq!(answer["member_count"], 1_001);
    println!("a thousand were added; the slowest message beside that took {slowest:?}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    // Nobody is told a thousand names.
    let told = at_ann.next_event("room.members").await;
    assert_eq!(told["data"]["member_count"], 1_001);
    assert_eq!(at_one.next_event("room.added").await["data"]["room"]["room_id"], "big");
    ann.say("big", "welcome").await;
    assert_eq!(at_one.next_message("big").await["data"]["content"], "welcome");
    // They go at once, too, and the room is told so though it is small then.
    let answer = service.post("/rooms/big/members", json!({"remove": users})).await.expect(200);
    assert_eq!(answer["member_count"], 1);
    assert_eq!(at_one.next_event("room.removed").await["room_id"], "big");
    let is_one = |frame: &Value| frame["data"]["member_count"] == 1;
    at_ann.next_where("the number", is_one).await;
    let told = at_ann.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "member.left"), "{told:?}");
}

#[tokio::test]
async fn webhooks_tell_of_each_in_order() {
    let receiver = Receiver::start().await;
    let server = Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", receiver.url))
        .set("PARLOR_WEBHOOK_SECRET", "a secret of at least 24 bytes")
        .set("PARLOR_WEBHOOK_EVENTS", "member.joined,member.left,member.updated")
        .start()
        .await;
    let ann = server.user("ann").await;
    for id in ["ben", "cleo"] {
        server.user(id).await;
    }
    ann.create_room("den", "private").await;
    let body = json!({"add": [{"user_id": "ben"}, {"user_id": "cleo"}]});
    ann.post("/rooms/den/members", body).await.expect(200);
    let body = json!({"members": [{"user_id": "ann"}, {"user_id": "cleo", "role": "owner"}]});
    ann.put("/rooms/den/members", body).await.expect(200);
    let told = receiver.wait_until("the webhooks", |all| all.len() >= 4).await;
    let of_one = |received: &Received| {
        let event = received.json();
        let user = event["data"]["user_id"].as_str().unwrap_or_default().to_owned();
        (event["type"].as_str().unwrap_or_default().to_owned(), user)
    };
    let told: Vec<(String, String)> = told.iter().map(of_one).collect();
    let expected = [
        ("member.joined", "ben"),
        ("member.joined", "cleo"),
        ("member.updated", "cleo"),
        ("member.left", "ben"),
    ];
    assert_eq!(pairs(&told), expected);
}
