//! What is deleted goes back to the disk.

use std::{path::Path, process::Command};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::support::{Finished, Server, TestDatabase, Token, User, history_of, run_with, within};

/// Messages of [`BYTES`] each: some 24 MiB.
const MESSAGES: usize = 3_000;
const BYTES: usize = 8_000;

/// A file that holds many messages of one room.
async fn filled(home: &TempDir) {
    let mut lines = vec![
        json!({"type": "parlor", "version": 1}),
        json!({"type": "user", "user_id": "ann"}),
        json!({"type": "room", "room_id": "den", "kind": "private"}),
        json!({"type": "member", "room_id": "den", "user_id": "ann", "role": "owner"}),
    ];
    lines.extend((0..MESSAGES).map(|number| {
        json!({
            "type": "message", "room_id": "den", "message_id": format!("m{number}"),
            "user_id": "ann", "created_at": "2026-05-06T07:08:09Z",
            // Words of their own, so that the index has something to give back, too.
            "content": (0..BYTES / 10).map(|n| format!("w{number:04}x{n:03} ")).collect::<String>(),
        })
    }));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(home.path().join("all.jsonl"), text).expect("written");
    let imported = parlor(home, &["import", "all.jsonl"]).await;
    assert_eq!(imported.code, Some(0), "{imported:?}");
}

async fn parlor(home: &TempDir, args: &[&str]) -> Finished {
    let url = format!("sqlite:{}/data/parlor.db", home.path().display());
    run_with(home, args, &[("DATABASE_URL", &url)]).await
}

/// A server whose files are in a folder.
async fn start(home: &TempDir) -> Server {
    let data = home.path().join("data");
    let server = Server::builder()
        .set("DATABASE_URL", format!("sqlite:{}", data.join("parlor.db").display()))
        .set("PARLOR_DATA_DIR", data.display())
        .set("PARLOR_RETENTION_TICK", "100ms");
    server.start().await
}

async fn keep(server: &Server, messages: i64) {
    let admin = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    admin.put("/rooms/den/retention", json!({"messages": messages})).await.expect(204);
}

fn bytes(home: &TempDir, name: &str) -> u64 {
    std::fs::metadata(home.path().join("data").join(name)).map_or(0, |found| found.len())
}

async fn becomes_smaller(server: &Server, home: &TempDir, name: &str, upto: u64) {
    let nobody = server.nobody();
    let looking = async {
        while bytes(home, name) > upto {
            User::outcome(nobody.plain(Method::GET, "/health/live")).await;
        }
    };
    within(&format!("{name} to have {upto} bytes"), looking).await;
}

fn is_sound(database: &Path) {
    use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_types::Text};
    #[derive(QueryableByName)]
    struct Check {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let path = database.to_str().expect("a path is text");
    let mut conn = SqliteConnection::establish(path).expect("it can be opened");
    let checked = diesel::sql_query("PRAGMA integrity_check").load::<Check>(&mut conn);
    let told: Vec<String> =
        checked.expect("checked").into_iter().map(|row| row.integrity_check).collect();
    assert_eq!(told, ["ok"]);
}

async fn free_bytes(user: &User) -> f64 {
    let told = User::outcome(user.plain(Method::GET, "/metrics")).await.body;
    let name = "parlor_database_free_bytes ";
    let line = told.lines().find_map(|line| line.strip_prefix(name));
    line.expect("it is told").parse().expect("a number")
}

#[tokio::test]
async fn what_retention_deletes_goes_back_to_the_disk_while_people_send() {
    if !TestDatabase::is_file() {
        return;
    }
    let home = tempdir().expect("a directory");
    filled(&home).await;
    let server = start(&home).await;
    let ann = server.user("ann").await;
    let found =
        async { while ann.get("/search?q=w2999x001").await.expect(200)["results"] == json!([]) {} };
    within("all to be in the index", found).await;
    let before = bytes(&home, "parlor.db");
    // Some of it may be in its log yet.
    let index = || ["", "-wal"].map(|end| bytes(&home, &format!("parlor.search.db{end}")));
    let index = || index().iter().sum::<u64>();
    let index_before = index();
    assert!(before > 20 << 20 && index_before > 10 << 20, "{before}, {index_before}");
    keep(&server, 10).await;
    let mut socket = ann.connect().await;
    let mut sent = 0;
    let sending = async {
        while bytes(&home, "parlor.db") > before / 4 {
            sent += 1;
            socket.say("den", &format!("meanwhile {sent}")).await;
        }
    };
    within("the file to become smaller while somebody sends", sending).await;
    assert!(sent > 0);
    let looking = async {
        while index() > index_before / 2 {
            free_bytes(&ann).await;
        }
    };
    within("the index to become smaller", looking).await;
    assert!(free_bytes(&ann).await <= f64::from(8 << 20));
    let history = history_of(&ann, "den").await;
    assert_eq!(history.last().expect("one")["content"], format!("meanwhile {sent}"));
}

#[tokio::test]
async fn a_server_that_is_killed_while_its_file_becomes_smaller_leaves_a_sound_one() {
    if !TestDatabase::is_file() {
        return;
    }
    let home = tempdir().expect("a directory");
    filled(&home).await;
    let before = bytes(&home, "parlor.db");
    let database = home.path().join("data/parlor.db");
    let mut upto = before - 1;
    for _ in 0..3 {
        let mut server = start(&home).await;
        keep(&server, 10).await;
        becomes_smaller(&server, &home, "parlor.db", upto).await;
        server.kill9().await;
        is_sound(&database);
        upto = (bytes(&home, "parlor.db") - 1).max(before / 4);
    }
    let server = start(&home).await;
    let ann = server.user("ann").await;
    becomes_smaller(&server, &home, "parlor.db", before / 4).await;
    let left = history_of(&ann, "den").await;
    let first = |message: &Value| message["content"].as_str().expect("a text")[..5].to_owned();
    let expected: Vec<String> =
        (MESSAGES - 10..MESSAGES).map(|number| format!("w{number:04}")).collect();
    assert_eq!(left.iter().map(first).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn an_older_file_becomes_smaller_once_it_is_compacted() {
    if !TestDatabase::is_file() {
        return;
    }
    let home = tempdir().expect("a directory");
    filled(&home).await;
    // As versions before made it.
    let database = home.path().join("data/parlor.db").display().to_string();
    let older = Command::new("sqlite3")
        .args([&*database, "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM"])
        .status();
    assert!(older.expect("sqlite3 is installed").success());
    let before = bytes(&home, "parlor.db");
    let mut server = start(&home).await;
    assert!(server.stderr().contains("`parlor compact`"), "{}", server.stderr());
    let ann = server.user("ann").await;
    let epoch = ann.read_state("den").await["epoch"].clone();
    keep(&server, 10).await;
    within("all to be deleted", async { while free_bytes(&ann).await < 2e7 {} }).await;
    assert_eq!(bytes(&home, "parlor.db"), before);
    parlor(&home, &["compact"]).await.refused(1, "is in use by another parlor");
    assert_eq!(server.terminate().await, Some(0));
    let compacted = parlor(&home, &["compact"]).await;
    assert_eq!(compacted.code, Some(0), "{compacted:?}");
    assert!(bytes(&home, "parlor.db") < before / 4, "{compacted:?}");
    let server = start(&home).await;
    assert_eq!(server.stderr().matches("`parlor compact`").count(), 0);
    let ann = server.user("ann").await;
    assert_eq!(ann.read_state("den").await["epoch"], epoch, "it is the same database");
    assert_eq!(history_of(&ann, "den").await.len(), 10);
}

#[tokio::test]
async fn what_cannot_be_compacted_is_said() {
    let home = tempdir().expect("a directory");
    run_with(&home, &["compact", "--data-dir", "nowhere"], &[]).await.refused(1, "parlor.db");
    let url = [("DATABASE_URL", "postgres://u@127.0.0.1:9/x")];
    run_with(&home, &["compact"], &url).await.refused(1, "only the embedded database");
}
