//! `parlor backup`, beside a running server.

use reqwest::Method;
use serde_json::json;
use tempfile::tempdir;

use crate::support::{Server, TestDatabase, User, history_of, run_with};

#[tokio::test]
async fn a_backup_of_a_running_server_has_all_that_was_acknowledged() {
    if !TestDatabase::is_file() {
        return;
    }
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    for number in 0..50 {
        ann.say("den", &format!("before {number}")).await;
    }
    let file = ann.request(Method::POST, "/attachments?name=a.txt").body("some notes");
    let file = User::outcome(file).await.expect(201);
    let file = file["attachment_id"].as_str().expect("an id").to_owned();
    ann.post_message("den", json!({"attachments": [file]})).await;
    let home = tempdir().expect("a directory");
    let data = server.data_dir().display().to_string();
    let backup = async || run_with(&home, &["backup", "kept", "--data-dir", &data], &[]).await;
    let first = backup().await;
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stdout.contains("new attachments"), "{first:?}");
    assert!(!first.stdout.contains(" 0 new"), "{first:?}");
    ann.say("den", "in between").await;
    // Into the same folder: it is as new as the second time.
    let second = backup().await;
    assert!(second.stdout.contains(" 0 new attachments"), "{second:?}");
    ann.say("den", "lost").await;
    assert_eq!(server.terminate().await, Some(0));
    for name in ["parlor.db", "parlor.db-wal", "parlor.db-shm"] {
        let _ = std::fs::remove_file(server.data_dir().join(name));
    }
    std::fs::remove_dir_all(server.data_dir().join("attachments")).expect("there were some");
    let kept = home.path().join("kept");
    std::fs::copy(kept.join("parlor.db"), server.data_dir().join("parlor.db")).expect("restored");
    std::fs::rename(kept.join("attachments"), server.data_dir().join("attachments"))
        .expect("restored");
    server.start_again().await;
    let history = history_of(&ann, "den").await;
    assert_eq!(history.len(), 52);
    assert_eq!(history.last().expect("one")["content"], "in between");
    let notes =
        User::outcome(ann.request(Method::GET, &format!("/attachments/{file}/content"))).await;
    assert_eq!((notes.status, &*notes.body), (200, "some notes"));
}

#[tokio::test]
async fn what_cannot_be_backed_up_is_said() {
    let home = tempdir().expect("a directory");
    run_with(&home, &["backup", "kept", "--data-dir", "nowhere"], &[])
        .await
        .refused(1, "parlor.db");
    let url = [("DATABASE_URL", "postgres://u@127.0.0.1:9/x")];
    run_with(&home, &["backup", "kept"], &url).await.refused(1, "pg_dump");
}
