//! A backup taken while everybody writes, and a server on what was restored.

use std::path::Path;

use serde_json::{Value, json};
use tokio::{
    process::Command,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinHandle,
};

use crate::support::{
    Server, Streamed, TestDatabase, User, history_of, seqs, stream_until_closed, within,
};

const SENDERS: usize = 6;
/// Messages before the backup, and after it.
const SOME: usize = 1_000;

/// People who send without pause.
struct Load {
    streams: Vec<JoinHandle<Streamed>>,
    acked: UnboundedReceiver<()>,
}

impl Load {
    async fn start(server: &Server, alice: &User) -> Self {
        alice.create_room("den", "private").await;
        let (acks, acked) = unbounded_channel();
        let mut streams = Vec::new();
        for number in 0..SENDERS {
            let user = server.user(&format!("user-{number}")).await;
            alice.add_member("den", &user).await.expect(201);
            let (socket, acks) = (user.connect().await, acks.clone());
            streams.push(tokio::spawn(async move {
                stream_until_closed(socket, "den", &user.id, acks).await
            }));
        }
        Self { streams, acked }
    }

    async fn goes_on(&mut self) {
        for _ in 0..SOME {
            within("an ack", self.acked.recv()).await.expect("they send");
        }
    }

    async fn end(self) {
        for stream in self.streams {
            stream.await.expect("the sender ends");
        }
    }
}

async fn last_seq(alice: &User) -> i64 {
    alice.read_state("den").await["last_seq"].as_i64().expect("a seq")
}

/// Runs a program to its good end.
async fn program(name: &str, args: &[&str]) {
    let output = within(name, Command::new(name).args(args).output()).await;
    let output = output.unwrap_or_else(|error| panic!("{name} is installed: {error}"));
    assert!(output.status.success(), "{name} {args:?}: {output:?}");
}

/// A server on the backup: it has all that was acked before the backup began,
/// as it was and without a gap.
async fn has_what_was_there(server: &Server, all: &[Value], acked: i64) -> usize {
    let restored = history_of(&server.user("alice").await, "den").await;
    assert_eq!(restored, all[..restored.len()], "what was before the backup, as it was");
    assert_eq!(seqs(&restored), (1..=restored.len() as i64).collect::<Vec<i64>>(), "no gap");
    assert!(restored.len() as i64 >= acked, "{} of {acked}", restored.len());
    assert!(restored.len() < all.len(), "there was more after the backup");
    restored.len()
}

/// Nobody did anything about it: who has seen what is lost, how much ever,
/// begins anew, and everything goes on.
async fn goes_on_for_everybody(server: &Server, restored: usize, all: usize) {
    let alice = server.user("alice").await;
    let said = alice.say("den", "marigold").await;
    assert!(said["seq"].as_i64() > Some(all as i64), "no seq is given twice: {said}");
    for since in [restored + 1, all] {
        let head = last_seq(&alice).await;
        let (mut socket, answer) = alice.resume(json!({"den": since})).await;
        let den = &answer["rooms"]["den"];
        assert_eq!((&den["resync"], &den["last_seq"]), (&json!(true), &json!(head)), "{answer}");
        alice.say("den", "and on").await;
        let event = socket.next_message("den").await;
        assert_eq!(
            (&event["seq"], &event["data"]["content"]),
            (&json!(head + 1), &json!("and on"))
        );
    }
    let newest = alice.history("den", "limit=4").await;
    let said = |message: &Value| message["content"].as_str().map(str::to_owned);
    let newest: Vec<_> = newest["messages"].as_array().expect("a list").iter().map(said).collect();
    let last = ["marigold", "and on", "and on"].map(|text| Some(text.to_owned()));
    assert_eq!(newest[1..], last, "history goes over the step");
    let found = async {
        while alice.get("/search?q=marigold").await.expect(200)["results"] == json!([]) {}
    };
    within("it is found", found).await;
}

fn remove(directory: &Path, name: &str) {
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(directory.join(format!("{name}{end}")));
    }
}

#[tokio::test]
#[ignore = "needs sqlite3, which scripts/test installs"]
async fn a_backup_of_sqlite_taken_while_everybody_writes_can_be_restored() {
    let mut server = Server::builder().set("DATABASE_URL", "sqlite:data/parlor.db").start().await;
    let alice = server.user("alice").await;
    let data = server.data_dir();
    let (database, backup) = (data.join("parlor.db"), data.join("backup.db"));
    let (database, backup) = (database.to_string_lossy(), backup.to_string_lossy());
    let mut load = Load::start(&server, &alice).await;
    load.goes_on().await;
    let acked = last_seq(&alice).await;
    program("sqlite3", &[&database, &format!("VACUUM INTO '{backup}'")]).await;
    load.goes_on().await;
    server.kill9().await;
    load.end().await;
    server.start_again().await;
    let all = history_of(&alice, "den").await;
    assert_eq!(server.terminate().await, Some(0));

    remove(&data, "parlor.db");
    remove(&data, "parlor.search.db");
    std::fs::rename(&*backup, &*database).expect("it is there");
    server.start_again().await;
    let restored = has_what_was_there(&server, &all, acked).await;
    goes_on_for_everybody(&server, restored, all.len()).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_dump_of_postgresql_taken_while_everybody_writes_can_be_restored() {
    let database = TestDatabase::new();
    let mut server = Server::builder().set("DATABASE_URL", database.url()).start().await;
    let alice = server.user("alice").await;
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let dump = home.path().join("parlor.dump").to_string_lossy().into_owned();
    let mut load = Load::start(&server, &alice).await;
    load.goes_on().await;
    let acked = last_seq(&alice).await;
    program("pg_dump", &["--format=custom", "--file", &dump, &database.url()]).await;
    load.goes_on().await;
    server.kill9().await;
    load.end().await;
    server.start_again().await;
    let all = history_of(&alice, "den").await;
    assert_eq!(server.terminate().await, Some(0));

    let other = TestDatabase::new();
    let url = other.url();
    let how = ["--no-owner", "--exit-on-error", "--single-transaction", "--dbname", &url, &dump];
    program("pg_restore", &how).await;
    let server = Server::builder().set("DATABASE_URL", &url).start().await;
    let restored = has_what_was_there(&server, &all, acked).await;
    goes_on_for_everybody(&server, restored, all.len()).await;
}
