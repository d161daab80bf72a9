//! A database that is deleted or replaced under a server.

use std::{fs, path::PathBuf};

use reqwest::Method;
use serde_json::json;

use crate::support::{Server, TestDatabase, User, history_of, within};

async fn ready(user: &User) -> (u16, String) {
    let outcome = User::outcome(user.plain(Method::GET, "/health/ready")).await;
    let database = outcome.json()["checks"]["database"].as_str().expect("a word").to_owned();
    (outcome.status, database)
}

fn parts(server: &Server) -> [(PathBuf, PathBuf); 2] {
    ["parlor.db", "parlor.db-wal"]
        .map(|name| (server.data_dir().join(name), server.data_dir().join(format!("{name}.moved"))))
}

#[tokio::test]
async fn nothing_is_acknowledged_that_is_not_in_the_file_at_its_path() {
    if !TestDatabase::is_file() {
        return;
    }
    let mut server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    alice.say("den", "kept").await;
    let mut socket = alice.connect().await;
    let say = |content: &str| json!({"room_id": "den", "content": content});

    // Each of the two files is needed.
    for (path, moved) in parts(&server) {
        fs::rename(&path, &moved).expect("it can be moved");
        socket.refused("message.send", say("into nowhere"), "unavailable").await;
        assert_eq!(ready(&alice).await, (503, "replaced".to_owned()), "{}", path.display());
        fs::rename(&moved, &path).expect("it can be moved back");
        let healed = async { while ready(&alice).await != (200, "ok".to_owned()) {} };
        within("the server to be ready", healed).await;
        socket.say("den", "kept").await;
    }

    // Another file in its place is not the one that is open.
    let (path, moved) = parts(&server)[0].clone();
    fs::rename(&path, &moved).expect("it can be moved");
    fs::copy(&moved, &path).expect("it can be replaced");
    socket.refused("message.send", say("into nowhere"), "unavailable").await;
    assert_eq!(ready(&alice).await.0, 503);
    fs::rename(&moved, &path).expect("it can be put back");

    // Deleted, it is gone for good: a new server begins anew.
    assert_eq!(server.stderr().matches("deleted or replaced").count(), 3, "each is told once");
    server.kill9().await;
    server.start_again().await;
    let contents: Vec<_> = history_of(&alice, "den").await;
    assert_eq!(contents.len(), 3, "{contents:?}");
    assert!(contents.iter().all(|message| message["content"] == "kept"), "{contents:?}");
}
