//! What is ended goes on; what must not be copied is refused.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tempfile::TempDir;

use super::{copied, copy, line_of, migrated};
use crate::support::{Server, TestDatabase, history_of, run_with, spawn};

const MESSAGES: usize = 5_000;
/// Before the third batch ends.
const BLOCKED: i64 = 2_500;

fn statements(file: &str, statements: &str) {
    let path = file.strip_prefix("sqlite:").expect("a file");
    let mut conn = SqliteConnection::establish(path).expect("it can be opened");
    conn.batch_execute(statements).expect("it is done");
}

/// A deployment of one room; every hundredth message has a NUL in it.
async fn seeded(home: &TempDir) -> String {
    let file = format!("sqlite:{}/parlor.db", home.path().display());
    migrated(home, &file).await;
    statements(
        &file,
        &format!(
            "INSERT INTO users (key, id, name, created_at) VALUES (1, 'ann', 'Ann', 1);
             INSERT INTO rooms (key, id, kind, title, created_at, member_count)
                 VALUES (1, 'den', 'private', '', 1, 1);
             INSERT INTO room_heads (room_key, last_seq) VALUES (1, {MESSAGES});
             INSERT INTO members (room_key, user_key, role, joined_at, unread_after)
                 VALUES (1, 1, 'owner', 1, 0);
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {MESSAGES})
             INSERT INTO messages
                 (id, room_key, seq, changed_seq, sender_key, content, created_at)
                 SELECT n, 1, n, n, 1, CASE n % 100 WHEN 0 THEN 'a' || char(0) || 'b'
                     ELSE 'message ' || n END, n FROM n;"
        ),
    );
    file
}

/// Somebody who is about to store a row under a key of the copy: it waits.
struct Blocker(Child);

impl Blocker {
    fn start(database: &TestDatabase) -> Self {
        let mut psql = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", &database.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql can be started");
        let statement = format!(
            "BEGIN; INSERT INTO messages
                 (id, room_key, seq, changed_seq, sender_key, content, created_at)
                 VALUES ({BLOCKED}, 9, 1, 1, 9, '', 1);\n\\echo blocked\n"
        );
        let stdin = psql.stdin.as_mut().expect("it is piped");
        stdin.write_all(statement.as_bytes()).expect("it listens");
        let mut line = String::new();
        let stdout = psql.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it answers");
        assert_eq!(line.trim(), "blocked");
        Self(psql)
    }
}

impl Drop for Blocker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Copies two batches of messages, then is killed.
async fn killed_in_the_middle(home: &TempDir, file: &str, database: &TestDatabase) {
    migrated(home, &database.url()).await;
    let blocker = Blocker::start(database);
    let mut copying = spawn(home, &["copy", "--from", file, "--to", &database.url()]);
    database.says("SELECT count(*) FROM messages", "2000").await;
    copying.start_kill().expect("it runs");
    copying.wait().await.expect("it ends");
    drop(blocker);
    assert_eq!(progress_of_messages(database), "2000");
}

fn progress_of_messages(database: &TestDatabase) -> String {
    database.query("SELECT copied FROM copy_progress WHERE table_name = 'messages'")
}

#[ignore = "needs PostgreSQL: scripts/with-services"]
#[tokio::test]
async fn a_copy_that_was_killed_goes_on_where_it_was() {
    let home = tempfile::tempdir().expect("a directory");
    let file = seeded(&home).await;
    let (database, whole) = (TestDatabase::new(), TestDatabase::new());
    killed_in_the_middle(&home, &file, &database).await;
    // Half of a deployment is none.
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str()), ("PARLOR_BIND", "127.0.0.1:0")];
    run_with(&home, &["serve"], &settings).await.refused(1, "is not finished");
    // Nor is it another one's.
    let other = format!("sqlite:{}/other.db", home.path().display());
    migrated(&home, &other).await;
    copy(&home, &other, &url).await.refused(1, "unfinished copy of another source");

    let resumed = copied(&home, &file, &url).await;
    let at_once = copied(&home, &file, &whole.url()).await;
    for table in ["users", "rooms", "members", "messages", "room_heads"] {
        assert_eq!(line_of(&resumed, table), line_of(&at_once, table));
    }
    assert_eq!(line_of(&resumed, "messages")[1..3], ["5000", "5000"]);
    assert_eq!(line_of(&resumed, "messages")[5], "50");
    assert!(resumed.contains("50 NUL characters replaced by U+FFFD"), "{resumed}");

    let server = Server::builder().set("DATABASE_URL", &url).start().await;
    let ann = server.user("ann").await;
    let history = history_of(&ann, "den").await;
    assert_eq!(history.len(), MESSAGES);
    assert_eq!(history[99]["content"], "a\u{fffd}b");
    let last = history.last().expect("many");
    assert_eq!(last["content"], "a\u{fffd}b");
    assert_eq!(history[MESSAGES - 2]["content"], "message 4999");
    assert_eq!(ann.say("den", "next").await["seq"], 5_001);
}

#[ignore = "needs PostgreSQL: scripts/with-services"]
#[tokio::test]
async fn a_source_that_changed_meanwhile_is_noticed() {
    let home = tempfile::tempdir().expect("a directory");
    let file = seeded(&home).await;
    let database = TestDatabase::new();
    killed_in_the_middle(&home, &file, &database).await;
    statements(&file, "UPDATE messages SET content = 'another' WHERE id = 7");
    for _ in 0..2 {
        let finished = copy(&home, &file, &database.url()).await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(finished.stderr.contains("the source changed"), "{finished:?}");
        assert!(finished.stderr.contains("(in messages)"), "{finished:?}");
        assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
        assert!(!finished.stdout.contains("identical on both sides"), "{finished:?}");
    }
    // Nobody takes it for whole.
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str()), ("PARLOR_BIND", "127.0.0.1:0")];
    run_with(&home, &["serve"], &settings).await.refused(1, "is not finished");

    // As it was again: then a row of the target is another one.
    statements(&file, "UPDATE messages SET content = 'message 7' WHERE id = 7");
    database.query("UPDATE messages SET content = 'another' WHERE id = 8");
    let finished = copy(&home, &file, &url).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("the target differs from what was copied"), "{finished:?}");
    database.query("UPDATE messages SET content = 'message 8' WHERE id = 8");
    copied(&home, &file, &url).await;
}

#[ignore = "needs PostgreSQL: scripts/with-services"]
#[tokio::test]
async fn what_must_not_be_copied_is_refused() {
    let home = tempfile::tempdir().expect("a directory");
    let file = seeded(&home).await;
    let database = TestDatabase::new();
    let url = database.url();
    let missing = format!("sqlite:{}/missing.db", home.path().display());
    copy(&home, &missing, &url).await.refused(1, "cannot open the database");
    assert!(!home.path().join("missing.db").exists());
    copy(&home, "mysql://x", &url).await.refused(2, "--from (PARLOR_COPY_FROM)");
    copy(&home, &file, "here").await.refused(2, "--to (PARLOR_COPY_TO)");
    copy(&home, &file, &file).await.refused(2, "the same database");
    assert_eq!(database.query("SELECT to_regclass('users') IS NULL"), "t");

    let strange = format!("sqlite:{}/strange.db", home.path().display());
    statements(&strange, "CREATE TABLE users (id TEXT)");
    copy(&home, &strange, &url).await.refused(1, "not made by parlor");

    // A server that runs on it, and then its data.
    let mut server = Server::builder().set("DATABASE_URL", &url).start().await;
    server.user("ben").await;
    copy(&home, &file, &url).await.refused(1, "servers are running");
    assert_eq!(server.terminate().await, Some(0));
    copy(&home, &file, &url).await.refused(1, "has data already (in users)");
    // An application's submissions are no part of a copy, and would be lost.
    database.query("INSERT INTO submissions (room, request) VALUES ('den', '{}')");
    copy(&home, &url, &file).await.refused(1, "1 submissions of applications wait");

    let fresh = TestDatabase::new();
    statements(&file, "DELETE FROM __diesel_schema_migrations WHERE version LIKE '%14'");
    copy(&home, &file, &fresh.url()).await.refused(1, "parlor migrate");
    statements(&file, "INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000014')");
    statements(&file, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')");
    copy(&home, &file, &fresh.url()).await.refused(1, "newer version");
}
