//! A room's history, page by page.

use serde_json::{Value, json};

use crate::support::{Server, User, history_of, seqs};

/// A room with this many messages, which its owner sees.
async fn den_with(server: &Server, messages: usize) -> User {
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    let mut requests = Vec::new();
    for number in 1..=messages {
        let data = json!({"room_id": "den", "content": format!("message {number}")});
        requests.push(socket.begin("message.send", data).await);
    }
    for id in &requests {
        socket.answer(id).await.expect("granted");
    }
    alice
}

fn page_seqs(page: &Value) -> Vec<i64> {
    seqs(page["messages"].as_array().expect("a list"))
}

#[tokio::test]
async fn pages_are_cut_at_the_cursor_and_come_oldest_first() {
    let server = Server::start().await;
    let alice = den_with(&server, 60).await;
    let mut socket = alice.connect().await;
    for (query, command, expected, has_more) in [
        ("", json!({}), 11..61, true),
        ("limit=3", json!({"limit": 3}), 58..61, true),
        ("before=11", json!({"before": 11}), 1..11, false),
        ("before=11&limit=10", json!({"before": 11, "limit": 10}), 1..11, false),
        ("before=12&limit=10", json!({"before": 12, "limit": 10}), 2..12, true),
        ("after=0&limit=5", json!({"after": 0, "limit": 5}), 1..6, true),
        ("after=55", json!({"after": 55}), 56..61, false),
        ("after=55&limit=5", json!({"after": 55, "limit": 5}), 56..61, false),
        ("after=60", json!({"after": 60}), 1..1, false),
        ("before=1", json!({"before": 1}), 1..1, false),
        ("after=9999", json!({"after": 9999}), 1..1, false),
        ("limit=200", json!({"limit": 200}), 1..61, false),
    ] {
        let expected: Vec<i64> = expected.collect();
        let mut data = command;
        data["room_id"] = json!("den");
        let pages = [alice.history("den", query).await, socket.ask("history", data).await];
        for page in pages {
            assert_eq!(page_seqs(&page), expected, "{query:?}");
            assert_eq!(page["has_more"], has_more, "{query:?}");
        }
    }
}

#[tokio::test]
async fn a_page_around_a_message_says_what_is_on_both_sides() {
    let server = Server::start().await;
    let alice = den_with(&server, 30).await;
    for (query, within, older, newer) in [
        ("around=15&limit=10", 15, true, true),
        ("around=1&limit=10", 1, false, true),
        ("around=30&limit=10", 30, true, false),
        ("around=15&limit=200", 15, false, false),
    ] {
        let page = alice.history("den", query).await;
        let seqs = page_seqs(&page);
        assert!(seqs.contains(&within), "{query}: {seqs:?}");
        assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{query}: {seqs:?}");
        assert_eq!(page["has_more"], older, "{query}: {seqs:?}");
        assert_eq!(page["has_more_after"], newer, "{query}: {seqs:?}");
    }
    let page = alice.history("den", "around=15&limit=10").await;
    assert_eq!(page_seqs(&page).len(), 10);
    let over_socket = json!({"room_id": "den", "around": 15, "limit": 10});
    let same = alice.connect().await.ask("history", over_socket).await;
    assert_eq!(same, page);
}

#[tokio::test]
async fn scrolling_up_meets_every_message_once_while_others_are_sent() {
    let server = Server::start().await;
    let alice = den_with(&server, 45).await;
    let mut seen: Vec<i64> = Vec::new();
    let mut before = String::new();
    loop {
        let page = alice.history("den", &format!("limit=10{before}")).await;
        let mut seqs = page_seqs(&page);
        seqs.extend(&seen);
        seen = seqs;
        alice.say("den", "meanwhile").await;
        if page["has_more"] == false {
            break;
        }
        before = format!("&before={}", seen[0]);
    }
    assert_eq!(seen, (1..=45).collect::<Vec<i64>>());
}

#[tokio::test]
async fn messages_are_counted() {
    let server = Server::start().await;
    let alice = den_with(&server, 7).await;
    let count = alice.get("/rooms/den/messages/count").await.expect(200);
    assert_eq!(count, json!({"count": 7}));
}

#[tokio::test]
async fn a_cleared_room_is_empty_and_counts_on() {
    let server = Server::start().await;
    let alice = den_with(&server, 3).await;
    let ben = server.user("ben").await;
    alice.add_member("den", &ben).await.expect(201);
    let mut socket = ben.connect().await;
    ben.delete("/rooms/den/messages").await.refused(403, "forbidden");
    alice.delete("/rooms/den/messages").await.expect(204);
    let cleared = socket.next_event("room.cleared").await;
    assert_eq!((&cleared["room_id"], &cleared["seq"]), (&json!("den"), &json!(4)));
    assert_eq!(history_of(&alice, "den").await, Vec::<Value>::new());
    assert_eq!(alice.get("/rooms/den/messages/count").await.expect(200)["count"], 0);
    assert_eq!(ben.read_state("den").await["unread"], 0);
    assert_eq!(alice.say("den", "anew").await["seq"], 5);
    assert_eq!(socket.next_message("den").await["seq"], 5);
    assert_eq!(seqs(&history_of(&alice, "den").await), [5]);
}

#[tokio::test]
async fn a_page_over_the_socket_fits_its_queue_and_the_next_one_goes_on() {
    let server = Server::builder().set("PARLOR_QUEUED_BYTES", 256 * 1024).start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    // As JSON each of them takes twice its length.
    let content = "\"".repeat(10_000);
    for _ in 0..30 {
        let sent = alice.post("/rooms/den/messages", json!({"content": content})).await;
        sent.expect(201);
    }
    let mut socket = alice.connect().await;
    let mut seen = Vec::new();
    let mut before = 31;
    while before > 1 {
        let data = json!({"room_id": "den", "before": before, "limit": 200});
        let page = socket.ask("history", data).await;
        let seqs = page_seqs(&page);
        assert!(!seqs.is_empty() && seqs.len() < 30, "{seqs:?}");
        before = seqs[0];
        assert_eq!(page["has_more"], before > 1);
        seen.splice(0..0, seqs);
    }
    assert_eq!(seen, (1..=30).collect::<Vec<i64>>());
}
