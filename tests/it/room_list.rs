//! Lists of rooms: one's own and all, filtered by name, kind and custom data.

use serde_json::{Value, json};

use crate::support::{Server, Token, User, id_of_room};

async fn admin(server: &Server) -> User {
    server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await
}

fn path(fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/rooms?{query}")
}

/// The ids of all pages of a list.
async fn listed(user: &User, fields: &[(&str, &str)]) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut fields = fields.to_vec();
        if let Some(cursor) = &cursor {
            fields.push(("cursor", cursor));
        }
        let page = user.get(&path(&fields)).await.expect(200);
        let id = |room: &Value| room["room_id"].as_str().expect("an id").to_owned();
        ids.extend(page["rooms"].as_array().expect("a list").iter().map(id));
        if page["has_more"] == false {
            assert_eq!(page.get("cursor"), None, "{page}");
            return ids;
        }
        cursor = Some(page["cursor"].as_str().expect("a cursor").to_owned());
    }
}

/// Rooms of two users.
async fn rooms(server: &Server) -> (User, User) {
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    for (user, room) in [
        (
            &ann,
            json!({"room_id": "board:1", "kind": "public", "title": "Apples", "custom": {"project": "x", "n": 7}}),
        ),
        (&ben, json!({"room_id": "board:2", "title": "Pears", "custom": {"project": "y"}})),
        (
            &ben,
            json!({"room_id": "news", "kind": "announcement", "title": "100% apples_of board:1"}),
        ),
        (
            &ann,
            json!({"room_id": "notes", "title": "Äpfel", "custom": {"in": {"project": "x"}, "n": "7"}}),
        ),
        (&ann, json!({"room_id": "odd", "custom": {"a\"b\\c%_": "q\u{0}\"", "none": null}})),
    ] {
        user.post("/rooms", room).await.expect(201);
    }
    (ann, ben)
}

#[tokio::test]
async fn administrators_list_all_rooms_and_others_their_own() {
    let server = Server::start().await;
    let (ann, ben) = rooms(&server).await;
    let admin = admin(&server).await;
    ann.say("board:1", "hello").await;
    let all = ["board:1", "board:2", "news", "notes", "odd"];
    assert_eq!(listed(&admin, &[("all", "true")]).await, all);
    assert_eq!(listed(&admin, &[("all", "true"), ("limit", "2")]).await, all);
    assert_eq!(listed(&admin, &[]).await, [""; 0], "of their own there are none");
    assert_eq!(listed(&ben, &[]).await, ["board:2", "news"]);
    ann.get("/rooms?all=true").await.refused(403, "forbidden");
    let page = admin.get("/rooms?all=true&limit=1").await.expect(200);
    let room = &page["rooms"][0];
    assert_eq!((&room["member_count"], &room["last_seq"]), (&json!(1), &json!(1)));
    assert_eq!(room["last_message"]["content"], "hello");
    assert!(room["last_message"]["created_at"].is_string(), "when something happened last");
    assert_eq!(room["custom"], json!({"project": "x", "n": 7}));
    // What is deleted is in no list.
    ann.delete("/rooms/board:1").await.expect(204);
    assert_eq!(listed(&admin, &[("all", "true")]).await, all[1..]);
}

#[tokio::test]
async fn rooms_are_found_by_name_kind_and_custom_data() {
    let server = Server::start().await;
    let (ann, _) = rooms(&server).await;
    let admin = admin(&server).await;
    let custom = |value: Value| value.to_string();
    for (fields, found) in [
        (vec![("query", "board:")], vec!["board:1", "board:2", "news"]),
        (vec![("query", "BOARD:2")], vec!["board:2"]),
        (vec![("query", "aPPles")], vec!["board:1", "news"]),
        (vec![("query", "100%")], vec!["news"]),
        (vec![("query", "s_o")], vec!["news"]),
        (vec![("query", "Äpf")], vec!["notes"]),
        (vec![("query", "oard:2")], vec![]),
        (vec![("kind", "announcement")], vec!["news"]),
        (vec![("kind", "private"), ("query", "board:")], vec!["board:2"]),
        (vec![("kind", "direct")], vec![]),
    ] {
        let fields = [&[("all", "true")], &fields[..]].concat();
        assert_eq!(listed(&admin, &fields).await, found, "{fields:?}");
    }
    for (wanted, found) in [
        (json!({"project": "x"}), vec!["board:1"]),
        (json!({"project": "x", "n": 7}), vec!["board:1"]),
        (json!({"project": "x", "n": "7"}), vec![]),
        (json!({"n": 7}), vec!["board:1"]),
        (json!({"n": "7"}), vec!["notes"]),
        (json!({"in": {"project": "x"}}), vec!["notes"]),
        (json!({"a\"b\\c%_": "q\u{0}\""}), vec!["odd"]),
        (json!({"none": null}), vec!["odd"]),
        (json!({"proj": "x"}), vec![]),
        (json!({}), vec!["board:1", "board:2", "news", "notes", "odd"]),
    ] {
        let text = custom(wanted);
        let fields = [("all", "true"), ("custom", text.as_str()), ("limit", "1")];
        assert_eq!(listed(&admin, &fields).await, found, "{text}");
    }
    // The same of one's own.
    let text = custom(json!({"n": 7}));
    assert_eq!(listed(&ann, &[("custom", text.as_str())]).await, ["board:1"]);
    assert_eq!(listed(&ann, &[("query", "board:"), ("kind", "public")]).await, ["board:1"]);
}

/// Rooms that a user has in different ways, the first made first.
async fn had(server: &Server) -> User {
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    for room in ["a", "b", "c", "d", "e"] {
        ben.room_with(room, &[&ann]).await;
    }
    for room in ["c", "a", "e"] {
        ben.say(room, "hello").await;
    }
    ben.post("/rooms/b/messages", json!({"content": "@ann, here"})).await.expect(201);
    ann.put("/rooms/e/read", json!({"all": true})).await.expect(200);
    for (room, preferences) in [
        ("a", json!({"pinned": true, "rank": 5})),
        ("b", json!({"archived": true, "notifications": "mentions"})),
        ("c", json!({"rank": 9})),
        ("d", json!({"pinned": true})),
        ("e", json!({"hidden": true, "notifications": "nothing"})),
    ] {
        ann.patch(&format!("/rooms/{room}/preferences"), preferences).await.expect(200);
    }
    ann
}

#[tokio::test]
async fn ones_own_rooms_are_sorted_by_what_changes() {
    let server = Server::builder().set("PARLOR_QUEUED_BYTES", 256 * 1024).start().await;
    let ann = had(&server).await;
    for (sort, expected) in [
        ("created", ["a", "b", "c", "d", "e"]),
        ("last_message", ["b", "e", "a", "c", "d"]),
        ("unread", ["b", "a", "c", "e", "d"]),
        ("preferred", ["a", "d", "c", "b", "e"]),
    ] {
        for limit in ["1", "2", "5"] {
            let fields = [("sort", sort), ("limit", limit)];
            assert_eq!(listed(&ann, &fields).await, expected, "{sort}, {limit} a page");
        }
    }
    // A page that is too large for an answer goes on where it ended.
    let large = json!({"text": "x".repeat(3_900)});
    for number in 0..40 {
        let room = json!({"room_id": format!("large:{number:02}"), "custom": large});
        ann.post("/rooms", room).await.expect(201);
    }
    let all = listed(&ann, &[("sort", "preferred"), ("limit", "200")]).await;
    assert_eq!(all.len(), 45);
    let page = ann.get("/rooms?sort=preferred&limit=200").await.expect(200);
    assert!(page["rooms"].as_array().expect("a list").len() < 45, "it is cut");
    let page = ann.get("/rooms?sort=preferred").await.expect(200);
    assert_eq!(page["rooms"][0]["last_message"]["content"], "hello");
}

#[tokio::test]
async fn ones_own_rooms_are_filtered_by_how_one_has_them() {
    let server = Server::start().await;
    let ann = had(&server).await;
    for (fields, expected) in [
        (vec![("hidden", "true")], vec!["e"]),
        (vec![("hidden", "false")], vec!["a", "b", "c", "d"]),
        (vec![("archived", "true")], vec!["b"]),
        (vec![("archived", "false"), ("hidden", "false")], vec!["a", "c", "d"]),
        (vec![("pinned", "true")], vec!["a", "d"]),
        (vec![("unread", "true")], vec!["a", "b", "c"]),
        (vec![("unread", "false"), ("limit", "1")], vec!["d", "e"]),
        (vec![("notifications", "nothing")], vec!["e"]),
        (vec![("notifications", "all"), ("sort", "last_message")], vec!["a", "c", "d"]),
        (vec![("pinned", "false"), ("query", "c")], vec!["c"]),
        (vec![("member", "ben"), ("sort", "preferred")], vec!["a", "d", "c", "b", "e"]),
        (vec![("member", "nobody")], vec![]),
    ] {
        assert_eq!(listed(&ann, &fields).await, expected, "{fields:?}");
    }
    let zoe = server.user("zoe").await;
    zoe.create_room("zoes", "private").await;
    ann.create_room("f", "private").await;
    ann.add_member("f", &zoe).await.expect(201);
    assert_eq!(listed(&ann, &[("member", "zoe")]).await, ["f"], "not where ann is not");
    // A room that is marked as unread is, even if nothing in it counts.
    ann.say("f", "to myself").await;
    ann.put("/rooms/f/unread", json!({})).await.expect(200);
    assert_eq!(listed(&ann, &[("member", "zoe"), ("unread", "true")]).await, ["f"]);
    let admin = admin(&server).await;
    for field in ["sort=unread", "hidden=false", "member=ann", "member=nobody"] {
        let error = admin.get(&format!("/rooms?all=true&{field}")).await;
        assert_eq!(error.refused(400, "invalid_message")["field"], "all", "{field}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_is_named() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let (long, text) = (format!("{{\"a\":\"{}\"}}", "x".repeat(1_100)), "x".repeat(201));
    for (field, value) in [
        ("kind", "secret"),
        ("custom", "project"),
        ("custom", "[1]"),
        ("custom", long.as_str()),
        ("query", text.as_str()),
        ("all", "maybe"),
        ("cursor", "x"),
        ("cursor", "1.2.3.4.5"),
        ("sort", "best"),
        ("pinned", "2"),
        ("notifications", "some"),
        ("member", "a b"),
    ] {
        let error = ann.get(&path(&[(field, value)])).await.refused(400, "invalid_message");
        assert_eq!(error["field"], field, "{error}");
    }
}

#[tokio::test]
async fn a_page_looks_at_so_many_rooms_and_others_follow() {
    const ROOMS: usize = 12_000;
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    server.fill_rooms(&ann, ROOMS).await;
    let admin = admin(&server).await;
    let last = id_of_room(ROOMS - 1);
    let page = admin.get(&format!("/rooms?all=true&query={last}")).await.expect(200);
    assert_eq!((&page["rooms"], &page["has_more"]), (&json!([]), &json!(true)), "it is far behind");
    assert_eq!(
        listed(&admin, &[("all", "true"), ("query", &last)]).await,
        std::slice::from_ref(&last)
    );
    assert_eq!(listed(&ann, &[("query", &last)]).await, std::slice::from_ref(&last));
    assert_eq!(listed(&admin, &[("all", "true"), ("limit", "200")]).await.len(), ROOMS);
}
