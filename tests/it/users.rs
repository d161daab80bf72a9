//! Users as the application describes them, also before they have ever come; and what
//! its programs may do with a key of their own.

use serde_json::{Value, json};

use crate::support::{Server, Token, User, moment};

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

/// A program with a key that has these scopes.
async fn program(server: &Server, name: &str, scopes: &[&str]) -> User {
    let body = json!({"name": name, "scopes": scopes});
    let made = admin(server).await.post("/api-keys", body).await.expect(201);
    let key = made["key"].as_str().expect("a key").to_owned();
    User::new(server.address().clone(), &format!("service:{name}"), Some(key))
}

/// Somebody who has a token, and has not come yet.
fn stranger(server: &Server, id: &str) -> User {
    User::new(server.address().clone(), id, Some(Token::of(id).text()))
}

fn ids(found: &Value) -> Vec<&str> {
    let users = found["users"].as_array().expect("a list");
    users.iter().map(|user| user["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn a_user_is_there_before_they_come_and_finds_what_was_for_them() {
    let server = Server::start().await;
    let backend = program(&server, "board", &["users", "rooms", "events"]).await;
    let said = json!({"name": "Ann B.", "avatar_url": "https://cdn.example/a.png",
        "custom": {"team": 7}, "roles": ["editor"]});
    let made = backend.put("/users/ann", said.clone()).await.expect(201);
    for (field, value) in said.as_object().expect("an object") {
        assert_eq!(&made[field], value, "{field}");
    }
    assert_eq!(backend.put("/users/ann", said).await.expect(200)["name"], "Ann B.");

    // Who was never heard of at all is made when the application names them.
    backend.post("/rooms", json!({"room_id": "den", "kind": "private"})).await.expect(201);
    for user in ["ann", "ben"] {
        backend.put(&format!("/rooms/den/members/{user}"), json!({})).await.expect(201);
    }
    let event = json!({"type": "task.assigned", "data": {"task": 5}});
    backend.post("/users/cleo/events", event).await.expect(201);
    backend.post("/rooms/direct", json!({"user_ids": ["dora", "emil"]})).await.expect(201);

    let ann = stranger(&server, "ann").connect().await;
    let me = &ann.ready["user"];
    assert_eq!((&me["name"], &me["roles"]), (&json!("Ann B."), &json!(["editor"])));
    assert_eq!(me["avatar_url"], "https://cdn.example/a.png");
    assert_eq!(ann.ready["rooms"][0]["room_id"], "den");
    let inbox = stranger(&server, "cleo").get("/inbox?after=0").await.expect(200);
    assert_eq!(inbox["events"][0]["data"]["task"], 5);
    let rooms = stranger(&server, "emil").get("/rooms").await.expect(200);
    assert_eq!(rooms["rooms"][0]["peer"]["id"], "dora");

    // Not by those who only may do so for themselves.
    let ben = stranger(&server, "ben");
    ben.put("/rooms/direct/nobody", json!({})).await.refused(404, "not_found");
    ben.put("/users/zoe", json!({})).await.refused(403, "forbidden");
}

#[tokio::test]
async fn another_name_reaches_those_who_see_the_user_without_another_token() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let cleo = server.user("cleo").await;
    ann.room_with("den", &[&ben]).await;
    let mut sockets = [ann.connect().await, ben.connect().await];
    let mut stranger = cleo.connect().await;
    let backend = program(&server, "board", &["users"]).await;
    let change = json!({"name": "Ann Other", "avatar_url": "/a.png", "custom": {"x": 1}});
    backend.patch("/users/ann", change).await.expect(200);
    for socket in &mut sockets {
        let told = socket.next_event("user.updated").await;
        let expected = json!({"id": "ann", "name": "Ann Other", "avatar_url": "/a.png",
            "custom": {"x": 1}});
        assert_eq!(told["data"], expected);
    }
    let [mut at_ann, mut at_ben] = sockets;
    at_ann.say("den", "hi").await;
    let heard = at_ben.next_message("den").await;
    assert_eq!(heard["data"]["sender"]["name"], "Ann Other");
    assert_eq!(heard["data"]["sender"]["avatar_url"], "/a.png");
    assert_eq!(ann.history("den", "").await["messages"][0]["sender"]["avatar_url"], "/a.png");
    let members = ben.get("/rooms/den/members").await.expect(200);
    assert_eq!(members["members"][0]["user"]["name"], "Ann Other");

    // A token of before says nothing new, one that is made now does.
    let old = Token::of("ann").claim("iat", moment() - 60.0).claim("name", "Ann Past");
    let me = server.user_with("ann", old).await.get("/me").await.expect(200);
    assert_eq!(me["name"], "Ann Other");
    let new = Token::of("ann").claim("name", "Ann Now");
    server.user_with("ann", new).await.get("/me").await.expect(200);
    assert_eq!(at_ben.next_event("user.updated").await["data"]["name"], "Ann Now");
    backend.patch("/users/ann", json!({"avatar_url": null})).await.expect(200);
    let told = at_ben.next_event("user.updated").await;
    assert!(told["data"].get("avatar_url").is_none(), "{told}");
    let all = stranger.told_so_far().await;
    assert!(all.iter().all(|frame| frame["type"] != "user.updated"), "{all:?}");
}

#[tokio::test]
async fn many_users_are_made_at_once_and_doing_it_again_does_nothing() {
    let server = Server::start().await;
    let backend = program(&server, "sync", &["users"]).await;
    let users: Vec<Value> = (0..1_000)
        .map(|n| json!({"user_id": format!("u{n}"), "name": format!("User {n}")}))
        .collect();
    let done = backend.post("/users", json!({"users": users})).await.expect(200);
    assert_eq!(done, json!({"created": 1_000, "updated": 0, "unchanged": 0}));
    let again = backend.post("/users", json!({"users": users})).await.expect(200);
    assert_eq!(again, json!({"created": 0, "updated": 0, "unchanged": 1_000}));
    let some = json!([{"user_id": "u1", "name": "Renamed"}, {"user_id": "new"}, {"user_id": "u2"}]);
    let done = backend.post("/users", json!({"users": some})).await.expect(200);
    assert_eq!(done, json!({"created": 1, "updated": 1, "unchanged": 1}));
    let page = backend.get("/users?limit=2").await.expect(200);
    assert_eq!((ids(&page), &page["has_more"]), (vec!["new", "root"], &json!(true)));
    let page = backend.get("/users?after=u998").await.expect(200);
    assert_eq!((ids(&page), &page["has_more"]), (vec!["u999"], &json!(false)));
    for (body, field) in [
        (json!({}), "users"),
        (json!({"users": []}), "users"),
        (json!({"users": vec![json!({"user_id": "x"}); 1_001]}), "users"),
        (json!({"users": [{"user_id": "o'x"}]}), "users.user_id"),
        (json!({"users": [{"user_id": "all"}]}), "users.user_id"),
        (json!({"users": [{"user_id": "x", "avatar_url": "javascript:x"}]}), "users.avatar_url"),
        (json!({"users": [{"user_id": "x", "custom": [1]}]}), "users.custom"),
        (json!({"users": [{"user_id": "x", "roles": vec!["r"; 33]}]}), "users.roles"),
    ] {
        let refused = backend.post("/users", body.clone()).await.refused(400, "invalid_message");
        assert_eq!(refused["field"], field, "{body}");
    }
    backend.patch("/users/nobody", json!({"name": "x"})).await.refused(404, "not_found");
}

#[tokio::test]
async fn people_are_found_by_the_words_of_their_names() {
    let server = Server::builder().set("PARLOR_DIRECTORY", "on").start().await;
    let backend = program(&server, "sync", &["users"]).await;
    let users = json!([
        {"user_id": "u1", "name": "Zoë van Dijk", "custom": {"desk": 4}},
        {"user_id": "u2", "name": "Zora Vandermeer"},
        {"user_id": "u3", "name": "Mia Dijkstra"},
        {"user_id": "u4", "name": "山田太郎"},
    ]);
    backend.post("/users", json!({"users": users})).await.expect(200);
    let ann = server.user("ann").await;
    for (query, found) in [
        ("zo", vec!["u1", "u2"]),
        ("ZOE", vec!["u1"]),
        ("zo%20dij", vec!["u1"]),
        ("dijk", vec!["u1", "u3"]),
        ("u3", vec!["u3"]),
        ("%E5%A4%AA%E9%83%8E", vec!["u4"]),
        ("nobody", vec![]),
        ("%20-", vec![]),
    ] {
        let page = ann.get(&format!("/users?query={query}")).await.expect(200);
        assert_eq!(ids(&page), found, "{query}");
    }
    let page = ann.get("/users?query=zo&limit=1").await.expect(200);
    assert_eq!((ids(&page), &page["has_more"]), (vec!["u1"], &json!(true)));
    let first = &page["users"][0];
    assert_eq!(first["custom"]["desk"], 4);
    assert!(first.get("roles").is_none(), "what is the backend's is not shown: {first}");
    let both = ann.get("/users?query=zo&after=u1").await;
    assert_eq!(both.refused(400, "invalid_message")["field"], "query");
    assert_eq!(ann.get("/users").await.refused(400, "invalid_message")["field"], "query");
    // Another name is found, the old one is not; nor who is deactivated or deleted.
    backend.patch("/users/u2", json!({"name": "Cleo"})).await.expect(200);
    backend.post("/users/u1/deactivate", json!({})).await.expect(204);
    assert_eq!(ids(&ann.get("/users?query=zo").await.expect(200)), Vec::<&str>::new());
    assert_eq!(ids(&backend.get("/users?query=zo").await.expect(200)), ["u1"]);
    assert_eq!(ids(&ann.get("/users?query=cle").await.expect(200)), ["u2"]);
    backend.delete("/users/u2").await.expect(204);
    assert_eq!(ids(&backend.get("/users?query=cle").await.expect(200)), Vec::<&str>::new());
    backend.get("/users/u2").await.refused(404, "not_found");
}

#[tokio::test]
async fn users_do_not_find_each_other_unless_that_is_wanted() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.get("/users?query=ben").await.refused(403, "forbidden");
    ann.get("/users/ben").await.refused(404, "not_found");
    assert_eq!(ann.get("/users/ann").await.expect(200)["id"], "ann");
    ann.room_with("den", &[&ben]).await;
    assert_eq!(ann.get("/users/ben").await.expect(200), json!({"id": "ben", "name": "ben"}));
}

#[tokio::test]
async fn who_is_deactivated_is_out_until_they_are_brought_back() {
    let mut server = Server::start().await;
    let backend = program(&server, "hr", &["users"]).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut socket = ann.connect().await;
    backend.post("/users/ann/deactivate", json!({})).await.expect(204);
    assert_eq!(socket.close_code().await, Some(4503));
    ann.get("/me").await.refused(403, "forbidden");
    let shown = backend.get("/users/ann").await.expect(200);
    assert!(shown["deactivated_at"].is_string(), "{shown}");
    server.restart().await;
    ann.get("/me").await.refused(403, "forbidden");
    backend.post("/users/ann/reactivate", json!({})).await.expect(204);
    // With the same token, and in the same rooms.
    assert_eq!(ann.connect().await.ready["rooms"][0]["room_id"], "den");
    backend.post("/users/nobody/deactivate", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_program_may_do_what_its_key_is_for_and_nothing_else() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let of = async |scope: &'static str| program(&server, scope, &[scope]).await;
    let [rooms, users] = [of("rooms").await, of("users").await];
    let [messages, events] = [of("messages").await, of("events").await];
    let moderation = of("moderation").await;
    let all = [&rooms, &users, &messages, &events, &moderation];
    let asked = |body: Value, path: &'static str, method: &'static str| (method, path, body);
    for (may, (method, path, body)) in [
        (vec!["rooms"], asked(json!({"title": "Den"}), "/rooms/den", "PATCH")),
        (vec!["rooms"], asked(json!({}), "/rooms/den/members/ben", "PUT")),
        (vec!["rooms", "moderation"], asked(json!({}), "/rooms/den/freeze", "PUT")),
        (vec!["moderation"], asked(json!({}), "/rooms/den/bans/carl", "PUT")),
        (vec!["moderation"], asked(json!({}), "/users/ann/ban", "PUT")),
        (vec!["users"], asked(json!({"name": "Dora"}), "/users/dora", "PUT")),
        (vec!["messages"], asked(json!({"content": "x"}), "/rooms/den/messages", "POST")),
        (vec!["events"], asked(json!({"type": "a.b"}), "/rooms/den/events", "POST")),
    ] {
        for program in all {
            let scope = program.id.trim_start_matches("service:");
            // Who has been banned has to be known.
            users.put("/users/carl", json!({})).await;
            let outcome = match method {
                "PATCH" => program.patch(path, body.clone()).await,
                "PUT" => program.put(path, body.clone()).await,
                _ => program.post(path, body.clone()).await,
            };
            let is_done = (200..300).contains(&outcome.status);
            assert_eq!(is_done, may.contains(&scope), "{scope}: {method} {path} {}", outcome.body);
        }
    }
    // Reading goes with writing; nobody gives away more than they have.
    messages.get("/rooms/den/messages").await.expect(200);
    events.get("/rooms/den/messages").await.refused(404, "not_found");
    for role in ["admin", "service", "scope:rooms"] {
        users.put("/users/dora", json!({"roles": [role]})).await.refused(403, "forbidden");
    }
    users.get("/audit").await.refused(403, "forbidden");
    users.post("/api-keys", json!({"name": "x"})).await.refused(403, "forbidden");
    let audit = admin(&server).await.get("/audit").await.expect(200);
    let entries = audit["entries"].as_array().expect("a list");
    let has = |actor: &str, action: &str| {
        entries.iter().any(|entry| entry["actor"] == actor && entry["action"] == action)
    };
    assert!(has("service:users", "PUT /api/v1/users/{user}"), "{audit}");
    assert!(!has("service:messages", "POST /api/v1/rooms/{room}/messages"), "they are too many");
}

#[tokio::test]
async fn a_program_touches_no_administrator_and_no_other_program() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    admin.put("/users/boss", json!({"roles": ["admin", "editor"]})).await.expect(201);
    let (users, other) =
        (program(&server, "users", &["users"]).await, program(&server, "other", &["rooms"]).await);
    let moderation = program(&server, "order", &["moderation"]).await;
    for id in ["boss", "service:other"] {
        users.delete(&format!("/users/{id}")).await.refused(403, "forbidden");
        for what in ["deactivate", "reactivate", "revoke"] {
            let path = format!("/users/{id}/{what}");
            users.post(&path, json!({})).await.refused(403, "forbidden");
        }
        moderation.put(&format!("/users/{id}/ban"), json!({})).await.refused(403, "forbidden");
    }
    // What gives rights stays, whatever it says of the rest.
    let boss = users.put("/users/boss", json!({"name": "Boss"})).await.expect(200);
    assert_eq!((&boss["name"], &boss["roles"]), (&json!("Boss"), &json!(["admin"])));
    other.get("/me").await.expect(200);
    admin.put("/users/boss", json!({"name": "Boss"})).await.expect(200);
    users.post("/users/boss/deactivate", json!({})).await.expect(204);
}

#[tokio::test]
async fn who_comes_in_the_place_of_one_who_was_deleted_is_not_opened_by_their_token() {
    let server = Server::start().await;
    let backend = program(&server, "hr", &["users", "rooms"]).await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    for gone in ["ann", "ben"] {
        backend.delete(&format!("/users/{gone}")).await.expect(204);
    }
    backend.put("/users/ann", json!({"roles": ["editor"]})).await.expect(201);
    backend.post("/rooms", json!({"room_id": "den"})).await.expect(201);
    backend.put("/rooms/den/members/ben", json!({})).await.expect(201);
    for old in [&ann, &ben] {
        old.get("/me").await.refused(401, "unauthorized");
        stranger(&server, &old.id).get("/me").await.expect(200);
        old.get("/me").await.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_role_that_is_kept_here_is_as_good_as_one_of_the_token() {
    let server = Server::start().await;
    let admin = admin(&server).await;
    let tokens = server.nobody().register("ann", "correct horse battery").await.expect(201);
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    let ann = User::new(server.address().clone(), "ann", Some(token));
    ann.get("/audit").await.refused(403, "forbidden");
    admin.patch("/users/ann", json!({"roles": ["admin"]})).await.expect(200);
    ann.get("/audit").await.expect(200);
    admin.patch("/users/ann", json!({"roles": []})).await.expect(200);
    ann.get("/audit").await.refused(403, "forbidden");
}
