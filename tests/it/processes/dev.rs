//! A server to try out: who is there, that others do not reach it, and that nothing is
//! left.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::support::{SECRET, Server, User, is_signed_with, run_with, sign};

fn directory() -> TempDir {
    tempdir().expect("a temporary directory can be made")
}

/// What is in a directory.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("it is there");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

async fn dev(temporary: &TempDir) -> Server {
    Server::builder().set("TMPDIR", temporary.path().display()).start_dev().await
}

/// Somebody with the token of a link.
fn user(server: &Server, link: &str) -> User {
    let (page, token) = link.split_once("#token=").expect("it has one");
    assert_eq!(page, server.address().http("/"));
    User::new(server.address().clone(), "", Some(token.to_owned()))
}

#[tokio::test]
async fn its_links_are_people_who_talk_and_the_directory_ends_with_it() {
    let temporary = directory();
    let mut server = dev(&temporary).await;
    let [ada, grace, admin] = server.links().await.map(|link| user(&server, &link));
    for (user, id, name) in [(&ada, "ada", "Ada"), (&grace, "grace", "Grace")] {
        let me = user.get("/me").await.expect(200);
        assert_eq!((&me["id"], &me["name"]), (&json!(id), &json!(name)), "{me}");
        let rooms = user.get("/rooms").await.expect(200);
        assert_eq!(rooms["rooms"][0]["room_id"], "demo", "{rooms}");
    }
    assert_eq!(admin.get("/me").await.expect(200)["roles"], json!(["admin"]));
    admin.get("/stats").await.expect(200);
    let history = grace.history("demo", "limit=10").await;
    let said = history["messages"].as_array().expect("a list");
    assert!(said.len() > 1 && said.iter().any(|one| one["sender"]["id"] == "grace"), "{history}");

    let mut hers = grace.connect().await;
    ada.connect().await.say("demo", "can you hear me?").await;
    assert_eq!(hers.next_message("demo").await["data"]["content"], "can you hear me?");

    // Its directory is there for nobody else, and has all of it.
    let homes = entries(temporary.path());
    let [home] = &homes[..] else { panic!("one directory: {homes:?}") };
    use std::os::unix::fs::MetadataExt;
    assert_eq!(home.metadata().expect("there").mode() & 0o777, 0o700);
    assert!(home.join("parlor.db").exists());
    assert!(!server.data_dir().exists(), "nothing where it was started");
    server.signal(libc::SIGINT);
    assert_eq!(server.exit_code().await, Some(0), "{}", server.stderr());
    assert_eq!(entries(temporary.path()), Vec::<PathBuf>::new());
    let log = server.stderr();
    assert!(!log.contains("eyJ") && !log.contains("token="), "no token in the log: {log}");
}

#[tokio::test]
async fn the_line_for_the_backend_can_be_run_as_it_is_printed() {
    let mut server = Server::builder().start_dev().await;
    let [ada, ..] = server.links().await.map(|link| user(&server, &link));
    let mut socket = ada.connect().await;
    let mut line = String::new();
    while !line.contains("Bearer") {
        let next = server.next_stdout_line().await;
        if next.starts_with("curl ") || !line.is_empty() {
            line += &format!("{next}\n");
        }
    }
    let ran = tokio::process::Command::new("sh").args(["-c", &line]).output().await;
    let ran = ran.expect("a shell and curl are there");
    let answer: Value = serde_json::from_slice(&ran.stdout).unwrap_or_default();
    assert!(answer["seq"].is_number(), "{line}: {ran:?}");
    assert_eq!(socket.next_event("task.updated").await["room_id"], "demo");
}

#[tokio::test]
async fn it_ends_with_its_terminal_and_removes_what_a_killed_one_has_left() {
    let temporary = directory();
    let mut killed = dev(&temporary).await;
    killed.kill9().await;
    let left = entries(temporary.path());
    assert_eq!(left.len(), 1);
    let mut server = dev(&temporary).await;
    let now = entries(temporary.path());
    assert!(now.len() == 1 && now != left, "{left:?} {now:?}");
    // Beside another one that runs.
    let mut other = dev(&temporary).await;
    assert_eq!(entries(temporary.path()).len(), 2);
    for server in [&mut server, &mut other] {
        server.signal(libc::SIGHUP);
        assert_eq!(server.exit_code().await, Some(0), "{}", server.stderr());
    }
    assert_eq!(entries(temporary.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_second_signal_leaves_nothing_either() {
    let temporary = directory();
    let builder = Server::builder().set("TMPDIR", temporary.path().display());
    let mut server = builder.set("PARLOR_DRAIN_DELAY", "60s").start_dev().await;
    let mut again = tokio::time::interval(std::time::Duration::from_millis(50));
    let code = loop {
        tokio::select! {
            code = server.exit_code() => break code,
            _ = again.tick() => {}
        }
        server.signal(libc::SIGINT);
    };
    assert_eq!(code, Some(1), "{}", server.stderr());
    assert_eq!(entries(temporary.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn tokens_of_the_application_are_taken_and_its_secret_signs_none() {
    let mut server = Server::builder().set("JWT_SECRET", SECRET).start_dev().await;
    let own = User::new(server.address().clone(), "zoe", Some(sign("zoe")));
    assert_eq!(own.get("/me").await.expect(200)["id"], "zoe");
    for link in server.links().await {
        let (_, token) = link.split_once("#token=").expect("it has one");
        assert!(!is_signed_with(token, SECRET));
    }
}

#[tokio::test]
async fn it_refuses_to_be_reached_by_others_and_to_keep_anything() {
    let (home, temporary) = (directory(), directory());
    let at = temporary.path().to_string_lossy().into_owned();
    for (name, value) in [
        ("PARLOR_BIND", "0.0.0.0:0"),
        ("PARLOR_BIND", ":0"),
        ("PARLOR_DATA_DIR", "elsewhere"),
        ("DATABASE_URL", "postgres://localhost/parlor"),
        ("REDIS_URL", "redis://localhost"),
        ("PARLOR_TLS_CERT", "chain.pem"),
    ] {
        let settings = [(name, value), ("TMPDIR", at.as_str())];
        run_with(&home, &["dev"], &settings).await.refused(2, name);
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let taken = free.local_addr().expect("bound").port().to_string();
    let settings = [("TMPDIR", at.as_str())];
    let refused = run_with(&home, &["dev", "--port", &taken], &settings).await;
    refused.refused(1, &format!("127.0.0.1:{taken}"));
    assert_eq!(entries(temporary.path()), Vec::<PathBuf>::new());
    assert_eq!(entries(home.path()), Vec::<PathBuf>::new());
}
