//! A database file that is put back, in all the ways that people do it, and
//! what looks like it and is not.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{epoch_of, goes_on, in_epoch, say_some, starts_anew};
use crate::support::{Server, User, history_of, run_with};

/// On a file, whatever this run of the tests is on.
async fn on_a_file() -> (Server, User) {
    let server = Server::builder().set("DATABASE_URL", "sqlite:data/parlor.db").start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    say_some(&alice, "den", 3).await;
    (server, alice)
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("it is there");
    let files = entries.map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.is_file()).collect()
}

/// Copies the files of a directory over those of another, as `cp` does.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("it can be made");
    for file in files_in(from) {
        let name = file.file_name().expect("a name");
        std::fs::copy(&file, to.join(name)).expect("it can be copied");
    }
}

/// The database alone, while nobody writes: its file, and what is still in
/// its log.
fn back_up(data: &Path) -> PathBuf {
    let kept = data.with_file_name("kept");
    std::fs::create_dir(&kept).expect("it can be made");
    for name in ["parlor.db", "parlor.db-wal"] {
        if data.join(name).exists() {
            std::fs::copy(data.join(name), kept.join(name)).expect("it can be copied");
        }
    }
    kept
}

/// Puts a backup over what is there.
fn put_back(kept: &Path, data: &Path) {
    for name in ["parlor.db", "parlor.search.db"] {
        for end in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(data.join(format!("{name}{end}")));
        }
    }
    copy_files(kept, data);
}

fn marks(data: &Path) -> Vec<PathBuf> {
    let is_mark = |path: &PathBuf| path.to_string_lossy().contains("parlor.db.mark-");
    files_in(data).into_iter().filter(is_mark).collect()
}

/// The room had 3 messages in the backup, and 5 that somebody has seen.
async fn everybody_starts_anew(alice: &User, before: &serde_json::Value) {
    let history = history_of(alice, "den").await;
    assert_eq!(history.len(), 3, "what was in the backup is there");
    assert_ne!(&epoch_of(alice, "den").await, before);
    // New messages come to the positions of those that are lost.
    say_some(alice, "den", 4).await;
    for since in [1, 3, 4, 5] {
        starts_anew(alice, "den", json!(since)).await;
        starts_anew(alice, "den", in_epoch(since, before)).await;
    }
    starts_anew(alice, "den", json!(0)).await;
    // A room of which nothing is known any more may have been there, too.
    alice.create_room("later", "private").await;
    starts_anew(alice, "later", json!(5)).await;
    let head = alice.last_seq("den").await;
    goes_on(alice, "den", json!(head), 0).await;
    let now = epoch_of(alice, "den").await;
    say_some(alice, "den", 2).await;
    goes_on(alice, "den", in_epoch(head, &now), 2).await;
    goes_on(alice, "den", json!(head), 2).await;
}

#[tokio::test]
async fn a_crash_and_a_restart_keep_the_epoch() {
    let (mut server, alice) = on_a_file().await;
    let epoch = epoch_of(&alice, "den").await;
    for round in 0..3 {
        if round % 2 == 0 {
            server.kill9().await;
            server.start_again().await;
        } else {
            server.restart().await;
        }
        assert_eq!(epoch_of(&alice, "den").await, epoch, "{round}");
        assert_eq!(marks(&server.data_dir()).len(), 1, "of this start only");
        goes_on(&alice, "den", json!(1), 2).await;
        goes_on(&alice, "den", in_epoch(1, &epoch), 2).await;
    }
    // Also where the last thing said was taken back with its room.
    alice.create_room("short", "private").await;
    alice.say("short", "gone").await;
    alice.delete("/rooms/short").await.expect(204);
    server.kill9().await;
    server.start_again().await;
    assert_eq!(epoch_of(&alice, "den").await, epoch);
    assert!(!server.stderr().contains("void"), "nobody was told to load anew");
}

#[tokio::test]
async fn a_file_that_is_copied_over_the_database_begins_a_new_life() {
    let (mut server, alice) = on_a_file().await;
    let epoch = epoch_of(&alice, "den").await;
    let data = server.data_dir();
    server.terminate().await;
    let kept = back_up(&data);
    server.start_again().await;
    say_some(&alice, "den", 2).await;
    server.terminate().await;
    put_back(&kept, &data);
    server.start_again().await;
    everybody_starts_anew(&alice, &epoch).await;
    assert!(server.stderr().contains("earlier positions are void"), "the log says so");
    // The same backup once more: those positions are not given again, either.
    let (seen, between) = (alice.last_seq("den").await, epoch_of(&alice, "den").await);
    server.kill9().await;
    put_back(&kept, &data);
    server.start_again().await;
    say_some(&alice, "den", 2).await;
    assert!(alice.last_seq("den").await > seen);
    starts_anew(&alice, "den", json!(seen)).await;
    starts_anew(&alice, "den", in_epoch(seen, &between)).await;
}

#[tokio::test]
async fn a_backup_of_the_same_run_is_known_by_what_it_lacks() {
    let (mut server, alice) = on_a_file().await;
    let epoch = epoch_of(&alice, "den").await;
    let data = server.data_dir();
    let kept = back_up(&data);
    say_some(&alice, "den", 2).await;
    server.kill9().await;
    put_back(&kept, &data);
    server.start_again().await;
    everybody_starts_anew(&alice, &epoch).await;
}

#[tokio::test]
async fn a_directory_that_is_put_back_whole_begins_a_new_life() {
    let (mut server, alice) = on_a_file().await;
    let epoch = epoch_of(&alice, "den").await;
    let (data, kept) = (server.data_dir(), server.data_dir().with_file_name("kept"));
    server.terminate().await;
    copy_files(&data, &kept);
    server.start_again().await;
    say_some(&alice, "den", 2).await;
    server.terminate().await;
    std::fs::remove_dir_all(&data).expect("it can be removed");
    std::fs::rename(&kept, &data).expect("it can be put back");
    server.start_again().await;
    everybody_starts_anew(&alice, &epoch).await;
}

#[tokio::test]
async fn a_directory_that_is_copied_over_itself_begins_a_new_life() {
    let (mut server, alice) = on_a_file().await;
    let epoch = epoch_of(&alice, "den").await;
    let (data, kept) = (server.data_dir(), server.data_dir().with_file_name("kept"));
    server.terminate().await;
    copy_files(&data, &kept);
    server.start_again().await;
    say_some(&alice, "den", 2).await;
    server.terminate().await;
    put_back(&kept, &data);
    server.start_again().await;
    everybody_starts_anew(&alice, &epoch).await;
}

#[tokio::test]
async fn a_database_without_its_mark_begins_a_new_life() {
    let (mut server, alice) = on_a_file().await;
    let epoch = epoch_of(&alice, "den").await;
    server.terminate().await;
    for mark in marks(&server.data_dir()) {
        std::fs::remove_file(mark).expect("it can be removed");
    }
    server.start_again().await;
    everybody_starts_anew(&alice, &epoch).await;
}

#[tokio::test]
async fn an_operator_can_say_that_it_was_restored() {
    let (mut server, alice) = on_a_file().await;
    let epoch = epoch_of(&alice, "den").await;
    server.terminate().await;
    let home = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", server.data_dir().join("parlor.db").display());
    let finished = run_with(&home, &["new-epoch"], &[("DATABASE_URL", &url)]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    server.start_again().await;
    everybody_starts_anew(&alice, &epoch).await;
}
