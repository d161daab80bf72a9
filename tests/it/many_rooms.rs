//! Users in very many rooms, and in rooms with much to say about them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::support::{Outcome, Server, Socket, Token, User, id_of_room, within};

/// Bytes of what is told of rooms at once, and of the rest of such a frame.
const PIECE_BYTES: usize = 64 * 1024 + 4 * 1024;

/// Bytes of a page of a list.
const PAGE_BYTES: usize = 512 * 1024 + 24 * 1024;

/// All pages of a list that goes on by a cursor.
async fn pages(user: &User, path: &str, query: &str) -> Vec<Value> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let outcome = user.get(&format!("{path}?{query}{cursor}")).await;
        assert!(outcome.body.len() <= PAGE_BYTES, "{path}: {} bytes", outcome.body.len());
        let page = outcome.expect(200);
        cursor = format!("&cursor={}", page["cursor"].as_str().unwrap_or_default());
        let has_more = page["has_more"] == true;
        assert_eq!(page.get("cursor").is_some(), has_more, "{path}");
        pages.push(page);
        if !has_more {
            return pages;
        }
    }
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

fn ids(rooms: &[Value]) -> Vec<&str> {
    rooms.iter().map(|room| room["room_id"].as_str().expect("an id")).collect()
}

/// Names all of these rooms in as many commands as it takes; gives what came
/// of each.
async fn resume_all(socket: &mut Socket, rooms: &[Value], since: i64) -> BTreeMap<String, Value> {
    let mut results = BTreeMap::new();
    let mut chunks = rooms.chunks(900).peekable();
    while let Some(some) = chunks.next() {
        let named: Map<String, Value> =
            ids(some).into_iter().map(|room| (room.to_owned(), json!(since))).collect();
        let more = chunks.peek().is_some();
        let id = socket.begin("session.resume", json!({"rooms": named, "more": more})).await;
        loop {
            let frame = socket.next_where("an answer", |frame| frame["id"] == *id).await;
            assert!(size(&frame) <= PIECE_BYTES, "{} bytes", size(&frame));
            let rooms = frame["data"]["rooms"].as_object().expect("rooms");
            results.extend(rooms.clone());
            if frame["type"] == "ack" {
                break;
            }
            assert_eq!(frame["type"], "session.resumed");
        }
    }
    results
}

#[tokio::test]
async fn rooms_that_others_put_one_into_keep_nobody_out_however_long_their_data_is() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    const ROOMS: usize = 140;
    for number in 0..ROOMS {
        let body = json!({
            "room_id": id_of_room(number),
            "title": "é".repeat(200),
            "topic": "日".repeat(1_000),
            "custom": {"k": "x".repeat(4_080)},
        });
        ben.post("/rooms", body).await.expect(201);
        ben.add_member(&id_of_room(number), &ann).await.expect(201);
    }
    let mut socket = ann.connect().await;
    assert_eq!(socket.ready["rooms_total"], ROOMS);
    assert!(size(&socket.ready) <= PIECE_BYTES, "{} bytes", size(&socket.ready));
    let rooms = socket.all_rooms().await;
    assert_eq!(rooms.len(), ROOMS);
    assert_eq!(rooms[7]["title"], "é".repeat(200));
    assert!(rooms[7].get("custom").is_none() && rooms[7].get("topic").is_none());
    // The list that has it all comes in pages.
    let mut listed = Vec::new();
    for page in pages(&ann, "/rooms", "limit=200").await {
        listed.extend(page["rooms"].as_array().expect("a list").clone());
    }
    assert_eq!(ids(&listed), ids(&rooms));
    assert_eq!(listed[7]["topic"], "日".repeat(1_000));
    assert_eq!((&listed[7]["member_count"], &listed[7]["last_message"]), (&json!(2), &Value::Null));
    ben.say(&id_of_room(ROOMS - 1), "hello").await;
    assert_eq!(socket.next_message(&id_of_room(ROOMS - 1)).await["seq"], 1);
    // Coming back with what cannot be replayed brings no more at once.
    let mut socket = ann.connect_with("resume=1").await;
    let rooms = socket.all_rooms().await;
    let results = resume_all(&mut socket, &rooms, 9_999).await;
    assert_eq!(results.len(), ROOMS);
    for (room, result) in &results {
        assert_eq!((&result["resync"], &result["room"]["room_id"]), (&json!(true), &json!(room)));
    }
}

#[tokio::test]
async fn a_user_of_ten_thousand_rooms_connects_and_resumes() {
    const ROOMS: usize = 10_000;
    let mut server = Server::builder().set("PARLOR_ROOMS_PER_USER", ROOMS + 1).start().await;
    let ann = server.user("ann").await;
    server.fill_rooms(&ann, ROOMS).await;
    let mut socket = ann.connect().await;
    assert_eq!(socket.ready["rooms_total"], ROOMS);
    assert_eq!(socket.ready["complete"], false);
    let rooms = socket.all_rooms().await;
    let expected: Vec<String> = (0..ROOMS).map(id_of_room).collect();
    assert_eq!(ids(&rooms), expected, "each once, in the order in which they were made");
    for number in [0, 4_321, ROOMS - 1] {
        socket.say(&id_of_room(number), "hello").await;
        assert_eq!(socket.next_message(&id_of_room(number)).await["seq"], 1);
    }
    let found = |outcome: &Outcome| outcome.status == 200 && outcome.json()["results"] != json!([]);
    ann.get_until("what was said to be found", "/search?q=hello", found).await;
    // One more, in the middle of it all.
    ann.create_room("another", "private").await;
    assert_eq!(socket.next_event("room.added").await["room_id"], "another");

    let mut back = ann.connect_with("resume=1").await;
    let rooms = back.all_rooms().await;
    assert_eq!(rooms.len(), ROOMS + 1);
    let results = resume_all(&mut back, &rooms, 0).await;
    assert_eq!(results.len(), ROOMS + 1);
    let replayed: Vec<&String> =
        results.iter().filter(|(_, result)| result["replayed"] == 1).map(|(id, _)| id).collect();
    assert_eq!(replayed, [&id_of_room(0), &id_of_room(4_321), &id_of_room(ROOMS - 1)]);
    for number in [0, 4_321, ROOMS - 1] {
        assert_eq!(back.next_message(&id_of_room(number)).await["seq"], 1);
        socket.say(&id_of_room(number), "again").await;
        assert_eq!(back.next_message(&id_of_room(number)).await["seq"], 2);
    }
}

#[tokio::test]
async fn a_room_is_live_from_the_piece_on_that_tells_of_it_and_nothing_falls_between() {
    const ROOMS: usize = 1_000;
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    server.fill_rooms(&ann, ROOMS).await;
    let mut other = ann.connect().await;
    other.all_rooms().await;
    let mut socket = ann.connect().await;
    assert_eq!(socket.ready["complete"], false);
    // While it is told of its rooms, something is said in all of them.
    let mut said = Vec::new();
    for number in (0..ROOMS).step_by(10) {
        let data = json!({"room_id": id_of_room(number), "content": "now"});
        said.push(other.begin("message.send", data).await);
    }
    for id in &said {
        other.answer(id).await.expect("granted");
    }
    let mut heads: BTreeMap<String, i64> = BTreeMap::new();
    let mut note = |rooms: &Value| {
        for room in rooms.as_array().expect("a list") {
            let id = room["room_id"].as_str().expect("an id").to_owned();
            let head = room["last_seq"].as_i64().expect("a position");
            assert!(heads.insert(id, head).is_none(), "each room is told of once");
        }
        heads.len()
    };
    note(&socket.ready["rooms"]);
    let reading = async {
        let mut heard = BTreeSet::new();
        let (mut complete, mut told) = (false, 0);
        while !complete || told < said.len() {
            let frame = socket.next().await;
            match frame["type"].as_str() {
                Some("session.rooms") => {
                    note(&frame["data"]["rooms"]);
                    complete = frame["data"]["complete"] == true;
                    // What the list says was said needs no telling.
                    let rooms = frame["data"]["rooms"].as_array().expect("a list");
                    told += rooms.iter().filter(|room| room["last_seq"] == 1).count();
                }
                Some("message.created") => {
                    let room = frame["room_id"].as_str().expect("a room").to_owned();
                    assert_eq!(frame["seq"], 1);
                    assert!(heard.insert(room), "each once: {frame}");
                    told += 1;
                }
                _ => {}
            }
        }
        heard
    };
    let heard = within("all that was said", reading).await;
    assert_eq!(heads.len(), ROOMS);
    for room in (0..ROOMS).step_by(10).map(id_of_room) {
        assert_ne!(heads[&room] == 1, heard.contains(&room), "listed or heard: {room}");
    }
}

#[tokio::test]
async fn who_joins_and_leaves_while_being_told_of_rooms_is_told_right() {
    const ROOMS: usize = 600;
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    server.fill_rooms(&ann, ROOMS).await;
    let mut socket = ann.connect().await;
    assert_eq!(socket.ready["complete"], false);
    let last = id_of_room(ROOMS - 1);
    ann.delete(&format!("/rooms/{last}")).await.expect(204);
    ben.room_with("late", &[&ann]).await;
    let rooms = socket.all_rooms().await;
    let listed: BTreeSet<&str> = ids(&rooms).into_iter().collect();
    assert_eq!(listed.len(), rooms.len(), "each once");
    if listed.contains(last.as_str()) {
        // It was told of before it went.
        assert_eq!(socket.next_event("room.deleted").await["room_id"], last);
    }
    if !listed.contains("late") {
        assert_eq!(socket.next_event("room.added").await["room_id"], "late");
    }
    ben.say("late", "hello").await;
    assert_eq!(socket.next_message("late").await["seq"], 1);
}

#[tokio::test]
async fn a_resume_goes_over_several_commands_and_the_rest_waits_for_the_last() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    for room in ["one", "two", "three"] {
        ben.room_with(room, &[&ann]).await;
        ben.say(room, "missed").await;
    }
    let mut socket = ann.connect_with("resume=1").await;
    let first = socket.ask("session.resume", json!({"rooms": {"one": 0}, "more": true})).await;
    assert_eq!(first["rooms"]["one"]["replayed"], 1);
    assert_eq!(socket.next_message("one").await["seq"], 1);
    for room in ["one", "two", "three"] {
        ben.say(room, "new").await;
    }
    // The named one is live, the others are not yet.
    assert_eq!(socket.next_message("one").await["seq"], 2);
    let told = socket.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "message.created"), "{told:?}");
    let last = socket.ask("session.resume", json!({"rooms": {"two": 0}})).await;
    assert_eq!(last["rooms"]["two"]["replayed"], 2);
    assert_eq!(socket.next_messages("two", 2).await[1]["seq"], 2);
    // It was not named: what came since the session was told of it.
    assert_eq!(socket.next_message("three").await["seq"], 2);
}

#[tokio::test]
async fn a_resume_that_does_not_wait_for_the_whole_list_is_answered_after_it() {
    const ROOMS: usize = 1_000;
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    server.fill_rooms(&ann, ROOMS).await;
    let mut socket = ann.connect_with("resume=1").await;
    let named = json!({id_of_room(0): 0, id_of_room(ROOMS - 1): 0, "nowhere": 0});
    let id = socket.begin("session.resume", json!({"rooms": named})).await;
    // Other commands do not wait.
    socket.say(&id_of_room(500), "hello").await;
    let rooms = socket.all_rooms().await;
    assert_eq!(rooms.len(), ROOMS);
    let ack = socket.answer(&id).await.expect("granted");
    for room in [id_of_room(0), id_of_room(ROOMS - 1)] {
        assert_eq!(ack["rooms"][&room]["resync"], false);
    }
    assert_eq!(ack["rooms"]["nowhere"]["error"]["code"], "not_found");
    socket.say(&id_of_room(ROOMS - 1), "live").await;
    assert_eq!(socket.next_message(&id_of_room(ROOMS - 1)).await["seq"], 1);
}

#[tokio::test]
async fn lists_of_what_is_long_are_pages_in_bytes_too() {
    const ENTRIES: usize = 40;
    let server = Server::start().await;
    let token = Token::of("app").claim("roles", json!(["service"]));
    let app = server.user_with("app", token).await;
    let ann = server.user("ann").await;
    ann.room_with("den", &[&app]).await;
    let root = ann.say_id("den", "root").await;
    let long = "x".repeat(16_000);
    for _ in 0..ENTRIES {
        let body = json!({"content": long, "thread_id": root});
        let message = ann.post_message("den", body).await;
        ann.pin(&message).await.expect(200);
        let event = json!({"type": "task.created", "data": {"text": long}});
        app.post("/rooms/den/events", event.clone()).await.expect(201);
        app.post("/users/ann/events", event).await.expect(201);
    }
    let pins = pages(&ann, "/rooms/den/pins", "limit=200").await;
    let pinned: Vec<Value> =
        pins.iter().flat_map(|page| page["messages"].as_array().expect("a list").clone()).collect();
    assert!(pins.len() > 1, "{}", pins.len());
    let seqs: Vec<i64> =
        pinned.iter().map(|message| message["seq"].as_i64().expect("a position")).collect();
    assert_eq!(seqs.len(), ENTRIES);
    assert!(seqs.is_sorted_by(|one, other| one > other), "the latest first: {seqs:?}");
    for (path, list, place, count) in [
        (format!("/messages/{root}/thread"), "replies", "seq", ENTRIES),
        ("/rooms/den/events".to_owned(), "events", "seq", ENTRIES),
        ("/inbox".to_owned(), "events", "inbox_seq", ENTRIES),
        ("/rooms/den/messages".to_owned(), "messages", "seq", ENTRIES + 1),
    ] {
        let (mut all, mut after, mut read) = (Vec::new(), 0, 0);
        loop {
            let outcome = ann.get(&format!("{path}?limit=200&after={after}")).await;
            assert!(outcome.body.len() <= PAGE_BYTES, "{path}: {} bytes", outcome.body.len());
            let page = outcome.expect(200);
            all.extend(page[list].as_array().expect("a list").iter().cloned());
            read += 1;
            if page["has_more"] == false {
                break;
            }
            after = all.last().and_then(|last| last[place].as_i64()).expect("a position");
        }
        assert_eq!(all.len(), count, "{path}");
        assert!(read > 1, "{path}: {read} pages");
    }
}

#[tokio::test]
async fn unread_rooms_are_pages_and_all_are_marked_read_in_steps() {
    const ROOMS: usize = 450;
    let mut server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    for room in ["one", "two", "three"] {
        ben.room_with(room, &[&ann]).await;
        ben.say(room, "hello @ann").await;
    }
    let listed = pages(&ann, "/unread", "limit=1").await;
    let mut rooms: Vec<&str> =
        listed.iter().flat_map(|page| ids(page["rooms"].as_array().expect("a list"))).collect();
    rooms.sort_unstable();
    assert_eq!(rooms, ["one", "three", "two"]);
    assert!(listed.iter().all(|page| page["total"] == 1 && page["mentions"] == 1), "{listed:?}");
    server.fill_rooms(&ann, ROOMS).await;
    assert_eq!(server.terminate().await, Some(0));
    server.execute("UPDATE room_heads SET last_seq = 1");
    server.start_again().await;
    let moved = ann.post("/read-all", json!({})).await.expect(200);
    assert_eq!(moved["moved"], ROOMS + 3);
    assert_eq!(moved["rooms"].as_array().expect("a list").len(), 200);
    let again = ann.post("/read-all", json!({})).await.expect(200);
    assert_eq!(again, json!({"moved": 0, "rooms": []}));
    assert_eq!(ann.get("/unread").await.expect(200)["rooms"], json!([]));
}

#[tokio::test]
async fn an_export_of_many_rooms_is_one_document() {
    const ROOMS: usize = 450;
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    server.fill_rooms(&ann, ROOMS).await;
    ann.say(&id_of_room(0), "mine").await;
    ann.post("/read-all", json!({})).await.expect(200);
    let token = Token::of("root").claim("roles", json!(["admin"]));
    let root = server.user_with("root", token).await;
    let export = root.get("/users/ann/export").await.expect(200);
    assert_eq!(ids(export["rooms"].as_array().expect("a list")).len(), ROOMS);
    assert_eq!(ids(export["receipts"].as_array().expect("a list")), [id_of_room(0)]);
    assert_eq!((&export["user"]["id"], &export["blocked"]), (&json!("ann"), &json!([])));
    assert_eq!(export["messages"][0]["content"], "mine");
}
