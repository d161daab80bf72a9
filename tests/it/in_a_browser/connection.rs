//! Signing up and in, cuts, restarts: what is written is there once.

use serde_json::json;

use crate::support::{Driver, Proxy, Server, Socket, history_of};

/// How far one's own message has come once the server has it.
const SENT: &[&str] = &["stored", "delivered", "read"];

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn two_people_sign_up_make_a_room_and_chat() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let alice = driver.open("alice", server.address()).await;
    let ben = driver.open("ben", server.address()).await;
    alice.sign_up("alice").await;
    ben.sign_up("ben").await;
    alice.create_public_room("lobby").await;
    ben.join_room("lobby").await;

    alice.say("hello ben").await;
    alice.sees("hello ben", SENT).await;
    ben.sees_text("hello ben").await;
    ben.say("hello alice").await;
    alice.sees_text("hello alice").await;
    ben.sees("hello alice", &["read"]).await;
    alice.sees("hello ben", &["read"]).await;
    for browser in [&alice, &ben] {
        assert_eq!(browser.times_seen("hello ben").await, 1);
        assert_eq!(browser.times_seen("hello alice").await, 1);
    }
    alice.close().await;
    ben.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn one_who_is_cut_off_says_so_and_comes_back_without_loss() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let network = Proxy::in_front_of(server.address()).await;
    let alice = driver.open("alice", server.address()).await;
    let ben = driver.open("ben", network.address()).await;
    alice.sign_up("alice").await;
    ben.sign_up("ben").await;
    alice.create_public_room("lobby").await;
    ben.join_room("lobby").await;
    alice.say("before the cut").await;
    ben.sees_text("before the cut").await;

    network.cut();
    ben.is_connection("offline").await;
    ben.say("written while offline").await;
    ben.sees("written while offline", &["pending"]).await;
    for number in 1..=3 {
        alice.say(&format!("missed {number}")).await;
        alice.sees(&format!("missed {number}"), SENT).await;
    }
    network.restore();

    ben.is_connection("online").await;
    for number in 1..=3 {
        ben.sees_text(&format!("missed {number}")).await;
    }
    ben.sees("written while offline", SENT).await;
    alice.sees_text("written while offline").await;
    for browser in [&alice, &ben] {
        for text in ["before the cut", "missed 1", "missed 2", "missed 3", "written while offline"]
        {
            assert_eq!(browser.times_seen(text).await, 1, "{text}");
        }
    }
    let carol = server.user("carol").await;
    carol.connect().await.ask("room.join", json!({"room_id": "lobby"})).await;
    assert_eq!(history_of(&carol, "lobby").await.len(), 5);
    alice.close().await;
    ben.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn unread_messages_are_counted_until_they_are_read() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let alice = driver.open("alice", server.address()).await;
    alice.sign_up("alice").await;
    alice.create_public_room("lobby").await;
    alice.create_public_room("garden").await;
    let ben = server.user("ben").await;
    let mut at_ben: Socket = ben.connect().await;
    at_ben.ask("room.join", json!({"room_id": "lobby"})).await;
    at_ben.say("lobby", "one").await;
    at_ben.say("lobby", "two").await;
    alice.has_unread("lobby", "2").await;
    alice.open_room("lobby").await;
    alice.sees_text("two").await;
    let read = |frame: &serde_json::Value| {
        let marks = frame["data"]["receipts"].as_array();
        marks.is_some_and(|all| all.contains(&json!({"user_id": "alice", "read_seq": 2})))
    };
    at_ben.next_where("alice's read mark", read).await;
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn one_who_signs_out_and_in_again_finds_everything_again() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let alice = driver.open("alice", server.address()).await;
    alice.sign_up("alice").await;
    alice.create_public_room("lobby").await;
    alice.say("note to self").await;
    alice.sees("note to self", SENT).await;
    alice.sign_out().await;
    alice.sign_in("alice").await;
    alice.open_room("lobby").await;
    alice.sees_text("note to self").await;
    assert_eq!(alice.times_seen("note to self").await, 1);
    alice.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn the_page_survives_a_restart_of_the_server() {
    let mut server = Server::start().await;
    let driver = Driver::start().await;
    // The proxy stays where it is when the server gets another port.
    let network = Proxy::in_front_of(server.address()).await;
    let alice = driver.open("alice", network.address()).await;
    alice.sign_up("alice").await;
    alice.create_public_room("lobby").await;
    alice.say("before").await;
    alice.sees("before", SENT).await;
    assert_eq!(server.terminate().await, Some(0));
    alice.is_connection("offline").await;
    alice.say("in between").await;
    server.start_again().await;
    alice.sees("in between", SENT).await;
    assert_eq!(alice.times_seen("before").await, 1);
    assert_eq!(alice.times_seen("in between").await, 1);
    alice.close().await;
}
