//! Whose files they are, and who else may have them.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::tempdir;

use crate::support::{Server, TestDatabase, User, run_with};

fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a directory");
    let entries = entries.map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(
            |path| if path.is_dir() { [below(&path), vec![path]].concat() } else { vec![path] },
        )
        .collect()
}

#[tokio::test]
async fn everything_it_makes_is_for_its_owner_alone() {
    let server = Server::builder().with_own_secret().start().await;
    let nobody = server.nobody();
    let account = nobody.register("alice", "a good password").await.expect(201);
    let token = account["access_token"].as_str().expect("a token").to_owned();
    let alice = User::new(server.address().clone(), "alice", Some(token));
    alice.create_room("den", "private").await;
    alice.say("den", "hello").await;
    let upload = alice.request(reqwest::Method::POST, "/attachments?name=a.txt").body("text");
    User::outcome(upload).await.expect(201);
    let made = below(&server.data_dir());
    let is_there = |name: &str| made.iter().any(|path| path.to_string_lossy().contains(name));
    assert!(is_there("jwt.secret") && is_there("attachments/"), "{made:?}");
    if TestDatabase::is_file() {
        assert!(is_there("parlor.db-wal") && is_there("parlor.search.db"), "{made:?}");
    }
    for path in made {
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
}

#[tokio::test]
async fn a_second_process_on_the_same_database_is_refused_and_named() {
    let server = Server::start().await;
    if !TestDatabase::is_file() {
        return;
    }
    let home = tempdir().expect("a temporary directory can be made");
    let database = format!("sqlite:{}/parlor.db", server.data_dir().display());
    let settings = [("DATABASE_URL", database.as_str()), ("PARLOR_BIND", "127.0.0.1:0")];
    let other = format!("sqlite:{}/other.db", home.path().display());
    let copy = ["copy", "--from", &database, "--to", &other];
    for args in [&["serve"][..], &["migrate"], &copy] {
        run_with(&home, args, &settings).await.refused(1, &format!("process {}", server.pid()));
    }
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
}

#[tokio::test]
async fn a_token_is_not_made_with_a_secret_that_no_server_has() {
    let home = tempdir().expect("a temporary directory can be made");
    let finished = run_with(&home, &["token", "--user", "alice"], &[]).await;
    finished.refused(1, "jwt.secret");
    assert!(!home.path().join("data").exists(), "nothing is made");
}

#[tokio::test]
async fn a_url_as_other_libraries_write_it_names_the_same_file() {
    let home = tempdir().expect("a temporary directory can be made");
    let settings = [("DATABASE_URL", "sqlite:x.db?mode=rwc")];
    assert_eq!(run_with(&home, &["migrate"], &settings).await.code, Some(0));
    assert!(home.path().join("x.db").is_file());
    let settings = [("DATABASE_URL", "sqlite:x.db?mode=memory")];
    run_with(&home, &["migrate"], &settings).await.refused(2, "mode=rwc");
}
